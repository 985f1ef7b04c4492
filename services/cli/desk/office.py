"""The office of an operator's command, on the engines that the settings name, opened and closed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from pressroom.clock import SystemClock
from pressroom.desk.office import Office, Refused
from pressroom.objects.port import StoreError, StoreMisconfigured
from pressroom.outcomes import BackendUnavailable
from pressroom.queues.port import Full, QueueMisconfigured, Unroutable
from pressroom.sender import Sender
from pressroom.settings import load
from pressroom.wiring import queue_of, store_of
from schemas.codec import TooNew, Undecodable


@contextmanager
def office() -> Iterator[Office]:
    """What cannot be reached or done is one clear line."""
    settings, clock = load(), SystemClock()
    try:
        queue = queue_of(settings, clock)
        try:
            yield Office(store_of(settings, clock), Sender(queue, clock, "cli"), clock, settings)
        finally:
            queue.close()
    except (QueueMisconfigured, StoreMisconfigured):
        raise  # as for any setting that cannot be used
    except (Refused, BackendUnavailable, StoreError, Full, Unroutable, TooNew, Undecodable) as error:
        raise click.ClickException(str(error)) from None
