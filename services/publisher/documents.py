"""Old document + record → new document: pure decisions, no store and no clock.

(turn, revision) orders everything; times are for people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas.documents import Document, Head
from schemas.envelope import Hop
from schemas.messages import PageImage, Rollback
from schemas.records import ENTRIES_MAX, Entry, FeedRecord, digest
from services.publisher.identity import Known, Recognised, known, recognise


@dataclass(frozen=True, slots=True)
class Current:
    """What the publisher needs to know of a head to judge the next record: kept instead of the whole head."""

    etag: str
    turn: int
    revision: int
    hold: bool
    version: str
    changed_at: datetime
    known: tuple[Known, ...]

    @classmethod
    def of(cls, head: Head, etag: str) -> Current:
        entries = tuple(known(entry) for entry in head.document.entries)
        return cls(etag, head.turn, head.revision, head.hold, head.version, head.changed_at, entries)


@dataclass(frozen=True, slots=True)
class Overtaken:
    """A newer turn is stored already: the record is history, there is nothing to do."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """The very same turn is stored: a redelivery. Notice and check go out again, since they may have been lost."""


@dataclass(frozen=True, slots=True)
class Advance:
    """Write `version` (create only), then `head` (compare-and-set). `visible`: readers get to see something new."""

    head: Head
    version: str
    document: Document
    fresh: tuple[Entry, ...]
    visible: bool


Verdict = Overtaken | Repeated | Advance


def judge(
    current: Current | None,
    old: Head | None,
    record: FeedRecord,
    *,
    now: datetime,
    trace: str,
    hops: tuple[Hop, ...],
) -> Verdict:
    """What becomes of a record. `old` is the whole head; it is only needed where `needs_old` says so."""
    if current is not None and record.turn < current.turn:
        return Overtaken()
    if current is not None and record.turn == current.turn and record.revision <= current.revision:
        return Repeated()
    found = recognise(current.known if current else (), record.entries, now)
    document = Document(source=record.source, entries=_kept(found, old, record.complete))
    version = _version(record, document, carried=found.carried)
    if current is not None and current.hold:
        assert old is not None
        update = {"turn": record.turn, "latest": version, "fetch": record.fetch}
        head = old.model_copy(update=update | ({"revision": record.revision} if record.revision else {}))
        return Advance(head, version, document, found.fresh, visible=False)
    changed = current is None or version != current.version
    head = Head(
        feed=record.feed,
        version=version,
        turn=record.turn,
        revision=record.revision,
        fetch=record.fetch,
        changed_at=now if current is None or changed else current.changed_at,
        document=document,
        warnings=record.warnings,
        trace=trace,
        hops=hops,
    )
    return Advance(head, version, document, found.fresh, visible=changed)


def _version(record: FeedRecord, document: Document, *, carried: bool) -> str:
    """The digest that the fetcher took of a whole record is the document's too; it is not computed twice."""
    if record.complete and not carried and record.fetch.digest is not None:
        return record.fetch.digest
    return digest(document.source, document.entries)


def needs_old(current: Current, record: FeedRecord) -> bool:
    """A held head keeps its document, and a cut-off record keeps what it does not mention."""
    return current.hold or not record.complete


def _kept(found: Recognised, old: Head | None, complete: bool) -> tuple[Entry, ...]:
    """A document that was cut off says nothing of the entries after the cut: the old ones stay, behind."""
    if complete or old is None:
        return found.entries
    ids = {entry.id for entry in found.entries}
    rest = tuple(entry for entry in old.document.entries if entry.id not in ids)
    return (*found.entries, *rest)[:ENTRIES_MAX]


def illustrated(old: Head, found: PageImage, now: datetime) -> Head | None:
    """The head with an entry's picture put in; None when there is nothing to put it to. A held head stays as it is."""
    entries = tuple(
        entry.model_copy(update={"image": found.image}) if entry.id == found.entry and not entry.image else entry
        for entry in old.document.entries
    )
    if old.hold or entries == old.document.entries:
        return None
    document = old.document.model_copy(update={"entries": entries})
    version = digest(document.source, document.entries)
    update = {"version": version, "revision": old.revision + 1, "changed_at": now, "document": document}
    return old.model_copy(update=update)


class Stale(ValueError):
    """The sender of a command saw another version than the current one."""


def roll_back(old: Head, document: Document | None, command: Rollback, *, now: datetime) -> Head:
    """Point the head at `document` (version `command.version`) and hold it; without a version, let go of it.

    A command that is carried out already (its redelivery) gives the head back as it is.
    Raises `Stale` when the head has moved since the operator looked at it.
    """
    if _carried_out(old, command):
        return old
    if command.seen is not None and command.seen != (old.turn, old.revision):
        raise Stale(
            f"{old.feed} is at turn {old.turn} revision {old.revision} now, "
            f"not at turn {command.seen[0]} revision {command.seen[1]}; look again and decide anew"
        )
    assert document is not None
    return old.model_copy(
        update={
            "version": digest(document.source, document.entries),
            "revision": old.revision + 1,
            "hold": command.version is not None,
            "latest": (old.latest or old.version) if command.version is not None else None,
            "changed_at": now,
            "document": document,
        }
    )


def _carried_out(old: Head, command: Rollback) -> bool:
    return (
        command.seen is not None
        and (old.turn, old.revision) == (command.seen[0], command.seen[1] + 1)
        and old.hold == (command.version is not None)
        and (command.version is None or old.version.startswith(command.version))
    )


def wanted_version(old: Head, command: Rollback) -> str:
    """Which version a rollback (or the end of a hold) makes current."""
    return command.version or old.latest or old.version


@dataclass(frozen=True, slots=True)
class Kept:
    """One stored version or raw answer, as the store lists it."""

    key: str
    modified: datetime


SPARE_VERSIONS = 3
"""The newest few stay however old they are, so that there is something to roll back to: a version is as old as its
first day, not its last.
"""


def surplus(
    stored: Sequence[Kept],
    *,
    keep_max: int,
    needed: frozenset[str] = frozenset(),
    oldest: datetime | None = None,
) -> list[str]:
    """Keys beyond the newest `keep_max`, and those from before `oldest`; never one that a pointer needs."""
    by_age = sorted(stored, key=lambda one: (one.modified, one.key), reverse=True)
    return [
        one.key
        for place, one in enumerate(by_age)
        if (place >= keep_max or (place >= SPARE_VERSIONS and oldest is not None and one.modified < oldest))
        and one.key not in needed
    ]
