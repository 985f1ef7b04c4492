"""A real HTTP server on loopback that does what it is told, faults and all, and remembers who asked for what.

A script is a list of answers for a path; the last one repeats. Three examples:

    def test_a_feed_that_goes_down_and_comes_back(faultserver):
        faultserver.script("/feed.xml", Answer(503, headers={"Retry-After": "120"}), Answer(body=FEED))
        # first request: 503; second and later: the feed. Fetch from faultserver.url("/feed.xml").

    def test_an_unchanged_feed(faultserver):
        faultserver.script("/feed.xml", conditional(FEED, etag='W/"5e1-gzip"'))
        # 200 with the ETag, 304 to whoever sends exactly that If-None-Match
        assert faultserver.requests[-1].headers["if-none-match"] == 'W/"5e1-gzip"'

    def test_faults(faultserver):
        faultserver.script("/drip", Answer(body=Drip(FEED, bytes_per_s=1)))        # or Repeat(b"x"), or fill(200 << 20)
        faultserver.script("/cut", Answer(body=FEED, chunked=True, cut=100))       # closes after 100 bytes of the body
        faultserver.script("/lie", Answer(body=FEED, length=10, encoding="br"))    # a wrong Content-Length
        faultserver.script("/moved", redirect("http://mirror.example/", 301))
        faultserver.script("/slow", Answer(body=FEED, gate=event))                 # answers when the test sets `event`

Several loopback addresses share the port: `FaultServer(addresses=("127.0.0.1", "127.0.0.2"))`. TLS and its faults are
in `http_tls`, reserved host names in `http_names`. Scripts may be per host: `script(path, …, host="news.example")`.
"""

from __future__ import annotations

import select
import selectors
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress

from tests.fakes.http_answers import Answer, Request, Script, composed, conditional, paced, redirect
from tests.fakes.http_bodies import Drip, Repeat, Stream, fill
from tests.fakes.http_tls import Handshake

__all__ = ["Answer", "Drip", "FaultServer", "Repeat", "Request", "conditional", "fill", "redirect"]

WAIT_S = 10.0


class _Gone(Exception):
    """The connection is over, as scripted or because the other side left."""


class FaultServer:
    """Listens from `start` (or `with`) to `stop`. Thread-safe: script and look at any time."""

    def __init__(
        self, addresses: Sequence[str] = ("127.0.0.1",), tls: ssl.SSLContext | Handshake | None = None
    ) -> None:
        self.addresses = tuple(addresses)
        self.port = 0
        self.requests: list[Request] = []
        self.connections = 0
        self._tls = tls
        self._scripts: dict[tuple[str | None, str], list[Script]] = {}
        self._changed = threading.Condition()
        self._busy: Counter[tuple[str, str]] = Counter()
        self._most: Counter[tuple[str, str]] = Counter()
        self._stopping = threading.Event()
        self._open: set[socket.socket] = set()

    # --- the test's side ---------------------------------------------------------------------------

    def script(self, path: str, *answers: Script, host: str | None = None) -> None:
        """Answer `path` (with or without its query) so, in order; the last repeats. A new script replaces the old."""
        with self._changed:
            self._scripts[host, path] = list(answers)

    def url(self, path: str = "/", address: str | None = None) -> str:
        scheme = "http" if self._tls is None else "https"
        return f"{scheme}://{address or self.addresses[0]}:{self.port}{path}"

    def asked(self, path: str) -> list[Request]:
        """The requests for one path, in order."""
        with self._changed:
            return [request for request in self.requests if request.path == path]

    def most_at_once(self, *, path: str = "", host: str = "") -> int:
        """The most requests under way at one time, of a path, of a host (by its Host field), or in all."""
        with self._changed:
            return self._most[("path", path) if path else ("host", host)]

    def wait_for_requests(self, count: int, path: str | None = None) -> None:
        """Until so many requests (for `path`) have come. Raises TimeoutError after 10 s."""

        def came() -> bool:
            return sum(path in (None, request.path) for request in self.requests) >= count

        with self._changed:
            if not self._changed.wait_for(came, WAIT_S):
                raise TimeoutError(f"{len(self.requests)} requests came: {[r.target for r in self.requests]}")

    def wait_until_idle(self) -> None:
        """Until no answer is being sent. Raises TimeoutError after 10 s."""
        with self._changed:
            if not self._changed.wait_for(lambda: not self._busy["host", ""], WAIT_S):
                raise TimeoutError("answers are still being sent")

    def start(self) -> FaultServer:
        self._listeners = _listen(self.addresses)
        self.port = self._listeners[0].getsockname()[1]
        self._waker, self._woken = socket.socketpair()
        self._acceptor = threading.Thread(target=self._accept, name=f"faultserver {self.port}", daemon=True)
        self._acceptor.start()
        return self

    def stop(self) -> None:
        self._stopping.set()
        self._waker.close()
        self._acceptor.join()
        with self._changed:
            links = list(self._open)
        for link in links:
            _shut(link)

    def __enter__(self) -> FaultServer:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    # --- the wire ----------------------------------------------------------------------------------

    def _accept(self) -> None:
        with selectors.DefaultSelector() as selector:
            for listener in (self._woken, *self._listeners):
                selector.register(listener, selectors.EVENT_READ)
            while not self._stopping.is_set():
                for key, _ in selector.select():
                    if key.fileobj is self._woken:
                        continue
                    link, _peer = key.fileobj.accept()  # type: ignore[union-attr]
                    self.connections += 1
                    threading.Thread(target=self._serve, args=(link, self.connections), daemon=True).start()
        for listener in (self._woken, *self._listeners):
            listener.close()

    def _serve(self, link: socket.socket, number: int) -> None:
        with self._changed:
            self._open.add(link)
        try:
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            secured = self._secured(link)
            buffered = b""
            while not self._stopping.is_set():
                head, buffered = _read_head(secured, buffered)
                self._answer(secured, self._request(head, number, secured.getsockname()[0]))
        except (_Gone, OSError):
            pass
        finally:
            with self._changed:
                self._open.discard(link)
            link.close()

    def _secured(self, link: socket.socket) -> socket.socket:
        if isinstance(self._tls, ssl.SSLContext):
            secured = self._tls.wrap_socket(link, server_side=True)
            with self._changed:
                self._open.discard(link)
                self._open.add(secured)
            return secured
        if self._tls is not None:
            self._send(link, self._tls.stream())
            raise _Gone
        return link

    def _request(self, head: bytes, number: int, address: str) -> Request:
        line, *fields = head.decode("latin-1").split("\r\n")
        pairs = (field.partition(":") for field in fields)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        return Request(line.split(" ")[1], headers, time.monotonic(), number, address)

    def _answer(self, link: socket.socket, request: Request) -> None:
        counted = [("path", request.path), ("host", request.host), ("host", "")]
        with self._changed:
            script = self._next(request)
            self.requests.append(request)
            for key in counted:
                self._busy[key] += 1
                self._most[key] = max(self._most[key], self._busy[key])
            self._changed.notify_all()
        try:
            self._give(link, script(request) if callable(script) else script)
        finally:
            with self._changed:
                self._busy.subtract(counted)
                self._changed.notify_all()

    def _wait(self, link: socket.socket, gate: threading.Event) -> bool:
        """At the gate, which opens by itself after a while. False when whoever asked has gone meanwhile."""
        leaving = select.poll()
        leaving.register(link, select.POLLRDHUP)
        deadline = time.monotonic() + WAIT_S
        while not gate.wait(0.02) and time.monotonic() < deadline:
            if leaving.poll(0):
                return False
        return True

    def _next(self, request: Request) -> Script:
        for key in ((host, path) for host in (request.host, None) for path in (request.target, request.path)):
            answers = self._scripts.get(key)
            if answers:
                return answers.pop(0) if len(answers) > 1 else answers[0]
        return Answer(404, body="nothing is scripted here")

    def _give(self, link: socket.socket, answer: Answer) -> None:
        if answer.gate is not None and not self._wait(link, answer.gate):
            raise _Gone
        self._pause(answer.delay_s)
        if answer.raw is not None:
            self._send(link, [answer.raw] if isinstance(answer.raw, bytes) else answer.raw)
            raise _Gone
        head, body, ends = composed(answer)
        pace = answer.head_bytes_per_s
        self._send(link, [head] if pace is None else paced(head, pace))
        self._send(link, body, answer.cut)
        if answer.reset:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if ends or answer.reset or answer.cut is not None:
            raise _Gone

    def _send(self, link: socket.socket, pieces: Stream, cut: int | None = None) -> None:
        left = cut
        for piece in pieces:
            if isinstance(piece, float):
                self._pause(piece)
            elif left is None:
                link.sendall(piece)
            else:
                link.sendall(piece[:left])
                left -= len(piece[:left])
                if not left:
                    return

    def _pause(self, seconds: float) -> None:
        if seconds and self._stopping.wait(seconds):
            raise _Gone


def _listen(addresses: Iterable[str]) -> list[socket.socket]:
    """One port on every address; another port is tried when it is taken on one of them."""
    first, *others = addresses
    for _ in range(20):
        listeners = [socket.create_server((first, 0), backlog=256)]
        port = listeners[0].getsockname()[1]
        try:
            listeners += [socket.create_server((address, port), backlog=256) for address in others]
        except OSError:
            listeners[0].close()
            continue
        return listeners
    raise OSError("no port is free on all addresses")


def _read_head(link: socket.socket, buffered: bytes) -> tuple[bytes, bytes]:
    while b"\r\n\r\n" not in buffered:
        received = link.recv(65_536)
        if not received:
            raise _Gone
        buffered += received
    head, _, rest = buffered.partition(b"\r\n\r\n")
    return head, rest


def _shut(link: socket.socket) -> None:
    with suppress(OSError):
        socket.socket.shutdown(link, socket.SHUT_RDWR)
