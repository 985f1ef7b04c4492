"""What it does to a feed's memory that its sites name it, perhaps at another address. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from schemas.records import Validators
from services.scheduler.memory import STREAKS_MAX, FeedMemory
from services.scheduler.proposals import gone_id, gone_streak, moved_id
from services.scheduler.redirects import withdrawn
from services.scheduler.sites import Wanted


def placed(memory: FeedMemory, wanted: Wanted, now: datetime) -> FeedMemory:
    """The memory as the sites want it; the same object when that changes nothing.

    `ended` has then the failures that are over by that. A feed that is being asked moves when that has ended: its host
    is not free before.
    """
    update: dict[str, Any] = {}
    if memory.dropped_at is not None:
        update["dropped_at"] = None
    declined = tuple(sorted(wanted.declined))
    if declined != memory.declined:
        update |= {"declined": declined, **_left_alone(memory, wanted.declined)}
    if wanted.url != (memory.named or memory.url) and memory.state == "idle":
        update |= _moved(memory, wanted.url, now)
    return memory.model_copy(update=update) if update else memory


def _moved(memory: FeedMemory, url: str, now: datetime) -> dict[str, Any]:
    """Asked there at once. Validators are the old address's own; what was stored is known by its hash still."""
    return {
        "named": url if url != memory.url else None,
        "moved_to": None,
        "redirect": None,
        "found": None,
        "searched_at": None,
        "stopped": False,
        "next_at": now,
        "validators": Validators(),
        **_over(memory),
    }


def _left_alone(memory: FeedMemory, declined: frozenset[str]) -> dict[str, Any]:
    """A declined redirect is no failure any more; a feed that is declined to be gone is asked again, a day apart."""
    update: dict[str, Any] = {}
    redirect = memory.redirect
    if redirect is not None and redirect.told and moved_id(memory.feed, redirect.url) in declined:
        update |= {"redirect": redirect.model_copy(update={"told": False}), **_over(memory)}
    gone = gone_streak(memory.streaks)
    if memory.stopped and gone is not None and gone_id(memory.feed, gone.since) in declined:
        update["stopped"] = False
    return update


def _over(memory: FeedMemory) -> dict[str, Any]:
    ended = withdrawn(memory)
    return {"ended": (*memory.ended[-STREAKS_MAX:], *ended)} if ended else {}
