"""From a verb's question to a form, and from what a form or an address says back to the question's fields.

Everything is read from the question's JSON Schema, so a new verb needs nothing here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Protocol

from pydantic import BaseModel

from pressroom.desk.verbs import Change, Verb

LONG_CHARS: Final = 2000
"""A text that may be longer than this, or has no bound at all and a name of `_TEXTS`, is written in a large field."""

_TEXTS: Final = frozenset({"html", "text", "opml", "body", "content"})
_CHANGE_FIELDS: Final = frozenset(Change.model_fields)


class Given(Protocol):
    """A form or a query: names with several values each."""

    def getlist(self, key: str) -> list[str]: ...
    def __contains__(self, key: object) -> bool: ...


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form. kind: text, long, number, tick, choice, lines (one value a line), date."""

    name: str
    text: str
    kind: str
    required: bool = False
    default: Any = None
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    whole: bool = False
    chars_max: int | None = None
    argument: bool = False

    @property
    def label(self) -> str:
        return self.name.replace("_", " ")


@cache
def fields(asks: type[BaseModel]) -> tuple[Field, ...]:
    """The form's fields in order, without what every change has besides."""
    schema = asks.model_json_schema()
    required = frozenset(schema.get("required", ()))
    named = schema.get("properties", {}).items()
    return tuple(
        _field(name, found, schema.get("$defs", {}), required)
        for name, found in named
        if not (issubclass(asks, Change) and name in _CHANGE_FIELDS)
    )


@cache
def only_by_command(asks: type[BaseModel]) -> bool:
    """Whether a question names files of the machine where it is asked: no page may reach into a node's disk."""
    found = asks.model_json_schema().get("properties", {}).values()
    return any(_plain(one, {}).get("format") in {"path", "file-path", "directory-path"} for one in found)


def given(verb: Verb, said: Given) -> dict[str, Any]:
    """What a form or an address says, by the question's fields. What is empty was not said."""
    found: dict[str, Any] = {}
    for field in fields(verb.asks):
        values = [value.replace("\r\n", "\n") for value in said.getlist(field.name)]
        if field.kind == "lines":
            lines = [line.strip() for value in values for line in value.splitlines()]
            if any(lines):
                found[field.name] = [line for line in lines if line]
        elif values and (values[-1] != "" or (field.kind == "long" and field.required)):
            found[field.name] = values[-1]
    return found


def _field(name: str, schema: dict[str, Any], defs: dict[str, Any], required: frozenset[str]) -> Field:
    plain = _plain(schema, defs)
    chars_max = plain.get("maxLength")
    return Field(
        name=name,
        text=schema.get("description", ""),
        kind=_kind(name, plain),
        required=name in required,
        default=schema.get("default"),
        choices=tuple(map(str, plain.get("enum", ()))),
        low=plain.get("minimum", plain.get("exclusiveMinimum")),
        high=plain.get("maximum", plain.get("exclusiveMaximum")),
        whole=plain.get("type") == "integer",
        chars_max=chars_max,
        argument=bool(schema.get("argument")),
    )


def _plain(schema: dict[str, Any], defs: dict[str, Any]) -> dict[str, Any]:
    """What it is when it is given: of `X | None` the X, and what a reference refers to."""
    for one in schema.get("anyOf", ()):
        if one.get("type") != "null":
            return _plain(one, defs)
    if "$ref" in schema:
        return _plain(defs.get(schema["$ref"].rsplit("/", 1)[1], {}), defs)
    return schema


def _kind(name: str, plain: dict[str, Any]) -> str:
    if "enum" in plain:
        return "choice"
    kind = plain.get("type")
    if kind == "string":
        if plain.get("format") == "date":
            return "date"
        return "long" if plain.get("maxLength", 0) > LONG_CHARS or name in _TEXTS else "text"
    return {"boolean": "tick", "integer": "number", "number": "number", "array": "lines"}.get(str(kind), "text")
