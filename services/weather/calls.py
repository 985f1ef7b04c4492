"""How often each provider was asked today, by all processes of one data folder: a restart does not give a day anew."""

from __future__ import annotations

import fcntl
import json
import logging
from datetime import date
from pathlib import Path
from typing import IO, Final

log = logging.getLogger(__name__)

FILE_NAME: Final = "weather-calls.json"
_BYTES_MAX = 10_000


class Calls:
    """Days are those of UTC. Where the file cannot be used, this process counts its own calls, and says so once.

    Not thread-safe: whoever holds it takes turns.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._day = ""
        self._own: dict[str, int] = {}
        self._complained = False

    def take(self, provider: str, most: int, day: date) -> bool:
        """Count one more call of that day, written before it is made. False when the day's are spent."""
        return self._counted(provider, day, most) < most

    def is_spent(self, provider: str, most: int, day: date) -> bool:
        return self._counted(provider, day, 0) >= most

    def _counted(self, provider: str, day: date, most: int) -> int:
        """How many there were, before one more is counted if that leaves no more than `most`."""
        if self._day != day.isoformat():
            self._day, self._own = day.isoformat(), {}
        own = self._own.get(provider, 0)
        try:
            before = max(own, self._shared(provider, own, most))
        except OSError as error:
            if not self._complained:
                log.warning("calls of weather providers are not remembered over a restart: %s", error)
            self._complained = True
            before = own
        self._own[provider] = before + (before < most)
        return before

    def _shared(self, provider: str, own: int, most: int) -> int:
        with self._path.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            counts = self._read(file)
            before = max(own, counts.get(provider, 0))
            if before < most:
                file.truncate(0)
                file.write(json.dumps({"day": self._day, "calls": counts | {provider: before + 1}}).encode())
            return before

    def _read(self, file: IO[bytes]) -> dict[str, int]:
        """The day's counts. A file of another day, or one that was left half-written, counts nothing."""
        file.seek(0)
        try:
            content = json.loads(file.read(_BYTES_MAX))
            calls = content["calls"].items() if content["day"] == self._day else ()
            return {str(name): int(count) for name, count in calls}
        except (ValueError, TypeError, KeyError, AttributeError):
            return {}
