"""The messages that the weather service sends. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from pressroom.cells import Cell
from pressroom.outcomes import Emit
from pressroom.queues.topics import RECORD_PUBLISH, WEATHER_REQUEST
from schemas import keys
from schemas.messages import FailureClosed, FailureSeen
from schemas.weather import WeatherRecord
from services.weather.parse import Sky
from services.weather.provider import Provider
from services.weather.standing import Told


def record(cell: Cell, place: str | None, provider: Provider, sky: Sky, turn: int, now: datetime) -> Emit:
    made = WeatherRecord(
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
    return Emit(RECORD_PUBLISH, keys.weather(cell.id), made)


def seen(provider: Provider, cell: Cell, told: Told, now: datetime) -> Emit:
    """The cell is the one that was asked for last: what a replay asks for."""
    name = _name(provider, told.since)
    said = FailureSeen(
        id=name,
        opened_at=told.since,
        at=now,
        topic=WEATHER_REQUEST,
        kind=told.trouble.kind,
        trouble=told.trouble,
        host=provider.name,
        cell=cell.id,
        count=told.count,
    )
    return Emit(RECORD_PUBLISH, keys.failure(told.since.date(), name), said)


def closed(provider: Provider, since: datetime, now: datetime) -> Emit:
    return _closed(_name(provider, since), since, now)


def _closed(name: str, opened_at: datetime, now: datetime) -> Emit:
    said = FailureClosed(id=name, opened_at=opened_at, at=now, note="the provider answered again")
    return Emit(RECORD_PUBLISH, keys.failure(opened_at.date(), name), said)


def _name(provider: Provider, since: datetime) -> str:
    return f"weather-{provider.name}-{keys.short_hash(since.isoformat())}"


# --- what a process left open when it died ------------------------------------------------------------


def prefixes(provider: Provider, now: datetime, days: int) -> list[str]:
    """Where failures of a provider lie that were opened within so many days."""
    every = [(now - timedelta(days=back)).date() for back in range(days)]
    return [keys.failure(day, f"weather-{provider.name}-").removesuffix(".json") for day in every]


def closed_key(key: str, now: datetime) -> Emit:
    """Close the failure of that key. The publisher passes over one that is closed already."""
    _, day, name = key.split("/")
    opened_at = datetime.combine(date.fromisoformat(day), now.timetz().replace(hour=0, minute=0, second=0))
    return _closed(name.removesuffix(".json"), opened_at, now)
