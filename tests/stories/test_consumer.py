"""The consumer loop through good days and bad, with a scripted queue and a clock that the test moves."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from pressroom.breaker import BreakerRules
from pressroom.clock import SetClock
from pressroom.consumer import Consumer
from pressroom.consumer_rules import LoopRules
from pressroom.outcomes import BackendUnavailable, Done, Emit, Outcome, Reject, Unavailable
from pressroom.queues.port import Full, Lost
from pressroom.queues.topics import FEED_REFRESH, RECORD_PUBLISH, SCHEDULE, WEATHER_REQUEST
from pressroom.sender import parcel_of
from schemas.codec import decode
from schemas.envelope import Envelope
from schemas.messages import DeadLetter, Wish
from tests.contracts.queue_tools import eventually
from tests.fakes.scripted_queue import ScriptedQueue

RULES = LoopRules(breaker=BreakerRules(window_s=60, least=4, share=0.5, cool_down_s=30))
DOWN = Unavailable("store", "no answer")


class Counts:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.endings: Counter[str] = Counter()
        self.others: Counter[str] = Counter()

    def handled(self, topic: str, ending: str, seconds: float) -> None:
        self.endings[ending] += 1

    def redelivered(self, topic: str) -> None:
        self.others["redelivered"] += 1

    def dropped(self, topic: str) -> None:
        self.others[f"dropped {topic}"] += 1

    def paused(self, topic: str, seconds: float) -> None:
        self.others["paused"] += 1


class Scene:
    """A consumer of `feed.refresh`, its queue and its clock."""

    def __init__(self) -> None:
        self.queue = ScriptedQueue()
        self.clock = SetClock()
        self.counts = Counts()
        self.began: list[str] = []
        self.answer: Outcome | Callable[[Envelope[Any]], Outcome] = Done()
        self.consumer: Consumer | None = None

    def start(self, rules: LoopRules = RULES, workers: int = 4) -> Consumer:
        self.consumer = Consumer.single(
            self.queue,
            FEED_REFRESH,
            self._handle,
            service="tester",
            clock=self.clock,
            rules=rules,
            workers=workers,
            observer=self.counts,
        )
        self.consumer.start()
        return self.consumer

    def _handle(self, envelope: Envelope[Any]) -> Outcome:
        self.began.append(envelope.id)
        return self.answer(envelope) if callable(self.answer) else self.answer

    def body(self, name: str) -> bytes:
        emit = Emit(FEED_REFRESH, "a", Wish(reason=name), id=name)
        return parcel_of(emit, self.clock.now(), trace="", hops=()).body

    def hand(self, name: str, *, key: str = "", deliveries: int = 1) -> Any:
        return self.queue.hand(self.body(name), key=key or name, deliveries=deliveries)

    def has_begun(self, *names: str) -> None:
        eventually(lambda: set(names) <= set(self.began), f"{names} begun")

    def pass_time_until(self, condition: Callable[[], object], what: str, step_s: float = 1.0) -> float:
        """Move the clock in steps until it holds; how long that took."""
        began = self.clock.monotonic()

        def moved() -> bool:
            self.clock.advance(step_s)
            return bool(condition())

        eventually(moved, what)
        return self.clock.monotonic() - began

    def stays(self, condition: Callable[[], bool]) -> bool:
        """Still so after everybody had a chance to change it."""
        threading.Event().wait(0.1)
        return condition()


@pytest.fixture
def scene() -> Iterator[Scene]:
    scene = Scene()
    yield scene
    scene.queue.gate.set()
    scene.queue.fail_with = None
    if scene.consumer is not None:
        scene.consumer.stop(2)


# --- outages -----------------------------------------------------------------------------------------------


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


# --- full topics, bad emits --------------------------------------------------------------------------------


def emits(*topics: str) -> Done:
    return Done(tuple(Emit(topic, "k", Wish(reason=topic)) for topic in topics))


def test_what_may_be_dropped_is_dropped_when_its_topic_is_full_and_the_rest_is_sent(scene: Scene) -> None:
    scene.answer = emits(WEATHER_REQUEST, RECORD_PUBLISH)
    scene.start()
    scene.queue.full.add(WEATHER_REQUEST)
    delivery = scene.hand("m")
    eventually(lambda: delivery.state == "settled", "it is settled")

    assert [parcel.topic for parcel in scene.queue.published] == [RECORD_PUBLISH]
    assert scene.counts.others[f"dropped {WEATHER_REQUEST}"] == 1


def test_what_may_not_be_dropped_waits_for_room_and_says_so_when_that_takes_long(scene: Scene) -> None:
    scene.answer = emits(RECORD_PUBLISH)
    consumer = scene.start()
    scene.queue.full.add(RECORD_PUBLISH)
    delivery = scene.hand("m")
    scene.pass_time_until(lambda: consumer.health.paused_because, "it is said", 0.2)
    assert "record.publish holds its bound" in str(consumer.health.paused_because)
    assert delivery.state == "open"
    scene.queue.full.clear()

    scene.pass_time_until(lambda: delivery.state == "settled", "it is settled")
    assert len(scene.queue.published) == 1
    assert scene.began == ["m"]


def test_one_message_that_is_held_up_does_not_undo_its_neighbours(scene: Scene) -> None:
    scene.answer = lambda envelope: emits(RECORD_PUBLISH if envelope.id == "blocked" else SCHEDULE)
    scene.queue.gate.clear()
    scene.start()
    scene.queue.full.add(RECORD_PUBLISH)
    scene.hand("leader")
    eventually(lambda: scene.queue.tries == 1, "the first is being settled")
    free = [scene.hand("x"), scene.hand("blocked"), scene.hand("y")]
    scene.has_begun("x", "y", "blocked")
    scene.queue.gate.set()
    scene.pass_time_until(lambda: free[0].state == free[2].state == "settled", "the others are settled", 0.1)

    scene.queue.full.clear()
    scene.pass_time_until(lambda: free[1].state == "settled", "and so is it, in the end")
    assert Counter(parcel.topic for parcel in scene.queue.published) == {SCHEDULE: 3, RECORD_PUBLISH: 1}


def test_what_is_held_up_does_not_keep_waiting_what_comes_after_it(scene: Scene) -> None:
    """The clock stands still: only an arrival can wake whoever waits for room."""
    scene.answer = lambda envelope: emits(RECORD_PUBLISH if envelope.id == "blocked" else SCHEDULE)
    scene.start()
    scene.queue.full.add(RECORD_PUBLISH)
    scene.hand("blocked")
    eventually(lambda: scene.queue.tries >= 1, "it was tried")
    later = scene.hand("later")

    eventually(lambda: later.state == "settled", "the later one is settled")


def test_an_outage_among_refusals_is_met_once_and_not_by_each_message(scene: Scene) -> None:
    scene.queue.gate.clear()
    scene.start()
    scene.hand("first")
    eventually(lambda: scene.queue.tries == 1, "the first is being settled")
    held = [scene.hand(f"m{number}") for number in range(20)]
    scene.has_begun(*(f"m{number}" for number in range(20)))
    down = BackendUnavailable("queue", "the connection broke")
    scene.queue.failures = [Lost("queue", "the first's"), Full(RECORD_PUBLISH, 1), down]
    scene.queue.fail_with = down
    scene.queue.gate.set()
    eventually(lambda: scene.queue.tries >= 3, "they were tried")

    assert scene.stays(lambda: scene.queue.tries <= 4)
    scene.queue.fail_with = None
    scene.pass_time_until(lambda: all(each.state == "settled" for each in held), "all are settled in the end")


def test_an_emit_to_nowhere_is_a_bug_of_its_message_alone(scene: Scene) -> None:
    scene.answer = lambda envelope: emits("nowhere" if envelope.id == "lost" else SCHEDULE)
    scene.start(replace(RULES, bugs_max=1))
    good, bad = scene.hand("good"), scene.hand("lost")
    eventually(lambda: good.state == bad.state == "settled", "both are settled")

    dead = [decode(parcel.body).payload for parcel in scene.queue.published if parcel.topic == "dead"]
    assert [(letter.kind, letter.reason) for letter in dead] == [("bug", "Unroutable: nowhere")]


def test_results_that_come_while_others_are_settled_go_together(scene: Scene) -> None:
    scene.queue.gate.clear()
    scene.start(workers=4)
    scene.hand("first")
    eventually(lambda: scene.queue.tries == 1, "the first is being settled")
    others = [scene.hand(f"m{number}") for number in range(30)]
    scene.has_begun(*(f"m{number}" for number in range(30)))
    scene.queue.gate.set()
    eventually(lambda: all(each.state == "settled" for each in others), "all are settled")

    assert scene.queue.calls[0] == 1
    assert max(scene.queue.calls) > 10


# --- suspects, poison, the breaker -------------------------------------------------------------------------


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


# --- batches -----------------------------------------------------------------------------------------------


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


# --- stopping, pausing, limits -----------------------------------------------------------------------------


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
