"""The desk's pages as answers: rendered each time, for one person, kept by nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from flask import Response

from pressroom.clock import Clock
from pressroom.desk.advice import list_of, remedy
from pressroom.desk.rooms import rooms
from pressroom.queues.topics import TABLE
from schemas.errors import ErrorKind
from services.web.admin.runbook import book
from services.web.admin.sessions import Session, Sessions
from services.web.admin.trouble import Trouble
from services.web.admin.wording import Wording, page
from services.web.rendering import TEMPLATES, Templates

HEADERS: Final = (
    ("Cache-Control", "no-store"),
    ("X-Robots-Tag", "noindex"),
    # The origin goes along with our own forms: on plain HTTP it is all that tells where they come from.
    ("Referrer-Policy", "same-origin"),
)

TITLES: Final = {
    400: "That cannot be asked",
    401: "Sign in",
    403: "Not like this",
    404: "Not there",
    409: "Changed meanwhile",
    429: "Too often",
    500: "Something broke",
    503: "Not to be had right now",
}


LISTS: Final = {"kind": tuple(ErrorKind), "topic": tuple(TABLE), "room": tuple(rooms())}
"""What a field of that name is offered to choose from; other values may be typed."""


@dataclass(frozen=True, slots=True)
class Paper:
    """Renders the templates of `templates/admin/`."""

    templates: Templates
    clock: Clock
    sessions: Sessions

    def answer(self, template: str, session: Session | None, status: int = 200, /, **values: Any) -> Response:
        now = self.clock.now()
        body = self.templates.render(
            f"admin/{template}",
            now=now,
            utc=UTC,
            ui=Wording(),
            page=page,
            rooms=[room for room in rooms() if room != "newsroom"],
            book=book(),
            lists=LISTS,
            remedy=remedy,
            list_of=list_of,
            session=session,
            token=self.sessions.token(session) if session else "",
            session_ends=datetime.fromtimestamp(session.until, UTC) if session else None,
            **{"here": "", "trouble": None, **values},
        )
        return Response(body, status, content_type="text/html; charset=utf-8")

    def trouble(self, trouble: Trouble, session: Session | None, **values: Any) -> Response:
        """A page that says only what went wrong."""
        title = TITLES.get(trouble.status, TITLES[500])
        return self.answer("trouble.html", session, trouble.status, title=title, trouble=trouble, **values)


@cache
def has_own(room: str, verb: str) -> bool:
    """Whether a verb's answer has a template of its own."""
    return (TEMPLATES / "admin" / "answers" / f"{room}-{verb}.html").exists()
