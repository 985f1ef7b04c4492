"""A site's filters: which entries of a source it wants, by words or by pattern."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from pressroom.patterns import found, written_as_pattern
from schemas.records import Entry


def _matches(wanted: str, text: str) -> bool:
    """`/pattern/` is one of `pressroom.patterns`; anything else is a word or phrase, whole and in any case."""
    pattern = written_as_pattern(wanted)
    if pattern is not None:
        return found(pattern, text)
    return re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", text, re.IGNORECASE) is not None


def _text(entry: Entry) -> str:
    return " ".join((entry.title or "", (entry.summary or "")[:2000], " ".join(entry.categories)))


def chosen(entries: Iterable[Entry], include: Sequence[str], exclude: Sequence[str]) -> tuple[Entry, ...]:
    """The entries that match one of `include` (all, when there is none) and none of `exclude`."""
    if not include and not exclude:
        return tuple(entries)
    kept = []
    for entry in entries:
        text = _text(entry)
        if include and not any(_matches(one, text) for one in include):
            continue
        if any(_matches(one, text) for one in exclude):
            continue
        kept.append(entry)
    return tuple(kept)
