"""The sqlite engine and its file: full, locked, damaged, gone, shared, and left behind by a crash."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pressroom.clock import SetClock
from pressroom.outcomes import BackendUnavailable
from pressroom.queues.port import Depth, Parcel, Settlement
from pressroom.queues.sqlite import file as sqlite_file
from pressroom.queues.sqlite.file import Unusable
from pressroom.queues.sqlite.queue import SqliteQueue
from pressroom.queues.sqlite.upkeep import REAP_S
from tests.contracts.consumer_contract import NEXT, TOPIC
from tests.contracts.queue_tools import CLOCK, Box, WorkerProcess, ended, eventually, wish
from tests.contracts.sqlite_rig import SqliteRig


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[SqliteRig]:
    rig = SqliteRig(tmp_path / "queue.sqlite")
    yield rig
    rig.close()


def test_what_was_accepted_is_there_after_a_restart(rig: SqliteRig) -> None:
    first = rig.open()
    first.publish([Parcel(TOPIC, "a", b"now"), Parcel(TOPIC, "b", b"later", CLOCK.now() + timedelta(hours=1))])
    rig.crash(first)

    assert rig.open().depth(TOPIC) == Depth(ready=1, in_flight=0, delayed=1)


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda path: path.write_bytes(b"not a database, but long enough to be read as one" * 99), "is damaged"),
        (lambda path: sqlite3.connect(path).execute("CREATE TABLE theirs (a)"), "a database of something else"),
        (lambda path: sqlite3.connect(path).execute("PRAGMA user_version=99"), "has version 99"),
    ],
)
def test_a_file_that_cannot_be_a_queue_is_one_clear_error(rig: SqliteRig, spoil: Any, complaint: str) -> None:
    path = Path(rig.url)
    if "version" in complaint:
        rig.open().close()
    spoil(path)
    with pytest.raises(Unusable, match=complaint) as error:
        rig.open()
    assert str(path) in str(error.value)


def test_a_file_in_a_folder_that_cannot_be_written_is_not_available(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BackendUnavailable, match="can't be opened"):
        SqliteQueue(tmp_path / "file" / "queue.sqlite", CLOCK)


def test_a_full_disk_refuses_and_when_there_is_room_again_all_goes_on(rig: SqliteRig) -> None:
    queue, box = rig.open(), Box()
    place = queue.subscribe(TOPIC, box, credit=4)
    queue.publish([Parcel(TOPIC, "a", b"1"), Parcel(TOPIC, "b", b"2")])
    held, released = box.take(2)
    limit = "PRAGMA max_page_count=%d"
    (pages,) = queue._writer._connection.execute(limit % 1).fetchone()
    with pytest.raises(BackendUnavailable, match="disk is full"):
        queue.publish([Parcel(TOPIC, "c", b"x" * 1_000_000)])
    with pytest.raises(BackendUnavailable, match="disk is full"):
        queue.settle([Settlement(held, [Parcel(NEXT, "c", b"x" * 1_000_000)])])

    assert place.trouble is not None
    assert "disk is full" in place.trouble
    queue._writer._connection.execute(limit % (pages + 10_000))
    queue.settle([Settlement(held, [Parcel(NEXT, "c", b"y")])])
    released.release()
    assert box.one().body == b"2"
    assert place.trouble is None
    assert (queue.depth(TOPIC).total, queue.depth(NEXT).total) == (1, 1)


def test_what_was_given_back_in_a_transaction_that_failed_is_given_back_in_the_next(
    rig: SqliteRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue, box, begun = rig.open(), Box(), threading.Event()
    place = queue.subscribe(TOPIC, box, credit=4)
    queue.publish([Parcel(TOPIC, "a", b"1")])
    held = box.one()
    place.pause()
    limit = "PRAGMA max_page_count=%d"
    (pages,) = queue._writer._connection.execute(limit % 1).fetchone()
    other = sqlite3.connect(rig.url, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    begin = queue._writer._begin
    monkeypatch.setattr(queue._writer, "_begin", lambda **named: (begun.set(), begin(**named)))
    with ThreadPoolExecutor(2) as pool:
        # The first waits for the lock; what is asked meanwhile shares the transaction after it.
        first = pool.submit(queue.depth, TOPIC)
        begun.wait(20)
        held.release()
        second = pool.submit(queue.publish, [Parcel(TOPIC, "b", b"x" * 1_000_000)])
        eventually(lambda: queue._writer._inbox._jobs.qsize() == 2, "both wait")
        other.execute("COMMIT")
        assert first.result().in_flight == 1
        with pytest.raises(BackendUnavailable, match="disk is full"):
            second.result()
    queue._writer._connection.execute(limit % (pages + 1_000))
    place.resume()

    assert box.one().body == b"1"
    other.close()


def test_a_file_that_another_program_holds_locked_is_not_available_until_it_lets_go(
    rig: SqliteRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_file, "BUSY_S", 0.05)
    queue, box = rig.open(), Box()
    place = queue.subscribe(TOPIC, box, credit=4)
    queue.publish([Parcel(TOPIC, "a", b"1")])
    held = box.one()
    other = sqlite3.connect(rig.url, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(BackendUnavailable, match="locked"):
        queue.publish([Parcel(TOPIC, "b", b"2")])
    held.release()
    eventually(lambda: queue._writer._unplanned, "what was given back could not be written")
    assert place.trouble is not None
    other.execute("COMMIT")

    assert box.one().body == b"1", "what was given back meanwhile was not forgotten"
    eventually(lambda: place.trouble is None, "the trouble is over")
    other.close()


def test_a_file_that_was_deleted_is_noticed_and_nothing_more_is_promised(tmp_path: Path) -> None:
    clock = SetClock()
    queue, box = SqliteQueue(tmp_path / "queue.sqlite", clock), Box()
    place = queue.subscribe(TOPIC, box, credit=4)
    (tmp_path / "queue.sqlite").rename(tmp_path / "elsewhere")
    clock.advance(REAP_S)

    with pytest.raises(BackendUnavailable, match="was moved or deleted"):
        queue.publish([Parcel(TOPIC, "a", b"1")])
    assert place.trouble is not None
    (tmp_path / "elsewhere").rename(tmp_path / "queue.sqlite")
    queue.publish([Parcel(TOPIC, "a", b"2")])
    assert box.one().body == b"2"
    queue.close()


def test_closing_is_quick_and_gives_back_what_is_held_uncounted(rig: SqliteRig) -> None:
    queue, box = rig.open(), Box()
    queue.subscribe(TOPIC, box, credit=100)
    queue.publish([Parcel(TOPIC, f"k{number}", b"x" * 10_000) for number in range(1_000)])
    box.take(100)
    began = time.monotonic()
    queue.close()

    assert time.monotonic() - began < 1
    other, again = rig.open(), Box()
    other.subscribe(TOPIC, again, credit=1)
    assert again.one().deliveries == 1
    assert not list(Path(rig.url + ".processes").glob("*"))[1:], "only the living have a lock file"


def test_callers_at_the_same_time_share_transactions(rig: SqliteRig) -> None:
    queue = rig.open()
    commits = []
    queue._writer._connection.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda number: queue.publish([Parcel(TOPIC, f"k{number}", b"x")]), range(320)))

    assert queue.depth(TOPIC).ready == 320
    assert len(commits) < 320 / 2


@pytest.mark.parametrize("point", ["sqlite.before_commit", "sqlite.after_commit"])
def test_a_process_that_dies_around_a_commit_loses_nothing(rig: SqliteRig, tmp_path: Path, point: str) -> None:
    queue, log = rig.open(), tmp_path / "log"
    env = {"PRESSROOM_CRASH_AT": point, "PRESSROOM_CRASH_MARKER": str(tmp_path / "crashed")}
    ids = {f"m{number}" for number in range(20)}
    queue.publish([wish(TOPIC, f"k{number % 5}", name=f"m{number}") for number in range(20)])
    assert WorkerProcess(rig.url, TOPIC, log, emit_to=NEXT, env=env).wait() == 137
    worker = WorkerProcess(rig.url, TOPIC, log, emit_to=NEXT, env=env)
    try:
        eventually(lambda: queue.depth(TOPIC).total == 0, "all is settled")
        worker.stop()
    finally:
        worker.end()

    assert ended(log) == ids
    assert queue.depth(NEXT).total == 20, "each was settled with what follows, or not at all"


def test_callers_that_come_together_share_transactions_and_a_lone_one_waits_for_nobody(
    rig: SqliteRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits: list[str] = []
    monkeypatch.setattr("pressroom.queues.sqlite.writer.crash_point", commits.append)
    monkeypatch.setattr("pressroom.queues.sqlite.writer.GATHER_S", 0.05)
    queue = rig.open()

    def ten(caller: int) -> None:
        for number in range(10):
            queue.publish([Parcel(TOPIC, f"{caller}", b"%d" % number)])

    with ThreadPoolExecutor(4) as callers:
        list(callers.map(ten, range(4)))
    assert commits.count("sqlite.after_commit") <= 15
    assert queue.depth(TOPIC).total == 40

    monkeypatch.setattr("pressroom.queues.sqlite.writer.GATHER_S", 60.0)
    began_s = time.monotonic()
    ten(5)
    assert time.monotonic() - began_s < 30
