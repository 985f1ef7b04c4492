"""An example of each verb's question, made from its model: for the document of the JSON calls."""

from __future__ import annotations

from typing import Any, Final

from pressroom.desk.verbs import Change, Verb
from services.web.admin.forms import Field, fields

_SAID: Final[dict[str, Any]] = {
    "feed": "harbour-post-1f0c9a52",
    "host": "news.example",
    "site": "linux",
    "url": "https://news.example/feed.xml",
    "kind": "dns",
    "topic": "feed.refresh",
    "failure": "019ab3c5d7f20123456789abcdef0123",
    "failures": ["019ab3c5d7f20123456789abcdef0123"],
    "entry": "019ab3c5d7f20123456789abcdef0123",
    "id": "019ab3c5d7f20123456789abcdef0123",
    "version": "4c1d0f27",
    "name": "block",
    "html": "<p>We are closed on Friday.</p>",
    "seen": 3,
    "hours": 6,
}
"""By the field's name, where it takes such a value."""

_OFTEN: Final = frozenset({"feed", "host", "kind"})
"""Named in an example although they may be left out, when nothing else must be said."""


def example(verb: Verb) -> dict[str, Any]:
    """What must be said, or else the first thing that may be; a change also says why."""
    form = fields(verb.asks)
    said = {field.name: _value(field) for field in form if field.required or field.name == "failures"}
    if not said:
        said = {field.name: _value(field) for field in form if field.name in _OFTEN}
        said = dict(list(said.items())[:1])
    if issubclass(verb.asks, Change):
        said["why"] = "the site is back after its outage"
    return said


def _value(field: Field) -> Any:
    if field.kind == "number":
        said = _SAID.get(field.name, field.low or 1)
        return said if not isinstance(said, str) else field.low or 1
    if field.kind == "choice":
        return field.choices[0]
    if field.kind == "tick":
        return True
    if field.kind == "date":
        return "2026-11-24"
    said = _SAID.get(field.name, f"the {field.label}")
    return [said] if field.kind == "lines" and not isinstance(said, list) else said
