"""What the fault server is asked and what it sends: the words of a script, and their bytes on the wire."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.fakes.http_bodies import Stream, pack


@dataclass(frozen=True)
class Request:
    """One request as it came. Header names are lower case, values exact."""

    target: str
    headers: Mapping[str, str]
    at_s: float
    """time.monotonic()."""
    connection: int
    """Counts connections: equal numbers came over the same one."""
    address: str
    """The loopback address that was asked."""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def host(self) -> str:
        return self.headers.get("host", "").partition(":")[0]


@dataclass(frozen=True)
class Answer:
    """What to send. Content-Length is true unless told otherwise; a body without a length ends with the connection."""

    status: int = 200
    body: bytes | str | Stream = b""
    headers: Mapping[str, str] | Sequence[tuple[str, str]] = field(default_factory=dict)
    encoding: str | None = None
    """Pack the body so ("gzip", "deflate", "deflate-raw", "br", "zstd") and say so in Content-Encoding."""
    length: int | Literal["true", "none"] = "true"
    chunked: bool = False
    cut: int | None = None
    """Close the connection after so many bytes of what follows the headers."""
    reset: bool = False
    """Where it closes, it resets (RST) instead."""
    close: bool = False
    """Say `Connection: close` and do so."""
    delay_s: float = 0.0
    """Wait before the status line."""
    gate: threading.Event | None = None
    """Wait for the test, before the status line."""
    head_bytes_per_s: float | None = None
    """Drip the status line and headers."""
    raw: bytes | Stream | None = None
    """Send this instead of everything else, and close."""


Script = Answer | Callable[[Request], Answer]


def redirect(to: str, status: int = 302, **more: Any) -> Answer:
    return Answer(status, headers={"Location": to}, **more)


def conditional(body: bytes | str, etag: str, headers: Mapping[str, str] | None = None) -> Script:
    """200 with `body` and the exact `etag`, 304 to a request whose If-None-Match is that etag, byte for byte."""
    fields = {"Content-Type": "application/rss+xml", "ETag": etag} | dict(headers or {})

    def answer(request: Request) -> Answer:
        if request.headers.get("if-none-match") == etag:
            return Answer(304, headers={"ETag": etag})
        return Answer(body=body, headers=fields)

    return answer


def composed(answer: Answer) -> tuple[bytes, Stream, bool]:
    """Headers, the body in pieces, and whether the connection ends with it."""
    body = answer.body.encode() if isinstance(answer.body, str) else answer.body
    pairs = list(answer.headers.items() if isinstance(answer.headers, Mapping) else answer.headers)
    if answer.encoding is not None:
        assert isinstance(body, bytes)
        body = pack(body, answer.encoding)
        pairs.append(("Content-Encoding", answer.encoding.removesuffix("-raw")))
    ends = answer.close
    known = len(body) if hasattr(body, "__len__") else None
    if answer.chunked:
        pairs.append(("Transfer-Encoding", "chunked"))
    elif answer.length == "true" and known is not None:
        if known or answer.status not in {204, 304}:
            pairs.append(("Content-Length", str(known)))
    elif isinstance(answer.length, int):
        pairs.append(("Content-Length", str(answer.length)))
        ends = True
    else:
        ends = ends or answer.status not in {204, 304}
    if answer.close:
        pairs.append(("Connection", "close"))
    lines = [f"HTTP/1.1 {answer.status} Scripted", *(f"{name}: {value}" for name, value in pairs), "", ""]
    pieces: Stream = [body] if isinstance(body, bytes) else body
    return "\r\n".join(lines).encode(), _chunks(pieces) if answer.chunked else pieces, ends


def _chunks(pieces: Stream) -> Iterator[bytes | float]:
    for piece in pieces:
        if isinstance(piece, float):
            yield piece
        elif piece:
            yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


def paced(data: bytes, bytes_per_s: float) -> Iterator[bytes | float]:
    for start in range(len(data)):
        yield data[start : start + 1]
        yield 1 / bytes_per_s
