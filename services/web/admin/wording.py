"""How pages say what verbs answer: any model becomes facts, tables and links, without a template of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from markupsafe import Markup

from pressroom.desk.rooms import find
from schemas.documents import Failure
from services.web.admin.runbook import inline
from services.web.rendering import safe_link

LONG_CHARS: Final = 160

_ROOMS: Final = {"newsroom": "At a glance", "files": "Page parts", "raws": "Recorded answers"}
"""Titles of rooms whose names are short for the command line's sake."""

_WEIGHTS: Final = {"page": "Act now", "ticket": "Today", "advice": "Advice", "well": "Well"}

# The field that names a thing → (room, verb, field) of the page that shows it.
_PAGES: Final = {
    "feed": ("feeds", "show", "feed"),
    "host": ("hosts", "list", "host"),
    "failure": ("failures", "show", "failure"),
    "failures": ("failures", "show", "failure"),
    "ids": ("failures", "show", "failure"),
    "kind": ("failures", "list", "kind"),
    "trace": ("traces", "show", "id"),
    "entry": ("audit", "show", "entry"),
}


class Wording:
    """What templates ask about values."""

    def is_facts(self, value: Any) -> bool:
        return isinstance(value, Mapping)

    def is_list(self, value: Any) -> bool:
        return isinstance(value, list | tuple)

    def is_table(self, value: Any) -> bool:
        return self.is_list(value) and bool(value) and all(isinstance(row, Mapping) for row in value)

    def is_moment(self, value: Any) -> bool:
        return isinstance(value, datetime)

    def is_long(self, value: Any) -> bool:
        return isinstance(value, str) and (len(value) > LONG_CHARS or "\n" in value)

    def facts(self, value: Mapping[str, Any]) -> list[tuple[str, Any]]:
        """What there is to say: nothing that is not known, plain values first."""
        known = [(name, one) for name, one in value.items() if not _is_nothing(one)]
        return sorted(known, key=lambda pair: self.is_facts(pair[1]) or self.is_table(pair[1]))

    def columns(self, rows: Sequence[Mapping[str, Any]]) -> list[str]:
        names = dict.fromkeys(name for row in rows for name in row)
        return [name for name in names if any(not _is_nothing(row.get(name)) for row in rows)]

    def said(self, value: Any) -> str:
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, float):
            return f"{value:,.3f}".rstrip("0").rstrip(".")
        return "–" if _is_nothing(value) else str(value)

    def name(self, field: str) -> str:
        return field.replace("_", " ").replace("opml", "OPML")

    def room(self, room: str) -> str:
        return _ROOMS.get(room, room.capitalize())

    def weight(self, weight: str) -> str:
        """How soon somebody is needed."""
        return _WEIGHTS.get(weight, weight)

    def marked(self, text: str) -> Markup:
        """A remedy's sentence, with its commands set as such."""
        return inline(text)

    def change(self, text: str) -> tuple[str, str, str] | None:
        """A difference's line taken apart: (field, what it said, what it says); None for another kind of line."""
        field, _, rest = text.partition(": ")
        was, arrow, now = rest.partition(" → ")
        return (field.replace("_", " "), was, now) if arrow else None

    def diff(self, text: str) -> list[tuple[str, str]]:
        """The lines of a unified diff, each with what it is: added, removed, place (a leap), same."""
        kinds = {"+": "added", "-": "removed"}
        # The names of both sides, and where the first piece stands, say nothing to whoever reads it here.
        lines = text.splitlines()[3:]
        return [("place", "⋯") if line[:2] == "@@" else (kinds.get(line[:1], "same"), line) for line in lines]

    def json(self, text: str) -> str:
        """JSON laid out for reading; anything else as it is."""
        try:
            return json.dumps(json.loads(text), ensure_ascii=False, indent=2)
        except (ValueError, RecursionError):
            return text

    def story(self, failure: Failure) -> list[tuple[datetime, str, str]]:
        """All that happened to a failure, in order: when, who, what."""
        found = [(hop.at, hop.service, hop.what) for hop in failure.hops]
        found += [
            (one.at, "attempt", f"{one.kind}{f' {one.status}' if one.status else ''}: {one.message}")
            for one in failure.attempts
        ]
        found += [(one.at, one.by, f"{one.act}: {one.why}") for one in failure.actions]
        return sorted(found, key=lambda one: one[0])

    def link(self, field: str, value: Any) -> str | None:
        """The page that tells more of it: of this desk, or out in the world."""
        if not isinstance(value, str) or not value:
            return None
        if field == "key" and value.startswith("failures/"):
            return page("failures", "show", failure=value)
        target = _PAGES.get(field)
        if target is not None and find(target[0], target[1]) is not None:
            return page(target[0], target[1], **{target[2]: value})
        return safe_link(value) if field in {"url", "home", "link"} else None

    def span(self, seconds: float | None) -> str:
        """For people: 75 → "1 min", None → "–"."""
        if seconds is None:
            return "–"
        for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
            if seconds >= size:
                return f"{seconds / size:.0f} {unit}"
        return f"{seconds:.0f} s" if seconds >= 1 or seconds == 0 else f"{seconds * 1000:.0f} ms"

    def size(self, count: float) -> str:
        for size, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "KB")):
            if count >= size:
                return f"{count / size:.1f} {unit}"
        return f"{count:.0f} B"


def page(room: str, verb: str, **said: Any) -> str:
    """The address of a verb's page with its question filled in."""
    plain = {name: str(value).lower() if isinstance(value, bool) else value for name, value in said.items()}
    query = urlencode(plain, doseq=True)
    return f"/admin/{room}/{verb}" + (f"?{query}" if query else "")


def _is_nothing(value: Any) -> bool:
    return value is None or (not value and isinstance(value, str | list | tuple | dict))
