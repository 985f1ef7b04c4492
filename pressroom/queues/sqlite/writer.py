"""The one thread that touches the queue's file: it writes what all callers want in one transaction.

Callers wait until it is committed, so they share the price of making it safe (one fsync), and no connection is
ever used from two threads. What other processes wrote is noticed by sqlite's own counter, at a price of microseconds.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pressroom.clock import Clock
from pressroom.crash import crash_point
from pressroom.outcomes import BackendUnavailable
from pressroom.queues.sqlite.changes import Changes
from pressroom.queues.sqlite.file import connect
from pressroom.queues.sqlite.jobs import Inbox, Job
from pressroom.queues.sqlite.listener import SqliteListener
from pressroom.queues.sqlite.subscription import SqliteDelivery, SqliteSubscription
from pressroom.queues.sqlite.tables import Pulse, Tables
from pressroom.queues.sqlite.upkeep import Upkeep

log = logging.getLogger(__name__)
T = TypeVar("T")

GATHER_S = 0.01
"""While several callers come at a time, transactions are so far apart: each has one price, however many share it, and
its statements take the interpreter from those who compute. Behind a lone caller nobody waits.
"""


class SqliteWriter:
    """Runs from its making to `close`. Raises `Unusable` or `BackendUnavailable` when the file can't be opened."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.trouble: str | None = None
        self._path = path
        self._clock = clock
        self._connection = connect(path)
        self._tables = Tables(self._connection)
        self._upkeep = Upkeep(path, clock, self._tables)
        self._inbox = Inbox()
        self._subscriptions: list[SqliteSubscription] = []
        self._listeners: list[SqliteListener] = []
        self._unwritten: Changes | None = None
        self._unplanned: list[Job[Any]] = []
        self._fsyncs = True
        self._is_shared = False
        self._ended_s = 0.0
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
        """Do it in the next transaction, or in the first that succeeds. Nothing when the queue is closed."""
        try:
            self._inbox.put(Job(work, posted=True))
        except BackendUnavailable:
            log.debug("the queue was closed, which has returned everything already")

    def subscribe(self, make: Callable[[int], SqliteSubscription]) -> SqliteSubscription:
        def begin(changes: Changes) -> SqliteSubscription:
            subscription = make(changes.tables.add_holder(self._upkeep.process.token))
            changes.afterwards.append(lambda: self._subscriptions.append(subscription))
            return subscription

        self._upkeep.process.acquire()
        subscription = self.call(begin)
        subscription.resume()
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
            changes.afterwards += [lambda: self._listeners.append(listener), listener.start]
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
            is_idle = not (self._subscriptions or self._listeners or self.trouble)
            called, jobs = self._inbox.take(None if is_idle else self._upkeep.wait_s())
            if called or self.trouble or self._upkeep.is_wanted():
                self._survive(self._gathered(jobs))
                self._ended_s = time.monotonic()
        self._end()

    def _gathered(self, jobs: list[Job[Any]]) -> list[Job[Any]]:
        """With what comes within `GATHER_S` of the last transaction's end, where that one had several callers too."""
        left_s = self._ended_s + GATHER_S - time.monotonic()
        if jobs and self._is_shared and left_s > 0:
            # In real time, whatever clock a test has set: disks and threads know no other.
            time.sleep(left_s)
            jobs += self._inbox.take(0)[1]
        self._is_shared = len(jobs) > 1
        return jobs

    def _survive(self, jobs: list[Job[Any]]) -> None:
        """All callers hang on this thread: whatever it meets, it answers them and lives on."""
        try:
            self._transact(self._unplanned + jobs)
        except Exception as error:
            log.exception("the queue's thread failed in a way that is not foreseen")
            self._fail(jobs, error)

    def _transact(self, jobs: list[Job[Any]]) -> None:
        changes = self._unwritten or Changes(self._tables)
        handed: list[SqliteDelivery] = []
        try:
            self._begin(must_last=any(job.must_last for job in jobs))
            self._write(changes, jobs, handed)
        except Exception as error:
            if not isinstance(error, sqlite3.Error | BackendUnavailable):
                log.exception("the queue's transaction failed in a way that is not foreseen")
            self._roll_back(changes, handed)
            self._fail(jobs, error)
            return
        self._unplanned = []
        self._unwritten = None
        self._say(None)
        for act in changes.afterwards:
            act()
        self._tell(jobs, handed)

    def _begin(self, *, must_last: bool) -> None:
        if must_last != self._fsyncs:
            self._connection.execute(f"PRAGMA synchronous={'FULL' if must_last else 'NORMAL'}")
            self._fsyncs = must_last
        self._connection.execute("BEGIN IMMEDIATE")

    def _write(self, changes: Changes, jobs: list[Job[Any]], handed: list[SqliteDelivery]) -> None:
        now = self._clock.now().timestamp()
        pulse = self._tables.pulse()
        stirred = self._upkeep.catch_up(pulse, now)
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
        self._upkeep.done(pulse, now, due)
        for listener in self._listeners if notices else ():
            listener.bring(notices)

    def _news(self, changes: Changes, pulse: Pulse) -> list[tuple[int, bytes]]:
        if not self._listeners:
            return []
        last = min(listener.last for listener in self._listeners)
        return self._tables.notices_after(last) if changes.notices or pulse.last_notice > last else []

    def _tell(self, jobs: list[Job[Any]], handed: list[SqliteDelivery]) -> None:
        for job in jobs:
            job.finish()
        for delivery in handed:
            try:
                delivery.subscription.on_delivery(delivery)
            except Exception:
                log.exception("a consumer could not take a message; it is returned", extra={"topic": delivery.topic})
                delivery.release()

    def _roll_back(self, changes: Changes, handed: list[SqliteDelivery]) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        for delivery in handed:
            delivery.subscription.drop(delivery)
        self._unwritten = changes.undo()
        self._upkeep.failed()

    def _fail(self, jobs: list[Job[Any]], error: Exception) -> None:
        """Of sqlite's errors another try may come to a better end; callers get to see any other as it is."""
        self._unplanned = [job for job in jobs if job.posted and not job.is_planned]
        if isinstance(error, sqlite3.Error):
            error = BackendUnavailable("queue", f"{self._path}: {error}")
        self._say(str(error))
        for job in jobs:
            job.finish(error)

    def _say(self, trouble: str | None) -> None:
        if trouble and trouble != self.trouble:
            log.error("the queue is in trouble", extra={"reason": trouble})
        elif self.trouble and not trouble:
            log.info("the queue's trouble is over", extra={"reason": self.trouble})
        self.trouble = trouble

    def _end(self) -> None:
        _, jobs = self._inbox.take(0)

        def return_all(changes: Changes) -> None:
            for subscription in self._subscriptions:
                subscription.retire(changes)

        self._survive([*jobs, Job(return_all, posted=True)])
        for listener in self._listeners:
            listener.close(0)
        self._connection.close()
        self._upkeep.process.release()
