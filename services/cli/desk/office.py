"""The office of an operator's command, on the engines that the settings name, opened and closed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pressroom.clock import SystemClock
from pressroom.desk.office import Office, Refused
from pressroom.objects.port import StoreError
from pressroom.outcomes import BackendUnavailable
from pressroom.queues.port import Full, Unroutable
from pressroom.sender import Sender
from pressroom.settings import load
from pressroom.wiring import queue_of, store_of
from schemas.codec import TooNew, Undecodable
from services.cli.plainly import in_one_line


@contextmanager
def office() -> Iterator[Office]:
    """What cannot be reached or done is one clear line."""
    settings, clock = load(), SystemClock()
    with in_one_line(Refused, BackendUnavailable, StoreError, Full, Unroutable, TooNew, Undecodable):
        queue = queue_of(settings, clock)
        try:
            yield Office(store_of(settings, clock), Sender(queue, clock, "cli"), clock, settings)
        finally:
            queue.close()
