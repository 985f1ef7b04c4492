"""What a transaction has to see to before anything else: what time, other processes and the dead did meanwhile."""

from __future__ import annotations

import logging
import math
import sqlite3
from pathlib import Path

from pressroom.clock import Clock
from pressroom.outcomes import BackendUnavailable
from pressroom.queues.sqlite.file import identity
from pressroom.queues.sqlite.process import ProcessLock
from pressroom.queues.sqlite.tables import Pulse, Tables

log = logging.getLogger(__name__)

POLL_S = 0.05
"""How soon another process's messages are noticed."""

REAP_S = 1.0
"""How soon a dead process's messages are handed out again."""


class Upkeep:
    """Of one process's view of the file. All but `process` is the writer's thread's."""

    def __init__(self, path: Path, clock: Clock, tables: Tables) -> None:
        self.process = ProcessLock(path)
        self._path = path
        self._identity = identity(path)
        self._clock = clock
        self._tables = tables
        self._seen_version = -1
        self._next_due = math.inf
        self._reap_at = -math.inf

    def wait_s(self) -> float:
        """How long the thread may sleep before it asks `is_wanted` again."""
        return min(POLL_S, max(0.0, self._next_due - self._clock.now().timestamp()))

    def is_wanted(self) -> bool:
        """Whether another process wrote, a message is due, or the dead are to be looked for."""
        if self._next_due <= self._clock.now().timestamp() or self._clock.monotonic() >= self._reap_at:
            return True
        try:
            return self._tables.version() != self._seen_version
        except sqlite3.Error:
            return True

    def catch_up(self, pulse: Pulse, now: float) -> bool:
        """True when there may be something to hand out of any topic."""
        if pulse.expiry <= now:
            self._tables.drop_expired(now)
        if pulse.due <= now:
            self._tables.wake_due(now)
        returned = self._reap()
        return pulse.due <= now or returned or pulse.version != self._seen_version

    def done(self, pulse: Pulse, now: float, due: float) -> None:
        """The transaction is committed; `due` is when the first of its messages is."""
        self._seen_version = pulse.version
        self._next_due = min(due, pulse.due) if pulse.due > now else now

    def failed(self) -> None:
        """Nothing was done after all: all is to be looked at again."""
        self._seen_version = -1
        self._reap_at = -math.inf

    def _reap(self) -> bool:
        """Give back what the dead held. True when there were any."""
        if self._clock.monotonic() < self._reap_at:
            return False
        self._reap_at = self._clock.monotonic() + REAP_S
        if identity(self._path) != self._identity:
            # sqlite would go on writing into a file that nobody will find again.
            raise BackendUnavailable("queue", f"{self._path} was moved or deleted; put it back, or start again")
        dead = [each for each in self._tables.other_processes(self.process.token) if self.process.is_dead(each)]
        for process in dead:
            facts = {"holder": process, "messages": self._tables.remove_process(process)}
            log.warning("a process died; what it held is handed out again", extra=facts)
        return bool(dead)
