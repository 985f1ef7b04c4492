"""The one thread that touches the queue's file: it writes what all callers want in one transaction.

Callers wait until it is committed, so they share the price of making it safe (one fsync), and no connection is
ever used from two threads. What other processes wrote is noticed by sqlite's own counter, at a price of microseconds.
"""

from __future__ import annotations

import logging
import math
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pressroom.clock import Clock
from pressroom.crash import crash_point
from pressroom.outcomes import BackendUnavailable
from pressroom.queues.sqlite_changes import Changes
from pressroom.queues.sqlite_file import connect, identity
from pressroom.queues.sqlite_jobs import Inbox, Job
from pressroom.queues.sqlite_listener import SqliteListener
from pressroom.queues.sqlite_process import ProcessLock
from pressroom.queues.sqlite_subscription import SqliteDelivery, SqliteSubscription
from pressroom.queues.sqlite_tables import Pulse, Tables

log = logging.getLogger(__name__)
T = TypeVar("T")

POLL_S = 0.05
"""How soon another process's messages are noticed."""

REAP_S = 1.0
"""How soon a dead process's messages are handed out again."""


class SqliteWriter:
    """Runs from its making to `close`. Raises `Unusable` or `BackendUnavailable` when the file can't be opened."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.trouble: str | None = None
        self._path = path
        self._clock = clock
        self._connection = connect(path)
        self._identity = identity(path)
        self._tables = Tables(self._connection)
        self._process = ProcessLock(path)
        self._inbox = Inbox()
        self._subscriptions: list[SqliteSubscription] = []
        self._listeners: list[SqliteListener] = []
        self._unwritten: Changes | None = None
        self._unplanned: list[Job[Any]] = []
        self._seen_version = -1
        self._next_due = math.inf
        self._reap_at = -math.inf
        self._fsyncs = True
        self._thread = threading.Thread(target=self._run, name=f"queue {path.name}", daemon=True)
        self._thread.start()

    # --- called from any thread ------------------------------------------------------------------------

    def call(self, work: Callable[[Changes], T], *, must_last: bool = False) -> T:
        """Do it in the next transaction and return when that is committed. Raises what `work` raises, or
        `BackendUnavailable`.
        """
        job = Job(work, must_last=must_last)
        self._inbox.put(job)
        return job.wait()

    def post(self, work: Callable[[Changes], None]) -> None:
        try:
            self._inbox.put(Job(work, posted=True))
        except BackendUnavailable:
            log.debug("the queue was closed, which has returned everything already")

    def subscribe(self, make: Callable[[int], SqliteSubscription]) -> SqliteSubscription:
        self._process.acquire()
        subscription = make(self.call(lambda changes: changes.tables.add_holder(self._process.token)))

        def begin(changes: Changes) -> None:
            self._subscriptions.append(subscription)
            changes.stirred.add(subscription.topic)

        self.call(begin)
        return subscription

    def forget(self, subscription: SqliteSubscription) -> None:
        def retire(changes: Changes) -> None:
            if subscription in self._subscriptions:
                self._subscriptions.remove(subscription)
                subscription.retire(changes)

        try:
            self.call(retire)
        except BackendUnavailable as error:
            log.warning("a subscription was closed with the queue in trouble", extra={"reason": error.reason})

    def listen(self, make: Callable[[int], SqliteListener]) -> SqliteListener:
        def begin(changes: Changes) -> SqliteListener:
            listener = make(changes.tables.pulse().last_notice)
            self._listeners.append(listener)
            return listener

        return self.call(begin)

    def unlisten(self, listener: SqliteListener) -> None:
        self._listeners = [each for each in self._listeners if each is not listener]

    def close(self) -> None:
        """Returns what is handed out, then lets go of the file."""
        self._inbox.close()
        self._thread.join()

    # --- the thread ------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._inbox.is_closed:
            woken, jobs = self._inbox.take(self._wait_s())
            if woken or self._stirred():
                self._transact(jobs)
        self._end()

    def _wait_s(self) -> float | None:
        if not (self._subscriptions or self._listeners or self._unwritten or self._unplanned):
            return None
        return min(POLL_S, max(0.0, self._next_due - self._clock.now().timestamp()))

    def _stirred(self) -> bool:
        """Somebody else wrote, a message is due, the dead are to be looked for, or the last transaction failed."""
        due = self._next_due <= self._clock.now().timestamp() or self._clock.monotonic() >= self._reap_at
        try:
            return due or self.trouble is not None or self._tables.version() != self._seen_version
        except sqlite3.Error:
            return True

    def _transact(self, jobs: list[Job[Any]]) -> None:
        jobs = self._unplanned + jobs
        try:
            self._begin(must_last=any(job.must_last for job in jobs))
        except sqlite3.Error as error:
            self._fail([job for job in jobs if not job.posted], error)
            self._unplanned = [job for job in jobs if job.posted]
            return
        self._unplanned = []
        changes = self._unwritten or Changes(self._tables)
        handed: list[SqliteDelivery] = []
        try:
            self._write(changes, jobs, handed)
        except Exception as error:  # noqa: BLE001 - the callers are told; the thread has others to serve
            self._roll_back(changes, handed)
            self._fail(jobs, error)
            return
        self._unwritten = None
        self._say(None)
        self._tell(jobs, handed)

    def _begin(self, *, must_last: bool) -> None:
        if must_last != self._fsyncs:
            self._connection.execute(f"PRAGMA synchronous={'FULL' if must_last else 'NORMAL'}")
            self._fsyncs = must_last
        self._connection.execute("BEGIN IMMEDIATE")

    def _write(self, changes: Changes, jobs: list[Job[Any]], handed: list[SqliteDelivery]) -> None:
        now = self._clock.now().timestamp()
        pulse = self._tables.pulse()
        stirred = self._catch_up(pulse, now)
        for job in jobs:
            job.plan(changes)
        due = changes.write(now, pulse.last_id)
        for subscription in self._subscriptions:
            if stirred or subscription.topic in changes.stirred:
                handed.extend(subscription.claim(self._tables))
        notices = self._news(changes, pulse)
        if changes.must_last:
            crash_point("sqlite.before_commit")
        self._connection.execute("COMMIT")
        if changes.must_last:
            crash_point("sqlite.after_commit")
        self._seen_version = pulse.version
        self._next_due = min(due, pulse.due) if pulse.due > now else 0.0
        for listener in self._listeners if notices else ():
            listener.bring(notices)

    def _catch_up(self, pulse: Pulse, now: float) -> bool:
        """What time and others did. True when there may be something to hand out of any topic."""
        if pulse.expiry <= now:
            self._tables.drop_expired(now)
        if pulse.due <= now:
            self._tables.wake_due(now)
        returned = self._reap()
        return pulse.due <= now or returned or pulse.version != self._seen_version

    def _news(self, changes: Changes, pulse: Pulse) -> list[tuple[int, bytes]]:
        if not self._listeners:
            return []
        last = min(listener.last for listener in self._listeners)
        return self._tables.notices_after(last) if changes.notices or pulse.last_notice > last else []

    def _reap(self) -> bool:
        """Give back what the dead held. True when there were any."""
        if self._clock.monotonic() < self._reap_at:
            return False
        self._reap_at = self._clock.monotonic() + REAP_S
        if identity(self._path) != self._identity:
            # sqlite would go on writing into a file that nobody will find again.
            raise BackendUnavailable("queue", f"{self._path} was moved or deleted; put it back, or start again")
        dead = [each for each in self._tables.other_processes(self._process.token) if self._process.is_dead(each)]
        for process in dead:
            facts = {"holder": process, "messages": self._tables.remove_process(process)}
            log.warning("a process died; what it held is handed out again", extra=facts)
        return bool(dead)

    def _roll_back(self, changes: Changes, handed: list[SqliteDelivery]) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        for delivery in handed:
            delivery.subscription.drop(delivery)
        self._unwritten = changes.undo()
        # As if others had written: all is looked at again.
        self._seen_version = -1
        self._reap_at = -math.inf

    def _fail(self, jobs: list[Job[Any]], error: Exception) -> None:
        """Of sqlite's errors another try may come to a better end; callers get to see any other as it is."""
        self._say(str(error))
        if isinstance(error, sqlite3.Error):
            error = BackendUnavailable("queue", f"{self._path}: {error}")
        for job in jobs:
            job.finish(error)

    def _say(self, trouble: str | None) -> None:
        if trouble and trouble != self.trouble:
            log.error("the queue's file can't be written", extra={"path": str(self._path), "reason": trouble})
        elif self.trouble and not trouble:
            log.info("the queue's file can be written again", extra={"path": str(self._path)})
        self.trouble = trouble

    def _end(self) -> None:
        _, jobs = self._inbox.take(0)

        def return_all(changes: Changes) -> None:
            for subscription in self._subscriptions:
                subscription.retire(changes)

        self._transact([*jobs, Job(return_all, posted=True)])
        for listener in self._listeners:
            listener.close(0)
        self._connection.close()
        self._process.release()
