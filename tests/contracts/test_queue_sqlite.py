"""The sqlite engine keeps the queue's contract, and what only it has to do: files, processes, group commits."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pressroom.queues.port import Queue
from pressroom.queues.sqlite import SqliteQueue
from tests.contracts.consumer_contract import ConsumerContract
from tests.contracts.queue_contract import QueueContract
from tests.contracts.queue_tools import CLOCK


def crash(queue: SqliteQueue) -> None:
    """Its thread ends without a word and the kernel closes its files, as in a process that was killed."""
    writer = queue._writer

    def die() -> None:
        writer._connection.close()
        if writer._process._fd is not None:
            os.close(writer._process._fd)

    writer._end = die  # type: ignore[method-assign]
    queue.close()


class SqliteRig:
    poison_deaths = range(5, 6)

    def __init__(self, path: Path) -> None:
        self.url = str(path)
        self._opened: list[SqliteQueue] = []

    def open(self) -> SqliteQueue:
        queue = SqliteQueue(Path(self.url), CLOCK)
        self._opened.append(queue)
        return queue

    def crash(self, queue: Queue) -> None:
        assert isinstance(queue, SqliteQueue)
        self._opened.remove(queue)
        crash(queue)

    def close(self) -> None:
        for queue in self._opened:
            queue.close()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[SqliteRig]:
    rig = SqliteRig(tmp_path / "queue.sqlite")
    yield rig
    rig.close()


class TestSqliteQueue(QueueContract):
    pass


class TestConsumerOnSqlite(ConsumerContract):
    pass
