"""A failure is sent again once, in its time, unless somebody stops it; whoever comes second finds it taken."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pressroom.clock import SetClock
from pressroom.objects.directory import DirectoryStore
from pressroom.outcomes import Done, Emit
from schemas import keys
from schemas.base import Model
from schemas.codec import encode
from schemas.documents import Failure, FailureDay, FailureLine
from schemas.messages import (
    DeadLetter,
    FailureAct,
    FailureSeen,
    FeedRefresh,
    PageImageWish,
    Trouble,
    WeatherRequest,
    Wish,
)
from schemas.operating import FailureSend, ReplaysStopped
from services.publisher.failures import Failures
from services.publisher.shelf import Shelf
from tests.fakes.records import NOON, entry, envelope, minutes, record

KEY = keys.failure(NOON.date(), "original")


class Desk:
    """The failure stories on a store, and what they send: to themselves it is carried out, the rest is kept."""

    def __init__(self, folder: Path) -> None:
        self.store = DirectoryStore(folder)
        self.clock = SetClock(NOON)
        self.waiting: list[Emit] = []
        self.out: list[Emit] = []
        self.stories = Failures(Shelf(self.store, None), self.clock, "1.0")  # type: ignore[arg-type]

    def give(self, payload: Model, message_id: str = "m") -> None:
        stories: dict[type, Any] = {
            FailureAct: self.stories.act,
            FailureSend: self.stories.send,
            FailureSeen: self.stories.seen,
            FailureLine: self.stories.line,
            ReplaysStopped: self.stories.stop,
            DeadLetter: self.stories.dead,
        }
        outcome = stories[type(payload)](envelope(payload, message_id=message_id))
        assert isinstance(outcome, Done)
        for emit in outcome.emits:
            if isinstance(emit.payload, FailureLine):
                self.give(emit.payload)
            elif isinstance(emit.payload, FailureSend):
                self.waiting.append(emit)
            else:
                self.out.append(emit)

    def act(self, what: str, minute: float = 20, *, by: str = "one", message_id: str = "", **more: Any) -> None:
        act = FailureAct(key=KEY, act=what, at=NOON + minutes(minute), by=by, why="fixed", **more)  # type: ignore[arg-type]
        self.give(act, message_id or f"act-{by}-{minute}")

    def time_comes(self) -> None:
        """Every replay that waits gets its turn."""
        waiting, self.waiting = self.waiting, []
        for emit in waiting:
            self.give(emit.payload)

    def sent(self) -> list[Model]:
        """What was sent again since this was last asked. That a turn was lost is no replay."""
        out, self.out = self.out, []
        return [emit.payload for emit in out if type(emit.payload).__name__ != "Check"]

    @property
    def failure(self) -> Failure:
        found = self.store.get(KEY)
        assert found is not None
        return Failure.model_validate_json(found.body)  # type: ignore[union-attr]


def letter(payload: Model, topic: str, *, at: datetime = NOON, **changes: Any) -> DeadLetter:
    body = encode(envelope(payload, message_id="original").model_copy(update=changes)).decode()
    return DeadLetter(topic=topic, key="k", kind="bug", reason="KeyError: 'x'", body=body, at=at)


RECORD = record("f", 7, entry(1))
REFRESH = FeedRefresh(feed="f", url="http://paper.example/feed", turn=7)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    made.give(letter(RECORD, "record.publish"))
    made.sent()
    return made


def test_a_replay_takes_the_failure_and_sends_the_original_under_its_own_id_when_its_time_comes(desk):
    desk.act("replay", send_at=NOON + minutes(25))
    assert (desk.failure.status, desk.sent()) == ("replaying", [])
    assert [emit.not_before for emit in desk.waiting] == [NOON + minutes(25)]
    desk.time_comes()
    (emit,) = desk.out
    assert (emit.id, emit.payload, emit.trace) == ("original", RECORD, "trace-1")
    assert [hop.what for hop in emit.hops or ()] == ["sent again, replay 1"]
    found = desk.failure
    assert (found.status, found.replays) == ("replayed", 1)
    (action,) = found.actions
    assert (action.act, action.by, action.why) == ("replay", "one", "fixed")


def test_of_two_operators_at_once_one_sends(desk):
    desk.act("replay", by="one")
    desk.act("replay", by="other")
    desk.act("requeue", 21, by="third")
    desk.time_comes()
    assert desk.sent() == [RECORD]
    assert [action.by for action in desk.failure.actions] == ["one"]


@pytest.mark.parametrize("crash", ["before the word to ourselves", "before the message"])
def test_a_redelivery_sends_what_may_not_have_been_sent(desk, crash):
    desk.act("replay", message_id="same")
    if crash == "before the word to ourselves":
        desk.waiting.clear()
        desk.act("replay", message_id="same")
    else:
        desk.give(desk.waiting[0].payload)
        desk.sent()
    desk.time_comes()
    assert desk.sent() == [RECORD]
    assert desk.failure.replays == 1


def test_what_waits_can_be_stopped_and_is_open_again(desk):
    desk.act("replay")
    desk.act("stop", 21, by="other")
    assert desk.failure.status == "open"
    desk.time_comes()
    assert desk.sent() == []
    assert [action.act for action in desk.failure.actions] == ["replay", "stop"]


def test_the_mark_of_a_stop_halts_what_no_list_showed_and_nothing_that_begins_later(desk):
    desk.act("replay")
    desk.give(ReplaysStopped(at=NOON + minutes(21), by="night shift", why="wrong fix"))
    desk.time_comes()
    assert desk.sent() == []
    assert [(one.act, one.by, one.why) for one in desk.failure.actions][-1] == ("stop", "night shift", "wrong fix")
    desk.act("replay", 22)
    desk.time_comes()
    assert desk.sent() == [RECORD]


def test_a_stop_that_comes_late_leaves_the_later_one(desk):
    desk.give(ReplaysStopped(at=NOON + minutes(30), by="b", why="later"))
    desk.give(ReplaysStopped(at=NOON + minutes(10), by="a", why="earlier"))
    desk.act("replay", 20)
    desk.time_comes()
    assert desk.sent() == []


def test_a_replay_that_never_got_its_turn_holds_up_the_next_one_for_an_hour_only(desk):
    desk.act("replay")
    desk.waiting.clear()
    desk.act("replay", 70, by="other")
    assert desk.waiting == []
    desk.act("replay", 81, by="other")
    desk.time_comes()
    assert desk.sent() == [RECORD]


def test_what_dies_again_is_the_same_failure_open_again_whatever_day_it_is(desk):
    desk.act("replay")
    desk.time_comes()
    tomorrow = NOON + minutes(24 * 60)
    desk.give(letter(RECORD, "record.publish", at=tomorrow))
    found = desk.failure
    assert (found.status, found.count, found.replays, len(found.attempts)) == ("open", 2, 1, 2)
    desk.time_comes()
    desk.sent()
    desk.act("requeue", 24 * 60 + 5)
    desk.time_comes()
    assert desk.sent() == [RECORD]
    assert (desk.failure.status, desk.failure.replays) == ("requeued", 2)


def test_a_message_that_was_sent_again_keeps_the_day_of_its_failure():
    from services.publisher.failure_documents import name_of  # noqa: PLC0415

    made = "0193499d8000" + "a" * 20
    sent_again = envelope(RECORD, message_id=made, at=NOON + minutes(2000))
    name, opened_at = name_of(letter(RECORD, "record.publish"), sent_again, "letter")
    assert (name, opened_at.date().isoformat()) == (made, "2024-11-20")


def test_the_summary_shows_each_state_however_often_it_changed(desk):
    for minute in range(30, 150, 2):
        desk.act("replay", minute)
        desk.act("stop", minute + 1)
    desk.act("drop", 200)
    found = desk.store.get(keys.failure_summary(NOON.date(), "original"))
    (line,) = FailureDay.model_validate_json(found.body).failures
    assert line.status == "dropped"


def test_a_message_that_was_good_for_an_hour_is_good_for_an_hour_again(tmp_path):
    desk = Desk(tmp_path)
    request = WeatherRequest(cell="9999-9999", latitude=0, longitude=0)
    desk.give(letter(request, "weather.request", not_after=NOON + minutes(60), attempt=4))
    desk.act("requeue", 90)
    desk.clock.advance(90 * 60)
    desk.time_comes()
    (emit,) = desk.out
    assert (emit.payload, emit.not_after) == (request, NOON + minutes(150))


def test_each_attempt_of_a_message_is_told_with_its_time_and_reason(tmp_path):
    desk = Desk(tmp_path)
    hops = [{"at": NOON + minutes(n), "service": "publisher", "what": f"attempt {n}: store busy {n}"} for n in (1, 2)]
    from schemas.envelope import Hop  # noqa: PLC0415

    desk.give(letter(RECORD, "record.publish", at=NOON + minutes(3), attempt=2, hops=tuple(Hop(**one) for one in hops)))
    told = [(one.at, one.message) for one in desk.failure.attempts]
    assert told == [
        (NOON + minutes(1), "store busy 1"),
        (NOON + minutes(2), "store busy 2"),
        (NOON + minutes(3), "KeyError: 'x'"),
    ]


@pytest.mark.parametrize("topic", ["feed.refresh", "feed.refresh@slow"])
def test_a_refresh_that_died_is_wished_for_since_its_turn_has_passed(tmp_path, topic):
    desk = Desk(tmp_path)
    desk.give(letter(REFRESH, topic))
    desk.sent()
    desk.act("replay")
    desk.time_comes()
    (wish,) = desk.sent()
    assert wish == Wish(feed="f", reason="replay", replay_of=KEY)


def test_whatever_else_died_on_the_fetchers_topic_is_sent_as_it_was(tmp_path):
    desk = Desk(tmp_path)
    wish = PageImageWish(feed="f", entry="e", link="http://paper.example/1")
    desk.give(letter(wish, "feed.refresh"))
    desk.act("replay")
    desk.time_comes()
    assert desk.sent() == [wish]


def test_trouble_that_goes_on_after_a_replay_is_open_again(tmp_path):
    desk = Desk(tmp_path)

    def seen(count: int) -> FailureSeen:
        return FailureSeen(
            id="original",
            opened_at=NOON,
            at=NOON + minutes(count),
            topic="feed.refresh",
            kind="http_status",
            trouble=Trouble(kind="http_status", message="503", status=503, headers={"server": "nginx"}),
            feed="f",
            count=count,
        )

    desk.give(seen(3))
    assert desk.failure.attempts[0].headers == {"server": "nginx"}
    desk.act("replay")
    desk.time_comes()
    assert [type(one) for one in desk.sent()] == [Wish]
    desk.give(seen(4))
    assert desk.failure.status == "open"
