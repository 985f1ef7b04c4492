"""The weather service: is it wanted still → ask a provider, else the next → emit a record, or say what is wrong.

All requests for a cell come to one worker, one after the other, so the first one's answer serves the others.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from urllib.parse import quote_plus

from cachetools import LRUCache, TTLCache

from pressroom.cells import Cell, cell_named
from pressroom.clock import Clock
from pressroom.http.answer import FetchError
from pressroom.http.times import retry_after_s
from pressroom.objects.port import NotModified, ObjectStore
from pressroom.outcomes import Defer, Done, Emit, Outcome, Reject
from pressroom.queues.topics import WEATHER_REQUEST
from schemas import keys
from schemas.codec import TooNew, Undecodable, read_document
from schemas.envelope import Envelope
from schemas.errors import ErrorKind
from schemas.messages import Trouble, WeatherRequest
from schemas.weather import WeatherRecord
from services.weather import letters, policy
from services.weather.calls import Calls
from services.weather.parse import AnswerError, Sky
from services.weather.provider import Get, Provider
from services.weather.standing import Standing

log = logging.getLogger(__name__)
CELLS_REMEMBERED_MAX = 20_000
REFUSED_S = policy.DAY_S
UPGRADE_TAKES = timedelta(minutes=1)
"""Until it is looked again whether a weather service of the version that wrote a cell has the request."""

NameOf = Callable[[Cell], str | None]
"""What a cell is called, whoever asks for it."""


class WeatherDesk:
    """Handles `weather.request`. What it remembers only saves questions; a restart may forget it."""

    def __init__(
        self,
        providers: Sequence[Provider],
        get: Get,
        store: ObjectStore,
        clock: Clock,
        *,
        name_of: NameOf,
        calls: Calls,
        fresh_s: float,
        rng: random.Random,
    ) -> None:
        self._providers = providers
        self._calls = calls
        self._get = get
        self._store = store
        self._clock = clock
        self._name_of = name_of
        self._fresh_s = fresh_s
        self._rng = rng
        self._lock = threading.Lock()
        self._standing = {one.name: Standing() for one in providers}
        self._sent: LRUCache[str, policy.Sent] = LRUCache(CELLS_REMEMBERED_MAX)
        self._refused: TTLCache[tuple[str, str], bool] = TTLCache(
            CELLS_REMEMBERED_MAX, REFUSED_S, timer=clock.monotonic
        )

    def handle(self, envelope: Envelope[WeatherRequest]) -> Outcome:
        """Raises what the store raises, and then has asked nobody."""
        request, now = envelope.payload, self._clock.now()
        cell = cell_named(request.cell)
        if cell is None:
            return Reject(ErrorKind.NOT_FOUND, f"there is no cell {request.cell[:80]!r}")
        turn = self._turn(envelope, cell, now)
        return self._fetch(envelope, cell, turn, now) if isinstance(turn, int) else turn

    def _fetch(self, envelope: Envelope[WeatherRequest], cell: Cell, turn: int, now: datetime) -> Outcome:
        emits: list[Emit] = []
        for provider in self._providers:
            if not self._may_be_asked(provider, cell, now, insist=envelope.payload.reason == "replay"):
                continue
            asked_at = self._clock.now()
            found = self._ask(provider, cell)
            if isinstance(found, Sky):
                at = self._clock.now()
                emits += self._well(provider, cell, asked_at, at)
                with self._lock:
                    self._sent[cell.id] = sent = policy.Sent(envelope.id, at)
                    self._calls.sent(cell.id, sent)
                return Done((*emits, letters.record(cell, self._name_of(cell), provider, found, turn, at)))
            emits.append(self._ill(provider, cell, found, asked_at))
        return self._nobody(envelope, cell, emits, now)

    def look(self, cell: Cell) -> WeatherRecord | Trouble:
        """What a provider says of a cell now, whatever its standing; nobody is told of it.

        Trouble: that of the last provider, when none had an answer.
        """
        trouble = Trouble(kind=ErrorKind.RATE_LIMITED, message="the day's calls are spent, so no provider was asked")
        for provider in self._providers:
            if self._may_be_asked(provider, cell, self._clock.now(), insist=True):
                found = self._ask(provider, cell)
                if isinstance(found, Sky):
                    return letters.weather(cell, self._name_of(cell), provider, found, 0, self._clock.now())
                trouble = found
        return trouble

    # --- is it wanted? ------------------------------------------------------------------------------

    def _turn(self, envelope: Envelope[WeatherRequest], cell: Cell, now: datetime) -> int | Outcome:
        """The turn of the record to make, or what ends the request without one."""
        with self._lock:
            fetched_at = policy.believed(self._sent.get(cell.id), envelope.id, now)
        held = None
        if fetched_at is None or policy.when_wanted(fetched_at, now, self._fresh_s, "reader") == now:
            try:
                held = self._held(cell)
            except TooNew as error:
                return Defer(now + UPGRADE_TAKES, str(error))
            except Undecodable as error:
                return self._broken(envelope, cell, str(error), now)
            others = policy.believed(self._calls.last_sent(cell.id), envelope.id, now)
            fetched_at = max(filter(None, (others, held.fetched_at if held is not None else None)), default=None)
        wanted_at = policy.when_wanted(fetched_at, now, self._fresh_s, envelope.payload.reason)
        if wanted_at is None:
            return Done()
        if wanted_at > now:
            return Defer(wanted_at, "the cell is fresh for a moment still")
        return held.turn + 1 if held is not None else 1

    def _held(self, cell: Cell) -> WeatherRecord | None:
        """What the store has. Raises `Undecodable` when that is no weather, `TooNew` when it is tomorrow's."""
        found = self._store.get(keys.weather(cell.id))
        if found is None or isinstance(found, NotModified):
            return None
        held = read_document(found.body, WeatherRecord, keys.weather(cell.id))
        with self._lock:
            self._sent[cell.id] = policy.Sent("", held.fetched_at, stored=True)
        return held

    def _broken(self, envelope: Envelope[WeatherRequest], cell: Cell, reason: str, now: datetime) -> Outcome:
        """The publisher would refuse to write over it. One failure an hour says so, not one a request."""
        with self._lock:
            self._sent[cell.id] = policy.Sent(envelope.id, now, stored=True)
        return Reject(ErrorKind.BROKEN_OBJECT, reason)

    # --- asking -------------------------------------------------------------------------------------

    def _may_be_asked(self, provider: Provider, cell: Cell, now: datetime, *, insist: bool) -> bool:
        with self._lock:
            is_paused = self._standing[provider.name].is_paused(now) or (provider.name, cell.id) in self._refused
            if is_paused and not insist:
                return False
            return self._calls.take(provider.name, provider.budget_day, now.date())

    def _ask(self, provider: Provider, cell: Cell) -> Sky | Trouble:
        try:
            response = self._get(provider.address(cell), {"Accept": "application/json"})
        except FetchError as error:
            return _safe(policy.unanswered(error), provider)
        trouble = policy.refused_by(response, retry_after_s(response.headers, self._clock.now()))
        if trouble is not None:
            return _safe(trouble, provider)
        try:
            return provider.read(response.body)
        except AnswerError as error:
            return _safe(policy.misread(error, response), provider)

    # --- how it went --------------------------------------------------------------------------------

    def _well(self, provider: Provider, cell: Cell, asked_at: datetime, at: datetime) -> list[Emit]:
        with self._lock:
            to_say = self._standing[provider.name].well(at)
        return [letters.report(provider, cell, asked_at, at, None)] if to_say else []

    def _ill(self, provider: Provider, cell: Cell, trouble: Trouble, asked_at: datetime) -> Emit:
        at = self._clock.now()
        with self._lock:
            if policy.is_about_place(trouble):
                self._refused[provider.name, cell.id] = True
            self._standing[provider.name].ill(trouble, asked_at, at, self._rng.random())
        log.warning("no weather from %s for cell %s: %s", provider.name, cell.id, trouble.message)
        return letters.report(provider, cell, asked_at, at, trouble)

    def _nobody(self, envelope: Envelope[WeatherRequest], cell: Cell, emits: list[Emit], now: datetime) -> Outcome:
        """No provider could answer: not now, and nobody's fault. What has to be told goes with the request's return."""
        with self._lock:
            free = [self._free_at(one, now) for one in self._providers if (one.name, cell.id) not in self._refused]
        last = envelope.not_after or envelope.occurred_at + timedelta(seconds=self._fresh_s)
        if not free or min(free) > last:
            return Done(tuple(emits))  # by then nobody waits for it, or nobody would answer it
        if not emits:
            return Defer(min(free), "no weather provider may be asked now")
        later = Emit(WEATHER_REQUEST, envelope.key, envelope.payload, not_before=min(free), not_after=last)
        return Done((*emits, later))

    def _free_at(self, provider: Provider, now: datetime) -> datetime:
        """When it may be asked again."""
        if self._calls.is_spent(provider.name, provider.budget_day, now.date()):
            return (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        return max(now, self._standing[provider.name].paused_until or now)


def _safe(trouble: Trouble, provider: Provider) -> Trouble:
    """Without the provider's key, which a redirect or an error page may repeat."""
    if not provider.secret:
        return trouble
    secrets = (provider.secret, quote_plus(provider.secret))
    first = trouble.first_bytes
    return trouble.model_copy(
        update={
            "message": policy.without(trouble.message, secrets),
            "first_bytes": policy.without(first, secrets) if first is not None else None,
        }
    )
