"""Calls on their way to the writer's thread, and the wait for their end."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from pressroom.outcomes import BackendUnavailable
from pressroom.queues.port import Full, Unroutable
from pressroom.queues.sqlite.changes import Changes

T = TypeVar("T")

JOBS_MAX = 256
"""Calls that share a transaction, so that it stays short and small."""


class Job(Generic[T]):
    """A call: `work` runs inside a transaction, `wait` returns when that is committed.

    `must_last`: somebody is promised that this survives a power cut. (Who holds what may be forgotten in one:
    the holders die in it too.) `posted`: nobody waits, so it is done when that is possible again.
    """

    __slots__ = ("_done", "_error", "_result", "_work", "is_planned", "must_last", "posted")

    def __init__(self, work: Callable[[Changes], T], *, must_last: bool = False, posted: bool = False) -> None:
        self.must_last = must_last
        self.posted = posted
        self.is_planned = False
        self._work = work
        self._result: T | None = None
        self._error: Exception | None = None
        self._done = threading.Lock()
        self._done.acquire()

    def plan(self, changes: Changes) -> None:
        self.is_planned = True
        try:
            self._result = self._work(changes)
        except (Full, Unroutable, BackendUnavailable) as refusal:
            self._error = refusal

    def finish(self, error: Exception | None = None) -> None:
        self._error = self._error or error
        if self._done.locked():
            self._done.release()

    def wait(self) -> T:
        self._done.acquire()
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]


class Inbox:
    """Where calls wait for the writer's thread. Closed, it refuses them."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Job[Any] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False

    def put(self, job: Job[Any]) -> None:
        with self._lock:
            if self._closed:
                raise BackendUnavailable("queue", "it was closed")
            self._jobs.put(job)

    def take(self, timeout_s: float | None) -> tuple[bool, list[Job[Any]]]:
        """(somebody called or closed, calls)."""
        jobs = []
        try:
            jobs.append(self._jobs.get(timeout=timeout_s))
            while len(jobs) < JOBS_MAX:
                jobs.append(self._jobs.get_nowait())
        except queue.Empty:
            pass
        return bool(jobs), [job for job in jobs if job is not None]

    def close(self) -> None:
        with self._lock:
            self._closed = True
        self._jobs.put(None)

    @property
    def is_closed(self) -> bool:
        return self._closed
