"""From a request to who sent it: the cookie, HTTP Basic, and whether a form is our own."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any, Final

from flask import Request, Response, request

from services.web.admin.door import Door
from services.web.admin.sessions import COOKIE, Session
from services.web.limits import address_of

PATH: Final = "/admin"
KNOWN_S: Final = 180 * 86_400
"""The cookie stays so long after its session: a browser that was signed in once is no stranger to the throttle."""

CSRF_FIELD: Final = "token"
CSRF_HEADER: Final = "X-CSRF-Token"


class Foreign(Exception):
    """A form or a call that did not come from our own pages."""


def cookie(door: Door) -> Session | None:
    """What this browser's cookie says, whether its session is still on or not."""
    return door.sessions.read(request.cookies.get(COOKIE, ""))


def signed_in(door: Door) -> Session | None:
    """The session of this request: its cookie's, or that of the password it brings along. Raises as `Door.call`."""
    session = cookie(door)
    if session is not None and door.sessions.is_on(session):
        return session
    said = request.authorization
    if said is not None and said.type == "basic" and said.username and said.password:
        return door.call(said.username, said.password, address_of(request.environ))
    return None


def only_our_own(door: Door, session: Session) -> None:
    """A request with an effect, on a session of a cookie, must bring the session's token. Raises `Foreign`.

    A password in the request itself is nothing that a browser adds for another site: it was never asked for one here.
    """
    only_from_our_pages()
    if session != cookie(door):
        return
    if not door.sessions.is_token(session, request.headers.get(CSRF_HEADER) or request.form.get(CSRF_FIELD)):
        raise Foreign


def only_from_our_pages() -> None:
    """Browsers say where a request comes from, and pages cannot make them lie (Fetch Metadata). Raises `Foreign`."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        raise Foreign


def keep(answer: Response, door: Door, session: Session) -> None:
    answer.set_cookie(
        COOKIE,
        door.sessions.written(session),
        max_age=KNOWN_S,
        path=PATH,
        secure=is_https(request),
        httponly=True,
        samesite="Strict",
    )


def is_https(asked: Request) -> bool:
    """Whether the browser speaks TLS, to us or to the edge before us: the page's own origin says it, else the edge."""
    return asked.is_secure or asked.headers.get("Origin", "").startswith("https://") or _edge_says(asked.environ)


def _edge_says(environ: Mapping[str, Any]) -> bool:
    try:
        ip = ipaddress.ip_address(str(environ.get("REMOTE_ADDR", "")))
    except ValueError:
        return False
    return ip.is_private and str(environ.get("HTTP_X_FORWARDED_PROTO", "")) == "https"


def local_path(path: str) -> str:
    """Where to go after a sign-in: a page of the desk, whatever somebody wrote into a link."""
    return path if path.startswith(f"{PATH}/") and "//" not in path and "\\" not in path else f"{PATH}/"
