"""Before Flask: pages of readers without cookies, straight from the table."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any, Final

from flask import Flask

from services.web.counting import NodeMetrics
from services.web.limits import forwarded_for
from services.web.pages import Answer, Page, answer
from services.web.waiters import Crowded, Waiters

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WsgiApp = Callable[[Environ, StartResponse], Iterable[bytes]]

OUR_COOKIES: Final = ("pressroom_settings=", "pressroom_admin=", "pressroom_layout=")
"""Only these choose a page; a stranger's cookie costs nobody the quick way."""

READING: Final = frozenset({"GET", "HEAD"})
_CROWDED: Final = [("Content-Length", "0"), ("Retry-After", "1"), ("Cache-Control", "no-store")]

LookUp = Callable[[str], Page | None]


class Gate:
    """WSGI: looks the path up and hands over to Flask what is not there.

    `for_all` knows what is the same for everybody (assets); `pages` what is so only for readers without our cookies.
    """

    def __init__(
        self, flask: Flask, pages: LookUp, for_all: LookUp, metrics: NodeMetrics, senders: Waiters | None = None
    ) -> None:
        """`senders`: how many may send a body at once, where the server reads it in the thread that answers."""
        self.flask = flask
        self._app: WsgiApp = flask.wsgi_app
        self._pages = pages
        self._for_all = for_all
        self._metrics = metrics
        self._count = metrics.pages.add
        self._senders = senders

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] in READING and not environ.get("QUERY_STRING"):
            path = environ["PATH_INFO"]
            page = None if "HTTP_COOKIE" in environ and chosen_by_cookie(environ) else self._pages(path)
            if page is None:
                page = self._for_all(path)
            if page is not None:
                status, headers, chunks = answered(page, environ)
                self._count(status)
                start_response(status, headers)
                return chunks
        return self._dynamic(environ, start_response)

    def _dynamic(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        began = time.perf_counter()
        said = ["500"]

        def start(status: str, *more: Any) -> Any:
            said[0] = status
            return start_response(status, *more)

        try:
            return self._admitted(environ, start)
        finally:
            self._metrics.answered(said[0], time.perf_counter() - began)

    def _admitted(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        # A proxy has the whole body before it asks; only clients without one can hold a thread with theirs.
        if self._senders is None or environ["REQUEST_METHOD"] in READING or forwarded_for(environ):
            return self._app(environ, start_response)
        try:
            with self._senders.one():
                return self._app(environ, start_response)
        except Crowded:
            start_response("503 Service Unavailable", _CROWDED)
            return []


def chosen_by_cookie(environ: Environ) -> bool:
    cookies: str = environ.get("HTTP_COOKIE", "")
    return any(name in cookies for name in OUR_COOKIES)


def answered(page: Page, environ: Environ) -> Answer:
    known = environ.get
    return answer(
        page,
        environ["REQUEST_METHOD"],
        known("HTTP_ACCEPT_ENCODING", ""),
        known("HTTP_IF_NONE_MATCH", ""),
        known("HTTP_IF_MODIFIED_SINCE", ""),
    )


def send(page: Page, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    status, headers, chunks = answered(page, environ)
    start_response(status, headers)
    return chunks
