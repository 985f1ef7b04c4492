"""One GET under way: where it stands, how long it still has, and how it reaches a host.

The connection pool below knows nothing of GETs, so the one that a thread is busy with is held in a context variable;
everything from the dialling to the last byte asks it for the time left.
"""

from __future__ import annotations

import socket
import ssl
from contextvars import ContextVar
from typing import Any

from pressroom.clock import Clock
from pressroom.http.answer import FetchError, Limits
from pressroom.http.guard import Guard
from pressroom.http.resolve import Endpoint, Resolver
from pressroom.http.urls import Url, ip_of
from schemas.errors import ErrorKind

ADDRESSES_MAX = 6
"""Of a host so many are tried, in the resolver's order."""

_current: ContextVar[Exchange] = ContextVar("exchange")


def current() -> Exchange:
    """The GET that this thread is busy with."""
    return _current.get()


class Exchange:
    """The state of one GET over all its hops. `dialled` says whether this hop opened a connection of its own."""

    def __init__(self, guard: Guard, resolver: Resolver, limits: Limits, clock: Clock) -> None:
        self._guard = guard
        self._resolver = resolver
        self.limits = limits
        self.clock = clock
        self.started_s = clock.monotonic()
        self._deadline_s = self.started_s + limits.total_s
        self.dialled = False

    def hop(self, url: Url) -> None:
        """Turn to `url`; from now on this is the GET that the thread is busy with."""
        self.url = url
        self.dialled = False
        _current.set(self)

    def left_s(self) -> float:
        """Seconds that the GET still has. Raises `FetchError` of kind `timeout` when it has none."""
        left_s = self._deadline_s - self.clock.monotonic()
        if left_s <= 0:
            raise self.timed_out()
        return left_s

    def timed_out(self) -> FetchError:
        return FetchError(ErrorKind.TIMEOUT, f"no complete answer within {self.limits.total_s:g} s")

    def dial(self) -> socket.socket:
        """A connection to one of the host's addresses, each checked just before it is connected to.

        Refused addresses are passed over; when all are, that is the error. Raises `FetchError`.
        """
        self.dialled = True
        endpoints = self._permitted()
        give_up_s = self.clock.monotonic() + min(self.limits.connect_s, self.left_s())
        trouble = ""
        for tried, (address, port) in enumerate(endpoints):
            share_s = (give_up_s - self.clock.monotonic()) / (len(endpoints) - tried)
            try:
                return self._connect(str(address), port, max(share_s, 0.001))
            except TimeoutError:
                trouble = f"{address} port {port} does not answer"
                timed_out = True
            except OSError as error:
                trouble = f"{address} port {port}: {error.strerror}"
                timed_out = False
        raise FetchError(ErrorKind.TIMEOUT if timed_out else ErrorKind.CONNECT, trouble)

    def _permitted(self) -> list[Endpoint]:
        refused: FetchError | None = None
        permitted = []
        for address, port in self._endpoints():
            try:
                self._guard.check_address(address, port)
                permitted.append((address, port))
            except FetchError as error:
                refused = refused or error
        if permitted:
            return permitted[:ADDRESSES_MAX]
        raise refused or FetchError(ErrorKind.DNS, f"{self.url.host} has no address")

    def _endpoints(self) -> list[Endpoint]:
        address = ip_of(self.url.host)
        if address is not None:
            return [(address, self.url.port)]
        return self._resolver.resolve(self.url.host, self.url.port, min(self.limits.dns_s, self.left_s()))

    def _connect(self, address: str, port: int, timeout_s: float) -> socket.socket:
        link = TimedSocket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        try:
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            link.settimeout(timeout_s)
            link.connect((address, port))
            # For the TLS handshake, which keeps it as one limit over all its messages.
            link.settimeout(min(self.limits.connect_s, self.left_s()))
        except BaseException:
            link.close()
            raise
        return link


def _recv_into(link: Any, receive: Any, *args: Any) -> int:
    """Wait for the next bytes no longer than the whole GET has left, so that a drip ends on time."""
    exchange = current()
    link.settimeout(exchange.left_s())
    try:
        return int(receive(*args))
    except TimeoutError:
        raise exchange.timed_out() from None


class TimedSocket(socket.socket):
    """A plain connection whose every read is held against the GET's total time."""

    def recv_into(self, *args: Any, **_: Any) -> int:
        return _recv_into(self, super().recv_into, *args)


class TimedTlsSocket(ssl.SSLSocket):
    """The same over TLS."""

    def recv_into(self, *args: Any, **_: Any) -> int:
        return _recv_into(self, super().recv_into, *args)
