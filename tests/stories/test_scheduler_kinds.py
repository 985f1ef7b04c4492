"""The table of error kinds in docs/messages.md is the code's own."""

from __future__ import annotations

from pathlib import Path

from schemas.errors import REMEDIES, ErrorKind, kind_of
from services.scheduler.rhythm import Rhythm
from services.scheduler.trouble import clockwork

MESSAGES = Path(__file__).parents[2] / "docs" / "messages.md"


NEVER_IN_A_CHECK = {
    ErrorKind.PROVIDER_REJECTED,
    ErrorKind.NOT_FOUND,
    ErrorKind.BROKER_BLOCKED,
    ErrorKind.CLOCK_SKEW,
    ErrorKind.MOVED,
    ErrorKind.BUG,
    ErrorKind.POISON,
    ErrorKind.UNDECODABLE,
    ErrorKind.EXPIRED,
    ErrorKind.EXHAUSTED,
    ErrorKind.BROKEN_OBJECT,
    ErrorKind.CONFLICT,
}
"""Kinds that name dead messages, refusals and proposals: no feed is asked again because of them."""


def row(kind: ErrorKind) -> str:
    remedy, clock = REMEDIES[kind], clockwork(kind)
    first_s = clock.first * Rhythm().interval_min_s
    again = (
        "only when wished"
        if clock.stops
        else f"{first_s / 60:.0f} min"
        if first_s < 7200
        else f"{first_s / 3600:.0f} h"
    )
    opens = {None: "no", 1: "at once", 3: "third in a row"}[clock.opens_at]
    if kind in NEVER_IN_A_CHECK:
        again, opens = "–", "–"
    nature = "permanent" if remedy.permanent else "passing"
    return f"| `{kind}` | {remedy.meaning} | {nature} | {again} | {opens} | {remedy.action} |"


def test_every_kind_has_its_row_and_no_row_is_left_over() -> None:
    rows = [line for line in MESSAGES.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    kinds = {kind.value for kind in ErrorKind}
    assert [line for line in rows if line.split("`")[1] in kinds] == [row(kind) for kind in ErrorKind]


def test_every_kind_has_a_remedy_and_is_found_by_its_name() -> None:
    assert list(REMEDIES) == list(ErrorKind)
    assert all(kind_of(kind.value) is kind for kind in ErrorKind)
    assert kind_of("of a newer version") is ErrorKind.UNKNOWN
