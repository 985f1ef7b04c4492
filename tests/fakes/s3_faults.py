"""A proxy in front of an S3 store that answers, loses and delays as a test plans it.

A fault takes the request and the way to the store, and returns the answer or HANG_UP. Faults are planned for a
method, are used up one a request, and after the last one the proxy is transparent.
"""

from __future__ import annotations

import http.client
import threading
from collections import defaultdict, deque
from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import urlsplit

from tests.fakes.s3_http import HANG_UP, Answer, LoopbackServer, Request
from tests.fakes.s3_server import error

Forward = Callable[[Request], Answer]
Fault = Callable[[Request, Forward], Answer | None]

_UPSTREAM_TIMEOUT_S = 30.0
# Ends every fault that waits, should a test never release it.
_HANG_S_MAX = 30.0


class FaultProxy(LoopbackServer):
    """`asked` counts the requests by method, those included that never reached the store."""

    def __init__(self, upstream: str) -> None:
        self._upstream = urlsplit(upstream).netloc
        self._plans: dict[str, deque[Fault]] = defaultdict(deque)
        self.asked: dict[str, int] = defaultdict(int)
        self.released = threading.Event()
        self._lock = threading.Lock()
        super().__init__(self._through)

    def url(self, bucket: str) -> str:
        return f"s3://{bucket}?endpoint={self.endpoint}"

    def start_afresh(self) -> None:
        """Forget what was planned and asked."""
        self._plans.clear()
        self.asked.clear()

    def plan(self, method: str, *faults: Fault) -> None:
        self._plans[method].extend(faults)

    def hang(self, _request: Request, _forward: Forward) -> Answer | None:
        """Never answer; `released` or the end of the proxy hangs up."""
        self.released.wait(_HANG_S_MAX)
        return HANG_UP

    def close(self) -> None:
        self.released.set()
        super().close()

    def _through(self, request: Request) -> Answer | None:
        with self._lock:
            self.asked[request.method] += 1
            plan = self._plans[request.method]
            fault = plan.popleft() if plan else None
        return fault(request, self._forward) if fault else self._forward(request)

    def _forward(self, request: Request) -> Answer:
        """Send it on as it came: its signature covers the Host header too."""
        link = http.client.HTTPConnection(self._upstream, timeout=_UPSTREAM_TIMEOUT_S)
        try:
            link.putrequest(request.method, request.path, skip_host=True, skip_accept_encoding=True)
            for name, value in request.headers.items():
                link.putheader(name, value)
            link.endheaders(request.body)
            answer = link.getresponse()
            body = answer.read()
            kept = {n: v for n, v in answer.getheaders() if n.lower() not in ("transfer-encoding", "connection")}
            return Answer(answer.status, kept, body)
        finally:
            link.close()


def lose_the_answer(request: Request, forward: Forward) -> Answer | None:
    """The store does it, and nobody hears of it."""
    forward(request)
    return HANG_UP


def lose_the_request(_request: Request, _forward: Forward) -> Answer | None:
    """The store never sees it."""
    return HANG_UP


def cut_the_answer(request: Request, forward: Forward) -> Answer | None:
    """Half of the body arrives."""
    answer = forward(request)
    return Answer(answer.status, answer.headers, answer.body, cut_to_bytes=len(answer.body) // 2)


def say(status: int, code: str, **headers: str) -> Fault:
    """The store answers so instead of doing it."""
    return lambda _request, _forward: error(status, code, **headers)


def say_skewed(store_now: datetime) -> Fault:
    """The store finds the request's time too far from its own."""
    return say(403, "RequestTimeTooSkewed", Date=format_datetime(store_now, usegmt=True))


def after(act: Callable[[], object], fault: Fault) -> Fault:
    """Let the store do it, then `act`, then the fault: somebody else was quicker than the answer."""

    def play(request: Request, forward: Forward) -> Answer | None:
        forward(request)
        act()
        return fault(request, lambda _: error(500, "InternalError"))

    return play
