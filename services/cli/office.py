"""What an operator's verb works with: the store, the queue and the desks over them, opened and closed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from pressroom.clock import SystemClock
from pressroom.desk.failures import FailureDesk
from pressroom.desk.feeds import FeedDesk
from pressroom.objects.port import StoreError
from pressroom.outcomes import BackendUnavailable
from pressroom.queues.port import Full, Unroutable
from pressroom.sender import Sender
from pressroom.settings import load
from pressroom.wiring import queue_of, store_of
from schemas.codec import TooNew, Undecodable


@contextmanager
def office() -> Iterator[tuple[FailureDesk, FeedDesk]]:
    """The desks, on the engines that the settings name. What cannot be reached is one clear line."""
    settings, clock = load(), SystemClock()
    try:
        queue = queue_of(settings, clock)
        try:
            store, sender = store_of(settings, clock), Sender(queue, clock, "cli")
            yield FailureDesk(store, sender, clock), FeedDesk(store, sender, clock)
        finally:
            queue.close()
    except (BackendUnavailable, StoreError, Full, Unroutable, TooNew, Undecodable) as error:
        raise click.ClickException(str(error)) from None
