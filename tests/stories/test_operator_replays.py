"""The operator's verbs that send failures again: looked at first, in each host's pace, bounded, stopped."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pressroom.desk.office import Refused
from schemas import keys
from schemas.documents import Failure
from schemas.messages import FailureAct, Trouble
from schemas.operating import Preview, PreviewWish, ReplaysStopped
from schemas.records import FeedRecord
from tests.fakes.desk import FakeNewsroom, answering, failure
from tests.fakes.records import NOON, entry, envelope, record

WHY = {"why": "the name is back"}


@pytest.fixture
def room(tmp_path: Path) -> FakeNewsroom:
    return FakeNewsroom(tmp_path)


def ahead(room: FakeNewsroom, made: Failure) -> Any:
    return room.operator("failures", "preview", failure=made.id, wait_s=0).look


def acts(room: FakeNewsroom) -> list[tuple[str, Any]]:
    return [(one.act, one.send_at) for one in room.said(FailureAct)]


def test_a_replay_looks_ahead_once_for_each_cause_and_sends_one_a_host_at_a_time(room):
    room.failed(*[failure(number) for number in range(3)], failure(3, host="other.example"))
    room.answer = answering(entry(1))
    answer = room.operator("failures", "replay", kind="dns", **WHY)
    assert [one.look.verdict for one in answer.looks] == ["changes", "changes"]
    assert len(room.said(PreviewWish)) == 2
    times = sorted((one.send_at - NOON).total_seconds() for one in answer.acts)
    assert times == [0, 0, 10, 20]
    assert all(one.sent for one in answer.acts)


def test_a_replay_goes_behind_those_that_wait_for_the_same_host(room):
    room.failed(failure(1, status="replaying"), failure(2, status="replaying"), failure(3))
    (one,) = room.operator("failures", "requeue", failures=[failure(3).id], **WHY).acts
    assert one.send_at == NOON + timedelta(seconds=20)


def test_what_would_fail_again_is_not_sent_and_a_requeue_sends_it_unseen(room):
    room.failed(failure(1), failure(2, host="other.example"))
    trouble = Trouble(kind="dns", message="no such name")
    room.answer = lambda subject: (
        answering(entry(1))(subject) if subject == "feed-2" else Preview(subject=subject, at=NOON, trouble=trouble)
    )
    answer = room.operator("failures", "replay", hours=1, **WHY)
    (held,) = [one for one in answer.acts if not one.sent]
    assert held.held == "not sent: dns: no such name"
    assert len(acts(room)) == 1
    room.operator("failures", "requeue", failures=[failure(1).id], **WHY)
    assert acts(room)[-1][0] == "requeue"
    assert len(room.said(PreviewWish)) == 2


def test_a_dry_run_shows_what_would_change_and_sends_nothing(room):
    room.failed(failure(1))
    room.answer = answering(entry(1))
    answer = room.operator("failures", "replay", failures=[failure(1).id], dry_run=True, **WHY)
    assert answer.looks[0].look.difference.added == ("Headline 1",)
    assert [one.sent for one in answer.acts] == [False]
    assert acts(room) == []


def test_what_a_preview_has_shown_is_not_looked_at_again(room):
    room.failed(failure(1))
    room.answer = answering(entry(1))
    run = ahead(room, failure(1)).run
    room.operator("failures", "replay", failures=[failure(1).id], run=run, **WHY)
    assert len(room.said(PreviewWish)) == 1
    assert len(acts(room)) == 1


def test_all_of_a_cause_are_meant_when_one_of_them_is_named(room):
    room.failed(*[failure(number) for number in range(5)], failure(7, kind="tls"), failure(8, status="dropped"))
    answer = room.operator("failures", "drop", failures=[failure(2).id], all_of_cause=True, **WHY)
    assert {int(one.key[-20:-5], 16) for one in answer.acts} == set(range(5))
    assert {one.act for one in room.said(FailureAct)} == {"drop"}


def test_more_than_the_limit_is_left_and_said(room):
    room.failed(*[failure(number) for number in range(5)])
    answer = room.operator("failures", "drop", host="news.example", limit=2, **WHY)
    assert (len(answer.acts), answer.left) == (2, 3)


def test_a_selection_that_names_nothing_is_refused(room):
    with pytest.raises(Refused, match="name failures, or give a filter"):
        room.operator("failures", "drop", **WHY)


def test_replays_under_way_are_bounded(room, monkeypatch):
    monkeypatch.setattr("pressroom.desk.failures_again.REPLAYING_MAX", 3)
    room.failed(failure(1, status="replaying"), failure(2, status="replaying"), failure(3), failure(4))
    with pytest.raises(Refused, match="2 replays are under way, and 3 may be"):
        room.operator("failures", "requeue", kind="dns", **WHY)


def test_too_many_causes_at_once_are_refused_before_anybody_is_asked(room):
    room.failed(*[failure(number, host=f"h{number}.example") for number in range(21)])
    with pytest.raises(Refused, match="21 causes"):
        room.operator("failures", "replay", kind="dns", **WHY)
    assert room.sent == []


@pytest.mark.parametrize("status", ["replayed", "dropped", "closed"])
def test_what_is_not_open_is_not_sent_and_said_to_be_so(room, status):
    room.failed(failure(1, status=status))
    (one,) = room.operator("failures", "replay", failures=[failure(1).id], **WHY).acts
    assert (one.sent, one.held) == (False, f"nothing to replay: it is {status}")
    assert acts(room) == []


def test_a_stop_marks_the_store_and_tells_every_failure_that_waits(room):
    room.failed(failure(1, status="replaying"), failure(2), failure(3, status="replaying"))
    room.operator("failures", "stop", **WHY)
    assert [one.at for one in room.said(ReplaysStopped)] == [NOON]
    assert acts(room) == [("stop", None), ("stop", None)]
    assert {one.payload.key for one in room.sent if isinstance(one.payload, FailureAct)} == {
        keys.failure(NOON.date(), failure(number).id) for number in (1, 3)
    }


def test_a_record_knows_the_host_it_came_from():
    from services.publisher.failure_documents import given_up  # noqa: PLC0415
    from tests.stories.test_failure_replays import letter  # noqa: PLC0415

    made: FeedRecord = record("f", 7, entry(1))
    found = given_up(None, letter(made, "record.publish"), envelope(made), "letter", "1")
    assert found is not None
    assert found.host == "paper.example"
