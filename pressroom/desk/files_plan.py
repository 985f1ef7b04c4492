"""What is to be done about each file of a folder: pure decisions over what is here, what is there, what was in step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from pressroom.desk.files_folder import Local, Seen
from schemas.parts import Part

Take = Literal["mine", "theirs"]
Kind = Literal["same", "adopt", "send", "remove_there", "fetch", "remove_here", "conflict"]
OUTWARD: frozenset[Kind] = frozenset({"send", "remove_there"})
INWARD: frozenset[Kind] = frozenset({"fetch", "remove_here"})


@dataclass(frozen=True, slots=True)
class Step:
    """`adopt`: both sides say the same, only the memory is behind. `number`: the version there, 0 for none."""

    path: str
    kind: Kind
    local: Local | None
    remote: Part | None

    @property
    def number(self) -> int:
        return self.remote.number if self.remote is not None else 0

    @property
    def theirs(self) -> str | None:
        return self.remote.html if self.remote is not None else None


Clean = Callable[[str], str]
"""What a text would be once it is stored; the text itself when it could not be."""


def plan(
    local: Mapping[str, Local], remote: Mapping[str, Part], seen: Mapping[str, Seen], take: Take | None, clean: Clean
) -> list[Step]:
    """One step for each path that is known anywhere, in order."""
    paths = sorted({*local, *remote, *seen})
    return [
        Step(path, _decide(local.get(path), remote.get(path), seen.get(path), take, clean), local.get(path),
             remote.get(path))
        for path in paths
    ]  # fmt: skip


def _decide(local: Local | None, remote: Part | None, seen: Seen | None, take: Take | None, clean: Clean) -> Kind:
    before = seen or Seen()
    number = remote.number if remote is not None else 0
    theirs = remote.html if remote is not None else None
    here = (local.sha256 if local is not None else None) != before.sha256
    there = number != before.number
    if not here and not there:
        return "same"
    if (clean(local.text) if local is not None else None) == theirs:
        return "adopt"
    outward: Kind = "send" if local is not None else "remove_there"
    inward: Kind = "fetch" if theirs is not None else "remove_here"
    if here and not there:
        return outward
    if there and not here:
        return inward
    # Nobody can lose what is gone and was never here.
    if theirs is None and before.number == 0:
        return outward
    if take == "theirs":
        return inward
    return outward if take == "mine" and before.shown == number else "conflict"
