"""A weather provider on loopback, in both shapes, with bad days on demand; counts who is asked for which cell.

provider.day("nulls")              # every answer from now on, one of services/origin/weather_faults.py
provider.day("ill", "", path=…)    # first a bad answer, then good ones
provider.script(Answer(…))         # or whatever tests/fakes/faultserver.py can send
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs

from services.origin.weather_faults import SHAPES, reply
from services.weather.provider import OpenMeteo, OpenWeather, Provider
from tests.fakes.faultserver import Answer, FaultServer, Request
from tests.fakes.http_answers import Script

OPEN_METEO, ONE_CALL, *_ = SHAPES
KEY = "k3y/of+ours"


class Turnstile(threading.Event):
    """A gate that lets a number of answers through, or all once it is set."""

    def __init__(self) -> None:
        super().__init__()
        self._permits = 0
        self._lock = threading.Lock()

    def let(self, count: int) -> None:
        with self._lock:
            self._permits += count

    def wait(self, timeout: float | None = None) -> bool:
        with self._lock:
            if self._permits:
                self._permits -= 1
                return True
        return super().wait(timeout)


class WeatherProvider:
    """`now` is what it takes for the time; `gate`, while set, holds every answer back."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.server = FaultServer()
        self.now = now
        self.gate: threading.Event | None = None

    def __enter__(self) -> Self:
        self.server.__enter__()
        for path in SHAPES:
            self.day("", path=path)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.gate is not None:
            self.gate.set()
        self.server.__exit__(kind, error, trace)

    def open_meteo(self, budget_day: int = 9_000) -> OpenMeteo:
        return OpenMeteo(self.server.url(OPEN_METEO), budget_day)

    def openweather(self, budget_day: int = 900) -> OpenWeather:
        return OpenWeather(self.server.url(ONE_CALL), KEY, budget_day)

    def day(self, *faults: str, path: str = OPEN_METEO) -> None:
        """A fault a call, "" for none; the last one stays."""
        self.script(*(self._answers(path, fault) for fault in faults), path=path)

    def script(self, *answers: Script, path: str = OPEN_METEO) -> None:
        self.server.script(path, *answers)

    def calls(self, path: str = OPEN_METEO) -> int:
        return len(self.server.asked(path))

    def by_cell(self) -> Counter[tuple[str, str]]:
        asked = (_query(request) for request in self.server.asked(OPEN_METEO))
        return Counter((query["latitude"], query["longitude"]) for query in asked)

    def _answers(self, path: str, fault: str) -> Script:
        def answer(request: Request) -> Answer:
            made = reply(f"{path}/{fault}" if fault else path, _query(request), self.now())
            assert made is not None, f"there is no such bad day: {fault}"
            return Answer(made.status, made.body, dict(made.headers), gate=self.gate)

        return answer


def shape(provider: WeatherProvider, path: str) -> Provider:
    return provider.open_meteo() if path == OPEN_METEO else provider.openweather()


def _query(request: Request) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(request.target.partition("?")[2]).items()}
