"""The consumer loop when the broker or the store is down, and when it is stopped."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from pressroom.outcomes import BackendUnavailable, Done, Emit, Outcome
from pressroom.queues.port import Lost
from pressroom.queues.topics import RECORD_PUBLISH
from schemas.envelope import Envelope
from schemas.messages import Wish
from tests.contracts.queue_tools import eventually
from tests.fakes.consumer_scene import DOWN, Scene, scene

__all__ = ["scene"]


def test_an_outage_holds_everything_and_then_lets_one_through(scene: Scene) -> None:
    scene.answer = DOWN
    consumer = scene.start()
    first = scene.hand("first")
    eventually(lambda: scene.queue.place.is_paused, "the subscription is paused")
    others = [scene.hand(f"m{number}") for number in range(5)]

    assert scene.stays(lambda: scene.began == ["first"]), "nothing is begun during the pause"
    assert consumer.health.paused_because == "store is not available: no answer"
    scene.clock.advance(1)
    eventually(lambda: len(scene.began) == 2, "one is tried")
    assert scene.stays(lambda: len(scene.began) == 2), "and only one"
    scene.answer = Done()
    scene.pass_time_until(lambda: all(each.state == "settled" for each in [first, *others]), "all are handled", 0.5)
    assert consumer.health.paused_because is None
    assert not scene.queue.place.is_paused
    assert scene.counts.endings == {"done": 6}


def test_what_raises_backend_unavailable_counts_as_an_outage_too(scene: Scene) -> None:
    def handle(envelope: Envelope[Any]) -> Outcome:
        raise BackendUnavailable("store", "connection refused")

    scene.answer = handle
    consumer = scene.start()
    scene.hand("m")

    eventually(lambda: consumer.health.paused_because == "store is not available: connection refused", "it is said")
    assert scene.queue.published == []


def test_after_a_minute_it_gives_up_its_place_and_comes_back_to_try_one(scene: Scene) -> None:
    scene.answer = DOWN
    scene.start()
    held = [scene.hand(f"m{number}") for number in range(3)]
    scene.has_begun("m0")
    passed_s = scene.pass_time_until(lambda: "leave" in scene.queue.place.history, "it leaves")

    assert passed_s >= 60
    assert [each.state for each in held] == ["lost"] * 3
    scene.pass_time_until(lambda: scene.queue.place.history[-1] == "resume", "it comes back")
    scene.answer = Done()
    again = [scene.hand(f"again{number}") for number in range(3)]
    eventually(lambda: all(each.state == "settled" for each in again), "all are handled")


def test_while_the_outage_lasts_it_leaves_again_after_each_try(scene: Scene) -> None:
    scene.answer = DOWN
    scene.start()
    scene.hand("m")
    scene.pass_time_until(lambda: "leave" in scene.queue.place.history, "it leaves")
    scene.pass_time_until(lambda: scene.queue.place.history[-1] == "resume", "it comes back")
    probe = scene.hand("probe")
    eventually(lambda: probe.state == "lost", "it leaves again, without another minute's wait")

    assert scene.queue.place.history.count("leave") == 2


def test_a_result_that_cannot_be_settled_is_kept_and_the_handler_not_run_again(scene: Scene) -> None:
    scene.answer = Done((Emit(RECORD_PUBLISH, "k", Wish(reason="result")),))
    consumer = scene.start()
    scene.queue.fail_with = BackendUnavailable("queue", "the broker is restarting")
    delivery = scene.hand("m")
    eventually(lambda: consumer.health.paused_because, "it is said")
    scene.pass_time_until(lambda: scene.queue.tries > 2, "it is tried again")
    scene.queue.fail_with = None
    scene.pass_time_until(lambda: delivery.state == "settled", "it is settled")

    assert scene.began == ["m"]
    assert [parcel.topic for parcel in scene.queue.published] == [RECORD_PUBLISH]


def test_a_result_is_dropped_when_its_message_went_back_meanwhile(scene: Scene) -> None:
    scene.start()
    scene.queue.fail_with = BackendUnavailable("queue", "no answer")
    scene.hand("m", key="k")
    scene.pass_time_until(lambda: "leave" in scene.queue.place.history, "it leaves")
    scene.queue.fail_with = None
    scene.pass_time_until(lambda: scene.queue.place.history[-1] == "resume", "it comes back")
    again = scene.hand("again", key="k")

    scene.pass_time_until(lambda: again.state == "settled", "the key is free for the message when it comes again")
    assert scene.counts.endings == {"done": 1}


def test_a_result_of_a_message_that_went_back_holds_up_nothing_while_the_outage_lasts(scene: Scene) -> None:
    consumer = scene.start()
    scene.queue.fail_with = BackendUnavailable("queue", "no answer")
    scene.hand("m")
    scene.pass_time_until(lambda: "leave" in scene.queue.place.history, "it leaves")
    eventually(lambda: consumer.health.under_way == 0, "the result is let go")


def test_stopping_with_a_result_that_cannot_be_settled_takes_no_time(scene: Scene) -> None:
    consumer = scene.start()
    scene.queue.fail_with = BackendUnavailable("queue", "no answer")
    scene.hand("m")
    eventually(lambda: consumer.health.paused_because, "it cannot be settled")
    stopping = threading.Thread(target=consumer.stop, args=(100,))
    stopping.start()
    stopping.join(5)

    assert not stopping.is_alive()
    assert consumer.health.under_way == 0


def test_a_message_that_was_lost_is_let_go_and_no_outage(scene: Scene) -> None:
    consumer = scene.start()
    scene.queue.fail_with = Lost("queue", "its connection is gone")
    scene.hand("m", key="k")
    eventually(lambda: scene.queue.tries == 1, "it was tried")
    scene.queue.fail_with = None
    next_one = scene.hand("next", key="k")

    eventually(lambda: next_one.state == "settled", "the next is handled")
    assert consumer.health.paused_because is None
    assert scene.counts.endings == {"done": 1}


def test_a_bug_in_the_engine_is_waited_out_and_nothing_lost(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    scene.start()
    scene.queue.fail_with = ZeroDivisionError("in the engine")
    delivery = scene.hand("m")
    eventually(lambda: "not foreseen" in caplog.text, "it is logged")
    scene.queue.fail_with = None

    scene.pass_time_until(lambda: delivery.state == "settled", "it is settled")
