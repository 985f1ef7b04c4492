"""Tables for a terminal, and figures as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime


def table(head: Sequence[str], rows: Sequence[Sequence[str]], right: frozenset[str] = frozenset()) -> list[str]:
    """Columns as wide as they need to be; those named in `right` end at the same place."""
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]
    lines = []
    for row in (head, *rows):
        cells = zip(head, row, widths, strict=True)
        lines.append("  ".join(cell.rjust(w) if name in right else cell.ljust(w) for name, cell, w in cells).rstrip())
    return lines


def span(seconds: float) -> str:
    """75 → "1 min"."""
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.1f} s" if 0 < seconds < 10 else f"{seconds:.0f} s"


def size(count: float) -> str:
    """1500 → "1.5 KB"."""
    for unit_size, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "KB")):
        if count >= unit_size:
            return f"{count / unit_size:.1f} {unit}"
    return f"{count:.0f} B"


def moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else "–"
