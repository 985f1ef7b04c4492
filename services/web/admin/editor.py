"""The editor of a page's part: the text, how it will look, what others saved meanwhile, and every earlier version."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

from flask import Response, redirect, request
from markupsafe import Markup
from pydantic import BaseModel

from pressroom.desk import files, files_words
from pressroom.desk.office import Conflict, Office
from pressroom.desk.rooms import known
from pressroom.desk.verbs import Verb, ask, perform
from schemas.envelope import new_id
from schemas.parts import PART_CHARS_MAX, Part
from services.web.admin import trouble
from services.web.admin.counter import Counter
from services.web.admin.door import Door
from services.web.admin.entrance import only_our_own
from services.web.admin.paper import Paper
from services.web.admin.sessions import Session
from services.web.admin.trouble import EXPECTED

VERSIONS_SHOWN: Final = 50


class Editor:
    """`/admin/files/save`, the one form with a page of its own. It saves by the same verb as everybody else.

    `plain`: the form that every verb has, for whoever has not said yet which part.
    """

    def __init__(self, door: Door, counter: Counter, paper: Paper, plain: Callable[[Session, Verb], Response]) -> None:
        self._door = door
        self._counter = counter
        self._paper = paper
        self._plain = plain

    def open(self, session: Session) -> Response:
        """The text as it is now, or as it was in `version`: to go on from there."""
        said = {name: request.args.get(name, "") for name in ("site", "name", "version")}
        if not (said["site"] and said["name"]):
            return self._plain(session, known("files", "save"))
        with self._counter.place() as office:
            part = self._part(office, said["site"], said["name"])
            text = part.html if part is not None else None
            if said["version"]:
                text = cast(Part, _perform(office, "show", said)).html
            return self._page(office, session, said, part, html=text or "", seen=part.number if part else 0)

    def send(self, session: Session) -> Response:
        """Preview or save, by the button. Whatever is refused comes back with the text as it was typed."""
        only_our_own(self._door, session)
        said = {name: request.form.get(name, "") for name in ("site", "name", "seen", "why")}
        html, entry = request.form.get("html", "").replace("\r\n", "\n"), request.form.get("entry", "")
        named = {"site": said["site"], "name": said["name"], "html": html}
        with self._counter.place() as office:
            part = self._part(office, said["site"], said["name"])
            seen = int(said["seen"]) if said["seen"].isdecimal() else 0
            kept: dict[str, Any] = {"html": html, "seen": seen, "why": said["why"]}
            try:
                if request.form.get("act") != "do":
                    return self._page(office, session, said, part, preview=_perform(office, "preview", named), **kept)
                saving = {**named, "seen": seen, "why": said["why"].strip(), "by": session.by}
                _perform(office, "save", saving, entry)
            except Conflict:
                return self._overtaken(office, session, said, kept)
            except EXPECTED as error:
                return self._page(office, session, said, part, found=trouble.told(error), **kept)
        return cast(Response, redirect(f"/admin/done/{entry}", 303))

    def _part(self, office: Office, site: str, name: str) -> Part | None:
        """Raises as the verb does for a site or a name that is none."""
        asked = cast(files.Which, ask(known("files", "history"), {"site": site, "name": name}))
        return files.present(office, asked.site, asked.name)

    def _overtaken(self, office: Office, session: Session, said: dict[str, str], kept: dict[str, Any]) -> Response:
        """Somebody saved first: their text, what they changed, what yours would change of it."""
        part = self._part(office, said["site"], said["name"])
        seen, number = kept["seen"], part.number if part else 0
        before = next((one for one in files.chain(office, part) if one.number == seen), None) if part else None
        theirs = part.html if part else None
        overtaken = {
            "changed": files_words.diff(
                before.html if before else None, theirs, f"version {seen}", f"version {number}"
            ),
            "yours": files_words.diff(theirs, kept["html"], f"version {number}", "yours"),
            "theirs": theirs or "",
            "seen": seen,
        }
        found = trouble.of("conflict", "Somebody saved this part while you wrote. Nothing of yours is lost.")
        return self._page(office, session, said, part, found=found, overtaken=overtaken, **{**kept, "seen": number})

    def _page(
        self,
        office: Office,
        session: Session,
        said: dict[str, str],
        part: Part | None,
        found: trouble.Trouble | None = None,
        preview: BaseModel | None = None,
        **values: Any,
    ) -> Response:
        versions = [files.PartLine.of(one) for one in files.chain(office, part)][:VERSIONS_SHOWN] if part else []
        shown: dict[str, Any] = {"why": "", "overtaken": None, "look": None} | values
        if isinstance(preview, files.Previewed):
            # Cleaned by the verb, and under the same policy as on the page itself.
            shown["look"] = Markup(preview.html)  # noqa: S704
        return self._paper.answer(
            "editor.html",
            session,
            found.status if found else 200,
            here="files",
            site=said["site"],
            name=said["name"],
            part=part,
            versions=versions,
            preview=preview,
            trouble=found,
            chars_max=PART_CHARS_MAX,
            entry=new_id(office.now()),
            **shown,
        )


def _perform(office: Office, name: str, said: dict[str, Any], entry: str = "") -> BaseModel:
    verb = known("files", name)
    return perform(office, verb, ask(verb, said), entry)
