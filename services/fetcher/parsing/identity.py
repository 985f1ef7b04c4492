"""Which id an entry has: the publisher's where it tells entries apart, else the link, else what the entry says."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

ID_CHARS_MAX: Final = 2000


@dataclass(frozen=True, slots=True)
class Traits:
    """What one entry can be known by; `link` is the one without tracking parameters."""

    guid: str | None
    link: str | None
    title: str | None
    date: str | None
    text: str | None


def ids_of(entries: Sequence[Traits]) -> list[str]:
    """One id each, in order. Entries that say the same in everything get the same id: they are one entry twice.

    A guid that several entries of one document share with different links is not trusted (FreshRSS/FreshRSS#4487:
    such entries are told apart by link); a link that several share is told apart by what they say.
    """
    ids = [_bounded(one.guid) or _bounded(one.link) or _of_content(one) for one in entries]
    for again in (_by_link, _by_title, _by_text):
        shared = _shared(ids)
        if not shared:
            break
        for members in shared:
            again(ids, entries, members)
    return ids


def _shared(ids: list[str]) -> list[list[int]]:
    places: dict[str, list[int]] = defaultdict(list)
    for place, one in enumerate(ids):
        places[one].append(place)
    return [members for members in places.values() if len(members) > 1]


def _by_link(ids: list[str], entries: Sequence[Traits], members: list[int]) -> None:
    links = {_without_scheme(entries[place].link) for place in members}
    if len(links) < 2:
        return
    for place in members:
        link = _bounded(entries[place].link)
        if link:
            ids[place] = link


def _by_title(ids: list[str], entries: Sequence[Traits], members: list[int]) -> None:
    if len({(entries[place].title, entries[place].date) for place in members}) > 1:
        _mark(ids, members, [f"{entries[place].title}\n{entries[place].date}" for place in members])


def _by_text(ids: list[str], entries: Sequence[Traits], members: list[int]) -> None:
    if len({entries[place].text for place in members}) > 1:
        _mark(ids, members, [entries[place].text or "" for place in members])


def _mark(ids: list[str], members: list[int], marks: list[str]) -> None:
    for place, mark in zip(members, marks, strict=True):
        ids[place] = f"{ids[place][: ID_CHARS_MAX - 20]}#{_digest(mark)[:16]}"


def _of_content(one: Traits) -> str:
    told = f"{one.title}\n{one.date}" if one.title else f"\n{one.date}\n{one.text}"
    return f"content:{_digest(told)[:32]}"


def _bounded(candidate: str | None) -> str | None:
    if candidate is None or len(candidate) <= ID_CHARS_MAX:
        return candidate or None
    return f"sha256:{_digest(candidate)}"


def _without_scheme(link: str | None) -> str | None:
    return link.partition("://")[2] if link else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
