"""The consumer loop through suspects, bad deploys, batches, pauses and limits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from pressroom.consumer.loop import Consumer
from pressroom.outcomes import Done, Outcome, Reject
from pressroom.queues.port import Lost
from pressroom.queues.topics import FEED_REFRESH, SCHEDULE
from schemas.codec import decode
from schemas.envelope import Envelope
from schemas.messages import DeadLetter
from tests.contracts.queue_tools import eventually
from tests.fakes.consumer_scene import DOWN, RULES, Scene, scene

__all__ = ["scene"]


def test_a_redelivered_message_is_handled_with_nothing_else_under_way(scene: Scene) -> None:
    go_on = {name: threading.Event() for name in ("before", "suspect", "after", "too")}

    def handle(envelope: Envelope[Any]) -> Outcome:
        go_on[envelope.id].wait(60)
        return Done()

    scene.answer = handle
    scene.start()
    scene.hand("before")
    scene.has_begun("before")
    scene.hand("suspect", deliveries=2)
    scene.hand("after")
    scene.hand("too")

    assert scene.stays(lambda: scene.began == ["before"])
    go_on["before"].set()
    scene.has_begun("suspect")
    assert scene.stays(lambda: scene.began == ["before", "suspect"])
    go_on["suspect"].set()
    scene.has_begun("after", "too")
    go_on["after"].set()
    go_on["too"].set()
    assert scene.counts.others["redelivered"] == 1


def test_a_message_that_outlived_too_many_workers_is_dead_without_another_try(scene: Scene) -> None:
    scene.start()
    delivery = scene.hand("m", deliveries=6)
    eventually(lambda: delivery.state == "settled", "it is settled")
    letter: DeadLetter = decode(scene.queue.published[0].body).payload

    assert scene.began == []
    assert (letter.kind, letter.deliveries) == ("poison", 6)


def test_when_most_messages_are_given_up_the_consumer_pauses_and_later_tries_one(scene: Scene) -> None:
    scene.answer = Reject("bug", "a bad deploy")
    consumer = scene.start(workers=1)
    for number in range(4):
        scene.hand(f"bad{number}")
    eventually(lambda: consumer.health.breaker_open, "the breaker opens")
    kept = [scene.hand(f"kept{number}") for number in range(3)]

    assert scene.stays(lambda: all(each.state == "open" for each in kept))
    assert "most messages" in str(consumer.health.paused_because)
    scene.clock.advance(30)
    eventually(lambda: kept[0].state == "settled", "one is tried")
    assert scene.stays(lambda: kept[1].state == "open"), "it was bad: pause again"
    scene.answer = Done()
    scene.clock.advance(30)
    eventually(lambda: all(each.state == "settled" for each in kept), "all goes on")
    assert not consumer.health.breaker_open
    assert scene.counts.endings == {"dead": 5, "done": 2}


def test_a_handler_that_ends_its_thread_is_a_bug_and_the_thread_lives_on(scene: Scene) -> None:
    def handle(envelope: Envelope[Any]) -> Outcome:
        if envelope.id == "exit":
            raise SystemExit(1)
        return Done()

    scene.answer = handle
    consumer = scene.start(workers=1)
    scene.hand("exit")
    good = scene.hand("good")

    eventually(lambda: good.state == "settled", "the next is handled")
    assert consumer.health.alive
    assert scene.counts.endings == {"bug": 1, "done": 1}


def batched(scene: Scene, handler: Callable[[Sequence[Envelope[Any]]], Sequence[Outcome]]) -> None:
    """Start a consumer of batches, with `first` being handled and three more messages waiting."""
    scene.queue.gate.clear()
    scene.consumer = Consumer.batched(
        scene.queue, SCHEDULE, handler, service="tester", clock=scene.clock, rules=RULES, observer=scene.counts
    )
    scene.consumer.start()
    scene.hand("first", key="one")
    eventually(lambda: scene.queue.tries == 1, "the first is being settled")
    for name in ("a", "b", "c"):
        scene.hand(name, key="one")
    scene.queue.gate.set()


def test_a_bug_in_a_batch_is_the_bug_of_the_message_that_caused_it(scene: Scene) -> None:
    given: list[list[str]] = []

    def handle(envelopes: Sequence[Envelope[Any]]) -> Sequence[Outcome]:
        given.append([envelope.id for envelope in envelopes])
        if "b" in given[-1]:
            raise ZeroDivisionError("b")
        return [Done()] * len(envelopes)

    batched(scene, handle)
    eventually(lambda: sum(scene.counts.endings.values()) == 4, "all are handled")

    assert given == [["first"], ["a", "b", "c"], ["a"], ["b"], ["c"]]
    assert scene.counts.endings == {"done": 3, "bug": 1}


def test_of_a_batch_with_a_bug_each_message_is_settled_before_the_next_is_handled(scene: Scene) -> None:
    settled_before: dict[str, int] = {}

    def handle(envelopes: Sequence[Envelope[Any]]) -> Sequence[Outcome]:
        if len(envelopes) > 1:
            raise ZeroDivisionError("together")
        settled_before[envelopes[0].id] = sum(scene.queue.calls)
        return [Done()]

    batched(scene, handle)
    eventually(lambda: scene.counts.endings.total() == 4, "all are handled")

    assert settled_before == {"first": 0, "a": 1, "b": 2, "c": 3}


def test_a_batch_with_a_bug_that_dies_half_way_has_acknowledged_nothing_unfinished(scene: Scene) -> None:
    def handle(envelopes: Sequence[Envelope[Any]]) -> Sequence[Outcome]:
        if len(envelopes) > 1:
            raise ZeroDivisionError("together")
        return [DOWN if envelopes[0].id == "b" else Done()]

    batched(scene, handle)
    eventually(lambda: scene.counts.endings.total() == 2, "the first two are handled")

    assert scene.stays(lambda: [one.state for one in scene.queue.place.held] == ["settled"] * 2 + ["open"] * 2)


def test_too_few_outcomes_are_a_bug_and_nothing_is_taken_for_done(scene: Scene) -> None:
    batched(scene, lambda envelopes: [Done()])
    eventually(lambda: sum(scene.counts.endings.values()) == 4, "all are handled")

    assert scene.counts.endings == {"done": 1, "bug": 3}


def test_of_a_batch_that_hits_an_outage_what_could_not_be_handled_comes_again_in_order(scene: Scene) -> None:
    given: list[list[str]] = []

    def handle(envelopes: Sequence[Envelope[Any]]) -> Sequence[Outcome]:
        given.append([envelope.id for envelope in envelopes])
        return [Done() if envelope.id in ("first", "a") or len(given) > 2 else DOWN for envelope in envelopes]

    batched(scene, handle)
    eventually(lambda: len(given) == 2, "the batch is handled")
    scene.pass_time_until(lambda: scene.counts.endings["done"] == 4, "all are handled")

    assert [name for names in given[2:] for name in names] == ["b", "c"]


def test_a_batch_that_was_lost_is_told_before_the_next_is_handled(scene: Scene) -> None:
    told: list[str] = []

    def handle(envelopes: Sequence[Envelope[Any]]) -> Sequence[Outcome]:
        told.append("handled")
        return [Done()] * len(envelopes)

    def unsettled() -> None:
        told.append("unsettled")
        scene.queue.fail_with = None

    scene.consumer = Consumer.batched(
        scene.queue, SCHEDULE, handle, service="tester", clock=scene.clock, rules=RULES, unsettled=unsettled
    )
    scene.consumer.start()
    scene.queue.gate.clear()
    scene.queue.fail_with = Lost("queue", "its connection is gone")
    scene.hand("first", key="one")
    eventually(lambda: scene.queue.tries == 1, "it is being settled")
    next_one = scene.hand("next", key="one")
    scene.queue.gate.set()
    eventually(lambda: next_one.state == "settled", "the next is settled")

    assert told == ["handled", "unsettled", "handled"]


def test_stopping_in_an_outage_takes_no_time_and_returns_everything(scene: Scene) -> None:
    scene.answer = DOWN
    consumer = scene.start()
    held = [scene.hand(f"m{number}") for number in range(3)]
    eventually(lambda: consumer.health.paused_because, "it is paused")
    stopping = threading.Thread(target=consumer.stop, args=(100,))
    stopping.start()
    stopping.join(2)

    assert not stopping.is_alive()
    assert [each.state for each in held] == ["released"] * 3
    assert scene.queue.place.history[-1] == "close"


def test_what_arrives_while_stopping_is_returned(scene: Scene) -> None:
    consumer = scene.start()
    consumer.stop(2)

    assert scene.hand("late").state == "released"
    assert not consumer.health.alive


def test_an_operator_can_pause_and_resume(scene: Scene) -> None:
    consumer = scene.start()
    consumer.pause()
    eventually(lambda: scene.queue.place.is_paused, "the subscription is paused")
    delivery = scene.hand("m")

    assert scene.stays(lambda: scene.began == [])
    assert consumer.health.paused_because == "paused by an operator"
    consumer.resume()
    eventually(lambda: delivery.state == "settled", "it is handled")
    assert scene.counts.others["paused"] == 1


def test_over_its_limit_of_bytes_a_consumer_takes_no_more_until_half_is_done(scene: Scene) -> None:
    go_on = threading.Event()

    def handle(envelope: Envelope[Any]) -> Outcome:
        go_on.wait(20)
        return Done()

    scene.answer = handle
    scene.start(replace(RULES, in_flight_bytes_max=2_000), workers=1)
    size = len(scene.body("m0"))
    held = [scene.hand(f"m{number}") for number in range(2_000 // size + 1)]
    eventually(lambda: scene.queue.place.is_paused, "the subscription is paused")

    go_on.set()
    eventually(lambda: not scene.queue.place.is_paused, "it goes on")
    eventually(lambda: all(each.state == "settled" for each in held), "all are handled")


def test_health_tells_of_the_engines_trouble_and_of_the_last_success(scene: Scene) -> None:
    consumer = Consumer.single(
        scene.queue, FEED_REFRESH, lambda _: Done(), service="tester", clock=scene.clock, rules=RULES
    )
    assert (consumer.health.alive, consumer.health.trouble) == (False, "not started")
    scene.consumer = consumer
    consumer.start()
    scene.queue.place.trouble = "connection lost"
    scene.hand("m")

    eventually(lambda: consumer.health.last_done_at == scene.clock.now(), "the last success is known")
    assert (consumer.health.alive, consumer.health.trouble) == (True, "connection lost")
