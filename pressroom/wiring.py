"""From settings to engines: the only place that knows which engine stands behind a port."""

from __future__ import annotations

import dataclasses
import importlib.metadata

from pressroom.clock import Clock
from pressroom.consumer.rules import LoopRules, rules_for
from pressroom.objects import ObjectStore, open_store
from pressroom.queues.port import Queue
from pressroom.settings import BadSettings, Settings

VERSION = importlib.metadata.version("pressroom")


def queue_of(settings: Settings, clock: Clock) -> Queue:
    """The queue that the settings name. Engines are imported only when they are used.

    Raises `BackendUnavailable`, or `BadSettings` for an address that is none.
    """
    url = settings.queue_url.get_secret_value()
    if not url:
        from pressroom.queues.sqlite.queue import SqliteQueue  # noqa: PLC0415

        settings.data.mkdir(parents=True, exist_ok=True)
        return SqliteQueue(settings.data / "queue.sqlite", clock)
    if not url.startswith(("amqp://", "amqps://")):
        raise BadSettings("PRESSROOM_QUEUE_URL: no queue has such an address; amqp://user:password@host:5672/ has")
    from pressroom.queues.rabbitmq.queue import RabbitQueue  # noqa: PLC0415

    return RabbitQueue(url, clock, partitions=settings.partitions)


def store_of(settings: Settings, clock: Clock) -> ObjectStore:
    """The store that the settings name. Raises `StoreMisconfigured`, `BackendUnavailable`."""
    return open_store(
        settings.objects_url or str(settings.data / "objects"),
        clock=clock,
        access_key=settings.s3_access_key.get_secret_value(),
        secret_key=settings.s3_secret_key.get_secret_value(),
    )


def loop_rules(settings: Settings, topic: str) -> LoopRules:
    """A topic's rules with the settings put in. RabbitMQ counts deliveries itself and buries what kills its workers."""
    rules = rules_for(topic)
    attempts_max = settings.attempts_max if rules.attempts_max is not None else None
    deliveries_max = None if settings.queue_url.get_secret_value() else rules.deliveries_max
    return dataclasses.replace(rules, attempts_max=attempts_max, deliveries_max=deliveries_max)
