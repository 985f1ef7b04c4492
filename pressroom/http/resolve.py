"""Names → addresses, within a time limit, although the system's look-up has none and cannot be stopped."""

from __future__ import annotations

import socket
import threading
from ipaddress import ip_address
from typing import Protocol

from pressroom.clock import Clock
from pressroom.http.answer import FetchError
from pressroom.http.guard import Ip
from schemas.errors import ErrorKind

LOOKUPS_MAX = 128

PATIENCE_S = 2.0
SILENT_LOOKUPS = 8
HURRIED_S = 0.25
"""So many look-ups unanswered for so long, and none answered since, are a resolver that answers nobody: until it speaks
again a name waits this long only, or those who fetch would all stand and wait for it.
"""

Endpoint = tuple[Ip, int]


class Resolver(Protocol):
    """Where a host is. The port is part of the answer, so that a test may lead names to its own server."""

    def resolve(self, host: str, port: int, timeout_s: float) -> list[Endpoint]:
        """Every address of `host`, in the order to try them. Raises `FetchError` of kind `dns`."""


class SystemResolver:
    """The machine's resolver, asked on a thread per look-up under way, at most `LOOKUPS_MAX`.

    A name that nobody answers for holds its one thread until the system gives up (resolv.conf, usually under 30 s)
    and its caller no longer than `timeout_s`, and less while nobody is answered; who asks for the same name meanwhile
    joins that look-up and its limit.
    Answers are not kept: connections are, and a kept answer could outlive the name's owner.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._under_way: dict[str, _Lookup] = {}
        self._answered_s = float("-inf")

    def resolve(self, host: str, port: int, timeout_s: float) -> list[Endpoint]:
        lookup = self._join(host)
        limit_s = min(timeout_s, HURRIED_S if self._is_silent() else PATIENCE_S)
        if not self._ends(lookup, limit_s) and not self._is_silent():
            limit_s = timeout_s
        if not self._ends(lookup, limit_s):
            raise FetchError(ErrorKind.DNS, f"nobody said within {limit_s:g} s where {host} is")
        if lookup.trouble is not None:
            raise FetchError(ErrorKind.DNS, lookup.trouble)
        return [(address, port) for address in lookup.addresses]

    def _ends(self, lookup: _Lookup, within_s: float) -> bool:
        left_s = lookup.started_s + within_s - self._clock.monotonic()
        return self._clock.wait(lookup.ended, max(0.0, left_s))

    def _is_silent(self) -> bool:
        with self._lock:
            # Those that were asked together with the first one whose patience ends are as silent as that one.
            before_s = self._clock.monotonic() - PATIENCE_S / 2
            waiting = [one for one in self._under_way.values() if self._answered_s < one.started_s <= before_s]
        return len(waiting) >= SILENT_LOOKUPS

    def _join(self, host: str) -> _Lookup:
        with self._lock:
            lookup = self._under_way.get(host)
            if lookup is None:
                if len(self._under_way) >= LOOKUPS_MAX:
                    raise FetchError(ErrorKind.DNS, f"{LOOKUPS_MAX} names are being looked up and do not answer")
                lookup = _Lookup(host, self._clock.monotonic())
                # A daemon: a name that hangs must not hold up the end of the process.
                threading.Thread(target=self._run, args=(lookup,), name=f"dns {host}", daemon=True).start()
                self._under_way[host] = lookup
        return lookup

    def _run(self, lookup: _Lookup) -> None:
        try:
            lookup.run()
        finally:
            with self._lock:
                self._under_way.pop(lookup.host, None)
                if lookup.heard:
                    self._answered_s = self._clock.monotonic()
            lookup.ended.set()


class _Lookup:
    """One question to the system and what came of it."""

    def __init__(self, host: str, started_s: float) -> None:
        self.host = host
        self.started_s = started_s
        self.ended = threading.Event()
        self.addresses: list[Ip] = []
        self.trouble: str | None = "the look-up broke off"
        self.heard = False
        """Somebody answered, be it with "no such name"."""

    def run(self) -> None:
        try:
            answers = socket.getaddrinfo(self.host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            self.trouble = f"{self.host} was not found: {reason}"
            self.heard = getattr(error, "errno", None) != socket.EAI_AGAIN
            return
        self.addresses = list(dict.fromkeys(ip_address(str(answer[4][0])) for answer in answers))
        self.trouble = None
        self.heard = True
