"""The topics there are: the one table that the engines, the loop and the documents read."""

from __future__ import annotations

from dataclasses import dataclass

SCHEDULE = "schedule"
FEED_REFRESH = "feed.refresh"
WEATHER_REQUEST = "weather.request"
RECORD_PUBLISH = "record.publish"
DEAD = "dead"
NOTICES = "notices"

ONE_KEY = "one"
"""The key of topics that one consumer handles in order."""


@dataclass(frozen=True, slots=True)
class Topic:
    """`bound` messages at most (None: no bound); `partitioned` topics spread their keys over P queues, others have
    one active consumer. When a topic is full, the sender waits, unless it holds what may be dropped.
    """

    name: str
    bound: int | None
    partitioned: bool
    laned: bool = False
    dropped_when_full: bool = False


TABLE: dict[str, Topic] = {
    topic.name: topic
    for topic in (
        Topic(SCHEDULE, 100_000, partitioned=False),
        Topic(FEED_REFRESH, 10_000, partitioned=True, laned=True),
        Topic(WEATHER_REQUEST, 10_000, partitioned=True, dropped_when_full=True),
        Topic(RECORD_PUBLISH, 10_000, partitioned=True),
        Topic(DEAD, None, partitioned=False),
    )
}
NOTICES_BOUND = 1_000


def on_lane(topic: str, lane: str) -> str:
    """`feed.refresh@LANE`: the same topic for a subset of the sites; the empty lane is the topic itself."""
    return f"{topic}@{lane}" if lane else topic


def describe(name: str) -> Topic | None:
    """The table's row for a topic or for a lane of one; None when there is no such topic."""
    base, _, lane = name.partition("@")
    topic = TABLE.get(base)
    if topic is None or (lane and not topic.laned):
        return None
    return topic
