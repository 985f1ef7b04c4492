"""Reserved host names for tests: a resolver that leads them to a test's own servers, port included."""

from __future__ import annotations

import threading
from collections import Counter
from functools import cache
from ipaddress import ip_address
from typing import Any

from pressroom.clock import Clock, SystemClock
from pressroom.http.answer import FetchError, Limits
from pressroom.http.client import Client
from pressroom.http.guard import Guard
from pressroom.http.resolve import Endpoint
from pressroom.http.transport import tls_context
from schemas.errors import ErrorKind
from tests.fakes.faultserver import FaultServer

LOOPBACK = "127.0.0.0/8"


class NameMap:
    """Leads names to servers: `NameMap().lead("news.example", server)`; every other name does not exist.

    A name given several answers gives them in turn, the last for ever: that is what rebinding looks like.
    """

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._answers: dict[tuple[str, int | None], list[list[Endpoint]]] = {}

    def lead(self, name: str, *to: FaultServer, port: int | None = None) -> NameMap:
        """All of `to`'s first addresses, for one port that is asked for or for any."""
        return self.answer(name, [(server.addresses[0], server.port) for server in to], port=port)

    def answer(self, name: str, *answers: list[tuple[str, int]], port: int | None = None) -> NameMap:
        self._answers[name, port] = [[(ip_address(at), to) for at, to in answer] for answer in answers]
        return self

    def resolve(self, host: str, port: int, timeout_s: float) -> list[Endpoint]:
        with self._lock:
            self.asked[host] += 1
            answers = self._answers.get((host, port)) or self._answers.get((host, None))
            if not answers:
                raise FetchError(ErrorKind.DNS, f"{host} was not found: no such name in this test")
            return answers.pop(0) if len(answers) > 1 else answers[0]


def a_client(
    names: NameMap | None = None, *, clock: Clock | None = None, allowed: tuple[str, ...] = (LOOPBACK,), **more: Any
) -> Client:
    """A client that may use loopback. `limits` and `tls` go to the client, `ports` to its guard."""
    ports = {"ports": more.pop("ports")} if "ports" in more else {}
    guard = Guard(allowed=allowed, **ports)
    limits = more.pop("limits", Limits(dns_s=2, connect_s=2, total_s=5))
    more.setdefault("tls", _trusted())
    return Client(guard, limits, clock or SystemClock(), "Pressroom tests", resolver=names or NameMap(), **more)


# Loading the machine's certificates takes longer than most tests.
_trusted = cache(tls_context)
