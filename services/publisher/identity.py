"""Which entry is which: the same article stays the same entry when its address or its guid changes a little.

Decided on bug threads of other readers: guids are compared without http/https (feedbin/feedbin#206), a changed
guid with the same link is the same entry, a guid that comes back with another link and another title is not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from schemas.records import Entry


@dataclass(frozen=True, slots=True)
class Known:
    """What is remembered of an entry to recognise it: small enough to keep for every feed."""

    id: str
    link: str | None
    title: str | None
    first_seen: datetime
    image: str | None = None


@dataclass(frozen=True, slots=True)
class Recognised:
    """The record's entries with their first-seen times; `fresh` are those never seen before.

    `carried`: an entry kept a picture that the record does not name (it was found on the entry's own page).
    """

    entries: tuple[Entry, ...]
    fresh: tuple[Entry, ...]
    carried: bool = False


def without_scheme(address: str) -> str:
    for scheme in ("https://", "http://"):
        if address.startswith(scheme):
            return address[len(scheme) :]
    return address


def _link(entry: Entry) -> str | None:
    link = entry.link_clean or entry.link
    return without_scheme(link) if link else None


def known(entry: Entry) -> Known:
    assert entry.first_seen is not None
    return Known(without_scheme(entry.id), _link(entry), entry.title, entry.first_seen, entry.image)


def recognise(before: Iterable[Known], entries: Iterable[Entry], now: datetime) -> Recognised:
    """Carry first-seen times over from `before`; each known entry is used once."""
    by_id = {one.id: one for one in before}
    by_link = {one.link: one for one in by_id.values() if one.link}
    dated: list[Entry] = []
    fresh: list[Entry] = []
    carried = False
    for entry in entries:
        match = _match(entry, by_id, by_link)
        if match is not None:
            by_id.pop(match.id, None)
            if match.link and by_link.get(match.link) is match:
                del by_link[match.link]
        image = entry.image or (match.image if match else None)
        carried = carried or image != entry.image
        seen = entry.model_copy(update={"first_seen": match.first_seen if match else now, "image": image})
        dated.append(seen)
        if match is None:
            fresh.append(seen)
    return Recognised(tuple(dated), tuple(fresh), carried)


def _match(entry: Entry, by_id: dict[str, Known], by_link: dict[str, Known]) -> Known | None:
    link = _link(entry)
    same_id = by_id.get(without_scheme(entry.id))
    if same_id is not None and not _reused(same_id, entry, link):
        return same_id
    return by_link.get(link) if link else None


def _reused(before: Known, entry: Entry, link: str | None) -> bool:
    """A guid that comes back with another link and another title names another article."""
    return before.link is not None and link is not None and before.link != link and before.title != entry.title
