"""What a check does to the memory of its feed. Pure: memory, check, time and chance in; memory and consequences out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from schemas.errors import ErrorKind, kind_of
from schemas.messages import Check, Trouble
from schemas.records import Hints, Validators
from services.scheduler import redirects
from services.scheduler.memory import RECENT_MAX, Ended, FeedMemory, Streak
from services.scheduler.proposals import gone_id
from services.scheduler.rhythm import Rhythm, interval_s, jittered, merge_hints, merge_moments, skip_quiet
from services.scheduler.trouble import clockwork, host_pause_s, lengthened, streaks_ended, to_tell, wait_s

MOVED_FAILURES_MAX = 3
"""After so many failures in a row at an address that a redirect led to, the sites' own is asked again."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings that decisions depend on.

    A refresh may be started for `lease_s`, and whoever starts it at the last moment has `grace_s` to end it.
    `under_way_max` bounds the refreshes under way of one lane: half of what its topic holds. Readers may bring
    `reader_feeds_max` feeds in all; one that no reader wished for in `reader_feed_days` is dropped. `follow_moved` and
    `remove_gone`: such proposals are carried out without an operator. What nobody has wanted for `unwanted_days` goes.
    """

    rhythm: Rhythm = field(default_factory=Rhythm)
    host_spacing_s: float = 1.0
    lease_s: float = 300.0
    grace_s: float = 60.0
    under_way_max: int = 5000
    follow_moved: bool = False
    remove_gone: bool = False
    unwanted_days: float = 30.0
    reader_feeds_max: int = 1000
    reader_feed_days: float = 30.0


@dataclass(frozen=True, slots=True)
class Heard:
    """What follows from a check.

    `tell`: streaks whose failure is to be opened or brought up to date; `ended`: failures that are over;
    `host_pause_until`: the host is to be left alone until then. `asked`: the address that the check speaks of, which
    may not be the feed's any more.
    """

    memory: FeedMemory
    tell: tuple[Streak, ...] = ()
    ended: tuple[Ended, ...] = ()
    host_pause_until: datetime | None = None
    asked: str = ""


WHOLE_EVERY: Final = timedelta(days=8)
"""So often a source is asked without validators: some answer "unchanged" for ever (FreshRSS/FreshRSS#1020)."""


def newcomer(feed: str, url: str, now: datetime) -> FeedMemory:
    """A feed that nothing is remembered of is due at once.

    Its turns begin at the present second, so that they go on above those of an earlier life: the publisher may hold
    the feed from before it left the sites or the ledger was lost, and takes nothing of an older turn.
    """
    return FeedMemory(feed=feed, url=url, turn=int(now.timestamp()), next_at=now)


def begun(memory: FeedMemory, now: datetime, rules: Rules) -> FeedMemory:
    """The feed with its next turn on its way."""
    lease_until = now + timedelta(seconds=rules.lease_s + rules.grace_s)
    changed = {"turn": memory.turn + 1, "state": "sending", "lease_until": lease_until}
    seen_at = memory.whole_at or memory.changed_at
    if seen_at is not None and now - seen_at > WHOLE_EVERY:
        changed["validators"] = Validators()
    return memory.model_copy(update=changed)


def given_up(memory: FeedMemory, now: datetime) -> FeedMemory:
    """Nothing was heard of the refresh while its lease ran: the feed is due again, as its next turn."""
    return memory.model_copy(update={"state": "idle", "lease_until": None, "next_at": now})


def heard(memory: FeedMemory, check: Check, now: datetime, rules: Rules, chance: float) -> Heard:
    """Take a check in. One of another turn changes nothing (but `lost`, which always clears the validators)."""
    if check.turn != memory.turn:
        return Heard(forgotten(memory) if check.result == "lost" else memory)
    if memory.state == "idle" and not _comes_after_all(memory, check):
        return _heard_again(memory, check, now)
    if check.result in {"failed", "lost"}:
        return _failed(memory, check, now, rules, chance)
    return _succeeded(memory, check, now, rules, chance)


def _comes_after_all(memory: FeedMemory, check: Check) -> bool:
    """A record that was given up for lost is stored now: somebody replayed it, and the trouble is over."""
    return check.result == "stored" and memory.failures > 0


def _heard_again(memory: FeedMemory, check: Check, now: datetime) -> Heard:
    """A redelivered check: the memory has it already, what followed from it is said once more."""
    if check.result == "lost":
        return Heard(forgotten(memory))
    told = tuple(one for one in memory.streaks[-1:] if one.told)
    if memory.redirect is not None and memory.redirect.told:
        told = (*told, redirects.proposal(memory.redirect, now))
    return Heard(memory, tell=told, ended=memory.ended)


def forgotten(memory: FeedMemory) -> FeedMemory:
    """Nothing is known to be stored of it: the next answer is taken whole."""
    return memory.model_copy(update={"validators": Validators(), "content_hash": None, "digest": None})


def _succeeded(memory: FeedMemory, check: Check, now: datetime, rules: Rules, chance: float) -> Heard:
    moments = memory.moments
    if check.new_entries or not moments:
        moments = merge_moments(moments, check.published, now, rules.rhythm.interval_min_s)
    hints = _hints(memory, check)
    interval = interval_s(moments, hints, now, rules.rhythm)
    moved = redirects.Moved(memory.redirect, memory.moved_to)
    if check.fetch is not None:
        moved = redirects.decide(memory, check.fetch, now, follow=rules.follow_moved)
    ended = (*streaks_ended(memory), *moved.ended)
    changed = {
        **_ended(now, _next_at(now, interval, hints, rules, chance)),
        **_validated(memory, check),
        "ok_at": now,
        "recent": _recent(memory, check),
        "found": None,
        "moments": moments,
        "interval_s": interval,
        "hints": hints,
        "failures": 0,
        "streaks": (),
        "ended": ended,
        "redirect": moved.redirect,
        "moved_to": moved.moved_to,
    }
    if check.result == "stored":
        changed["changed_at"] = now
    return Heard(memory.model_copy(update=changed), tell=moved.tell, ended=ended)


def _recent(memory: FeedMemory, check: Check) -> str:
    letter = "3" if check.fetch is not None and check.fetch.status == 304 else _LETTERS[check.result]
    return (memory.recent + letter)[-RECENT_MAX:]


_LETTERS: Final = {"stored": "n", "unchanged": "s", "failed": "f", "lost": "f"}


def _stops(memory: FeedMemory, streaks: tuple[Streak, ...], rules: Rules) -> bool:
    """Not asked again until somebody wishes it; unless it is to be seen whether that lasts, or somebody denies it."""
    if rules.remove_gone or not clockwork(kind_of(streaks[-1].kind)).stops:
        return False
    return gone_id(memory.feed, streaks[-1].since) not in memory.declined


def _hints(memory: FeedMemory, check: Check) -> Hints:
    if check.fetch is None or check.fetch.hints == memory.hints:
        return memory.hints
    return check.fetch.hints if check.result == "stored" else merge_hints(memory.hints, check.fetch.hints)


def _next_at(now: datetime, interval: float, hints: Hints, rules: Rules, chance: float) -> datetime:
    at = now + timedelta(seconds=jittered(interval, chance, rules.rhythm))
    if not hints.skip_hours and not hints.skip_days:
        return at
    return skip_quiet(at, hints, now + timedelta(seconds=rules.rhythm.interval_max_s))


def _ended(now: datetime, next_at: datetime) -> dict[str, Any]:
    """What every end of a refresh sets."""
    idle = {"state": "idle", "lease_until": None, "reason": "due", "trace": "", "asked": (), "stopped": False}
    return {**idle, "checked_at": now, "next_at": next_at}


def _validated(memory: FeedMemory, check: Check) -> dict[str, Any]:
    """The publisher holds what this fetch brought (or held it before): from now on ask only for something newer.

    What was stored belongs to its own validators alone. An answer that brought nothing new may come without any (a 304
    often does) and takes back none.
    """
    fetch = check.fetch
    if fetch is None:
        return {}
    whole_at = memory.whole_at if fetch.status == 304 else fetch.at
    if check.result == "stored":
        known = {"content_hash": fetch.content_hash, "digest": fetch.digest}
        return {"validators": fetch.validators, "whole_at": whole_at} | known
    return {
        "whole_at": whole_at,
        "validators": memory.validators if fetch.validators == Validators() else fetch.validators,
        "content_hash": fetch.content_hash or memory.content_hash,
        "digest": fetch.digest or memory.digest,
    }


def _failed(memory: FeedMemory, check: Check, now: datetime, rules: Rules, chance: float) -> Heard:
    trouble = _trouble(check)
    failures = memory.failures + 1
    wait = wait_s(trouble, failures, rules.rhythm)
    # Jitter only lengthens: a source that named a time is never asked before it.
    next_at = now + timedelta(seconds=min(wait * (1 + rules.rhythm.jitter * chance), rules.rhythm.interval_max_s))
    streaks = lengthened(memory.streaks, trouble, now)
    tell: tuple[Streak, ...] = ()
    if to_tell(streaks[-1], now) or (streaks[-1].told and memory.reason == "replay"):
        tell = (streaks[-1].model_copy(update={"told": streaks[-1].count, "told_at": now}),)
        streaks = (*streaks[:-1], *tell)
    changed = {
        **_ended(now, next_at),
        "failures": failures,
        "streaks": streaks,
        "ended": (),
        "recent": _recent(memory, check),
        "stopped": _stops(memory, streaks, rules),
    }
    if memory.moved_to and failures >= MOVED_FAILURES_MAX:
        changed |= {"moved_to": None, "next_at": now}  # the new address did not hold: back to the sites' own
    after = memory.model_copy(update=changed)
    if check.result == "lost":
        after = forgotten(after)
    pause_s = host_pause_s(trouble, wait, rules.rhythm)
    return Heard(after, tell=tell, host_pause_until=None if pause_s is None else now + timedelta(seconds=pause_s))


def _trouble(check: Check) -> Trouble:
    if check.result == "lost":
        return Trouble(kind=ErrorKind.LOST, message="the refresh or its record was given up on its way")
    return check.trouble or Trouble(kind=ErrorKind.UNKNOWN, message="the check gave no reason")
