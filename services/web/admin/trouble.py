"""What a verb may end with besides an answer: one status and one kind each, for pages and JSON alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pressroom.desk.journal import TROUBLE
from pressroom.desk.office import Conflict, NotFound, Refused
from pressroom.objects.port import BadKey, StoreError
from pressroom.outcomes import BackendUnavailable
from pressroom.queues.port import Full
from schemas.codec import TooNew, Undecodable

EXPECTED: Final = (Refused, *TROUBLE)


@dataclass(frozen=True, slots=True)
class Trouble:
    status: int
    kind: str
    text: str


KINDS: Final[dict[str, tuple[int, str]]] = {
    "bad_request": (400, "the question cannot be asked like this: a field is missing, unknown or not what it must be"),
    "sign_in": (401, "nobody is signed in, or the password is wrong"),
    "off": (403, "no password is set, so there is no desk"),
    "foreign": (403, "a change on a signed-in cookie without its session's token"),
    "only_by_command": (403, "the verb works on files of the machine where it is typed"),
    "not_found": (404, "what was named is not there"),
    "method": (405, "what looks is asked by GET, what does something by POST"),
    "conflict": (409, "what was looked at has changed since, or the same was asked before"),
    "too_large": (413, "more than a call may hold"),
    "too_often": (429, "too many wrong passwords, or too many calls by nobody who is signed in"),
    "broken_object": (500, "an object in the store cannot be read"),
    "bug": (500, "our own code raised something that nobody expected; it has been logged"),
    "unavailable": (
        503,
        "store or broker cannot be reached, or take nothing now",
    ),
    "too_new": (503, "an object of a newer version: finish the upgrade"),
    "busy": (503, "the node's desk is at work on as much as it takes at once; try again in a second"),
}
"""kind → (status, meaning): the documented list."""


def of(kind: str, text: str = "") -> Trouble:
    status, meaning = KINDS[kind]
    return Trouble(status, kind, text or meaning)


def told(error: Exception) -> Trouble:
    """What one of `EXPECTED` is for whoever asked."""
    kinds: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
        (NotFound, "not_found"),
        (Conflict, "conflict"),
        ((Refused, BadKey), "bad_request"),
        (TooNew, "too_new"),
        (Undecodable, "broken_object"),
        ((BackendUnavailable, StoreError, Full), "unavailable"),
    )
    kind = next((kind for classes, kind in kinds if isinstance(error, classes)), "unavailable")
    return of(kind, str(error))
