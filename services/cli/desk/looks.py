"""What a look ahead found, in lines for a person."""

from __future__ import annotations

from pressroom.desk.differences import Difference
from pressroom.desk.previews import Looked

SHOWN_MAX = 20


def looked(look: Looked) -> list[str]:
    lines = [f"  {look.verdict}: {look.says}"]
    if look.action:
        lines.append(f"  what to do: {look.action}")
    if look.trouble is not None and look.trouble.first_bytes:
        lines.append(f"  it began: {look.trouble.first_bytes!r}")
    return lines + (changed(look.difference) if look.difference is not None else [])


def changed(difference: Difference) -> list[str]:
    """Each entry that comes, goes or changes, with what of it changes."""
    lines = [f"  + {title}" for title in difference.added] + [f"  - {title}" for title in difference.removed]
    for one in difference.altered:
        lines += [f"  ~ {one.title}", *(f"      {field}" for field in one.fields)]
    lines += [f"  ~ {field}" for field in difference.source]
    left = len(lines) - SHOWN_MAX
    return lines if left <= 0 else [*lines[:SHOWN_MAX], f"  … and {left} lines more (--json has all)"]
