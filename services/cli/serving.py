"""Running until told to stop: the engines are looked at before, signals end it."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pressroom.objects.port import ObjectStore, Unavailable
from pressroom.outcomes import BackendUnavailable
from pressroom.queues.port import Queue, QueueMisconfigured, Unroutable
from pressroom.queues.topics import SCHEDULE

log = logging.getLogger(__name__)

_SOME_KEY = "probe/start.json"
"""Nothing is there; what counts is that the store says so."""
STOP_S = 10.0
"""What a service of a fleet has begun may take so long to end, when it is told to stop; the rest is the queue's again.
Taking leave of a broker that is silent comes on top: `stop_grace_period` and `TimeoutStopSec` must leave room for both.
"""


def check_that_they_will_have_us(queue: Queue, store: ObjectStore) -> None:
    """At the start: what a person must mend is said and ends the process; what is only not there yet is waited for.

    Raises `QueueMisconfigured`, `StoreMisconfigured`.
    """
    try:
        queue.depth(SCHEDULE)
    except QueueMisconfigured:
        raise
    except (BackendUnavailable, Unroutable) as error:
        # Something of ours that exists otherwise is told by whoever uses it, and used once it is mended.
        log.warning("waiting for the queue: %s", error)
    try:
        store.get(_SOME_KEY)
    except Unavailable as error:
        log.warning("waiting for the store: %s", error)


@contextmanager
def until_told() -> Iterator[threading.Event]:
    """An event that Ctrl-C, SIGTERM and SIGHUP set; the handlers that were there before come back afterwards."""
    told = threading.Event()
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, lambda *_: told.set()) for number in numbers}
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
