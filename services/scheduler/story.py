"""The scheduler: hears ticks, checks, wishes and pauses; remembers; decides who is asked next; says so.

Every batch: take in → decide → save the ledger → send. What was saved but perhaps not sent (a crash, a lost
connection) is sent again, as the same message, by whoever loads the ledger next; receivers are idempotent. There is
no other way back: whenever anything went wrong, memory is thrown away and loaded anew.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from pressroom.clock import Clock
from pressroom.crash import crash_point
from pressroom.logs import about
from pressroom.objects.port import Conflict, ObjectStore
from pressroom.outcomes import Done, Emit, Outcome, Unavailable
from schemas.changes import FeedFound, SitesChanged
from schemas.envelope import Envelope, new_id
from schemas.messages import Check, Pause, ReaderWish, Tick, WeatherReport, Wish
from schemas.operating import PreviewWish
from schemas.status import Alive
from services.scheduler import events, letters
from services.scheduler.changes import Sites
from services.scheduler.forecasts import CellOf, Forecasts
from services.scheduler.forgetting import forget
from services.scheduler.ledger import Ledger
from services.scheduler.lookout import Lookout
from services.scheduler.memory import FeedMemory
from services.scheduler.plan import Plan
from services.scheduler.policy import Rules
from services.scheduler.previews import previewed
from services.scheduler.proposals import removals
from services.scheduler.readers import wished
from services.scheduler.searches import search
from services.scheduler.shards import BadLedger
from services.scheduler.sites import SiteBook, wanted_feeds
from services.scheduler.statuses import StatusBoard, reader_feed, readers_index, sites_paused

log = logging.getLogger(__name__)

FORGET_EVERY = timedelta(hours=1)
KEEP_EVERY = timedelta(days=1)
REREAD_EVERY = timedelta(seconds=30)
"""The publisher says at once what operators changed; this is for what it could not say."""
SILENCE_S = 5.0
"""Who leads hears a tick every second; after a longer silence another one may have led meanwhile."""


class Scheduler:
    """The batch handler of `schedule`. Only the active consumer of that topic is called, one batch at a time."""

    def __init__(
        self,
        store: ObjectStore,
        book: SiteBook,
        clock: Clock,
        rules: Rules,
        *,
        rng: random.Random,
        status_interval_s: float = 60.0,
        weather_of: CellOf | None = None,
        weather_every_s: float = 3600.0,
        lookout: Lookout | None = None,
    ) -> None:
        self._lookout = lookout or Lookout(clock)
        self._store = store
        self._sites = Sites(book, store)
        self._clock = clock
        self._rules = rules
        self._rng = rng
        self._status_interval_s = status_interval_s
        self._forecasts = Forecasts(weather_of, weather_every_s, clock.now())
        self._hasty = False
        self._forget_all()

    def _forget_all(self) -> None:
        self._plan: Plan | None = None
        self._board = StatusBoard(self._status_interval_s)
        self._tidied_at = self._keep_at = self._reread_at = self._clock.now()
        self._sent: list[FeedMemory] = []
        self._handled: set[str] = set()
        self._said_full: bool | None = None
        self._heard_at_s = self._clock.monotonic()

    @property
    def leads(self) -> bool:
        """Whether this process has the ledger in memory: it was called, and nothing has gone wrong since."""
        return self._plan is not None

    @property
    def under_way(self) -> int:
        """Refreshes that were begun and have not ended; 0 too while this scheduler does not lead."""
        return self._plan.under_way if self._plan else 0

    def idle(self) -> bool:
        """Whether all that was wished for has been done, as far as pauses allow, and everybody was told.

        For `run --once`; may be called from another thread.
        """
        plan = self._plan
        return plan is not None and plan.quiet(self._clock.now()) and not self._board.waiting

    def hasten(self) -> None:
        """Say how things stand as soon as nothing is left to do, however short ago it was said. For `run --once`."""
        self._hasty = True

    def start_afresh(self) -> None:
        """The last batch could not be settled: what it sent may not have arrived, so the ledger says what to do."""
        self._forget_all()

    def handle(self, envelopes: Sequence[Envelope[Any]]) -> list[Outcome]:
        """One outcome for each; all that is sent goes with the last. Raises what the store raises (nothing is lost)."""
        try:
            return self._handle(envelopes)
        except (Conflict, BadLedger) as error:
            self._forget_all()
            log.warning("the ledger cannot be used, waiting: %s", error)
            return [Unavailable("ledger", str(error)) for _ in envelopes]
        except BaseException:
            self._forget_all()
            raise

    def _handle(self, envelopes: Sequence[Envelope[Any]]) -> list[Outcome]:
        now = self._clock.now()
        if self._plan is not None and self._doubtful(self._plan, envelopes):
            self._forget_all()
        plan, emits = self._leading(now)
        for envelope in envelopes:
            with about(envelope):
                emits += self._take_in(plan, envelope, now)
        self._sent = self._decide(plan, now)
        emits += [self._refresh(plan, memory) for memory in self._sent]
        if self._hasty and plan.quiet(now):
            self._board.hasten()
        emits += self._board.emits(self._sites.all, plan.ledger, now)
        emits += self._room_for_readers(plan, now)
        plan.ledger.save(new_id(now))
        crash_point("scheduler.after_save")
        self._lookout.look(plan, now)
        self._handled = {envelope.id for envelope in envelopes}
        self._heard_at_s = self._clock.monotonic()
        return [*(Done() for _ in envelopes[1:]), Done(tuple(emits))]

    # --- leading ------------------------------------------------------------------------------------

    def _doubtful(self, plan: Plan, envelopes: Sequence[Envelope[Any]]) -> bool:
        """Whether what is in memory may not be the truth any more."""
        if any(envelope.id in self._handled for envelope in envelopes):
            return True  # the last batch came back: what it sent may not have arrived
        silent = self._clock.monotonic() - self._heard_at_s > SILENCE_S
        ahead = any(isinstance(one.payload, Check) and plan.is_ahead(one.payload) for one in envelopes)
        return (silent or ahead) and not plan.ledger.is_current()

    def _leading(self, now: datetime) -> tuple[Plan, list[Emit]]:
        """The plan, loaded if need be, and what a change of sites since the last leader has to say."""
        if self._plan is not None:
            # Being called again means that the last batch was settled, so all it sent has arrived.
            self._plan.confirm(self._sent)
            return self._plan, []
        self._sites.reread_changes()
        feeds = sum(len(site.feeds) for site in self._sites.all.values())
        plan = Plan(Ledger.load(self._store, feeds, new_id(now)), self._rules, self._rng)
        emits = [*plan.still_to_say(now), *self._follow(plan, now)]
        plan.resume()
        log.info("leading: %d feeds, %d refreshes under way", len(plan.wanted), plan.under_way)
        self._plan = plan
        self._lookout.lead()
        return plan, emits

    def _follow(self, plan: Plan, now: datetime) -> list[Emit]:
        """Take over the sites as they stand in their files, with what operators changed."""
        emits = self._drop_unwanted(plan, now)
        self._board.touch_all(self._sites.all)
        self._lookout.needs_weather = any(site.place for site in self._sites.all.values())
        self._forecasts.sites_changed(now)
        return emits

    def _drop_unwanted(self, plan: Plan, now: datetime) -> list[Emit]:
        told = plan.follow(wanted_feeds(self._sites.all.values(), self._sites.declined), now)
        return [letters.failure_closed(one, now, note) for memory, note in told for one in memory.ended]

    def _refresh(self, plan: Plan, memory: FeedMemory) -> Emit:
        wanted = plan.wanted[memory.feed]
        return letters.refresh(memory, wanted, len(plan.wanted), self._rules)

    # --- taking in ----------------------------------------------------------------------------------

    def _take_in(self, plan: Plan, envelope: Envelope[Any], now: datetime) -> list[Emit]:
        match envelope.payload:
            case Check() as check:
                return self._check(plan, check, now)
            case Tick():
                return self._tick(plan, now)
            case SitesChanged():
                return self._changed(plan, now)
            case PreviewWish():
                return previewed(plan, envelope, now)
            case ReaderWish() as wish:
                return self._reader_wish(plan, wish, now)
            case WeatherReport() as report:
                return plan.report(report, now)
        self._note(plan, envelope, now)
        return []

    def _note(self, plan: Plan, envelope: Envelope[Any], now: datetime) -> None:
        """What nothing follows from at once."""
        match envelope.payload:
            case Wish():
                self._wish(plan, envelope, now)
            case Pause() as pause:
                self._pause(plan, pause)
            case Alive() as alive:
                self._lookout.alive(alive, now)
            case FeedFound() as found:
                self._found(plan, found, now)

    def _check(self, plan: Plan, check: Check, now: datetime) -> list[Emit]:
        heard = plan.check(check, now)
        wanted = plan.wanted.get(check.feed)
        if heard is None or wanted is None:
            return []
        events.ended(check, heard, wanted.sites)
        self._lookout.checked(heard, check, now)
        self._board.touch(wanted.sites)
        # Trouble at a feed that only readers want is theirs to see: operators are not called for a reader's typing.
        tell = heard.tell if wanted.sites else ()
        stayed = heard.memory.address == heard.asked  # what is asked elsewhere by now is not dead
        gone = removals(heard.memory, wanted.sites, now) if stayed and self._rules.remove_gone else ()
        return [
            *(letters.failure_seen(heard, streak, wanted.sites) for streak in tell),
            *(search(plan, heard.memory, wanted, now) if tell and stayed else ()),
            *map(letters.change, gone),
            *(letters.failure_closed(ended, now) for ended in heard.ended),
            *([reader_feed(heard.memory, plan.ledger, now)] if wished(heard.memory, now, self._rules) else []),
        ]

    def _reader_wish(self, plan: Plan, wish: ReaderWish, now: datetime) -> list[Emit]:
        try:
            memory = plan.reader_wish(wish, now)
        except ValueError as error:
            log.warning("a reader's wish for what is no address: %s", error)
            return []
        return [reader_feed(memory, plan.ledger, now)] if memory is not None else []

    def _room_for_readers(self, plan: Plan, now: datetime) -> list[Emit]:
        """Said when it changes, and by each new leader of a newsroom whose readers bring feeds."""
        full, before = plan.full, self._said_full
        if full == before or (before is None and not plan.brought):
            return []
        self._said_full = full
        return [readers_index(full, now)]

    def _wish(self, plan: Plan, envelope: Envelope[Wish], now: datetime) -> None:
        wish = envelope.payload
        if not plan.wish(wish, now, envelope.trace, envelope.hops):
            log.info("a wish that changes nothing: feed %s, site %s", wish.feed or "any", wish.site or "any")

    def _pause(self, plan: Plan, pause: Pause) -> None:
        if not plan.pause(pause):
            log.warning("a pause of a feed that is not known: %s", pause.feed)
        self._board.touch(sites_paused(pause, plan.wanted, plan.ledger.feeds))

    def _found(self, plan: Plan, found: FeedFound, now: datetime) -> None:
        if plan.found(found, now) is not None and found.feed in plan.wanted:
            self._board.touch(plan.wanted[found.feed].sites)

    def _changed(self, plan: Plan, now: datetime) -> list[Emit]:
        """Operators changed something, or it is time to look whether they did."""
        self._reread_at = now + REREAD_EVERY
        return self._follow(plan, now) if self._sites.reread_changes() else []

    def _tick(self, plan: Plan, now: datetime) -> list[Emit]:
        emits = self._follow(plan, now) if self._sites.reread_files() else []
        if now >= self._reread_at:
            emits += self._changed(plan, now)
        if now - self._tidied_at >= FORGET_EVERY:
            self._tidied_at = now
            emits += self._drop_unwanted(plan, now)
            emits += map(letters.unwanted, forget(plan.ledger, self._rules.unwanted_days, now))
            emits += self._keeping(now)
        return emits + self._forecasts.due(self._sites.all.values(), now)

    def _keeping(self, now: datetime) -> list[Emit]:
        """Once a day, and an hour after another scheduler took over, the publisher is sent round."""
        if now < self._keep_at:
            return []
        self._keep_at = now + KEEP_EVERY
        return [letters.keeping()]

    # --- deciding -----------------------------------------------------------------------------------

    def _decide(self, plan: Plan, now: datetime) -> list[FeedMemory]:
        lapsed = plan.lapse(now)
        if lapsed:
            log.warning("nothing was heard of %d refreshes (%s …): asking again", len(lapsed), lapsed[0].feed)
        return [*plan.unsent(now), *plan.due(now)]
