"""What must exist on RabbitMQ, and how that differs from what does. Pure: `rabbitmq.admin` asks the broker.

One direct exchange carries all work; a message's routing key is the name of its queue, and a delay or a dead
letter keeps it. Queues' names begin with their topic's, so that is what a delay sorts by. Every queue is a quorum
queue. Work queues give up a message that killed its consumer 20 times and hand it to `dead`; everywhere else there
is no such limit, because there "given up" would be "lost".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pressroom.queues.rabbitmq.delays import STEPS, Step, is_delay
from pressroom.queues.rabbitmq.partitions import Partition, partition_of, partitions, read_name
from pressroom.queues.topics import DEAD, FEED_REFRESH, TABLE, Topic, describe, on_lane

WORK_EXCHANGE = "pressroom.work"
DEAD_EXCHANGE = "pressroom.dead"
NOTICES_EXCHANGE = "pressroom.notices"
MARKER = "pressroom.partitions"
"""A queue that holds nothing: its bound is the partition count the broker was set up for."""
DELIVERY_LIMIT = 20
_IMPLIED: Mapping[str, Argument] = {"durable": True, "exclusive": False, "auto_delete": False}
"""What every queue is, beside its arguments."""

Argument = str | int | bool


@dataclass(frozen=True, slots=True)
class Exchange:
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Binding:
    exchange: str
    queue: str
    routing_key: str


@dataclass(frozen=True, slots=True)
class Topology:
    """Exchanges, queues (name → arguments) and bindings; all durable."""

    exchanges: frozenset[Exchange] = frozenset()
    queues: Mapping[str, Mapping[str, Argument]] = field(default_factory=dict)
    bindings: frozenset[Binding] = frozenset()

    def __or__(self, other: Topology) -> Topology:
        return Topology(
            self.exchanges | other.exchanges, {**self.queues, **other.queues}, self.bindings | other.bindings
        )


def topics_with(lanes: Iterable[str]) -> tuple[str, ...]:
    """Every topic of the table, and the lanes of the laned one."""
    return (*TABLE, *(on_lane(FEED_REFRESH, lane) for lane in lanes))


def queue_for(topic: str, key: str, count: int) -> str:
    """The queue that holds a topic's messages of one key. The topic must be in the table."""
    return partition_of(topic, key, count).queue if _row(topic).partitioned else topic


def queues_of(topic: str, count: int) -> tuple[str, ...]:
    return tuple(each.queue for each in partitions(topic, count)) if _row(topic).partitioned else (topic,)


def of_topic(topic: str, count: int) -> Topology:
    """All that a topic needs, where its dead go included. Raises `KeyError` for a topic that is not in the table."""
    row = _row(topic)
    queues = {name: _work_arguments(row, count) for name in queues_of(topic, count)}
    work = Topology(
        frozenset({Exchange(WORK_EXCHANGE, "direct")}),
        queues,
        frozenset(Binding(WORK_EXCHANGE, name, name) for name in queues),
    )
    return (_marker(count) | _dead() | work) if row.partitioned else work


def of_delays(topic: str) -> Topology:
    """Where a topic's messages wait for their time. Raises `KeyError` for a topic that is not in the table."""
    _row(topic)
    return Topology(
        frozenset({Exchange(WORK_EXCHANGE, "direct"), *(Exchange(step.name, "topic") for step in STEPS)}),
        {step.queue(topic): _delay_arguments(step) for step in STEPS},
        frozenset(Binding(step.name, step.queue(topic), f"{topic}.#") for step in STEPS),
    )


def of_notices() -> Topology:
    return Topology(frozenset({Exchange(NOTICES_EXCHANGE, "fanout")}))


def whole(count: int, lanes: Iterable[str] = ()) -> Topology:
    """Everything there is for `count` partitions."""
    topology = of_notices()
    for topic in topics_with(lanes):
        topology |= of_topic(topic, count) | of_delays(topic)
    return topology


def _row(topic: str) -> Topic:
    row = describe(topic)
    if row is None:
        raise KeyError(topic)
    return row


def _work_arguments(row: Topic, count: int) -> dict[str, Argument]:
    arguments: dict[str, Argument] = {
        "x-queue-type": "quorum",
        "x-single-active-consumer": True,
        "x-overflow": "reject-publish",
        "x-delivery-limit": DELIVERY_LIMIT if row.partitioned else -1,
    }
    if row.bound is not None:
        arguments["x-max-length"] = bound_of_queue(row, count)
    if row.partitioned:
        # Without at-least-once, a dead letter that cannot be stored would be gone.
        arguments |= {"x-dead-letter-exchange": DEAD_EXCHANGE, "x-dead-letter-strategy": "at-least-once"}
    return arguments


def bound_of_queue(row: Topic, count: int) -> int:
    """A topic's bound, shared out among its queues and rounded up."""
    assert row.bound is not None
    return -(-row.bound // count) if row.partitioned else row.bound


def _delay_arguments(step: Step) -> dict[str, Argument]:
    return {
        "x-queue-type": "quorum",
        "x-message-ttl": step.delay_s * 1000,
        "x-overflow": "reject-publish",
        "x-delivery-limit": -1,
        "x-dead-letter-exchange": WORK_EXCHANGE,
        "x-dead-letter-strategy": "at-least-once",
    }


def _dead() -> Topology:
    return Topology(
        frozenset({Exchange(DEAD_EXCHANGE, "fanout")}),
        {DEAD: _work_arguments(TABLE[DEAD], 1)},
        frozenset({Binding(DEAD_EXCHANGE, DEAD, "")}),
    )


def _marker(count: int) -> Topology:
    return Topology(queues={MARKER: {"x-queue-type": "quorum", "x-max-length": count}})


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """One thing that is not as declared; `found` or `wanted` is "nothing" when it is missing on that side."""

    what: str
    argument: str
    wanted: str
    found: str

    @property
    def is_there(self) -> bool:
        """Something else is in the way, which nobody but an operator may remove."""
        is_missing = not self.argument or (self.argument, self.found) == ("type", "nothing")
        return not is_missing and not self.what.endswith(MARKER)

    def __str__(self) -> str:
        subject = f"{self.what}: {self.argument}" if self.argument else self.what
        return f"{subject}: wanted {self.wanted}, found {self.found}"


def differences(wanted: Topology, found: Topology) -> list[Difference]:
    """What `found` lacks or has otherwise. What it has besides is `strays`' business."""
    kinds = {exchange.name: exchange.kind for exchange in found.exchanges}
    unlike = [
        Difference(f"exchange {exchange.name}", "type", exchange.kind, kinds.get(exchange.name, "nothing"))
        for exchange in wanted.exchanges - found.exchanges
    ]
    for name, arguments in wanted.queues.items():
        unlike += _unlike_arguments(name, arguments, found.queues.get(name))
    unlike += [
        Difference(f"binding {each.exchange} → {each.queue}", "", f"routing key {each.routing_key!r}", "nothing")
        for each in wanted.bindings - found.bindings
    ]
    return sorted(unlike)


def _unlike_arguments(
    name: str, wanted: Mapping[str, Argument], found: Mapping[str, Argument] | None
) -> list[Difference]:
    if found is None:
        return [Difference(f"queue {name}", "", "a queue", "nothing")]
    return [
        Difference(f"queue {name}", argument, _shown({**_IMPLIED, **wanted}.get(argument)), _shown(found.get(argument)))
        for argument in sorted(wanted.keys() | found.keys())
        if wanted.get(argument) != found.get(argument)
    ]


def _shown(value: Argument | None) -> str:
    return "nothing" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def strays(wanted: Topology, found: Topology) -> list[str]:
    """Queues of our kind that nothing declared here uses: another partition count, a lane given up."""
    ours = (name for name in found.queues if read_name(name) is not None or is_delay(name))
    return sorted(name for name in ours if name not in wanted.queues)


def old_partitions(topics: Iterable[str], old: int) -> tuple[Partition, ...]:
    """The partition queues of the given topics as they were with `old` partitions."""
    return tuple(each for topic in topics if _row(topic).partitioned for each in partitions(topic, old))
