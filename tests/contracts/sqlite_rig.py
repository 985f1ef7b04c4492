"""The sqlite engine for the contract suites: a fresh file, and what kill -9 does to a process that has it open."""

from __future__ import annotations

import os
from pathlib import Path

from pressroom.clock import Clock
from pressroom.queues.port import Queue
from pressroom.queues.sqlite.queue import SqliteQueue
from tests.contracts.queue_tools import CLOCK


def crash(queue: SqliteQueue) -> None:
    """Its thread ends without a word and its files are closed, as the kernel does it for a process that was killed."""
    writer = queue._writer

    def die() -> None:
        writer._connection.close()
        if writer._upkeep.process._fd is not None:
            os.close(writer._upkeep.process._fd)

    writer._end = die  # type: ignore[method-assign]
    queue.close()


class SqliteRig:
    """Gives up a message that killed five processes."""

    poison_deaths = range(5, 6)

    def __init__(self, path: Path, clock: Clock = CLOCK) -> None:
        self.url = str(path)
        self._clock = clock
        self._opened: list[SqliteQueue] = []

    def open(self) -> SqliteQueue:
        queue = SqliteQueue(Path(self.url), self._clock)
        self._opened.append(queue)
        return queue

    def crash(self, queue: Queue) -> None:
        assert isinstance(queue, SqliteQueue)
        self._opened.remove(queue)
        crash(queue)

    def close(self) -> None:
        for queue in self._opened:
            queue.close()
