"""`/admin/`: a page for every verb. What looks is a GET; what does something is a form: seen first, then done once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, request
from pydantic import BaseModel

from pressroom.desk.audit import Told
from pressroom.desk.rooms import find, of_room
from pressroom.desk.verbs import Change, Verb, ask, perform
from schemas.envelope import new_id
from services.web.admin import trouble
from services.web.admin.beside import beside
from services.web.admin.counter import Busy, Counter
from services.web.admin.door import Door
from services.web.admin.entrance import Foreign, cookie, only_our_own
from services.web.admin.forms import Field, fields, given, only_by_command
from services.web.admin.glance import look
from services.web.admin.paper import Paper, has_own
from services.web.admin.sessions import Session
from services.web.admin.since import since
from services.web.admin.trouble import EXPECTED, Trouble

LOOK_FIRST = "a look first"
"""The reason of a dry run, which leaves nothing to keep it."""

Outages = Callable[[], dict[str, Any]]


def add_pages(views: Blueprint, door: Door, counter: Counter, paper: Paper, health: Outages) -> None:
    pages = Pages(door, counter, paper, health)
    views.add_url_rule("/", view_func=pages.guarded(pages.glance), endpoint="glance")
    views.add_url_rule("/done/<entry>", view_func=pages.guarded(pages.done), endpoint="done")
    views.add_url_rule("/<room>", view_func=pages.guarded(pages.room), endpoint="room")
    views.add_url_rule("/<room>/<name>", view_func=pages.guarded(pages.verb), methods=["GET", "POST"], endpoint="verb")


class Pages:
    """One method for each kind of page. All of them are for somebody who is signed in."""

    def __init__(self, door: Door, counter: Counter, paper: Paper, health: Outages) -> None:
        self._door = door
        self._counter = counter
        self._paper = paper
        self._health = health

    def guarded(self, view: Callable[..., Response]) -> Callable[..., Response]:
        """Only for a session; what goes wrong is a page that says so."""

        def guarded(**parts: str) -> Response:
            session = cookie(self._door)
            if session is None or not self._door.sessions.is_on(session):
                return to_sign_in()
            try:
                return view(session, **parts)
            except Foreign:
                return self._paper.trouble(trouble.of("foreign"), session)
            except Busy:
                return self._paper.trouble(trouble.of("busy"), session)
            except EXPECTED as error:
                return self._paper.trouble(trouble.told(error), session)

        return guarded

    def glance(self, session: Session) -> Response:
        with self._counter.place() as office:
            seen = look(office, self._health())
        return self._paper.answer("glance.html", session, here="glance", glance=seen)

    def room(self, session: Session, room: str) -> Response:
        """A room opens with what it can show without being asked anything."""
        verbs = list(of_room(room))
        if not verbs:
            return self._paper.trouble(trouble.of("not_found", f"there is no room {room}"), session)
        first = next((verb for verb in verbs if not verb.does and not _needs(verb)), None)
        if first is not None and not only_by_command(first.asks):
            return self._looking(session, first)
        return self._page(session, verbs[0], "room.html")

    def verb(self, session: Session, room: str, name: str) -> Response:
        verb = find(room, name)
        if verb is None:
            return self._paper.trouble(trouble.of("not_found", f"there is nothing called {room} {name}"), session)
        if only_by_command(verb.asks):
            return self._page(session, verb, "command.html")
        if request.method == "POST":
            return self._sent(session, verb)
        if verb.does:
            return self._page(session, verb, "form.html", said=given(verb, request.args), entry=self._entry())
        return self._looking(session, verb)

    def done(self, session: Session, entry: str) -> Response:
        """What came of a change: what the verb answered, and how things stand by now."""
        show = find("audit", "show")
        assert show is not None
        with self._counter.place() as office:
            told = cast(Told, perform(office, show, ask(show, {"entry": entry})))
            stands = since(office, told.room, told.asked)
        return self._paper.answer("done.html", session, here=told.room, told=told, since=stands)

    def _looking(self, session: Session, verb: Verb) -> Response:
        said = given(verb, request.args)
        if any(field.required and field.name not in said for field in fields(verb.asks)):
            return self._page(session, verb, "form.html", said=said)
        try:
            asked = ask(verb, said)
            with self._counter.place() as office:
                answer = perform(office, verb, asked)
                more = beside(office, verb, asked, answer)
        except EXPECTED as error:
            return self._page(session, verb, "form.html", said=said, trouble=trouble.told(error))
        return self._page(session, verb, "answer.html", said=said, asked=asked, more=more, **_shown(verb, answer))

    def _sent(self, session: Session, verb: Verb) -> Response:
        only_our_own(self._door, session)
        if not verb.does:
            return self._paper.trouble(trouble.of("method"), session)
        said, entry = given(verb, request.form), request.form.get("entry", "")
        why = request.form.get("why", "").strip()
        is_look = verb.changes and request.form.get("act") != "do"
        try:
            asked = ask(verb, said | self._besides(verb, session, why, is_look=is_look))
            answer = self._counter.perform(verb, asked, entry)
        except EXPECTED as error:
            return self._form(session, verb, said, why, trouble=trouble.told(error))
        if not verb.changes:
            return self._page(session, verb, "answer.html", said=said, asked=asked, more={}, **_shown(verb, answer))
        if is_look:
            return self._form(session, verb, said, why, entry=entry, **_shown(verb, answer))
        return cast(Response, redirect(f"/admin/done/{entry}", 303))

    def _besides(self, verb: Verb, session: Session, why: str, *, is_look: bool) -> dict[str, Any]:
        if not issubclass(verb.asks, Change):
            return {}
        return {"by": session.by, "why": why or (LOOK_FIRST if is_look else ""), "dry_run": is_look}

    def _form(
        self,
        session: Session,
        verb: Verb,
        said: dict[str, Any],
        why: str,
        entry: str = "",
        trouble: Trouble | None = None,
        **values: Any,
    ) -> Response:
        """The form once more, as it was filled in. After a refusal it is another deed, with an entry of its own."""
        name = "answer.html" if "answer" in values else "form.html"
        more: dict[str, Any] = {"asked": None, "more": {}} if "answer" in values else {}
        return self._page(
            session, verb, name, said=said, why=why, entry=entry or self._entry(), trouble=trouble, **more, **values
        )

    def _page(self, session: Session, verb: Verb, template: str, **values: Any) -> Response:
        found: Trouble | None = values.get("trouble")
        known: dict[str, Any] = {"said": {}, "why": "", "entry": "", "trouble": None} | values
        verbs = list(of_room(verb.room))
        form: tuple[Field, ...] = fields(verb.asks)
        status = found.status if found else 200
        return self._paper.answer(template, session, status, here=verb.room, verb=verb, verbs=verbs, form=form, **known)

    def _entry(self) -> str:
        return new_id(self._counter.office.now())


def to_sign_in() -> Response:
    wanted = request.full_path.rstrip("?") if request.method == "GET" else "/admin/"
    query = f"?{urlencode({'next': wanted})}" if wanted != "/admin/" else ""
    return cast(Response, redirect(f"/admin/sign-in{query}", 303))


def _needs(verb: Verb) -> bool:
    return any(field.required for field in fields(verb.asks))


def _shown(verb: Verb, answer: BaseModel) -> dict[str, Any]:
    own = f"admin/answers/{verb.room}-{verb.name}.html" if has_own(verb.room, verb.name) else "admin/answers/any.html"
    return {"answer": answer, "plain": answer.model_dump(), "own": own}
