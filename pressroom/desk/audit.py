"""Audit: who changed what, when, why, and what came of it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Annotated, Final

from pydantic import Field, JsonValue, StringConstraints

from pressroom.desk.journal import days_of
from pressroom.desk.office import NotFound, Office
from pressroom.desk.verbs import Answer, Asked, argument, option, verb
from schemas import keys
from schemas.audit import AuditEnd, AuditEntry

DAYS: Final = 31
"""Without a day, a list looks so far back."""

ENTRIES_DAY_MAX: Final = 100_000


class Wanted(Asked):
    """A filter; what is None is not looked at."""

    day: date | None = option("only of this day (UTC); none: the latest of the last 31 days")
    who: str | None = option("only what this person did")
    room: str | None = option("only of this room, e.g. failures")
    limit: Annotated[int, Field(ge=1, le=1000)] = option("so many at most", 50)

    def takes(self, entry: AuditEntry) -> bool:
        return self.who in {None, entry.by} and self.room in {None, entry.room}


class Named(Asked):
    entry: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")] = argument("an entry's id")


class Told(Answer):
    """One change. `outcome` is unknown when the process died, or lost the store, in the middle of it."""

    id: str
    at: datetime
    by: str
    why: str
    room: str
    verb: str
    outcome: str
    text: str
    asked: dict[str, JsonValue]
    answer: dict[str, JsonValue] | None


class Listed(Answer):
    """The latest first."""

    entries: tuple[Told, ...]


def list_(office: Office, asked: Wanted) -> Listed:
    """List changes, the latest first."""
    today = office.now().date()
    days = [asked.day] if asked.day else [today - timedelta(days=back) for back in range(DAYS)]
    found = (told for day in days for told in _of_day(office, day, asked))
    return Listed(entries=tuple(itertools.islice(found, asked.limit)))


def show(office: Office, asked: Named) -> Told:
    """Tell one change whole: what was asked, what came of it."""
    for day in days_of(asked.entry):
        entry = office.read(keys.audit(day, asked.entry), AuditEntry)
        if entry is not None:
            return _told(office, day, entry)
    raise NotFound(f"there is no entry {asked.entry}; `pressroom audit list` names them")


def _of_day(office: Office, day: date, wanted: Wanted) -> Iterator[Told]:
    ends = ".end.json"
    listed = [one.key for one in office.store.list(keys.audits(day), limit=ENTRIES_DAY_MAX)]
    # Ids sort by time.
    for key in sorted((key for key in listed if not key.endswith(ends)), reverse=True):
        entry = office.read(key, AuditEntry)
        if entry is not None and wanted.takes(entry):
            yield _told(office, day, entry)


def _told(office: Office, day: date, entry: AuditEntry) -> Told:
    end = office.read(keys.audit_end(day, entry.id), AuditEnd)
    return Told(
        id=entry.id,
        at=entry.at,
        by=entry.by,
        why=entry.why,
        room=entry.room,
        verb=entry.verb,
        outcome=end.outcome if end else "unknown",
        text=end.text if end else "",
        asked=entry.asked,
        answer=end.answer if end else None,
    )


VERBS = tuple(verb("audit", run) for run in (list_, show))
