"""The consumer loop at the end of a message: full topics, bad emits, results that go together."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from pressroom.outcomes import BackendUnavailable, Done, Emit
from pressroom.queues.port import Full, Lost
from pressroom.queues.topics import RECORD_PUBLISH, SCHEDULE, WEATHER_REQUEST
from schemas.codec import decode
from schemas.messages import Wish
from tests.contracts.queue_tools import eventually
from tests.fakes.consumer_scene import RULES, Scene, scene

__all__ = ["scene"]


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
