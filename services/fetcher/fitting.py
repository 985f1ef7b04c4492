"""Making a record small enough to travel: the longest contents go first, headlines never."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.records import Entry

RECORD_BYTES_MAX = 900_000
"""Of the 1 MiB that a message may have; the rest is envelope, source and slack for escapes."""


def _size(entry: Entry) -> int:
    return len(entry.as_json())


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
