"""Sources whose editions are numbered, and a weather provider: both see which worker asks for what, and when."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self
from urllib.parse import parse_qs

from schemas import keys
from services.origin.weather_faults import reply
from tests.fakes.faultserver import Answer, FaultServer, Request
from tests.pipeline.papers import RSS, rss

ADDRESSES = tuple(f"127.0.0.{number}" for number in range(1, 9))
FORECAST = "/v1/forecast"
DEADLY_ADDRESS = "127.0.0.9"
LATENCY_S = 0.03
"""So long takes an answer, so that two workers on one key would be seen to work at once."""
SHOWN = 5
_WORKER = re.compile(r"\((\w+-\d+)")


@dataclass(frozen=True)
class Span:
    """`worker` was busy with `key` for so long, in seconds of the machine's monotonic clock."""

    key: str
    worker: str
    began_s: float
    ended_s: float


@dataclass
class Paper:
    """One feed; its headlines carry the number of the edition that brought them."""

    name: str
    url: str
    edition: int = 1

    @property
    def feed(self) -> str:
        return keys.feed_id(self.url)

    @property
    def latest(self) -> str:
        return headline(self.name, self.edition)

    def body(self) -> bytes:
        numbers = range(self.edition, max(0, self.edition - SHOWN), -1)
        return rss(self.name, [headline(self.name, number) for number in numbers], f"http://{self.name}.example/")


def headline(name: str, edition: int) -> str:
    """With words of its own, so that no node takes it for another paper's report of the same story."""
    told = keys.short_hash(f"{name} {edition}")
    return f"{name} edition {edition}. {told[:4]} {told[4:8]} {told[8:]}"


def edition_of(text: str) -> int:
    """The latest edition that is named in a text; 0 when none is."""
    return max((int(number) for number in re.findall(r" edition (\d+)\.", text)), default=0)


class Source:
    """All papers and the provider on one port of several loopback addresses, each of which is a host of its own."""

    def __init__(self, papers: int) -> None:
        self.spans: list[Span] = []
        self._server = FaultServer((*ADDRESSES, DEADLY_ADDRESS))
        self._count = papers
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._server.start()
        self.papers = [self._paper(number) for number in range(self._count)]
        self._server.script(FORECAST, self._forecast)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    @property
    def forecast_url(self) -> str:
        return self._server.url(FORECAST)

    def deadly(self, poison: bytes) -> str:
        """The address of a feed that holds the poison, on a host of its own."""
        self._server.script("/deadly.xml", Answer(body=rss("Deadly", ["Read me"]) + poison, headers=RSS))
        return self._server.url("/deadly.xml", DEADLY_ADDRESS)

    def _paper(self, number: int) -> Paper:
        path = f"/paper-{number}.xml"
        paper = Paper(f"paper-{number}", self._server.url(path, ADDRESSES[number % len(ADDRESSES)]))
        self._server.script(path, lambda request: self._edition(paper, request))
        return paper

    def _edition(self, paper: Paper, request: Request) -> Answer:
        # What was printed before the request came is in the answer.
        body = paper.body()
        self._work(request.host, request)
        return Answer(body=body, headers=RSS)

    def _forecast(self, request: Request) -> Answer:
        query = {name: values[-1] for name, values in parse_qs(request.target.partition("?")[2]).items()}
        made = reply(FORECAST, query, datetime.now(UTC))
        assert made is not None
        self._work(f"{query['latitude']} {query['longitude']}", request)
        return Answer(made.status, made.body, dict(made.headers))

    def _work(self, key: str, request: Request) -> None:
        time.sleep(LATENCY_S)
        found = _WORKER.search(request.headers.get("user-agent", ""))
        with self._lock:
            self.spans.append(Span(key, found[1] if found else "?", request.at_s, time.monotonic()))
