"""What all processes of one data folder know of their calls: how many there were today, so that a restart does not give
a day anew; and for which cell the last one was, so that a process that is handed a cell does not ask again for what
another has just sent and nobody has stored yet.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import threading
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import IO, Final

from services.weather.policy import UNSEEN_S, Sent

log = logging.getLogger(__name__)

FILE_NAME: Final = "weather-calls.json"
CELLS_NAME: Final = "weather-sent"
SWEPT_EVERY: Final = 500
_BYTES_MAX = 10_000


class Calls:
    """Days are those of UTC. Where the file cannot be used, this process counts its own calls, and says so once.

    Not thread-safe: whoever holds it takes turns.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._cells = path.with_name(CELLS_NAME)
        self._marked = 0
        self._day = ""
        self._own: dict[str, int] = {}
        self._complained = False

    def take(self, provider: str, most: int, day: date) -> bool:
        """Count one more call of that day, written before it is made. False when the day's are spent."""
        return self._counted(provider, day, most) < most

    def is_spent(self, provider: str, most: int, day: date) -> bool:
        return self._counted(provider, day, 0) >= most

    def sent(self, cell: str, sent: Sent) -> None:
        """Let the others know. Where that cannot be written, each knows its own."""
        mark = self._cells / cell
        being_made = self._cells / f"{cell}.{os.getpid()}-{threading.get_ident()}"
        try:
            self._cells.mkdir(exist_ok=True)
            being_made.write_text(f"{sent.message_id} {sent.at.isoformat()}", encoding="utf-8")
            being_made.replace(mark)
            self._marked += 1
            if self._marked % SWEPT_EVERY == 0:
                self._sweep(sent.at)
        except OSError as error:
            self._complain(error)

    def last_sent(self, cell: str) -> Sent | None:
        """The newest record of that cell that any of them sent; None after a while."""
        return _read_mark(self._cells / cell)

    def _sweep(self, now: datetime) -> None:
        for mark in self._cells.iterdir():
            if "." in mark.name:
                continue  # another process is about to put it in its place
            sent = _read_mark(mark)
            if sent is None or abs(now - sent.at) > timedelta(seconds=UNSEEN_S):
                mark.unlink(missing_ok=True)

    def _complain(self, error: OSError) -> None:
        if not self._complained:
            log.warning("calls of weather providers are not remembered over a restart: %s", error)
        self._complained = True

    def _counted(self, provider: str, day: date, most: int) -> int:
        """How many there were, before one more is counted if that leaves no more than `most`."""
        if self._day != day.isoformat():
            self._day, self._own = day.isoformat(), {}
        own = self._own.get(provider, 0)
        try:
            before = max(own, self._shared(provider, own, most))
        except OSError as error:
            self._complain(error)
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


def _read_mark(path: Path) -> Sent | None:
    with suppress(OSError, ValueError):
        message_id, at = path.read_text(encoding="utf-8").split(" ")
        return Sent(message_id, datetime.fromisoformat(at).astimezone(UTC))
    return None
