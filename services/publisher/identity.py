"""Which entry is which: the same article stays the same entry when its address or its guid changes a little.

Decided on bug threads of other readers: guids are compared without http/https (feedbin/feedbin#206), a changed
guid with the same link is the same entry, a guid that comes back with another link and another title is not.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
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


def recognise(before: Iterable[Known], entries: Sequence[Entry], now: datetime) -> Recognised:
    """Carry first-seen times over from `before`; each known entry is used once."""
    matches = _matches(list(before), entries)
    dated: list[Entry] = []
    fresh: list[Entry] = []
    carried = False
    for entry, match in zip(entries, matches, strict=True):
        image = entry.image or (match.image if match else None)
        carried = carried or image != entry.image
        seen = entry.model_copy(update={"first_seen": match.first_seen if match else now, "image": image})
        dated.append(seen)
        if match is None:
            fresh.append(seen)
    return Recognised(tuple(dated), tuple(fresh), carried)


def _matches(before: list[Known], entries: Sequence[Entry]) -> list[Known | None]:
    """The known entry that each is, if any: by guid first, and by a link only where that is one entry's alone."""
    by_id: dict[str, list[Known]] = defaultdict(list)
    for one in before:
        by_id[one.id].append(one)
    links = [_link(entry) for entry in entries]
    found: list[Known | None] = []
    for entry, link in zip(entries, links, strict=True):
        same = [one for one in by_id.get(without_scheme(entry.id), ()) if not _reused(one, entry, link)]
        found.append(same[0] if same else None)
        if same:
            by_id[same[0].id].remove(same[0])
    left = [one for those in by_id.values() for one in those]
    counts = (Counter(links), Counter(one.link for one in before))
    by_link = {one.link: one for one in left if one.link and all(count[one.link] <= 1 for count in counts)}
    return [match or by_link.pop(link or "", None) for match, link in zip(found, links, strict=True)]


def _reused(before: Known, entry: Entry, link: str | None) -> bool:
    """A guid that comes back with another link and another title names another article."""
    return before.link is not None and link is not None and before.link != link and before.title != entry.title
