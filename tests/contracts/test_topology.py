"""What must exist on RabbitMQ: pure decisions, no broker."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pressroom.queues.rabbitmq.delays import queues_of_delays
from pressroom.queues.rabbitmq.partitions import Partition, partition_of, priority, read_name
from pressroom.queues.topics import TABLE
from pressroom.queues.topology import (
    DEAD_EXCHANGE,
    DELIVERY_LIMIT,
    MARKER,
    Binding,
    Difference,
    Exchange,
    Topology,
    differences,
    of_delays,
    of_topic,
    queue_for,
    queues_of,
    strays,
    topics_with,
    whole,
)

EIGHT = whole(8, ["eu"])


def test_a_key_has_the_same_partition_on_every_machine_and_in_every_release() -> None:
    # Another hash would leave a key's messages in a queue where its new ones no longer go.
    keys = ("news.example", "feeds/a.json", "52.5_13.4", "a", "b")

    assert [partition_of("t", key, 8).index for key in keys] == [1, 2, 2, 7, 5]
    assert priority("host-1", "feed.refresh.0-of-8") == 534_796_866


def test_keys_spread_evenly_over_the_partitions() -> None:
    counts = [0] * 8
    for number in range(8000):
        counts[partition_of("t", f"host-{number}.example", 8).index] += 1

    assert min(counts) > 850
    assert max(counts) < 1150


def test_a_joining_worker_takes_partitions_only_for_itself() -> None:
    queues = queues_of("feed.refresh", 64)
    before = {queue: _winner(queue, ["a", "b", "c"]) for queue in queues}
    after = {queue: _winner(queue, ["a", "b", "c", "d"]) for queue in queues}

    moved = {queue for queue in queues if before[queue] != after[queue]}
    assert moved
    assert {after[queue] for queue in moved} == {"d"}
    assert set(after.values()) == {"a", "b", "c", "d"}


def _winner(queue: str, workers: list[str]) -> str:
    return max(workers, key=lambda worker: priority(worker, queue))


def test_a_partition_is_known_by_its_queue_name() -> None:
    partition = Partition("feed.refresh@eu", 3, 8)

    assert partition.queue == "feed.refresh@eu.3-of-8"
    assert read_name(partition.queue) == partition
    assert read_name("dead") is None


def test_sets_of_different_partition_counts_share_no_queue() -> None:
    assert not set(queues_of("record.publish", 8)) & set(queues_of("record.publish", 4))


def test_every_queue_is_a_quorum_queue_that_refuses_rather_than_drops() -> None:
    for name, arguments in EIGHT.queues.items():
        assert arguments["x-queue-type"] == "quorum", name
        if name != MARKER:
            assert arguments["x-overflow"] == "reject-publish", name


def test_only_work_queues_limit_deliveries_and_their_dead_are_kept() -> None:
    for name, arguments in EIGHT.queues.items():
        if read_name(name) is not None:
            assert arguments["x-delivery-limit"] == DELIVERY_LIMIT
            assert arguments["x-dead-letter-exchange"] == DEAD_EXCHANGE
            assert arguments["x-dead-letter-strategy"] == "at-least-once"
        elif name != MARKER:
            assert arguments["x-delivery-limit"] == -1, name


def test_the_bounds_of_a_topics_queues_add_up_to_the_topics() -> None:
    for topic, row in TABLE.items():
        bounds = [EIGHT.queues[name].get("x-max-length") for name in queues_of(topic, 8)]
        if row.bound is None:
            assert bounds == [None]
        else:
            assert row.bound <= sum(int(bound or 0) for bound in bounds) < row.bound + 8


def test_all_that_is_routed_to_is_bound() -> None:
    for topic in topics_with(["eu"]):
        for key in ("one", "two", "three"):
            name = queue_for(topic, key, 8)
            assert name in EIGHT.queues
            assert Binding("pressroom.work", name, name) in EIGHT.bindings


def test_a_delay_leads_back_to_where_the_message_was_going() -> None:
    for name, arguments in of_delays("record.publish").queues.items():
        assert arguments["x-dead-letter-exchange"] == "pressroom.work", name
        assert "x-dead-letter-routing-key" not in arguments, name
        assert "x-single-active-consumer" not in arguments, name


def test_each_message_waits_where_its_own_topic_is_counted() -> None:
    topics = topics_with(["eu", "e"])
    delays = [binding for topic in topics for binding in of_delays(topic).bindings]
    for topic in topics:
        for name in queues_of(topic, 8):
            fits = [each for each in delays if f"{name}.".startswith(each.routing_key.removesuffix("#"))]
            assert sorted(each.queue for each in fits) == sorted(queues_of_delays(topic))


def test_a_lane_brings_partitions_of_its_own() -> None:
    assert set(queues_of("feed.refresh@eu", 8)) < set(EIGHT.queues)
    assert not set(queues_of("feed.refresh@eu", 8)) & set(whole(8).queues)


@pytest.mark.parametrize("topic", ["nonsense", "record.publish@eu"])
def test_an_unknown_topic_has_no_topology(topic: str) -> None:
    with pytest.raises(KeyError, match=topic):
        of_topic(topic, 8)


def test_what_is_as_declared_shows_no_difference() -> None:
    assert differences(EIGHT, EIGHT) == []


def test_each_difference_names_what_is_wanted_and_what_is_there() -> None:
    queue = "record.publish.0-of-8"
    found = replace(
        EIGHT,
        exchanges=(EIGHT.exchanges - {Exchange("pressroom.work", "direct")}) | {Exchange("pressroom.work", "topic")},
        queues={
            **{name: arguments for name, arguments in EIGHT.queues.items() if name != "schedule"},
            queue: {**EIGHT.queues[queue], "x-delivery-limit": 2, "x-message-ttl": 5},
        },
        bindings=EIGHT.bindings - {Binding(DEAD_EXCHANGE, "dead", "")},
    )

    assert differences(EIGHT, found) == [
        Difference("binding pressroom.dead → dead", "", "routing key ''", "nothing"),
        Difference("exchange pressroom.work", "type", "direct", "topic"),
        Difference("queue record.publish.0-of-8", "x-delivery-limit", "20", "2"),
        Difference("queue record.publish.0-of-8", "x-message-ttl", "nothing", "5"),
        Difference("queue schedule", "", "a queue", "nothing"),
    ]
    assert str(differences(EIGHT, found)[2]) == "queue record.publish.0-of-8: x-delivery-limit: wanted 20, found 2"


def test_another_partition_count_and_a_lane_given_up_are_strays() -> None:
    queues = ("feed.refresh.0-of-4", "feed.refresh@us.1-of-8", "delay.1s.feed.refresh@us", "somebody.elses")
    found = EIGHT | Topology(queues={name: {} for name in queues})

    assert strays(EIGHT, found) == ["delay.1s.feed.refresh@us", "feed.refresh.0-of-4", "feed.refresh@us.1-of-8"]
