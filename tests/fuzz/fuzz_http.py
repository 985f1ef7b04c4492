"""Have a hostile server answer the real client for a while.

Each input is a whole refresh through the fetcher: status lines, header fields, lengths, chunks and codings that are
wrong or mangled, sent in pieces, dripped, cut or never ended. An input is a finding when the refresh ends in anything
but a message that can be sent, lasts longer than the total time allows, or leaves the client unable to fetch a good
feed; the run is one when more sockets are open than connections are kept. Findings come with the seed that makes them again.
"""

# ruff: noqa: E501  # a list of things to throw

from __future__ import annotations

import random
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pressroom.clock import SystemClock
from pressroom.http.answer import Limits
from pressroom.objects.directory import DirectoryStore
from pressroom.outcomes import Done
from pressroom.sender import parcel_of
from schemas.messages import Check, FeedRefresh
from services.fetcher.manners import Identity
from services.fetcher.parse import parse
from services.fetcher.story import Fetcher
from tests.fakes.feed_documents import CORPUS
from tests.fakes.http_bodies import fill, pack
from tests.fakes.http_names import a_client
from tests.fakes.records import envelope

LIMITS = Limits(connect_s=1, total_s=0.4, wire_bytes_max=200_000, body_bytes_max=400_000)
LANES = 8
LATE_S = 3.0
"""On a busy machine a thread may be that late; what holds one longer holds it for as long as it likes."""

WELL_EVERY = 20
SOCKETS_MAX = 10 * LANES
GOOD = CORPUS[0].body
BODIES = [one.body for one in CORPUS if len(one.body) < 50_000] + [b"", b"<", b"{", b"\x1f\x8b", b"\0" * 5000]
STATUS_LINES = [
    *[b"HTTP/1.1 %d X" % code for code in (200, 200, 200, 200, 200, 204, 206, 301, 302, 304, 308, 404, 410, 429, 503)],
    b"HTTP/1.0 200 OK", b"HTTP/1.1 200", b"HTTP/2 200 OK", b"HTTP/0.9 200", b"HTTP/1.1 99 X", b"HTTP/1.1 1000 X",
    b"HTTP/1.1 -200 X", b"HTTP/1.1 2OO X", b"ICY 200 OK", b"", b"\xff\xfe", b"HTTP/1.1 200 " + b"x" * 70_000,
    b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK", b"HTTP/1.1 100 Continue\r\n\r\n" * 300,
]  # fmt: skip
FIELDS = [
    b'ETag: "1"', b'ETag: W/"\xff\x00"', b"ETag: " + b"e" * 5000, b"Last-Modified: yesterday", b"Last-Modified: \xe2\x82",
    b"Retry-After: -5", b"Retry-After: 1e999", b"Retry-After: 99999999999999999999", b"Retry-After: Fri, 99 Foo 0000",
    b"Cache-Control: max-age=99999999999999999999", b"Cache-Control: max-age=\xb2,,=;", b"Expires: 0", b"Age: -1", b"Date: x",
    b"Content-Type: text/xml; charset=\xff", b"Content-Type: ; charset=utf-7", b"Content-Type: " + b"x" * 9000,
    b"Location: /moved", b"Location: //[::1", b"Location: http://127.0.0.1:99999/", b"Location: \r\n /x", b"Location: javascript:1",
    b"Location: http://\xff.example/", b"Location: ?" + b"q" * 9000, b"Location: http://169.254.169.254/", b"Location: ",
    b"Connection: close", b"Connection: keep-alive", b"Keep-Alive: timeout=\xb9", b"Upgrade: h2c", b": no name", b"no colon",
    b" folded", b"\tfolded", b"X" * 300 + b": y", b"Set-Cookie: a=b; expires=x", b"Vary: *", b"X: " + b"y" * 70_000, b"\0: \0",
]  # fmt: skip
CODINGS = ("gzip", "deflate", "deflate-raw", "br", "zstd")
SAID = (
    b"gzip",
    b"deflate",
    b"br",
    b"zstd",
    b"identity",
    b"gzip, gzip",
    b"gzip,br,zstd,gzip",
    b"x" * 200,
    b"utf-8",
    b"\xff",
)
LENGTHS = (b"0", b"1", b"-1", b"+5", b"5, 5", b"5, 6", b"0x10", b"1e3", b"99999999999999999999", b"\xb2", b"", b" 7 ")
SIZES = (
    b"0",
    b"-1",
    b"ffffffffffffffff",
    b"fffffff",
    b"+5",
    b"0x5",
    b"5 ",
    b"5;a=" + b"x" * 9000,
    b"",
    b"g",
    b"\xb2",
    b"1_0",
)


@dataclass(frozen=True)
class Sent:
    """What the server does: pieces with pauses (seconds) between, then it hangs up or waits for the other side to."""

    pieces: tuple[bytes | float, ...]
    hangs_up: bool


def hostile(rng: random.Random) -> Sent:
    head, body = _head_and_body(rng)
    data = bytearray(head + b"\r\n\r\n" + body)
    for _ in range(rng.choice((0, 0, 1, 2, 4))):
        at = rng.randrange(len(data) + 1)
        width = rng.choice((0, 1, 3, 12, 400))
        data[at : at + width] = rng.choice(
            (rng.randbytes(rng.randrange(9)), bytes(data[at : at + width]) * 3, b"\r\n", b"")
        )
    if rng.random() < 0.1:
        del data[rng.randrange(len(data) + 1) :]
    return Sent(tuple(_pieces(rng, bytes(data))), hangs_up=rng.random() < 0.95)


def _head_and_body(rng: random.Random) -> tuple[bytes, bytes]:
    body = rng.choice(BODIES)
    lines = [rng.choice(STATUS_LINES), *rng.sample(FIELDS, k=rng.choice((0, 1, 2, 3, 5)))]
    if rng.random() < 0.03:
        lines += [b"X-%d: y" % number for number in range(120)]
    if rng.random() < 0.4:
        coding = rng.choice(CODINGS)
        body = fill(rng.choice((1000, 3_000_000)), encoding="gzip") if rng.random() < 0.1 else pack(body, coding)
        lines.append(b"Content-Encoding: " + (rng.choice(SAID) if rng.random() < 0.3 else coding.encode()))
    framing = rng.choice(("length", "length", "chunked", "chunked", "both", "wrong", "none"))
    if framing in {"length", "both"}:
        lines.append(b"Content-Length: %d" % len(body))
    if framing == "wrong":
        lines += [b"Content-Length: " + rng.choice(LENGTHS) for _ in range(rng.choice((1, 2)))]
    if framing in {"chunked", "both"}:
        lines.append(
            b"Transfer-Encoding: " + rng.choice((b"chunked", b"chunked", b"Chunked", b"gzip, chunked", b"x", b"\xff"))
        )
        body = _chunked(rng, body)
    return b"\r\n".join(lines), body


def _chunked(rng: random.Random, body: bytes) -> bytes:
    out, size = [], rng.choice((1, 7, 1000, 60_000)) if len(body) < 3000 else 9000
    for start in range(0, len(body), size):
        piece = body[start : start + size]
        said = rng.choice(SIZES) if rng.random() < 0.02 else b"%x" % len(piece)
        out.append(said + b"\r\n" + piece + b"\r\n")
    end = rng.choice((b"0\r\n\r\n", b"0\r\n\r\n", b"", b"0\r\n", b"0\r\nX: y\r\n\r\n", b"0\r\n" + b"X: y\r\n" * 5000))
    return b"".join((*out, end))


def _pieces(rng: random.Random, data: bytes) -> Iterator[bytes | float]:
    match rng.choice((*["whole"] * 12, *["halves"] * 5, "drip")):
        case "whole":
            yield data
        case "halves":
            at = rng.randrange(len(data) + 1)
            yield from (data[:at], 0.005, data[at:])
        case "drip":
            at = rng.randrange(len(data) + 1)
            yield data[:at]
            for place in range(at, min(len(data), at + 100)):
                yield from (0.02, data[place : place + 1])


class Server:
    """A raw socket: `/well` gets a good feed, anything else what is planned."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self.planned = Sent((), hangs_up=True)
        threading.Thread(target=self._accept, name="hostile", daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                link, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(link,), name="hostile", daemon=True).start()

    def _serve(self, link: socket.socket) -> None:
        with link, suppress(OSError):
            while (head := _head(link)) is not None:
                if b" /well " in head:
                    link.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(GOOD), GOOD))
                    continue
                sent = self.planned
                for piece in sent.pieces:
                    if isinstance(piece, float):
                        time.sleep(piece)
                    else:
                        link.sendall(piece)
                if sent.hangs_up:
                    return


def _head(link: socket.socket) -> bytes | None:
    """The next request's; None when the other side has left."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        piece = link.recv(65_536)
        if not piece:
            return None
        head += piece
    return head


@contextmanager
def room() -> Iterator[tuple[Server, Fetcher]]:
    """The server, and the fetcher as it runs: guarded client, parser, store."""
    server, clock = Server(), SystemClock()
    client = a_client(limits=LIMITS, ports=())  # a mangled Location must not lead out
    with tempfile.TemporaryDirectory() as folder:
        yield (
            server,
            Fetcher(
                get=lambda url, headers: client.get(url, headers=headers),
                parse=lambda body, content_type, url: parse(body, content_type=content_type, url=url),
                store=DirectoryStore(Path(folder)),
                clock=clock,
                raw_bytes_max=1000,
                identity=Identity("1", "+http://us.example/crawler"),
            ),
        )
    client.close()
    server.close()


def faults(server: Server, fetcher: Fetcher, sent: Sent, *, look_after: bool) -> Iterator[str]:
    """What is wrong with how a refresh ended, in words."""
    server.planned = sent
    began_s = time.monotonic()
    try:
        _refreshed(server, fetcher, "/feed")
    except Exception as error:
        yield f"{type(error).__name__}: {error}"
    seconds = time.monotonic() - began_s
    if seconds > LIMITS.total_s + LATE_S:
        yield f"took {seconds:.1f} s"
    if look_after:
        # What lay behind a mangled answer may cost the next request on its connection, but no more than that.
        ends = [_refreshed(server, fetcher, "/well") for _ in range(2)]
        if all(isinstance(end, Check) and end.result == "failed" for end in ends):
            yield f"afterwards a good feed is not to be had: {ends[-1]}"


def _refreshed(server: Server, fetcher: Fetcher, path: str) -> object:
    """What a refresh told the other services, once it is known that it can be sent. Raises what a worker would meet."""
    url = f"http://127.0.0.1:{server.port}{path}"
    outcome = fetcher.handle(envelope(FeedRefresh(feed="f", url=url, turn=1)))
    if not isinstance(outcome, Done) or len(outcome.emits) != 1:
        raise TypeError(f"it ended as {outcome}")
    (emit,) = outcome.emits
    parcel_of(emit, fetcher.clock.now(), trace="t", hops=())
    return emit.payload


def run(seconds: float, seed: int, inputs_max: int = sys.maxsize) -> list[str]:
    """Try inputs until the time or the count is over, several at once, since most of the time is spent waiting for a
    server; the findings, each with what makes it again.
    """
    end, before = time.monotonic() + seconds, _sockets()
    numbers = iter(range(inputs_max))

    def lane(_: int) -> tuple[int, list[str]]:
        tried, findings = 0, []
        with room() as (server, fetcher):
            while time.monotonic() < end and (number := next(numbers, None)) is not None:
                sent = hostile(random.Random(f"{seed}/{number}"))
                ended = faults(server, fetcher, sent, look_after=number % WELL_EVERY == 0)
                findings += [f"seed {seed}, input {number}: {one}" for one in ended]
                tried += 1
            if _sockets() > before + SOCKETS_MAX:
                findings.append(f"seed {seed}: {_sockets() - before} sockets are open")
        return tried, findings

    with ThreadPoolExecutor(LANES) as pool:
        lanes = list(pool.map(lane, range(LANES)))
    findings = [finding for _, some in lanes for finding in some]
    print(f"{sum(tried for tried, _ in lanes)} inputs, {len(findings)} findings, seed {seed}")
    return findings


def _sockets() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
