"""Before Flask: pages of readers without cookies, straight from the table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from flask import Flask

from services.web.pages import Page, answer

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WsgiApp = Callable[[Environ, StartResponse], Iterable[bytes]]

OUR_COOKIES: Final = ("pressroom_settings=", "pressroom_admin=", "pressroom_layout=")
"""Only these choose a page; a stranger's cookie costs nobody the quick way."""


class Gate:
    """WSGI: looks the path up in the tables, and hands over to the application what is not there."""

    def __init__(self, flask: Flask, *lookups: Callable[[str], Page | None]) -> None:
        self.flask = flask
        self._app: WsgiApp = flask.wsgi_app
        self._lookups = lookups

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        if method in {"GET", "HEAD"} and not environ.get("QUERY_STRING") and not chosen_by_cookie(environ):
            path = environ["PATH_INFO"]
            for lookup in self._lookups:
                page = lookup(path)
                if page is not None:
                    return send(page, environ, start_response)
        return self._app(environ, start_response)


def chosen_by_cookie(environ: Environ) -> bool:
    cookies: str = environ.get("HTTP_COOKIE", "")
    return bool(cookies) and any(name in cookies for name in OUR_COOKIES)


def send(page: Page, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    status, headers, body = answer(
        page,
        head=environ["REQUEST_METHOD"] == "HEAD",
        accept_encoding=environ.get("HTTP_ACCEPT_ENCODING", ""),
        if_none_match=environ.get("HTTP_IF_NONE_MATCH", ""),
        if_modified_since=environ.get("HTTP_IF_MODIFIED_SINCE", ""),
    )
    start_response(status, headers)
    return (body,) if body else ()
