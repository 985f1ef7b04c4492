"""The journal of changes: written before a change is made and after it, by whichever door it came."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal, TypeVar

from pydantic import BaseModel, JsonValue

from pressroom.desk.office import Conflict, Office, Refused
from pressroom.objects import port
from pressroom.outcomes import BackendUnavailable
from pressroom.queues.port import Full, Unroutable
from schemas import keys
from schemas.audit import AuditEnd, AuditEntry
from schemas.codec import TooNew, Undecodable

R = TypeVar("R", bound=BaseModel)

TROUBLE: Final = (BackendUnavailable, port.StoreError, Full, Unroutable, TooNew, Undecodable)
"""What may end a verb besides `Refused`: store, queue, or an object that cannot be read. The text is for a person."""

FORM_AGE_MAX: Final = timedelta(days=1)
TEXT_CHARS_MAX: Final = 5000
_ID: Final = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Deed:
    """What is about to be done. `entry` is its id (`schemas.envelope.new_id`): the same one twice is done once."""

    entry: str
    by: str
    why: str
    room: str
    verb: str
    asked: dict[str, JsonValue]


def kept(office: Office, deed: Deed, do: Callable[[], R]) -> R:
    """Do it, with its entry before and its end after. Raises what `do` raises.

    Without the first entry nothing is done: a change that nobody could account for is worse than one made later.
    Raises `Conflict` when the same entry was there before, `Refused` when its id is none, or of another day.
    """
    now = office.now()
    if not _ID.fullmatch(deed.entry) or abs(now - moment_of(deed.entry)) > FORM_AGE_MAX:
        raise Refused("this form is too old; open it again")
    entry = AuditEntry(
        id=deed.entry, at=now, by=deed.by, why=deed.why, room=deed.room, verb=deed.verb, asked=deed.asked
    )
    try:
        office.store.create(keys.audit(now.date(), deed.entry), entry.as_json())
    except port.AlreadyThere:
        pass  # the same bytes with the same moment: our own write, whose answer was lost
    except port.Conflict:
        raise Conflict(f"asked for already; `pressroom audit show {deed.entry}` tells what came of it") from None
    try:
        answer = do()
    except Refused as refused:
        _end(office, entry, "refused", str(refused))
        raise
    except TROUBLE as trouble:
        _end(office, entry, "failed", str(trouble))
        raise
    except Exception as bug:
        _end(office, entry, "failed", f"a bug: {type(bug).__name__}: {bug}")
        raise
    _end(office, entry, "done", "", answer)
    return answer


def moment_of(entry_id: str) -> datetime:
    """When an id was made: its first twelve digits are milliseconds."""
    return datetime.fromtimestamp(int(entry_id[:12], 16) / 1000, UTC)


def days_of(entry_id: str) -> tuple[date, date]:
    """The days an entry may lie under: a form that was opened before midnight may be sent after it."""
    day = moment_of(entry_id).date()
    return day, day + timedelta(days=1)


def _end(
    office: Office,
    entry: AuditEntry,
    outcome: Literal["done", "refused", "failed"],
    text: str,
    answer: BaseModel | None = None,
) -> None:
    told = answer.model_dump(mode="json", exclude_none=True) if answer is not None else None
    end = AuditEnd(id=entry.id, at=office.now(), outcome=outcome, text=text[:TEXT_CHARS_MAX], answer=told)
    try:
        office.store.create(keys.audit_end(entry.at.date(), entry.id), end.as_json())
    except port.StoreError:
        # What was done is done. An entry without its end says that nobody knows, which is so.
        return
