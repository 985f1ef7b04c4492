"""What would change on the pages: two documents, or two weathers, held against each other. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from pydantic import BaseModel, Field

from pressroom.desk.verbs import Answer
from schemas.documents import Document
from schemas.records import Entry
from schemas.weather import WeatherRecord

SHOWN_MAX = 200
CHARS_MAX = 80


class Altered(Answer):
    """An entry, or the weather of a time, that says something else than before."""

    title: str
    fields: tuple[str, ...]


class Difference(Answer):
    """`same`: nothing a reader could see changes. Titles stand for entries; at most 200 of each kind."""

    same: bool
    added: tuple[str, ...] = Field((), description="entries that come in")
    removed: tuple[str, ...] = Field((), description="entries that go")
    altered: tuple[Altered, ...] = Field((), description="entries that say something else")
    source: tuple[str, ...] = Field((), description="what the feed says of itself now")


def difference(old: Document | None, new: Document, *, complete: bool = True) -> Difference:
    """From what is current (None: nothing) to what would be. What was cut off takes nothing away."""
    before = list(old.entries) if old else []
    pairs = _paired(before, new.entries)
    kept = {id(one) for one, _ in pairs if one is not None}
    added = _titles(entry for one, entry in pairs if one is None)
    removed = _titles(one for one in before if complete and id(one) not in kept)
    altered = tuple(
        Altered(title=_title(entry), fields=fields)
        for one, entry in pairs
        if one is not None and (fields := _of_entry(one, entry))
    )
    source = _changes(old.source, new.source) if old else ()
    same = old is not None and not (added or removed or altered or source)
    return Difference(same=same, added=added, removed=removed, altered=altered[:SHOWN_MAX], source=source)


def weather_difference(old: WeatherRecord | None, new: WeatherRecord) -> Difference:
    """The same for a cell's weather: what is said of now, and whether the forecast is another one."""
    if old is None:
        return Difference(same=False, added=(f"weather of {new.place or new.cell} from {new.provider}",))
    altered = []
    if old.now != new.now:
        altered.append(Altered(title="now", fields=_changes(old.now, new.now)))
    if (old.hours, old.days) != (new.hours, new.days):
        altered.append(Altered(title="forecast", fields=(f"{len(new.hours)} hours and {len(new.days)} days",)))
    return Difference(same=not altered, altered=tuple(altered))


def _paired(before: Sequence[Entry], after: Iterable[Entry]) -> list[tuple[Entry | None, Entry]]:
    """Each new entry with the old one that it is: by its id, else by its link. Each old one is used once."""
    by_id = {_without_scheme(entry.id): entry for entry in before}
    by_link = {_link(entry): entry for entry in by_id.values()}
    pairs = []
    for entry in after:
        old = by_id.get(_without_scheme(entry.id)) or by_link.get(_link(entry) or "")
        if old is not None:
            by_id.pop(_without_scheme(old.id), None)
            by_link.pop(_link(old), None)
        pairs.append((old, entry))
    return pairs


def _without_scheme(address: str) -> str:
    return address.removeprefix("https://").removeprefix("http://")


def _link(entry: Entry) -> str | None:
    link = entry.link_clean or entry.link
    return _without_scheme(link) if link else None


def _title(entry: Entry) -> str:
    return entry.title or entry.link or entry.id


def _titles(entries: Iterable[Entry]) -> tuple[str, ...]:
    return tuple(_title(entry) for entry in entries)[:SHOWN_MAX]


def _of_entry(old: Entry, new: Entry) -> tuple[str, ...]:
    # First-seen times are ours, and a picture found on the entry's own page stays when the feed names none.
    kept = {"first_seen": old.first_seen} | ({} if new.image else {"image": old.image})
    return _changes(old, new.model_copy(update=kept))


def _changes(old: BaseModel | None, new: BaseModel | None) -> tuple[str, ...]:
    """One line for each field: what it said, what it says."""
    one = new or old
    fields = type(one).model_fields if one is not None else {}
    values = [(name, getattr(old, name, None), getattr(new, name, None)) for name in fields]
    return tuple(f"{name}: {_short(was)} → {_short(now)}" for name, was, now in values if was != now)


def _short(value: object) -> str:
    if value is None or value == ():
        return "nothing"
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return text if len(text) <= CHARS_MAX else f"{text[: CHARS_MAX - 1]}…"
