"""How pages say what verbs answer: any model becomes facts, tables and links, without a template of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from pressroom.desk.rooms import find
from services.web.rendering import safe_link

LONG_CHARS: Final = 160

# The field that names a thing → (room, verb, field) of the page that shows it.
_PAGES: Final = {
    "feed": ("feeds", "show", "feed"),
    "host": ("failures", "list", "host"),
    "failure": ("failures", "show", "failure"),
    "failures": ("failures", "show", "failure"),
    "ids": ("failures", "show", "failure"),
    "kind": ("failures", "list", "kind"),
    "trace": ("trace", "show", "trace"),
    "entry": ("audit", "show", "entry"),
}


class Wording:
    """What templates ask about values. `now` is the page's moment."""

    def __init__(self, now: datetime) -> None:
        self.now = now

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
        return field.replace("_", " ")

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
    query = urlencode(said, doseq=True)
    return f"/admin/{room}/{verb}" + (f"?{query}" if query else "")


def _is_nothing(value: Any) -> bool:
    return value is None or (not value and isinstance(value, str | list | tuple | dict))
