"""`/admin/`: a page for every verb. What looks is a GET; what does something is a form: seen first, then done once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, request
from pydantic import BaseModel

from pressroom.desk.audit import Told
from pressroom.desk.rooms import find, known, of_room
from pressroom.desk.verbs import Change, Verb, ask, perform
from pressroom.desk.written import call, command_line
from schemas.envelope import new_id
from services.web.admin import runbook, trouble
from services.web.admin.beside import beside, looked_at, sites
from services.web.admin.counter import Busy, Counter
from services.web.admin.door import Door
from services.web.admin.editor import Editor
from services.web.admin.entrance import Foreign, cookie, only_our_own
from services.web.admin.forms import Field, fields, given, only_by_command
from services.web.admin.paper import Paper, has_own
from services.web.admin.sessions import Session
from services.web.admin.since import progress, since
from services.web.admin.trouble import EXPECTED, Trouble

LOOK_FIRST: Final = "a look first"
"""The reason of a dry run, which leaves nothing to keep it."""

WAIT_S: Final = 8
"""A page waits so long for a look ahead; then it says that there is no answer yet, and can be asked again."""

Outages = Callable[[], dict[str, Any]]


def add_pages(views: Blueprint, door: Door, counter: Counter, paper: Paper, health: Outages) -> None:
    pages = Pages(door, counter, paper, health)
    editor = Editor(door, counter, paper, pages.form)
    views.add_url_rule("/", view_func=pages.guarded(pages.glance), endpoint="glance")
    views.add_url_rule("/runbook", view_func=pages.guarded(pages.runbook), endpoint="runbook")
    views.add_url_rule("/done/<entry>", view_func=pages.guarded(pages.done), endpoint="done")
    views.add_url_rule("/files/save", view_func=pages.guarded(editor.open), endpoint="editor")
    views.add_url_rule("/files/save", view_func=pages.guarded(editor.send), methods=["POST"], endpoint="edit")
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
        return self._looking(session, known("newsroom", "show"), template="glance.html", node=self._health())

    def runbook(self, session: Session) -> Response:
        """`of`: an alert or an error kind without a section of its own; the page says what the code knows of it."""
        named = request.args.get("of", "")
        return self._paper.answer("runbook.html", session, here="runbook", named=named, known=runbook.known(named))

    def room(self, session: Session, room: str) -> Response:
        """A room opens with what it can show without being asked anything, else with its first question."""
        verbs = list(of_room(room))
        if not verbs:
            return self._paper.trouble(trouble.of("not_found", f"there is no room {room}"), session)
        first = next((verb for verb in verbs if not verb.does and not _needs(verb)), verbs[0])
        return self.verb(session, room, first.name)

    def verb(self, session: Session, room: str, name: str) -> Response:
        verb = find(room, name)
        if verb is None:
            return self._paper.trouble(trouble.of("not_found", f"there is nothing called {room} {name}"), session)
        if only_by_command(verb.asks):
            return self._page(session, verb, "command.html")
        if request.method == "POST":
            return self._sent(session, verb)
        return self.form(session, verb) if verb.does else self._looking(session, verb)

    def form(self, session: Session, verb: Verb) -> Response:
        """A verb's form, filled in as its address says."""
        return self._page(session, verb, "form.html", said=given(verb, request.args))

    def done(self, session: Session, entry: str) -> Response:
        """What came of a change: what the verb answered, and how things stand by now."""
        show = known("audit", "show")
        with self._counter.place() as office:
            told = cast(Told, perform(office, show, ask(show, {"entry": entry})))
            stands, far = since(office, told), progress(office, told)
        return self._paper.answer("done.html", session, here=told.room, told=told, since=stands, progress=far)

    def _looking(self, session: Session, verb: Verb, template: str = "answer.html", **values: Any) -> Response:
        said = given(verb, request.args)
        if any(field.required and field.name not in said for field in fields(verb.asks)):
            return self._page(session, verb, "form.html", said=said)
        try:
            asked = ask(verb, said)
            with self._counter.place() as office:
                answer = perform(office, verb, asked)
                more = beside(office, verb, asked, answer)
        except EXPECTED as error:
            if template != "answer.html":
                # The glance asks nothing, so there is no form to say it on.
                raise
            return self._page(session, verb, "form.html", said=said, trouble=trouble.told(error))
        return self._page(session, verb, template, said=said, more=more, **_shown(verb, answer), **values)

    def _sent(self, session: Session, verb: Verb) -> Response:
        only_our_own(self._door, session)
        if not verb.does:
            return self._paper.trouble(trouble.of("method"), session)
        said, entry = given(verb, request.form), request.form.get("entry", "")
        why = request.form.get("why", "").strip()
        is_look = verb.changes and request.form.get("act") != "do"
        waits = {"wait_s": WAIT_S} if "wait_s" in verb.asks.model_fields else {}
        try:
            asked = ask(verb, waits | said | self._besides(verb, session, why, is_look=is_look))
            answer = self._counter.perform(verb, asked, entry)
        except EXPECTED as error:
            return self._form(session, verb, said, why, trouble=trouble.told(error))
        if not verb.changes:
            return self._form(session, verb, said, why, **_shown(verb, answer))
        if is_look:
            return self._form(session, verb, looked_at(said, answer), why, entry=entry, **_shown(verb, answer))
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
        return self._page(
            session, verb, name, said=said, why=why, entry=entry or self._entry(), trouble=trouble, **values
        )

    def _page(self, session: Session, verb: Verb, template: str, **values: Any) -> Response:
        found: Trouble | None = values.get("trouble")
        form: tuple[Field, ...] = fields(verb.asks)
        shown: dict[str, Any] = {"said": {}, "why": "", "entry": self._entry(), "trouble": None, "more": {}} | values
        shown |= {
            "here": verb.room,
            "verb": verb,
            "verbs": [one for one in of_room(verb.room) if one == verb or not _is_of_an_item(one)],
            "form": form,
            "sites": self._sites() if any(field.name == "site" for field in form) else (),
            "elsewhere": (command_line(verb, shown["said"]), call(verb, shown["said"], request.host_url)),
        }
        return self._paper.answer(template, session, found.status if found else 200, **shown)

    def _sites(self) -> tuple[str, ...]:
        """To choose from. A form without them is still a form."""
        try:
            with self._counter.place() as office:
                return sites(office)
        except (Busy, *EXPECTED):
            return ()

    def _entry(self) -> str:
        return new_id(self._counter.office.now())


def to_sign_in() -> Response:
    wanted = request.full_path.rstrip("?") if request.method == "GET" else "/admin/"
    query = f"?{urlencode({'next': wanted})}" if wanted != "/admin/" else ""
    return cast(Response, redirect(f"/admin/sign-in{query}", 303))


def _needs(verb: Verb) -> bool:
    return any(field.required for field in fields(verb.asks))


_ITEMS: Final = frozenset({"failure", "feed", "entry", "version", "name", "id"})
"""Fields that name one thing out of a list: their verbs are reached from that thing."""


def _is_of_an_item(verb: Verb) -> bool:
    return any(field.required and field.name in _ITEMS for field in fields(verb.asks))


def _shown(verb: Verb, answer: BaseModel) -> dict[str, Any]:
    own = f"admin/answers/{verb.room}-{verb.name}.html" if has_own(verb.room, verb.name) else "admin/answers/any.html"
    return {"answer": answer, "plain": answer.model_dump(), "own": own}
