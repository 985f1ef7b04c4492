"""The weather service: is it wanted still → ask a provider, else the next → emit a record, or say what is wrong.

All requests for a cell come to one worker, one after the other, so the first one's answer serves the others.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from datetime import datetime

from cachetools import LRUCache

from pressroom.cells import Cell
from pressroom.clock import Clock
from pressroom.http.answer import FetchError
from pressroom.http.times import retry_after_s
from pressroom.objects.port import NotModified, ObjectStore
from pressroom.outcomes import Defer, Done, Emit, Outcome
from pressroom.queues.topics import RECORD_PUBLISH, WEATHER_REQUEST
from schemas import keys
from schemas.envelope import Envelope
from schemas.messages import FailureClosed, FailureSeen, Trouble, WeatherRequest
from schemas.weather import WeatherRecord
from services.weather.parse import AnswerError, Sky
from services.weather.policy import Standing, is_fresh, refused, trouble_of
from services.weather.provider import Get, Provider

CELLS_REMEMBERED_MAX = 20_000
FAILURES_TO_TELL = 3
"""A provider's passing trouble becomes a failure with the third in a row, as a feed's does."""


class Streak:
    """A provider's trouble that goes on: one failure for all of it."""

    def __init__(self, since: datetime) -> None:
        self.since = since
        self.told = False


class WeatherDesk:
    """Handles `weather.request`. What it remembers only saves questions; a restart may forget it."""

    def __init__(
        self,
        providers: Sequence[Provider],
        get: Get,
        store: ObjectStore,
        clock: Clock,
        *,
        fresh_s: float,
        budget_day: int,
        rng: random.Random,
    ) -> None:
        self._providers = providers
        self._get = get
        self._store = store
        self._clock = clock
        self._fresh_s = fresh_s
        self._rng = rng
        self._lock = threading.Lock()
        self._standing = {one.name: Standing(budget_day) for one in providers}
        self._streaks: dict[str, Streak] = {}
        self._sent: LRUCache[str, tuple[int, datetime]] = LRUCache(CELLS_REMEMBERED_MAX)

    def handle(self, envelope: Envelope[WeatherRequest]) -> Outcome:
        request, now = envelope.payload, self._clock.now()
        turn = self._turn_if_wanted(request.cell, now)
        if turn is None:
            return Done()
        emits: list[Emit] = []
        for provider in self._providers:
            if not self._may_be_asked(provider, now):
                continue
            found = self._ask(provider, Cell(request.cell, request.latitude, request.longitude))
            emits += self._stood(provider, found if isinstance(found, Trouble) else None)
            if isinstance(found, Sky):
                return Done((*emits, self._record(request, provider, found, turn)))
        return self._nobody(envelope, emits, now)

    def _turn_if_wanted(self, cell: str, now: datetime) -> int | None:
        """The record's turn; None when the cell is fresh already, by our memory or by the store."""
        with self._lock:
            sent = self._sent.get(cell)
        if sent is not None and (now - sent[1]).total_seconds() < self._fresh_s:
            return None
        found = self._store.get(keys.weather(cell))
        if found is None or isinstance(found, NotModified):
            return 1
        held = WeatherRecord.model_validate_json(found.body)
        return None if is_fresh(held, now, self._fresh_s) else held.turn + 1

    def _may_be_asked(self, provider: Provider, now: datetime) -> bool:
        with self._lock:
            standing = self._standing[provider.name]
            if not standing.may_be_asked(now):
                return False
            standing.ask(now)
            return True

    def _ask(self, provider: Provider, cell: Cell) -> Sky | Trouble:
        try:
            response = self._get(provider.address(cell), {"Accept": "application/json"})
        except FetchError as error:
            return trouble_of(error)
        trouble = refused(response, retry_after_s(response.headers, self._clock.now()))
        if trouble is not None:
            return trouble
        try:
            return provider.read(response.body)
        except AnswerError as error:
            return Trouble(kind=error.kind, message=str(error)[:1000], status=response.status)

    def _stood(self, provider: Provider, trouble: Trouble | None) -> list[Emit]:
        """Note how it went; a streak of trouble is opened, counted and closed as one failure."""
        now = self._clock.now()
        with self._lock:
            standing = self._standing[provider.name]
            if trouble is None:
                standing.well()
                streak = self._streaks.pop(provider.name, None)
                return [_closed(provider, streak, now)] if streak is not None and streak.told else []
            standing.ill(trouble, now, self._rng.random())
            streak = self._streaks.setdefault(provider.name, Streak(now))
            if standing.failures < FAILURES_TO_TELL:
                return []
            streak.told = True
            return [_seen(provider, streak, trouble, standing.failures, now)]

    def _record(self, request: WeatherRequest, provider: Provider, sky: Sky, turn: int) -> Emit:
        now = self._clock.now()
        record = WeatherRecord(
            cell=request.cell,
            turn=turn,
            place=request.place,
            latitude=request.latitude,
            longitude=request.longitude,
            timezone=sky.timezone,
            utc_offset_s=sky.utc_offset_s,
            fetched_at=now,
            provider=provider.name,
            attribution=provider.attribution,
            now=sky.now,
            hours=sky.hours,
            days=sky.days,
        )
        with self._lock:
            self._sent[request.cell] = (turn, now)
        return Emit(RECORD_PUBLISH, keys.weather(request.cell), record)

    def _nobody(self, envelope: Envelope[WeatherRequest], emits: list[Emit], now: datetime) -> Outcome:
        """No provider could answer: not now, and nobody's fault. What has to be told goes with the request's return."""
        with self._lock:
            until = min(standing.free_at(now) for standing in self._standing.values())
        if not emits:
            return Defer(until, "no weather provider may be asked now")
        later = Emit(WEATHER_REQUEST, envelope.key, envelope.payload, not_before=until, not_after=envelope.not_after)
        return Done((*emits, later))


def _failure_id(provider: Provider, streak: Streak) -> str:
    return f"weather-{provider.name}-{keys.short_hash(streak.since.isoformat())}"


def _seen(provider: Provider, streak: Streak, trouble: Trouble, count: int, now: datetime) -> Emit:
    seen = FailureSeen(
        id=_failure_id(provider, streak),
        opened_at=streak.since,
        at=now,
        topic="weather.request",
        kind=trouble.kind,
        trouble=trouble,
        host=provider.name,
        count=count,
    )
    return Emit(RECORD_PUBLISH, keys.failure(streak.since.date(), seen.id), seen)


def _closed(provider: Provider, streak: Streak, now: datetime) -> Emit:
    closed = FailureClosed(id=_failure_id(provider, streak), opened_at=streak.since, at=now)
    return Emit(RECORD_PUBLISH, keys.failure(streak.since.date(), closed.id), closed)
