"""The leader's view: ledger and agenda moved together, so that a decision costs the same however many feeds wait."""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from pressroom.outcomes import Emit
from schemas.changes import FeedFound
from schemas.envelope import Hop
from schemas.messages import Check, Pause, ReaderWish, WeatherReport, Wish
from services.scheduler import providers
from services.scheduler.agenda import Agenda
from services.scheduler.ledger import Ledger
from services.scheduler.memory import ASKED_MAX, FeedMemory, Found, HostMemory, Reason
from services.scheduler.placing import placed
from services.scheduler.policy import Heard, Rules, begun, given_up, heard, newcomer
from services.scheduler.readers import brought, of_readers, renewed, wanted_by_readers
from services.scheduler.redirects import withdrawn
from services.scheduler.sites import Feed, Wanted, host_of
from services.scheduler.trouble import streaks_ended

DROPPED = "no site names the feed any more"
DECIDED = "an operator decided about the feed's address"


class Plan:
    """Everything here is memory: what changed is in the ledger, for the caller to save before anything is sent."""

    def __init__(self, ledger: Ledger, rules: Rules, rng: random.Random) -> None:
        self.ledger = ledger
        self._rules = rules
        self._rng = rng
        self._agenda = Agenda()
        self._leases: list[tuple[float, str, int]] = []
        self._running: dict[str, str] = {}
        self._lanes: Counter[str] = Counter()
        self._unsent: list[str] = []
        self.wanted: Mapping[str, Wanted] = {}
        self.brought = 0
        """Feeds that are fetched for readers alone."""
        for host in ledger.hosts.values():
            self._agenda.delay(host.host, host.free_at)

    @property
    def under_way(self) -> int:
        """How many refreshes were begun and have not ended."""
        return len(self._running)

    def quiet(self, now: datetime) -> bool:
        """Nothing is under way, and nobody waits for anything but its time or the end of a pause."""
        if self._running:
            return False
        horizon = now.timestamp()
        return not any(self._comes_before(memory, horizon) for memory in list(self.ledger.feeds.values()))

    def _comes_before(self, memory: FeedMemory, horizon: float) -> bool:
        at = waits_until(memory)
        if at is None or at > horizon:
            return False
        host = self.ledger.hosts.get(host_of(memory.address))
        return host is None or host.pause_until is None or host.pause_until.timestamp() <= horizon

    def resume(self) -> None:
        """After loading: take up what was under way."""
        for memory in self.ledger.feeds.values():
            if memory.state != "idle":
                self._occupy(memory)
            if memory.state == "sending":
                self._unsent.append(memory.feed)

    def unsent(self, now: datetime) -> list[FeedMemory]:
        """Those refreshes of an earlier leader that may never have been sent and can still be of use; once."""
        grace = timedelta(seconds=self._rules.grace_s)
        memories = [self.ledger.feeds[feed] for feed in self._unsent if feed in self.wanted]
        self._unsent.clear()
        return [one for one in memories if one.state == "sending" and one.lease_until and now < one.lease_until - grace]

    def follow(self, named: Mapping[str, Wanted], now: datetime) -> list[tuple[FeedMemory, str]]:
        """Take over what the sites name now, and what readers wish for besides. Returns the feeds that nobody wants
        any more, or that are asked elsewhere; `ended` is to be said, with the reason.
        """
        wanted = {**wanted_by_readers(self.ledger.feeds.values(), now, self._rules), **named}
        changed = [self._take_over(feed, now) for feed in wanted.values()]
        dropped = [memory for memory in self.ledger.feeds.values() if memory.feed not in wanted]
        # What an earlier leader may not have come to say is said once more.
        earlier = [memory for memory in dropped if memory.dropped_at is not None and not self.wanted]
        self.wanted, self.brought = wanted, brought(wanted)
        gone = [*earlier, *(self._drop(memory, now) for memory in dropped if memory.dropped_at is None)]
        return [*((one, DROPPED) for one in gone), *((one, DECIDED) for one in changed if one is not None)]

    def _take_over(self, feed: Wanted, now: datetime) -> FeedMemory | None:
        """The memory, when failures are over by that: they are its `ended`."""
        before = self.ledger.feeds.get(feed.id)
        if before is None:
            self._keep(newcomer(feed.id, feed.url, now))
            return None
        after = placed(before, feed, now)
        if after is not before:
            self._keep(after)
        elif feed.id not in self.wanted:
            self._put(before)
        return after if after.ended != before.ended else None

    def found(self, found: FeedFound, now: datetime) -> FeedMemory | None:
        """Remember where a dead feed may go on; None when it is not dead there any more."""
        memory = self.ledger.feeds.get(found.feed)
        if memory is None or memory.address != found.dead or not memory.streaks or found.url == found.dead:
            return None
        memory = memory.model_copy(update={"found": Found(url=found.url, at=now)})
        self._keep(memory)
        return memory

    def searched(self, memory: FeedMemory, now: datetime) -> None:
        """Its home pages are being looked through."""
        self._keep(memory.model_copy(update={"searched_at": now}))

    def due(self, now: datetime) -> list[FeedMemory]:
        """Begin every refresh that may go out now: due, its host free and rested, its lane not full."""
        begun_now = []
        moment = now.timestamp()
        while (taken := self._agenda.take(moment)) is not None:
            memory = self.ledger.feeds[taken[0]]
            lane = self._lane(memory)
            if self._lanes[lane] >= self._rules.under_way_max:
                # Skipped, and tried at the next tick: other lanes may still have room.
                self._agenda.release(taken[1], memory.feed, moment)
                self._agenda.put(memory.feed, taken[1], moment + 1)
                continue
            memory = begun(memory, now, self._rules)
            self._occupy(memory)
            self.ledger.keep(memory)
            begun_now.append(memory)
        return begun_now

    def confirm(self, memories: Iterable[FeedMemory]) -> None:
        """What was begun is known to have been sent. This alone is not worth a save."""
        for begun_then in memories:
            memory = self.ledger.feeds.get(begun_then.feed)
            if memory is not None and memory.turn == begun_then.turn and memory.state == "sending":
                self.ledger.keep(memory.model_copy(update={"state": "under_way"}), save=False)

    def check(self, check: Check, now: datetime) -> Heard | None:
        """Take a check in; None when the feed is not known."""
        before = self.ledger.feeds.get(check.feed)
        if before is None:
            return None
        result = replace(heard(before, check, now, self._rules, self._rng.random()), asked=before.address)
        if result.memory is before:
            return result
        if before.state != "idle" and result.memory.state == "idle":
            self._free(before, now, result.host_pause_until)
        wanted = self.wanted.get(check.feed)
        memory = placed(result.memory, wanted, now) if wanted else result.memory
        self._keep(memory)
        return result if memory is result.memory else replace(result, memory=memory, ended=memory.ended)

    def is_ahead(self, check: Check) -> bool:
        """Whether it speaks of a turn that this memory has not begun: another leader must have."""
        memory = self.ledger.feeds.get(check.feed)
        return memory is not None and check.turn > memory.turn

    def lapse(self, now: datetime) -> list[FeedMemory]:
        """Give up the refreshes whose lease has run out; returns them."""
        lapsed = []
        while self._leases and self._leases[0][0] <= now.timestamp():
            _, feed, turn = heapq.heappop(self._leases)
            memory = self.ledger.feeds.get(feed)
            if memory is None or memory.turn != turn or memory.state == "idle":
                continue
            self._free(memory, now, None)
            self._keep(given_up(memory, now))
            lapsed.append(memory)
        return lapsed

    def wish(self, wish: Wish, now: datetime, trace: str, hops: tuple[Hop, ...] = ()) -> list[FeedMemory]:
        """Make feeds due now. One that is under way already is about to be what was wished for."""
        reason: Reason = "replay" if wish.replay_of else "wish"
        changed = []
        for feed in self._wished(wish):
            memory = self.ledger.feeds.get(feed)
            if memory is None or memory.state != "idle":
                continue
            update = {"next_at": now, "reason": reason, "trace": trace, "asked": hops[-ASKED_MAX:]}
            self._keep(memory.model_copy(update=update))
            changed.append(memory)
        return changed

    def reader_wish(self, wish: ReaderWish, now: datetime) -> FeedMemory | None:
        """Take a reader's feed in, or its wish as renewed. None: there is no room for it, or nothing has changed.

        Raises ValueError for what is no address.
        """
        feed = Feed.model_validate({"url": wish.url})
        is_new = feed.id not in self.wanted
        memory = renewed(self.ledger.feeds.get(feed.id), feed, now)
        if memory is None or (is_new and self.full):
            return None
        if is_new:
            self.wanted = {**self.wanted, feed.id: of_readers(memory)}
            self.brought += 1
        self._keep(memory)
        return memory

    def report(self, report: WeatherReport, now: datetime) -> list[Emit]:
        """Take in how a weather provider answered; what operators are to be told."""
        result = providers.reported(self.ledger.hosts.get(providers.host_name(report.provider)), report, now)
        if result.memory is not None:
            self.ledger.keep_host(result.memory)
        return list(result.emits)

    def still_to_say(self, now: datetime) -> list[Emit]:
        """After loading: what an earlier leader may not have come to say of weather providers."""
        return [emit for host in self.ledger.hosts.values() for emit in providers.said(host, now)]

    @property
    def full(self) -> bool:
        """Whether readers have brought as many feeds as they may."""
        return self.brought >= self._rules.reader_feeds_max

    def _wished(self, wish: Wish) -> list[str]:
        if wish.feed is not None:
            return [wish.feed] if wish.feed in self.wanted else []
        if wish.site is not None:
            return [feed.id for feed in self.wanted.values() if wish.site in feed.sites]
        return list(self.wanted)

    def pause(self, pause: Pause) -> bool:
        """Leave a host or a feed alone, or end that; False when there is none of that name."""
        memory = self.ledger.feeds.get(pause.feed) if pause.feed else None
        if memory is not None:
            self._keep(memory.model_copy(update={"pause_until": pause.until}))
        if pause.host:
            host = self._host(pause.host).model_copy(update={"pause_until": pause.until})
            self.ledger.keep_host(host)
            self._agenda.delay(pause.host, host.free_at)
        return memory is not None or bool(pause.host)

    # --- ledger and agenda together -----------------------------------------------------------------

    def _keep(self, memory: FeedMemory) -> None:
        self.ledger.keep(memory)
        self._put(memory)

    def _put(self, memory: FeedMemory) -> None:
        at = waits_until(memory)
        if at is None:
            self._agenda.remove(memory.feed)
        else:
            self._agenda.put(memory.feed, host_of(memory.address), at)

    def _drop(self, memory: FeedMemory, now: datetime) -> FeedMemory:
        ended = (*streaks_ended(memory), *withdrawn(memory))
        update = {"dropped_at": now, "streaks": (), "redirect": None, "found": None, "failures": 0, "ended": ended}
        dropped = memory.model_copy(update=update)
        self._keep(dropped)
        return dropped

    def _occupy(self, memory: FeedMemory) -> None:
        lane = self._running[memory.feed] = self._lane(memory)
        self._lanes[lane] += 1
        self._agenda.occupy(host_of(memory.address), memory.feed)
        if memory.lease_until is not None:
            heapq.heappush(self._leases, (memory.lease_until.timestamp(), memory.feed, memory.turn))

    def _free(self, memory: FeedMemory, now: datetime, pause_until: datetime | None) -> None:
        self._lanes[self._running.pop(memory.feed)] -= 1
        name, spacing_s = host_of(memory.address), self._rules.host_spacing_s
        host = self._host(name)
        if spacing_s:
            host = host.model_copy(update={"next_at": now + timedelta(seconds=spacing_s)})
        if pause_until and (host.pause_until is None or host.pause_until < pause_until):
            host = host.model_copy(update={"pause_until": pause_until})
        self._agenda.release(name, memory.feed, host.free_at)
        if spacing_s or pause_until:
            self.ledger.keep_host(host)

    def _host(self, name: str) -> HostMemory:
        return self.ledger.hosts.get(name) or HostMemory(host=name)

    def _lane(self, memory: FeedMemory) -> str:
        wanted = self.wanted.get(memory.feed)
        return wanted.lane if wanted else ""


def waits_until(memory: FeedMemory) -> float | None:
    """From when on a feed may be asked, in seconds since the epoch; None: it does not wait for its turn."""
    if memory.state != "idle" or memory.dropped_at is not None or (memory.stopped and memory.reason == "due"):
        return None
    at = memory.next_at.timestamp() if memory.reason == "due" else 0.0
    return max(at, memory.pause_until.timestamp()) if memory.pause_until else at
