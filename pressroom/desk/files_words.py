"""What two editors of one part are told: differences, and how to put them together."""

from __future__ import annotations

import difflib
import re
from typing import Final

from schemas.parts import Part

DIFF_LINES_MAX: Final = 400
_SEAM: Final = re.compile(r"(?<=>)[ \t]*(?=<)")


def diff(old: str | None, new: str | None, old_name: str, new_name: str) -> str:
    """A unified diff; empty when both are equal. Markup on one line is taken apart between its elements."""
    lines = list(difflib.unified_diff(_lines(old), _lines(new), old_name, new_name, lineterm=""))
    more = len(lines) - DIFF_LINES_MAX
    return "\n".join([*lines[:DIFF_LINES_MAX], *([f"({more} more lines)"] if more > 0 else [])])


def conflict(seen: Part | None, seen_number: int, theirs: Part, mine: str | None) -> str:
    """For the editor who comes second. `seen`: the version they looked at, when it is still known."""
    what = f"{theirs.site}/{theirs.name}"
    now, then = f"version {theirs.number}", f"version {seen_number}"
    base = seen.html if seen is not None else None
    known = seen is not None or seen_number == 0
    parts = [
        f"{what} is at {now} now, not at {then}: {line(theirs)}",
        f"what changed since {then}:\n{diff(base, theirs.html, then, now)}" if known else "",
        f"yours against it:\n{diff(theirs.html, mine, now, 'yours')}",
        f"put both together and save that with seen {theirs.number}",
    ]
    return "\n\n".join(part for part in parts if part)


def line(part: Part) -> str:
    """Who made a version, when and why."""
    did = f"restored version {part.restores}" if part.restores else "removed it" if part.html is None else "saved it"
    return f"{part.by} {did} {part.at:%Y-%m-%d %H:%M:%S} UTC: {part.why}"


def _lines(text: str | None) -> list[str]:
    return _SEAM.sub("\n", text or "").splitlines()
