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
from pressroom.queues.rabbitmq.partitions import read_name
from pressroom.queues.rabbitmq.publisher import Publisher
from pressroom.queues.rabbitmq.seat import declare
from pressroom.queues.topology import (
    MARKER,
    Difference,
    Topology,
    differences,
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
    """Create what is missing, and move what is queued when the number of partitions is another one now.

    What exists otherwise cannot be changed and is in the report. Raises `CannotMove`, `BadAddress`,
    `BackendUnavailable`; run it again then.
    """
    connection = probe.connect(broker.addresses)
    try:
        old = _partitions_now(connection)
        if old is not None and old != broker.partitions:
            _change_partitions(connection, broker, clock, old, say)
        _create_missing(connection, broker.wanted, say)
        return _report(connection, broker)
    finally:
        connection.close()


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
    missing = Topology(
        frozenset(exchange for exchange in wanted.exchanges if exchange.name not in there),
        {name: arguments for name, arguments in wanted.queues.items() if name not in found.queues},
        wanted.bindings,
    )
    declare(connection.channel(), missing)
    for name in sorted(missing.queues):
        say(f"queue {name}: created")


def _change_partitions(
    connection: BlockingConnection, broker: Broker, clock: Clock, old: int, say: Callable[[str], None]
) -> None:
    lanes = {*broker.lanes, *_lanes_there(broker)}
    wanted = whole(broker.partitions, lanes)
    link = Link("moving", broker.addresses, clock, who="topology", heartbeat_s=probe.HEARTBEAT_S)
    publisher = Publisher(link, Declarer(link, broker.partitions), timeout_s=PUBLISH_TIMEOUT_S)
    mover = Mover(connection, publisher, clock, broker.partitions)
    before = old_partitions(topics_with(lanes), old)
    mover.check_that_nobody_works(before)
    without_marker = Topology(
        wanted.exchanges, {name: args for name, args in wanted.queues.items() if name != MARKER}, wanted.bindings
    )
    _create_missing(connection, without_marker, say)
    link.start()
    try:
        moved = mover.move(before, say)
    finally:
        link.close(CLOSE_TIMEOUT_S)
    connection.channel().queue_delete(MARKER)
    say(f"from {old} to {broker.partitions} partitions: {moved} messages moved")


def _lanes_there(broker: Broker) -> Iterable[str]:
    """Lanes that the broker has queues for, also those that no site names any more."""
    if not broker.management_url:
        return ()
    names = probe.managed(broker.management_url, broker.vhost).queues
    topics = {partition.topic for name in names if (partition := read_name(name)) is not None}
    return {topic.partition("@")[2] for topic in topics if "@" in topic}
