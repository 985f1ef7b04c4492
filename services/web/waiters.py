"""How many readers' requests may wait for the store at once: fewer than a worker has threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Crowded(TimeoutError):
    """As many as may are waiting already; whoever comes now would wait for them too."""


class Waiters:
    """While some wait for a slow store, the other threads of the worker answer from memory."""

    def __init__(self, most: int) -> None:
        self._slots = threading.BoundedSemaphore(most)

    @contextmanager
    def one(self) -> Iterator[None]:
        """Around what waits for the store in a reader's request. Raises `Crowded` at once."""
        if not self._slots.acquire(blocking=False):
            raise Crowded("too many requests wait for the store")
        try:
            yield
        finally:
            self._slots.release()


def waiters_of(threads: int) -> Waiters:
    """Half of a worker's threads may wait."""
    return Waiters(max(1, threads // 2))


def senders_of(threads: int) -> Waiters:
    """A quarter may be held by clients that send a body as slowly as they like, so that with all that may wait for the
    store there is still one for pages.
    """
    return Waiters(max(1, threads // 4))
