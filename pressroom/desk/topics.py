"""Topics: what waits on each, who has paused it, whose breaker is open."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from pressroom.desk.office import Office, Refused
from pressroom.desk.verbs import Answer, Asked, Change, argument, option, verb
from pressroom.desk.waiting import WAIT_S, until
from pressroom.pauses import paused
from pressroom.queues.topics import DEAD, NOTICES, ONE_KEY, TABLE
from schemas import keys
from schemas.operating import PausedTopic, Pauses, TopicPause
from schemas.status import FleetStatus

UNPAUSED = (DEAD, NOTICES)
"""Topics that are never paused: the ends of all pauses travel on one, the other has no consumers to hold up."""


class Every(Asked):
    """All topics."""


class TopicLine(Answer):
    """`waiting`: messages in the queues, lanes left out (on RabbitMQ without those that workers hold already).
    `later`: those among them whose time has not come. `breakers`: processes that have stopped by themselves.
    """

    topic: str
    waiting: int
    later: int = 0
    paused: PausedTopic | None = None
    breakers: tuple[str, ...] = ()


class Topics(Answer):
    """`lanes`: pauses of single lanes. `told_at`: when the processes last said how they are; null: nobody did."""

    topics: tuple[TopicLine, ...]
    lanes: tuple[PausedTopic, ...] = ()
    told_at: datetime | None = None


class Pausing(Change):
    topic: str = argument("the topic, e.g. feed.refresh, or one lane of it: feed.refresh@LANE")
    hours: Annotated[float, Field(gt=0)] | None = option("for so long; else until it is resumed")


class Resuming(Change):
    topic: str = argument("the topic, or the lane that was paused")


class Ruled(Answer):
    """`heard`: the word is in the store, where every worker looks every two seconds."""

    topic: str
    paused: bool
    until: datetime | None = None
    sent: bool
    heard: bool


def list_(office: Office, asked: Every) -> Topics:
    """Every topic: what waits on it, whether it is paused, whose breaker is open."""
    now = office.now()
    pauses = [one for one in _pauses(office) if paused(one.topic, [one], now)]
    fleet = office.read(keys.STATUS_SERVICES, FleetStatus)
    depths = {topic: office.sender.depth(topic) for topic in TABLE if topic != NOTICES}
    lines = (
        TopicLine(
            topic=topic,
            waiting=depth.total,
            later=depth.delayed,
            paused=paused(topic, pauses, now),
            breakers=_breakers(fleet, topic),
        )
        for topic, depth in depths.items()
    )
    lanes = tuple(one for one in pauses if "@" in one.topic)
    return Topics(topics=tuple(lines), lanes=lanes, told_at=fleet.at if fleet else None)


def pause(office: Office, asked: Pausing) -> Ruled:
    """Let nobody begin a message of a topic; what was begun is finished, what comes waits."""
    ends = office.now() + timedelta(hours=asked.hours) if asked.hours else None
    return _rule(office, asked, asked.topic, is_paused=True, ends=ends)


def resume(office: Office, asked: Resuming) -> Ruled:
    """End the pause of a topic."""
    if asked.topic not in {one.topic for one in _pauses(office)}:
        raise Refused(f"nobody has paused {asked.topic}; `pressroom topics list` shows who paused what")
    return _rule(office, asked, asked.topic, is_paused=False, ends=None)


def _rule(office: Office, asked: Change, topic: str, *, is_paused: bool, ends: datetime | None) -> Ruled:
    base = topic.partition("@")[0]
    if base not in TABLE or base in UNPAUSED or ("@" in topic and not TABLE[base].laned):
        names = ", ".join(name for name in TABLE if name not in UNPAUSED)
        raise Refused(f"{topic[:80]!r} is no topic that can be paused; there are {names}")
    word = TopicPause(topic=topic, paused=is_paused, until=ends, at=office.now(), by=asked.by, why=asked.why)
    heard = False
    if not asked.dry_run:
        office.send(DEAD, ONE_KEY, word)
        heard = until(office, lambda: _is_in(office, word) or None, WAIT_S) is not None
    return Ruled(topic=topic, paused=is_paused, until=ends, sent=not asked.dry_run, heard=heard)


def _is_in(office: Office, word: TopicPause) -> bool:
    return any(one.topic == word.topic and one.since >= word.at for one in _pauses(office))


def _pauses(office: Office) -> tuple[PausedTopic, ...]:
    found = office.read(keys.PAUSES, Pauses)
    return found.topics if found else ()


def _breakers(fleet: FleetStatus | None, topic: str) -> tuple[str, ...]:
    """Processes whose last sign of life says that their consumer of this topic, or a lane of it, has stopped."""
    beginnings = (f"{topic}: paused by its breaker", f"{topic}@")
    return tuple(
        one.signs.process
        for one in (fleet.processes if fleet else ())
        if any(fault.startswith(beginnings) and "breaker" in fault for fault in one.signs.faults)
    )


VERBS = tuple(verb("topics", run) for run in (list_, pause, resume))
