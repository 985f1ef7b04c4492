"""The messages that the weather service sends. Pure."""

from __future__ import annotations

from datetime import datetime

from pressroom.cells import Cell
from pressroom.outcomes import Emit
from pressroom.queues.topics import ONE_KEY, RECORD_PUBLISH, SCHEDULE
from schemas import keys
from schemas.messages import Trouble, WeatherReport
from schemas.weather import WeatherRecord
from services.weather import policy
from services.weather.parse import Sky
from services.weather.provider import Provider


def record(cell: Cell, place: str | None, provider: Provider, sky: Sky, turn: int, now: datetime) -> Emit:
    return Emit(RECORD_PUBLISH, keys.weather(cell.id), weather(cell, place, provider, sky, turn, now))


def weather(cell: Cell, place: str | None, provider: Provider, sky: Sky, turn: int, now: datetime) -> WeatherRecord:
    return WeatherRecord(
        cell=cell.id,
        turn=turn,
        place=place,
        latitude=cell.latitude,
        longitude=cell.longitude,
        timezone=sky.timezone,
        utc_offset_s=sky.utc_offset_s,
        fetched_at=now,
        provider=provider.name,
        attribution=provider.attribution,
        attribution_url=provider.attribution_url,
        now=sky.now,
        hours=sky.hours,
        days=sky.days,
    )


def report(provider: Provider, cell: Cell, asked_at: datetime, at: datetime, trouble: Trouble | None) -> Emit:
    """How a question ended. The scheduler hears all workers, and alone knows what is one streak of trouble."""
    made = WeatherReport(
        provider=provider.name,
        cell=cell.id,
        asked_at=asked_at,
        at=at,
        trouble=trouble,
        about_place=trouble is not None and policy.is_about_place(trouble),
    )
    return Emit(SCHEDULE, ONE_KEY, made)
