"""Who changed what: two immutable objects for every change, one before it and one after it."""

from __future__ import annotations

from typing import Literal

from pydantic import JsonValue

from schemas.base import Id, Instant, Line, Model, Name, Text


class AuditEntry(Model):
    """`audit/<day>/<id>.json`: what somebody is about to do. Written first; what cannot be written is not done."""

    schema_version: Literal[1] = 1
    id: Id
    at: Instant
    by: Name
    why: Line
    room: Name
    verb: Name
    asked: dict[str, JsonValue]


class AuditEnd(Model):
    """`audit/<day>/<id>.end.json`: what came of it. None: the process died, or lost the store, in the middle.

    `answer` is the verb's, with what stood there before as far as it tells; `text` says why it was refused or failed.
    """

    schema_version: Literal[1] = 1
    id: Id
    at: Instant
    outcome: Literal["done", "refused", "failed"]
    text: Text = ""
    answer: dict[str, JsonValue] | None = None
