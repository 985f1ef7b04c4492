"""What must be true of all writes and all work of a run, whatever was done to it. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

from tests.chaos.fleet_source import Span
from tests.chaos.fleet_witness import Write


def unconditional(writes: Iterable[Write]) -> list[Write]:
    """Writes that would overwrite whatever is there."""
    return [write for write in writes if write.parent is None]


def forks(writes: Iterable[Write]) -> list[tuple[str, str]]:
    """(key, ETag) of what was replaced by two writes that both succeeded: one of them is lost.

    A document may come again and be written over itself, byte for byte.
    """
    changes = (write for write in writes if write.status == 200 and write.etag != write.parent)
    replaced = Counter((write.key, str(write.parent)) for write in changes)
    return [found for found, times in replaced.items() if times > 1]


def steps_back(writes: Sequence[Write]) -> list[tuple[Write, Write]]:
    """Heads that were replaced by an older or the same turn, or lost their latest edition."""
    heads = {(write.key, write.etag): write for write in writes if write.order is not None}
    found = []
    for write in writes:
        before = heads.get((write.key, write.parent or ""))
        if write.status == 200 and write.order and before and before.order and not _goes_on(before.order, write.order):
            found.append((before, write))
    return found


def _goes_on(before: tuple[int, int, int], after: tuple[int, int, int]) -> bool:
    return after[:2] > before[:2] and after[2] >= before[2]


def shared(spans: Iterable[Span]) -> list[tuple[Span, Span]]:
    """Pairs of workers that were busy with one key at once."""
    by_key: dict[str, list[Span]] = defaultdict(list)
    for span in spans:
        by_key[span.key].append(span)
    found = []
    for several in by_key.values():
        several.sort(key=lambda span: span.began_s)
        found += [(a, b) for a, b in pairwise(several) if b.began_s < a.ended_s and a.worker != b.worker]
    return found


def written_spans(writes: Iterable[Write]) -> list[Span]:
    """Who was busy writing which object. The ledger's keys are one: its writers take turns as a whole."""
    return [
        Span("ledger" if one.key.startswith("ledger/") else one.key, one.worker, one.began_s, one.ended_s)
        for one in writes
    ]
