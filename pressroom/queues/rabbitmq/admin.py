"""What `pressroom topology` does: say how the broker differs from what is declared, and set it up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pika import BlockingConnection

from pressroom.clock import Clock
from pressroom.queues.rabbitmq import probe
from pressroom.queues.rabbitmq.address import Address, addresses
from pressroom.queues.rabbitmq.declarer import Declarer
from pressroom.queues.rabbitmq.link import Link
from pressroom.queues.rabbitmq.move import Mover
from pressroom.queues.rabbitmq.partitions import Partition, read_name
from pressroom.queues.rabbitmq.publisher import Publisher
from pressroom.queues.rabbitmq.seat import declare
from pressroom.queues.topics import describe
from pressroom.queues.topology import (
    MARKER,
    Difference,
    Topology,
    differences,
    of_delays,
    of_topic,
    old_partitions,
    strays,
    topics_with,
    whole,
)

PUBLISH_TIMEOUT_S = 60.0
CLOSE_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Broker:
    """Which broker, and what is wanted of it. `management_url` may be empty: then bindings and strays go unseen."""

    url: str
    partitions: int
    lanes: tuple[str, ...] = ()
    management_url: str = ""

    @property
    def addresses(self) -> tuple[Address, ...]:
        return addresses(self.url)

    @property
    def vhost(self) -> str:
        return self.addresses[0].vhost

    @property
    def wanted(self) -> Topology:
        return whole(self.partitions, self.lanes)


@dataclass(frozen=True, slots=True)
class Report:
    """`differences` keep services from working; `strays` are partition queues that nobody uses any more."""

    differences: Sequence[Difference]
    strays: Sequence[str]

    @property
    def is_fine(self) -> bool:
        return not self.differences


def check(broker: Broker) -> Report:
    """Changes nothing. Raises `BadAddress`, `BackendUnavailable`."""
    connection = probe.connect(broker.addresses)
    try:
        return _report(connection, broker)
    finally:
        connection.close()


def apply(broker: Broker, clock: Clock, say: Callable[[str], None]) -> Report:
    """Create what is missing, and move what is queued when the number of partitions is another one now; also what an
    earlier move has left half-way, where management tells of it.

    What exists otherwise cannot be changed and is in the report. Raises `CannotMove`, `BadAddress`,
    `BackendUnavailable`; run it again then.
    """
    connection = probe.connect(broker.addresses)
    try:
        old = _partitions_now(connection)
        if old is not None and old != broker.partitions:
            _change_partitions(connection, broker, clock, old, say)
        _create_missing(connection, broker.wanted, say)
        if stray := _stray_partitions(broker):
            _move(connection, broker, clock, stray, say)
        return _report(connection, broker)
    finally:
        connection.close()


def _stray_partitions(broker: Broker) -> list[Partition]:
    """Those of another number, as a move leaves them that could not go on."""
    found = [each for name in _queues_there(broker) if (each := read_name(name)) is not None]
    return [each for each in found if each.count != broker.partitions and describe(each.topic) is not None]


def _report(connection: BlockingConnection, broker: Broker) -> Report:
    wanted, found = broker.wanted, probe.found(connection, broker.wanted)
    if not broker.management_url:
        return Report(differences(wanted, found), ())
    all_there = probe.managed(broker.management_url, broker.vhost)
    found = Topology(found.exchanges, found.queues, wanted.bindings & all_there.bindings)
    return Report(differences(wanted, found), strays(wanted, all_there))


def _partitions_now(connection: BlockingConnection) -> int | None:
    marker = probe.arguments_of(connection, MARKER, {"x-queue-type": "quorum", "x-max-length": 1})
    return int(marker["x-max-length"]) if marker is not None else None


def _create_missing(connection: BlockingConnection, wanted: Topology, say: Callable[[str], None]) -> None:
    found = probe.found(connection, wanted)
    there = {exchange.name for exchange in found.exchanges}
    locked = {name for name, arguments in found.queues.items() if arguments.get("exclusive")}
    missing = Topology(
        frozenset(exchange for exchange in wanted.exchanges if exchange.name not in there),
        {name: arguments for name, arguments in wanted.queues.items() if name not in found.queues},
        frozenset(binding for binding in wanted.bindings if binding.queue not in locked),
    )
    declare(connection.channel(), missing)
    for name in sorted(missing.queues):
        say(f"queue {name}: created")


def _change_partitions(
    connection: BlockingConnection, broker: Broker, clock: Clock, old: int, say: Callable[[str], None]
) -> None:
    lanes = {*broker.lanes, *_lanes_there(broker)}
    moved = _move(connection, broker, clock, old_partitions(topics_with(lanes), old), say)
    connection.channel().queue_delete(MARKER)
    say(f"from {old} to {broker.partitions} partitions: {moved} messages moved")


def _move(
    connection: BlockingConnection,
    broker: Broker,
    clock: Clock,
    before: Sequence[Partition],
    say: Callable[[str], None],
) -> int:
    """What is queued in `before`, to where it belongs now; how many messages there were. Leaves the marker alone."""
    link = Link("moving", broker.addresses, clock, who="topology", heartbeat_s=probe.HEARTBEAT_S)
    publisher = Publisher(link, Declarer(link, broker.partitions), timeout_s=PUBLISH_TIMEOUT_S)
    mover = Mover(connection, publisher, clock, broker.partitions)
    mover.check_that_nobody_works(before)
    wanted = Topology()
    for topic in {each.topic for each in before}:
        wanted |= of_topic(topic, broker.partitions) | of_delays(topic)
    without_marker = {name: arguments for name, arguments in wanted.queues.items() if name != MARKER}
    _create_missing(connection, Topology(wanted.exchanges, without_marker, wanted.bindings), say)
    link.start()
    try:
        return mover.move(before, say)
    finally:
        link.close(CLOSE_TIMEOUT_S)


def _lanes_there(broker: Broker) -> Iterable[str]:
    """Lanes that the broker has queues for, also those that no site names any more."""
    topics = {partition.topic for name in _queues_there(broker) if (partition := read_name(name)) is not None}
    return {topic.partition("@")[2] for topic in topics if "@" in topic}


def _queues_there(broker: Broker) -> Iterable[str]:
    """Of whatever kind, in order; none where management is not asked."""
    return sorted(probe.managed(broker.management_url, broker.vhost).queues) if broker.management_url else ()
