"""What a page shows beside a verb's own answer, from other verbs: causes beside a list, headlines beside a feed."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import BaseModel

from pressroom.desk import failures
from pressroom.desk.office import Office
from pressroom.desk.verbs import Asked, Verb
from schemas.errors import REMEDIES, ErrorKind, kind_of

CAUSES_SHOWN: Final = 8
HOURS: Final = 24


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a small chart, in its own units: the template gives the size."""

    x: float
    y: float
    width: float
    height: float
    text: str


def beside(office: Office, verb: Verb, asked: Asked, answer: BaseModel) -> dict[str, Any]:
    """Raises as verbs do."""
    more = _BESIDE.get((verb.room, verb.name))
    return more(office, asked, answer) if more is not None else {}


def hourly(moments: list[datetime], now: datetime, width: float = 240.0, height: float = 48.0) -> tuple[Bar, ...]:
    """How many fell into each of the last 24 hours, the latest on the right. Empty when none did."""
    ages = (int((now - moment) / timedelta(hours=1)) for moment in moments)
    counts = Tally(age for age in ages if 0 <= age < HOURS)
    most, step = max(counts.values(), default=0), width / HOURS
    if not most:
        return ()
    bars = []
    for age in range(HOURS - 1, -1, -1):
        tall = counts[age] / most * (height - 2)
        x = (HOURS - 1 - age) * step
        said = f"{counts[age]} in the hour before {now - timedelta(hours=age):%H:%M} UTC"
        bars.append(Bar(round(x + 1, 1), round(height - tall, 1), round(step - 2, 1), round(tall, 1), said))
    return tuple(bars)


def remedy(kind: str) -> str:
    """What an operator does about an error kind."""
    found = kind_of(kind)
    return "" if found is ErrorKind.UNKNOWN else REMEDIES[found].action


def _list(office: Office, asked: Asked, answer: BaseModel) -> dict[str, Any]:
    assert isinstance(asked, failures.Wanted)
    wanted = failures.Wanted(**asked.model_dump(include=set(failures.Wanted.model_fields)))
    return {"causes": failures.causes(office, wanted).causes[:CAUSES_SHOWN], "remedy": remedy}


def _story(office: Office, asked: Asked, answer: BaseModel) -> dict[str, Any]:
    return {"remedy": remedy}


_BESIDE: Final[dict[tuple[str, str], Callable[[Office, Asked, BaseModel], dict[str, Any]]]] = {
    ("failures", "list"): _list,
    ("failures", "causes"): _story,
    ("failures", "show"): _story,
}
