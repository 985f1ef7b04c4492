"""From settings to engines: the only place that knows which engine stands behind a port."""

from __future__ import annotations

import dataclasses
import importlib.metadata
from collections.abc import Iterator
from contextlib import contextmanager

from pressroom.clock import Clock
from pressroom.consumer.rules import LoopRules, rules_for
from pressroom.objects import ObjectStore, StoreMisconfigured, check_url, open_store
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

        _make_data_folder(settings)
        return SqliteQueue(settings.data / "queue.sqlite", clock)
    _check_brokers(url)
    from pressroom.queues.rabbitmq.queue import RabbitQueue  # noqa: PLC0415

    return RabbitQueue(url, clock, partitions=settings.partitions)


def store_of(settings: Settings, clock: Clock) -> ObjectStore:
    """The store that the settings name. Raises `BadSettings` for an address that is none, `BackendUnavailable`."""
    with _named("PRESSROOM_OBJECTS_URL" if settings.objects_url else "PRESSROOM_DATA"):
        return open_store(
            settings.objects_url or str(settings.data / "objects"),
            clock=clock,
            access_key=settings.s3_access_key.get_secret_value(),
            secret_key=settings.s3_secret_key.get_secret_value(),
        )


def check_addresses(settings: Settings) -> None:
    """Whether the settings name engines at all, for who only starts those that use them: nothing is asked, no engine
    is imported. Raises `BadSettings`.
    """
    _make_data_folder(settings)
    if settings.queue_url.get_secret_value():
        _check_brokers(settings.queue_url.get_secret_value())
    if settings.objects_url:
        with _named("PRESSROOM_OBJECTS_URL"):
            check_url(settings.objects_url)
    if bool(settings.s3_access_key.get_secret_value()) != bool(settings.s3_secret_key.get_secret_value()):
        raise BadSettings("give PRESSROOM_S3_ACCESS_KEY and PRESSROOM_S3_SECRET_KEY both, or neither")


def _check_brokers(url: str) -> None:
    from pressroom.queues.rabbitmq.address import addresses  # noqa: PLC0415

    with _named("PRESSROOM_QUEUE_URL"):
        addresses(url)


def _make_data_folder(settings: Settings) -> None:
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadSettings(f"PRESSROOM_DATA: cannot make the folder {settings.data}: {error.strerror}") from error


@contextmanager
def _named(variable: str) -> Iterator[None]:
    """What cannot be used is a bad setting; the engines do not know which one."""
    try:
        yield
    except (StoreMisconfigured, ValueError) as error:
        raise BadSettings(f"{variable}: {error}") from error


def loop_rules(settings: Settings, topic: str) -> LoopRules:
    """A topic's rules with the settings put in. RabbitMQ counts deliveries itself and buries what kills its workers."""
    rules = rules_for(topic)
    attempts_max = settings.attempts_max if rules.attempts_max is not None else None
    deliveries_max = None if settings.queue_url.get_secret_value() else rules.deliveries_max
    return dataclasses.replace(rules, attempts_max=attempts_max, deliveries_max=deliveries_max)
