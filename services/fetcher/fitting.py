"""What of a document's entries travels: each once, and no more than a message holds; the longest contents go first."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.records import Entry

RECORD_BYTES_MAX = 900_000
"""Of the 1 MiB that a message may have; the rest is envelope, source and slack for escapes."""


def _size(entry: Entry) -> int:
    return len(entry.as_json())


def once(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Of an entry that stands in its document twice, one is left."""
    first: dict[str, Entry] = {}
    for entry in entries:
        first.setdefault(entry.id, entry)
    return tuple(first.values())


def fitted(entries: Sequence[Entry], bytes_max: int = RECORD_BYTES_MAX) -> tuple[Entry, ...]:
    """The entries, without the longest contents where all of them together would not fit."""
    if sum(len(entry.content_html or "") for entry in entries) * 4 < bytes_max // 2:
        return tuple(entries)
    sizes = [_size(entry) for entry in entries]
    total = sum(sizes)
    kept = list(entries)
    for place in sorted(range(len(kept)), key=lambda place: len(kept[place].content_html or ""), reverse=True):
        if total <= bytes_max:
            break
        kept[place] = kept[place].model_copy(update={"content_html": None})
        total -= sizes[place] - _size(kept[place])
    while total > bytes_max:
        total -= _size(kept.pop())
    return tuple(kept)
