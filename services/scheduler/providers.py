"""How weather providers are doing, as the leader hears it from all workers: one failure a streak of trouble. Pure.

A provider is remembered in the ledger as a host is. What follows from a report is said again by whoever loads the
ledger next, since the leader may have died between the save and the sending.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pressroom.outcomes import Emit
from pressroom.queues.topics import RECORD_PUBLISH, WEATHER_REQUEST
from schemas import keys
from schemas.messages import FailureSeen, Trouble, WeatherReport
from services.scheduler import letters
from services.scheduler.memory import Ended, HostMemory, ProviderMemory, Streak
from services.scheduler.trouble import failure_id, lengthened, to_tell

ABOUT_PLACE_OPENS_AT: Final = 3
"""One place that a provider refuses is that place's trouble; the third in a row is the provider's."""

NOTE: Final = "the provider answered again"


@dataclass(frozen=True, slots=True)
class Reported:
    """The memory afterwards (None: as it was) and what is to be said."""

    memory: HostMemory | None
    emits: tuple[Emit, ...] = ()


def host_name(provider: str) -> str:
    """Its name among the hosts: no host's own, since those have no space."""
    return f"weather {provider}"


def reported(host: HostMemory | None, report: WeatherReport, now: datetime) -> Reported:
    """Take a report in.

    Questions that were under way together fail together: that is one trouble, not one for each worker. So a trouble
    counts when it was asked after the last one had ended, and only an answer to such a question ends a streak.
    """
    host = host or HostMemory(host=host_name(report.provider))
    before = host.weather or ProviderMemory(provider=report.provider, cell=report.cell)
    if before.ill_at is not None and report.asked_at <= before.ill_at:
        return Reported(None)
    after = _well(before) if report.trouble is None else _ill(before, report, report.trouble, now)
    if after == before:
        return Reported(None)
    memory = host.model_copy(update={"weather": after})
    is_news = [one.told for one in after.streaks] != [one.told for one in before.streaks]
    return Reported(memory, said(memory, now) if is_news else ())


def said(host: HostMemory, now: datetime) -> tuple[Emit, ...]:
    """All that its memory has to say; hearing it twice changes nothing."""
    if host.weather is None:
        return ()
    told = (one for one in host.weather.streaks if one.told)
    return (
        *(_seen(host.weather, one) for one in told),
        *(letters.failure_closed(one, now, NOTE) for one in host.weather.ended),
    )


def _well(before: ProviderMemory) -> ProviderMemory:
    if not before.streaks:
        return before
    ended = (Ended(id=_id(before, one), opened_at=one.since) for one in before.streaks if one.told)
    return before.model_copy(update={"streaks": (), "ended": tuple(ended)})


def _ill(before: ProviderMemory, report: WeatherReport, trouble: Trouble, now: datetime) -> ProviderMemory:
    streaks = lengthened(before.streaks, trouble, now)
    last = streaks[-1]
    waits = report.about_place and last.count < ABOUT_PLACE_OPENS_AT
    if to_tell(last, now) and not waits:
        streaks = (*streaks[:-1], last.model_copy(update={"told": last.count, "told_at": now}))
    return ProviderMemory(provider=report.provider, cell=report.cell, ill_at=report.at, streaks=streaks)


def _seen(memory: ProviderMemory, streak: Streak) -> Emit:
    """The cell is the one that was asked for last: what a replay asks for."""
    name = _id(memory, streak)
    said = FailureSeen(
        id=name,
        opened_at=streak.since,
        at=streak.told_at or streak.since,
        topic=WEATHER_REQUEST,
        kind=streak.kind,
        trouble=streak.trouble,
        host=memory.provider,
        cell=memory.cell,
        count=streak.told,
    )
    return Emit(RECORD_PUBLISH, keys.failure(streak.since.date(), name), said, trace=name)


def _id(memory: ProviderMemory, streak: Streak) -> str:
    return failure_id(host_name(memory.provider), streak.kind, streak.since)
