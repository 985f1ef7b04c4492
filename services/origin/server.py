"""The sample papers over HTTP/1.1 on loopback, each with its manner; weather in the shapes of two providers."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from pressroom.clock import Clock
from services.origin.formats import WRITERS
from services.origin.papers import PAPERS, Paper, stories
from services.origin.weather_faults import reply

SLOW_S = 6.0
"""How long the slow paper thinks before it answers: long for a reader, well within a fetch's limit."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    wait_s: float = 0.0


def feed_answer(paper: Paper, now: datetime, base: str) -> Answer:
    """What a paper answers at `now`, its manner included."""
    faults: dict[str, Callable[[], Answer]] = {
        "not_found": lambda: Answer(404, b"No such page.\n", {"Content-Type": "text/plain"}),
        "gone": lambda: Answer(410, b"This paper has closed.\n", {"Content-Type": "text/plain"}),
        "rate_limited": lambda: Answer(
            429, b"Slow down, please.\n", {"Content-Type": "text/plain", "Retry-After": "120"}
        ),
        "html_page": lambda: Answer(
            200,
            b"<!doctype html><html><head><title>Welcome</title></head><body><h1>We have moved house</h1></body></html>",
            {"Content-Type": "text/html; charset=utf-8"},
        ),
    }
    if paper.manner in faults:
        return faults[paper.manner]()
    content_type, write = WRITERS[paper.format]
    printed = stories(paper, now)
    body = write(paper, printed, base).encode()
    if paper.manner == "truncated":
        body = body[: len(body) * 3 // 4]
    headers = {
        "Content-Type": content_type,
        "ETag": f'"{hashlib.sha256(body).hexdigest()[:16]}"',
        "Last-Modified": format_datetime(printed[0].at, usegmt=True),
    }
    return Answer(200, body, headers, SLOW_S if paper.manner == "slow" else 0.0)


def page_answer(path: str) -> Answer:
    """What stands behind a headline: a page that says that it is a sample."""
    body = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A sample story</title></head>'
        "<body><h1>A sample story</h1><p>The papers of the demo are made up; so is "
        f"<code>{escape(path)}</code>.</p></body></html>"
    )
    return Answer(200, body.encode(), {"Content-Type": "text/html; charset=utf-8"})


class Origin:
    """The sample origin. `port` 0 picks a free one; `start` raises OSError when the port is taken.

    Each paper is a site of its own: that is what makes them independent sources, and keeps one that asks us to slow
    down, or is slow, from holding up the others. On loopback they live on addresses of their own; elsewhere on
    `<paper>.NAME`, which have to lead here.
    """

    def __init__(self, clock: Clock, port: int = 0, host: str = "127.0.0.1", name: str | None = None) -> None:
        self._clock = clock
        self._host = host
        self._hosts = {paper.name: f"{paper.name}.{name}" for paper in PAPERS} if name else {}
        self._wanted_port = port
        self._stopping = threading.Event()
        self._servers: list[ThreadingHTTPServer] = []

    @property
    def port(self) -> int:
        assert self._servers, "the origin is not started"
        return int(self._servers[0].server_address[1])

    def address_of(self, paper: Paper) -> str:
        return f"http://{self._hosts.get(paper.name, self._host)}:{self.port}/{paper.name}/feed"

    def start(self) -> None:
        self._serve(self._host, self._wanted_port)
        if self._hosts or self._host != "127.0.0.1":
            return
        for number, paper in enumerate(PAPERS, start=11):
            try:
                self._serve(f"127.0.0.{number}", self.port)
            except OSError:
                # Some systems have one loopback address only: the odd papers then share its other name.
                self._hosts[paper.name] = "localhost" if paper.manner in {"slow", "rate_limited"} else self._host
            else:
                self._hosts[paper.name] = f"127.0.0.{number}"

    def _serve(self, host: str, port: int) -> None:
        server = ThreadingHTTPServer((host, port), self._handler())
        server.daemon_threads = True
        self._servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.1,), name="origin", daemon=True).start()

    def stop(self) -> None:
        self._stopping.set()
        # Each looks a tenth of a second after the last time whether it is to end: all at once, or that adds up.
        with ThreadPoolExecutor(max(1, len(self._servers))) as pool:
            list(pool.map(_end, self._servers))

    def answer(self, target: str, base: str) -> Answer:
        parts = urlsplit(target)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        weather = reply(parts.path, query, self._clock.now())
        if weather is not None:
            return Answer(weather.status, weather.body, dict(weather.headers))
        for paper in PAPERS:
            if parts.path == f"/{paper.name}/feed":
                return feed_answer(paper, self._clock.now(), base)
        return page_answer(parts.path)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        origin = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 30

            def do_GET(self) -> None:
                answer = origin.answer(self.path, f"http://{self.headers.get('Host', 'localhost')}")
                if answer.wait_s and origin._clock.wait(origin._stopping, answer.wait_s):
                    return
                self._send(answer)

            do_HEAD = do_GET  # noqa: N815 - the base class calls it so

            def _send(self, answer: Answer) -> None:
                unchanged = answer.status == 200 and self.headers.get("If-None-Match") == answer.headers.get(
                    "ETag", "-"
                )
                body = b"" if unchanged else answer.body
                self.send_response(304 if unchanged else answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if not unchanged:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
                """Say nothing: the newsroom's own logs tell what was fetched."""

        return Handler


def _end(server: ThreadingHTTPServer) -> None:
    server.shutdown()
    server.server_close()
