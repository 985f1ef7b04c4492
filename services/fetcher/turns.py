"""One document is read at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE_S = 2.0


class Turns:
    """`with turns.mine():` one thread at a time, as long as that is quick.

    Reading computes, and Python computes on one thread at a time anyway: side by side they get done no sooner, hand the
    interpreter to and fro all the while and hold more memory (measured: a fifth of a fetcher's CPU, a third of its
    memory). Who has waited `PATIENCE_S` goes on all the same, so that a document that takes long holds up no other.
    """

    def __init__(self) -> None:
        self._one = threading.Lock()

    @contextmanager
    def mine(self) -> Iterator[None]:
        mine = self._one.acquire(timeout=PATIENCE_S)
        try:
            yield
        finally:
            if mine:
                self._one.release()
