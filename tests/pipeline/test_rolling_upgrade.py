"""Two releases at the same time: what the next one sends waits for it, what it adds is passed over, nothing is lost.

The next release is this one with one message more to read: `feed.record` in version 2.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from pressroom.clock import SystemClock
from pressroom.consumer import judge as consumer_judge
from pressroom.outcomes import Emit
from pressroom.queues.topics import RECORD_PUBLISH
from pressroom.sender import parcel_of
from schemas import codec, keys
from schemas.envelope import Envelope
from schemas.records import FeedRecord
from services.embedded import Newsroom
from services.publisher import story as publisher
from tests.fakes.records import entry, record
from tests.pipeline.papers import Paper
from tests.pipeline.waiting import eventually
from tests.pipeline.world import World

NEXT = ("feed.record", 2)
OLD, NEW = "Ferry runs again", "New pier opens"


def upgrade(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on this process reads what the next release writes."""
    monkeypatch.setitem(codec.TYPES, NEXT, FeedRecord)
    monkeypatch.setitem(codec._ENVELOPES, NEXT, Envelope[FeedRecord])


def written(paper: Paper, turn: int, *headlines: str, version: int = 1) -> bytes:
    """A record of the paper as a neighbour of another release writes it, with fields that nobody here knows."""
    entries = [entry(headline, title=headline) for headline in headlines]
    emit = Emit(RECORD_PUBLISH, keys.head(paper.feed), record(paper.feed, turn, *entries))
    message: dict[str, Any] = json.loads(parcel_of(emit, SystemClock().now(), trace="", hops=()).body)
    message |= {"version": version, "from_the_future": {"x": 1}}
    message["payload"]["from_the_future"] = [1]
    message["payload"]["entries"][0]["from_the_future"] = "y"
    return json.dumps(message).encode()


@pytest.fixture
def paper(world: World) -> Paper:
    paper = world.paper("harbour-post", OLD)
    world.site("news", paper)
    return paper


@pytest.fixture
def room(world: World, paper: Paper, monkeypatch: pytest.MonkeyPatch) -> Iterator[Newsroom]:
    """This release at work; what is too new is looked at again soon."""
    monkeypatch.setattr(consumer_judge, "TOO_NEW_S", (0.5, 1.0))
    monkeypatch.setattr(publisher, "UPGRADE_TAKES", timedelta(seconds=0.5))
    room = world.start()
    shows(world, room, paper, OLD)
    yield room
    room.stop()


def shows(world: World, room: Newsroom, paper: Paper, *headlines: str) -> None:
    eventually(lambda: world.page(room).boxes, lambda boxes: bool(boxes) and boxes[paper.feed].headlines == headlines)


def turn_of(world: World, paper: Paper) -> int:
    head = world.head(paper)
    assert head is not None
    return head.turn


def test_fields_that_a_newer_neighbour_adds_are_passed_over(world: World, room: Newsroom, paper: Paper) -> None:
    world.publish(RECORD_PUBLISH, keys.head(paper.feed), written(paper, turn_of(world, paper) + 1, NEW, OLD))
    shows(world, room, paper, NEW, OLD)
    assert world.failure_list(status="any") == []


def test_a_newer_message_waits_for_the_upgrade_and_holds_up_nobody(
    world: World, room: Newsroom, paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = turn_of(world, paper) + 1000
    world.publish(RECORD_PUBLISH, keys.head(paper.feed), written(paper, turn, NEW, OLD, version=2))
    # The same paper goes on in this release's own messages meanwhile.
    paper.prints("Storm delays the pier", OLD)
    world.refresh(paper)
    shows(world, room, paper, "Storm delays the pier", OLD)
    assert world.failure_list(status="any") == []
    room.stop()

    upgrade(monkeypatch)
    upgraded = world.start()
    shows(world, upgraded, paper, NEW, OLD)
    assert turn_of(world, paper) == turn
    assert world.failure_list(status="any") == []


def test_a_newer_object_is_left_alone_until_the_upgrade_and_readers_keep_the_old_page(
    world: World, room: Newsroom, paper: Paper
) -> None:
    key = keys.head(paper.feed)
    found = world.stored(key)
    assert found is not None
    newer = json.dumps(json.loads(found.body) | {"schema_version": 2}).encode()
    etag = world.store.swap(key, newer, etag=found.etag, write_id="next-release")
    world.publish(RECORD_PUBLISH, key, written(paper, turn_of_body(newer) + 1, NEW, OLD))
    other = world.paper("hill-letter", "Lambs are early")
    world.site("hills", other)
    eventually(lambda: world.page(room, "hills").headlines == ["Lambs are early"])

    after = world.stored(key)
    assert after is not None
    assert (after.etag, after.body) == (etag, newer)
    assert world.failure_list(status="any") == []
    assert world.page(room).boxes[paper.feed].headlines == (OLD,)

    # The upgrade is given up: an operator puts back what this release can read, and the message comes to its end.
    world.store.swap(key, found.body, etag=etag, write_id="rolled-back")
    shows(world, room, paper, NEW, OLD)


def turn_of_body(body: bytes) -> int:
    turn: int = json.loads(body)["turn"]
    return turn
