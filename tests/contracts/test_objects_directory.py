"""The directory store keeps the contract, between processes and through kill -9 too."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pressroom.objects import BadKey, Conflict, NotModified, StoreMisconfigured, Unavailable
from pressroom.objects.directory import DirectoryStore
from pressroom.objects.files import stripe_of
from tests.contracts.objects_contract import ObjectsContract, listed_keys
from tests.contracts.objects_counting import count_up
from tests.contracts.queue_tools import FORKING

CRASHING = Path(__file__).with_name("objects_crashing.py")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "objects"


class TestDirectory(ObjectsContract):
    @pytest.fixture
    def store(self, root) -> DirectoryStore:
        return DirectoryStore(root)


def test_eight_processes_that_count_together_lose_nothing(root):
    store = DirectoryStore(root)
    store.create("counters/a.json", b"0")
    all_there = FORKING.Barrier(8)
    writers = [FORKING.Process(target=count_up, args=(root, str(number), 10, all_there)) for number in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0] * 8
    assert store.get("counters/a.json").body == b"80"


def test_a_writer_killed_at_any_step_leaves_the_old_or_the_new_object_and_a_store_that_works(root):
    """The child is killed once before each call into the system that a write makes."""
    answer = subprocess.run(
        [sys.executable, str(CRASHING), str(root)], capture_output=True, text=True, check=True, timeout=60
    )
    rounds = [json.loads(line) for line in answer.stdout.splitlines()]
    assert len(rounds) > 8
    assert rounds[-1] == {"ended": 0, "found": "new"}
    assert {one["ended"] for one in rounds[:-1]} == {-signal.SIGKILL}
    found = [one["found"] for one in rounds]
    assert set(found) == {"old", "new"}
    assert found == sorted(found, reverse=True)


def test_what_a_killed_writer_left_is_swept_at_the_next_start_but_not_a_living_writers_file(root):
    store = DirectoryStore(root)
    spares = root / ".pressroom" / "spares"
    dead, living = spares / "00", spares / stripe_of("a.json")
    for spare in (dead, living):
        spare.write_bytes(b"half a docu")
    with store._files.locked("a.json"):
        DirectoryStore(root)
        assert not dead.exists()
        assert living.exists()
    DirectoryStore(root)
    assert not living.exists()


def test_versions_of_one_size_written_in_one_tick_are_told_apart_without_reading(root, monkeypatch):
    """The file system's clock is coarse, here it stands still, and the second write gets back the first inode."""
    real = os.fstat
    frozen_ns = 1_700_000_000

    def coarse(handle: int) -> os.stat_result:
        if real(handle).st_mtime_ns > frozen_ns * 10:
            os.utime(handle, ns=(frozen_ns, frozen_ns))
        return real(handle)

    monkeypatch.setattr("pressroom.objects.files.os.fstat", coarse)
    store, other = DirectoryStore(root), DirectoryStore(root)
    etag = store.create("a.json", b"000")
    for number in range(100, 120, 2):
        seen = other.get("a.json").etag
        etag = store.swap("a.json", b"%d" % number, etag=etag, write_id="w")
        etag = store.swap("a.json", b"%d" % (number + 1), etag=etag, write_id="w")
        assert other.get("a.json", if_none_match=seen).body == b"%d" % (number + 1)


def test_an_unchanged_object_is_answered_without_reading_it(root, monkeypatch):
    store = DirectoryStore(root)
    etag = store.create("a.json", b"body")

    def must_not(*_: object) -> None:
        raise AssertionError("the body was read")

    monkeypatch.setattr(DirectoryStore, "_read", must_not)
    assert store.get("a.json", if_none_match=etag) == NotModified(etag)


def test_a_file_edited_by_hand_has_a_new_etag(root):
    store = DirectoryStore(root)
    etag = store.create("files/linux/notice.json", b"old")
    (root / "files/linux/notice.json").write_bytes(b"by hand")
    assert store.get("files/linux/notice.json", if_none_match=etag).body == b"by hand"
    with pytest.raises(Conflict):
        store.swap("files/linux/notice.json", b"new", etag=etag, write_id="w")


def test_a_key_that_would_be_a_folder_of_another_is_refused_for_writing_and_missing_for_reading(root):
    store = DirectoryStore(root)
    store.create("a/b.json", b"")
    for key in ("a", "a/b.json/c.json"):
        assert store.get(key) is None
        with pytest.raises(BadKey, match="same name"):
            store.create(key, b"")
    store.delete("a/b.json/c.json")
    assert listed_keys(store, "") == ["a/b.json"]


def test_whole_keys_are_listed_in_byte_order_across_folders(root):
    store = DirectoryStore(root)
    keys = ["a-b.json", "a.json", "a/b.json", "a/b/c.json", "a0.json", "b/a.json"]
    for key in keys:
        store.create(key, b"")
    assert listed_keys(store, "", page=2) == sorted(keys)
    assert listed_keys(store, "a/b") == ["a/b.json", "a/b/c.json"]
    assert listed_keys(store, "a", page=1) == sorted(keys)[:-1]


def test_folders_go_with_their_last_object_so_that_days_leave_no_litter(root):
    store = DirectoryStore(root)
    store.create("failures/2026-01-01/a.json", b"")
    store.create("failures/2026-01-02/a.json", b"")
    store.delete("failures/2026-01-01/a.json")
    assert [path.name for path in (root / "failures").iterdir()] == ["2026-01-02"]
    store.delete("failures/2026-01-02/a.json")
    assert [path.name for path in root.iterdir()] == [".pressroom"]


def test_a_full_disk_is_unavailable_and_leaves_the_old_object(root, monkeypatch):
    store = DirectoryStore(root)
    etag = store.create("a.json", b"old")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pressroom.objects.files.os.fsync", full)
    with pytest.raises(Unavailable, match=r"object directory .* is not available: no space left for a\.json") as caught:
        store.swap("a.json", b"new", etag=etag, write_id="w")
    assert caught.value.kind == "full"
    assert store.get("a.json").body == b"old"
    assert list((root / ".pressroom" / "spares").iterdir()) == []


def test_a_lock_that_nobody_gives_back_is_unavailable_not_a_hang(root, monkeypatch):
    monkeypatch.setattr("pressroom.objects.files.LOCK_WAITS_S", (0.001, 0.001))
    store = DirectoryStore(root)
    with store._files.locked("a.json"), pytest.raises(Unavailable, match=r"holds the lock of a\.json") as caught:
        DirectoryStore(root).create("a.json", b"")
    assert caught.value.kind == "busy"


def test_a_place_that_is_no_directory_stops_the_start_with_one_line(tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(StoreMisconfigured, match="taken: that is no directory"):
        DirectoryStore(tmp_path / "taken")
