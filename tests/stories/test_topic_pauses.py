"""A topic that an operator pauses is paused on every worker, whatever the topic, and goes on when it is resumed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from pressroom.clock import SetClock
from pressroom.desk.office import Refused
from pressroom.objects.directory import DirectoryStore
from pressroom.objects.port import Unavailable
from pressroom.outcomes import Done
from pressroom.pauses import PauseWatch
from schemas import keys
from schemas.operating import Pauses, TopicPause
from schemas.status import Census, FleetStatus, Seen, Signs
from services.publisher.pauses import PauseDesk
from services.publisher.shelf import Shelf
from tests.fakes.desk import FakeNewsroom
from tests.fakes.records import NOON, envelope, minutes
from tests.stories.test_publisher import Notices


class Worker:
    """A consumer, as far as pauses go."""

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self.calls: list[str] = []

    def pause(self) -> None:
        self.calls.append("pause")

    def resume(self) -> None:
        self.calls.append("resume")


class Store(DirectoryStore):
    is_away = False

    def get(self, key: str, *, if_none_match: str | None = None):  # type: ignore[no-untyped-def]
        if self.is_away:
            raise Unavailable("store", "away", "connect")
        return super().get(key, if_none_match=if_none_match)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOON)


def word(topic: str, *, paused: bool = True, minute: float = 0, until: datetime | None = None) -> TopicPause:
    return TopicPause(topic=topic, paused=paused, until=until, at=NOON + minutes(minute), by="me", why="bad deploy")


def say(store: Store, *words: TopicPause) -> Notices:
    notices = Notices()
    for one in words:
        assert PauseDesk(Shelf(store, notices)).handle(envelope(one)) == Done()  # type: ignore[arg-type]
    return notices


def watching(store: Store, clock: SetClock, *topics: str) -> tuple[PauseWatch, list[Worker]]:
    watch, workers = PauseWatch(store, clock), [Worker(topic) for topic in topics]
    for worker in workers:
        watch.watch(worker)
    return watch, workers


def test_a_pause_and_its_end_reach_the_workers_of_that_topic_once_each(store, clock):
    watch, (one, other) = watching(store, clock, "record.publish", "schedule")
    notices = say(store, word("record.publish"))
    watch.look()
    watch.look()
    assert (one.calls, other.calls) == (["pause"], [])
    say(store, word("record.publish", paused=False, minute=1))
    clock.advance(60)
    watch.look()
    watch.look()
    assert one.calls == ["pause", "resume"]
    assert [told.key for told in notices.told] == [keys.PAUSES]


def test_a_topic_without_a_lane_means_all_its_lanes_and_a_lane_itself_alone(store, clock):
    watch, (plain, slow) = watching(store, clock, "feed.refresh", "feed.refresh@slow")
    say(store, word("feed.refresh@slow"))
    watch.look()
    assert (plain.calls, slow.calls) == ([], ["pause"])
    say(store, word("feed.refresh", minute=1))
    watch.look()
    assert (plain.calls, slow.calls) == (["pause"], ["pause"])


def test_a_pause_with_an_end_ends_by_itself(store, clock):
    watch, (one,) = watching(store, clock, "schedule")
    say(store, word("schedule", until=NOON + minutes(5)))
    watch.look()
    clock.advance(301)
    watch.look()
    assert one.calls == ["pause", "resume"]


def test_a_worker_that_starts_while_its_topic_is_paused_begins_nothing(store, clock):
    say(store, word("schedule"))
    watch, (one,) = watching(store, clock, "schedule")
    watch.start()
    assert one.calls == ["pause"]
    watch.stop(1.0)


def test_while_the_store_is_away_or_holds_nonsense_everything_stays_as_it_was(store, clock):
    watch, (one,) = watching(store, clock, "schedule")
    say(store, word("schedule"))
    watch.look()
    store.is_away = True
    watch.look()
    store.is_away = False
    found = store.get(keys.PAUSES)
    store.swap(keys.PAUSES, b"nonsense", etag=found.etag, write_id="slip")
    watch.look()
    assert one.calls == ["pause"]


def test_a_pause_that_comes_again_late_does_not_outlive_its_end(store, clock):
    say(store, word("schedule"), word("schedule", paused=False, minute=1), word("schedule"))
    watch, (one,) = watching(store, clock, "schedule")
    clock.advance(90)
    watch.look()
    assert one.calls == []


def test_what_ended_long_ago_is_forgotten(store):
    say(store, word("schedule", until=NOON + minutes(1)), word("record.publish", minute=3 * 24 * 60))
    pauses = Pauses.model_validate_json(store.get(keys.PAUSES).body)
    assert [one.topic for one in pauses.topics] == ["record.publish"]


# --- the verbs --------------------------------------------------------------------------------------


@pytest.fixture
def room(tmp_path: Path) -> FakeNewsroom:
    return FakeNewsroom(tmp_path)


@pytest.mark.parametrize("topic", ["dead", "notices", "feed.refesh", "schedule@slow", ""])
def test_what_cannot_be_paused_is_refused_with_what_can(room, topic):
    with pytest.raises(Refused, match=r"there are schedule, feed\.refresh, weather\.request, record\.publish"):
        room.operator("topics", "pause", topic=topic)
    assert room.sent == []


def test_what_nobody_paused_cannot_be_resumed(room):
    with pytest.raises(Refused, match="nobody has paused schedule"):
        room.operator("topics", "resume", topic="schedule")


def test_the_list_shows_what_waits_who_paused_and_whose_breaker_is_open(room):
    say(room.store, word("schedule"), word("feed.refresh@slow"))
    fault = "record.publish: paused by its breaker: most messages of the last minute were given up"
    signs = Signs(
        process="publisher-1", services=("publisher",), version="1", started_at=NOON, at=NOON, faults=(fault,)
    )
    fleet = FleetStatus(at=NOON, census=Census(), processes=(Seen(signs=signs, heard_at=NOON),))
    room.lay(keys.STATUS_SERVICES, fleet)
    told = room.operator("topics", "list")
    lines = {one.topic: one for one in told.topics}
    assert lines.keys() == {"schedule", "feed.refresh", "weather.request", "record.publish", "dead"}
    schedule = lines["schedule"]
    assert (schedule.paused.why, schedule.waiting, schedule.later) == ("bad deploy", 3, 1)
    assert lines["record.publish"].breakers == ("publisher-1",)
    assert lines["feed.refresh"].paused is None
    assert [one.topic for one in told.lanes] == ["feed.refresh@slow"]
