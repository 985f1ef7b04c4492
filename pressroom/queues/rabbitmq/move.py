"""From one number of partitions to another, with the fleet stopped: what is queued goes where it now belongs.

Each message is published to its new queue and confirmed before it is acknowledged in the old one, so a move that
was interrupted is run again and at worst repeats a few. One old queue after the other, in order: a key's messages
all come from one queue and all go to one. The marker changes last, so no fleet of either number starts meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from pika import BasicProperties, BlockingConnection
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import ChannelClosedByBroker

from pressroom.clock import Clock
from pressroom.queues.port import Full
from pressroom.queues.rabbitmq.delays import queues_of_delays
from pressroom.queues.rabbitmq.partitions import Partition
from pressroom.queues.rabbitmq.publisher import Publisher
from pressroom.queues.rabbitmq.wire import Outgoing, headers_of, read_stamp, routed

BATCH = 100
IDLE_S = 0.5

Message = tuple[Any, BasicProperties | None, bytes | None]


class CannotMove(RuntimeError):
    """Why the partitions cannot be changed now, and what to do. Nothing is lost; the command can be run again."""


class Mover:
    """Moves what old queues hold to the queues of `partitions`, which must exist already."""

    def __init__(self, connection: BlockingConnection, publisher: Publisher, clock: Clock, partitions: int) -> None:
        self._connection = connection
        self._publisher = publisher
        self._clock = clock
        self._partitions = partitions

    def check_that_nobody_works(self, old: Sequence[Partition]) -> None:
        """Raises `CannotMove` when a consumer is still there."""
        for partition in old:
            counts = self._counts(partition.queue)
            if counts is not None and counts[1]:
                raise CannotMove(f"{counts[1]} consumers are at work on {partition.queue}: stop the fleet first")

    def move(self, old: Sequence[Partition], say: Callable[[str], None]) -> int:
        """Empty and delete the old queues; returns how many messages were moved. Raises `CannotMove`."""
        # Delays first: what expires meanwhile still finds its old queue, and is then moved from there.
        moved = sum(self._redirect_delayed(topic) for topic in dict.fromkeys(each.topic for each in old))
        for partition in old:
            if self._counts(partition.queue) is None:
                continue
            count = self._empty(partition)
            say(f"{partition.queue}: {count} messages moved")
            moved += count
        return moved

    def _empty(self, partition: Partition) -> int:
        moved = 0
        while (counts := self._counts(partition.queue)) is not None and counts[0]:
            moved += self._drain(partition.queue, partition.topic, most=counts[0])
        # Quorum queues know no "delete if empty": this is why the fleet has to be stopped.
        self._connection.channel().queue_delete(partition.queue)
        return moved

    def _redirect_delayed(self, topic: str) -> int:
        moved = 0
        for queue in queues_of_delays(topic):
            counts = self._counts(queue)
            if counts and counts[0]:
                # They go back into the same queue, under another routing key: so many, and no more.
                moved += self._drain(queue, topic, most=counts[0])
        return moved

    def _onward(self, message: Message, topic: str) -> Outgoing:
        method, properties, body = message
        stamp = read_stamp(properties.headers if properties else None)
        headers = headers_of(topic, stamp.key or method.routing_key, stamp.not_before, stamp.expires)
        # Needs nothing: the new queues are there, and the marker still says otherwise.
        return replace(routed(body or b"", headers, self._clock.now(), self._partitions), needs=())

    def _drain(self, queue: str, topic: str, *, most: int) -> int:
        """Send on what comes, in batches. Ends at `most`, or when nothing comes: some may have expired."""
        channel = self._connection.channel()
        channel.basic_qos(prefetch_count=BATCH)
        seen = moved = 0
        batch: list[tuple[int, Outgoing]] = []
        for method, properties, body in channel.consume(queue, inactivity_timeout=IDLE_S):
            if method is not None:
                seen += 1
                batch.append((method.delivery_tag or 0, self._onward((method, properties, body), topic)))
            is_end = method is None or seen == most
            if batch and (is_end or len(batch) == BATCH):
                moved += self._pass_on(channel, batch)
                batch = []
            if is_end:
                break
        channel.close()
        return moved

    def _pass_on(self, channel: BlockingChannel, batch: Sequence[tuple[int, Outgoing]]) -> int:
        results = self._publisher.send([message for _, message in batch])
        for (tag, message), error in zip(batch, results, strict=True):
            if error is None:
                channel.basic_ack(tag)
            elif isinstance(error, Full):
                raise CannotMove(
                    f"{message.routing_key} is full, so {message.topic} cannot be moved whole: "
                    "set the old number of partitions again and run `pressroom topology apply`, which brings back what "
                    "was moved (with PRESSROOM_MANAGEMENT_URL); let the fleet work some of it off, and try again"
                )
            else:
                raise error
        return len(batch)

    def _counts(self, queue: str) -> tuple[int, int] | None:
        """(messages, consumers) of a queue; None when there is none."""
        channel = self._connection.channel()
        try:
            method = channel.queue_declare(queue, passive=True).method
        except ChannelClosedByBroker:
            return None
        channel.close()
        return method.message_count, method.consumer_count
