"""Copies of the store: only what changed is read, what was cut off goes on, nothing broken is restored as whole."""

from __future__ import annotations

import json
import os
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from pressroom.clock import SetClock
from pressroom.desk.backup import Backup, chosen
from pressroom.desk.backup_restore import check, restore
from pressroom.desk.backup_shelf import BadBackup, Shelf
from pressroom.desk.office import Refused
from pressroom.objects.directory import DirectoryStore
from pressroom.objects.port import Listed, NotModified, Stored, Unavailable
from schemas import keys
from schemas.records import Validators
from services.cli import pressroom as command
from services.scheduler.memory import FeedMemory, HostMemory, Shard
from services.scheduler.restored import restored
from services.scheduler.shards import line, read_shard, shard_body

NOW = datetime(2026, 11, 25, 4, 30, tzinfo=UTC)
DAY_S = 86_400


class Watched(DirectoryStore):
    """A store that counts what is read, in order, and can go away after so many reads."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.read: list[str] = []
        self.reads_left: int | None = None

    def get(self, key: str, *, if_none_match: str | None = None) -> Stored | NotModified | None:
        if self.reads_left is not None and len(self.read) >= self.reads_left:
            raise Unavailable(self.name, "pulled the plug", "connect")
        self.read.append(key)
        return super().get(key, if_none_match=if_none_match)


class Scene:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = SetClock(NOW)
        self.store = Watched(folder / "store")
        self.shelf = Shelf(DirectoryStore(folder / "copies"))

    def put(self, *names: str, text: str = "{}") -> None:
        for name in names:
            found = self.store.get(name)
            etag = found.etag if isinstance(found, Stored) else None
            self.store.swap(name, text.encode(), etag=etag, write_id="w")
        self.store.read.clear()

    def backup(self) -> Backup:
        return Backup(self.store, self.shelf, self.clock, "1.0")

    def content(self, store: DirectoryStore) -> dict[str, bytes]:
        found = ((one.key, store.get(one.key)) for one in store.list("", limit=1000))
        return {key: stored.body for key, stored in found if isinstance(stored, Stored)}

    def blobs(self) -> list[Listed]:
        return list(self.shelf.store.list("blobs/", limit=1000))


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


EVERYTHING = (
    "feeds/f.json",
    "versions/f/aa.json",
    "raw/f/bb.gz",
    "failures/summary/2026-11-24-a.json",
    "ledger/00.json",
)


def as_it_is(key: str, body: bytes) -> bytes:
    return body


def test_what_was_copied_comes_back_byte_for_byte_into_an_empty_store(scene):
    for number, name in enumerate(EVERYTHING):
        scene.put(name, text=f"text {number}")
    run = scene.backup().run()
    fresh = DirectoryStore(scene.folder / "fresh")
    assert restore(scene.shelf, run, fresh, as_it_is) == len(EVERYTHING)
    assert scene.content(fresh) == scene.content(scene.store)
    assert check(scene.shelf, run).is_whole


def test_what_has_not_changed_is_not_read_again(scene):
    scene.put(*EVERYTHING)
    scene.backup().run()
    scene.store.read.clear()
    scene.put("feeds/f.json", text="new")
    scene.clock.advance(DAY_S)
    run = scene.backup().run()
    assert scene.store.read == ["feeds/f.json"]
    assert (run.objects, run.copied) == (len(EVERYTHING), 1)


def test_two_runs_within_a_second_are_two_runs(scene):
    scene.put(*EVERYTHING)
    first = scene.backup().run()
    scene.clock.advance(0.2)
    second = scene.backup().run()
    assert scene.shelf.runs() == [first, second]
    assert check(scene.shelf, second).is_whole


def test_equal_bytes_are_kept_once(scene):
    scene.put(*(f"raw/{number}/x.gz" for number in range(7)), text="the same")
    scene.backup().run()
    assert len(scene.blobs()) == 1


def test_a_run_that_is_cut_off_is_gone_on_with(scene, monkeypatch):
    monkeypatch.setattr("pressroom.desk.backup.PART_OBJECTS_MAX", 2)
    scene.put(*(f"raw/{number}/x.gz" for number in range(6)))
    scene.store.reads_left = 4
    with pytest.raises(Unavailable):
        scene.backup().run()
    assert scene.shelf.runs() == []
    safe = len(scene.store.read)
    scene.store.reads_left = None
    scene.store.read.clear()
    scene.clock.advance(60)
    run = scene.backup().run()
    assert run.objects == 6
    assert len(scene.store.read) == 6 - safe
    assert check(scene.shelf, run).is_whole


def test_heads_are_read_before_versions_and_the_ledger_last_of_all(scene):
    """So that every version that a copied head points to is copied, and no feed's turn lies behind its head's."""
    scene.put(*EVERYTHING)
    order = [one.key for one in scene.backup()._every()]
    assert order.index("feeds/f.json") < order.index("versions/f/aa.json")
    assert order[0] == "failures/summary/2026-11-24-a.json"
    assert order[-1] == "ledger/00.json"


def test_what_is_deleted_between_listing_and_reading_is_left_out(scene, monkeypatch):
    scene.put(*EVERYTHING)
    get = scene.store.get
    monkeypatch.setattr(scene.store, "get", lambda key, **more: None if key.startswith("raw/") else get(key, **more))
    assert scene.backup().run().objects == len(EVERYTHING) - 1


def test_a_dry_run_says_how_much_and_writes_nothing(scene):
    scene.put(*EVERYTHING)
    run = scene.backup().run(dry_run=True)
    assert (run.objects, run.copied) == (len(EVERYTHING), len(EVERYTHING))
    assert list(scene.shelf.store.list("", limit=10)) == []


def test_the_probe_of_a_store_and_previews_are_nobodys_past(scene):
    scene.put("probe/x.json", "previews/p.json", "feeds/f.json")
    assert scene.backup().run().objects == 1


# --- restoring --------------------------------------------------------------------------------------


def test_a_store_that_is_not_empty_is_never_written_to(scene):
    scene.put("feeds/f.json")
    run = scene.backup().run()
    before = scene.content(scene.store)
    with pytest.raises(Refused, match=r"is not empty \(feeds/f.json is there\).*name an empty bucket or folder"):
        restore(scene.shelf, run, scene.store, as_it_is)
    assert scene.content(scene.store) == before


def test_a_restore_that_was_cut_off_goes_on_and_another_run_is_refused_meanwhile(scene):
    scene.put(*EVERYTHING)
    first = scene.backup().run()
    scene.clock.advance(DAY_S)
    second = scene.backup().run()
    fresh = DirectoryStore(scene.folder / "fresh")
    calls = Counter[str]()

    def dies(key: str, body: bytes) -> bytes:
        calls[key] += 1
        if key == "ledger/00.json":
            raise KeyboardInterrupt
        return body

    with pytest.raises(KeyboardInterrupt):
        restore(scene.shelf, first, fresh, dies)
    assert fresh.get("versions/f/aa.json") is not None
    with pytest.raises(Refused, match=f"half restored from run {first.run}"):
        restore(scene.shelf, second, fresh, as_it_is)
    restore(scene.shelf, first, fresh, as_it_is)
    assert scene.content(fresh) == scene.content(scene.store)


@pytest.mark.parametrize("harm", ["gone", "cut", "other"])
def test_a_blob_that_is_gone_or_broken_is_named_and_never_restored(scene, harm):
    scene.put("feeds/f.json", text="good")
    scene.put("feeds/g.json", text="bad")
    run = scene.backup().run()
    (bad,) = (one for one in scene.shelf.objects(run) if one.key == "feeds/g.json")
    path = scene.folder / "copies" / "blobs" / bad.sha256[:2] / f"{bad.sha256}.gz"
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-3] if harm == "cut" else b"something else")
    looked = check(scene.shelf, run)
    assert (looked.is_whole, looked.bad, looked.objects) == (False, 1, 2)
    assert looked.faults[0].startswith("feeds/g.json: its blob ")
    with pytest.raises(BadBackup, match=r"feeds/g\.json"):
        restore(scene.shelf, run, DirectoryStore(scene.folder / "fresh"), as_it_is)


def test_a_broken_blob_is_mended_by_the_next_run_that_meets_its_bytes(scene):
    scene.put("feeds/f.json", text="good")
    scene.backup().run()
    path = next((scene.folder / "copies" / "blobs").glob("*/*.gz"))
    path.write_bytes(b"")
    scene.put("feeds/g.json", text="good")
    scene.clock.advance(DAY_S)
    assert check(scene.shelf, scene.backup().run()).is_whole


def test_a_part_that_is_not_what_was_written_is_named(scene):
    scene.put("feeds/f.json")
    run = scene.backup().run()
    path = next((scene.folder / "copies" / "parts").glob("*/*.gz"))
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(BadBackup, match=r"parts/.*/00000\.json\.gz is broken"):
        check(scene.shelf, run)


def test_the_newest_copy_of_a_day_is_found(scene):
    runs = []
    for _ in range(3):
        scene.put("feeds/f.json", text=str(len(runs)))
        runs.append(scene.backup().run())
        scene.clock.advance(DAY_S)
    assert chosen(runs, None) == runs[2]
    assert chosen(runs, NOW + timedelta(days=1, hours=1)) == runs[1]
    assert chosen(runs, NOW - timedelta(days=1)) is None


def test_a_restored_ledger_asks_in_full_and_goes_on_above_every_turn_of_its_past(scene):
    memory = FeedMemory(
        feed="f",
        url="https://a.example/f",
        turn=77,
        next_at=NOW,
        validators=Validators(etag='"1"'),
        content_hash="a" * 64,
        digest="b" * 64,
        interval_s=1800,
    )
    host = HostMemory(host="a.example", pause_until=NOW)
    before = shard_body([line(host)], [line(memory)])
    after = read_shard("ledger/00.json", restored("ledger/00.json", before, NOW))
    assert after == Shard(
        hosts=(host,),
        feeds=(
            memory.model_copy(
                update={"turn": int(NOW.timestamp()), "validators": Validators(), "content_hash": None, "digest": None}
            ),
        ),
    )
    assert restored("feeds/f.json", b"x", NOW) == b"x"


# --- growing old ------------------------------------------------------------------------------------


def test_old_copies_go_with_the_blobs_that_only_they_needed_and_the_newest_stays(scene):
    scene.put("feeds/same.json", text="same")
    for day in range(4):
        scene.put("feeds/f.json", text=f"day {day}")
        scene.backup().run()
        scene.clock.advance(DAY_S)
    _age_the_blobs(scene)
    scene.put("feeds/f.json", text="day 4")
    last = scene.backup().run()
    pruned = scene.backup().prune(days=2.5)
    assert (pruned.runs, pruned.blobs) == (2, 2)
    assert all(check(scene.shelf, run).is_whole for run in scene.shelf.runs())
    scene.clock.advance(400 * DAY_S)
    scene.backup().prune(days=1)
    assert scene.shelf.runs() == [last]


def test_nothing_is_swept_when_a_copy_that_stays_cannot_be_read(scene):
    for day in range(3):
        scene.put("feeds/f.json", text=f"day {day}")
        scene.backup().run()
        scene.clock.advance(DAY_S)
    kept = scene.shelf.runs()[-1]
    (scene.folder / "copies" / "parts" / kept.run / "00000.json.gz").unlink()
    before = len(scene.blobs())
    with pytest.raises(BadBackup, match="is gone"):
        scene.backup().prune(days=1)
    assert len(scene.blobs()) == before
    assert len(scene.shelf.runs()) == 3


def _age_the_blobs(scene: Scene) -> None:
    for path in (scene.folder / "copies" / "blobs").glob("*/*.gz"):
        os.utime(path, (NOW.timestamp() - DAY_S, NOW.timestamp() - DAY_S))


# --- the commands -----------------------------------------------------------------------------------


def run(scene: Scene, *argv: str, data: str = "data") -> tuple[int, str]:
    done = CliRunner().invoke(command, argv, env={"PRESSROOM_DATA": str(scene.folder / data)}, catch_exceptions=False)
    return done.exit_code, done.output


def test_copied_checked_listed_and_restored_by_command(scene):
    DirectoryStore(scene.folder / "data" / "objects").create(keys.head("f"), b"{}")
    copies = str(scene.folder / "copies")
    assert run(scene, "backup", copies)[1].startswith("copied: 1 of 1 objects")
    assert json.loads(run(scene, "restore", copies, "--list", "--json")[1])[0]["objects"] == 1
    code, said = run(scene, "restore", copies, "--check")
    assert (code, said.endswith("all whole\n")) == (0, True)
    assert "not empty" in run(scene, "restore", copies)[1]
    code, said = run(scene, "restore", copies, data="other")
    assert (code, said.startswith("restored: 1 objects of ")) == (0, True)
    assert DirectoryStore(scene.folder / "other" / "objects").get(keys.head("f")) is not None


def test_a_copy_that_is_not_whole_is_an_exit_code(scene):
    DirectoryStore(scene.folder / "data" / "objects").create(keys.head("f"), b"{}")
    copies = scene.folder / "copies"
    run(scene, "backup", str(copies))
    next((copies / "blobs").glob("*/*.gz")).unlink()
    code, said = run(scene, "restore", str(copies), "--check")
    assert code == 1
    assert "1 gone or broken" in said


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (("backup",), "set PRESSROOM_BACKUP_URL"),
        (("backup", "OWN"), "is the newsroom's own store"),
        (("backup", "--versioning"), "only a bucket can"),
        (("restore", "EMPTY"), "has no complete copy; it has 0"),
        (("restore", "EMPTY", "--at", "yesterday"), "a date such as 2026-11-20"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(scene, argv, says):
    places = {"OWN": str(scene.folder / "data" / "objects"), "EMPTY": str(scene.folder / "empty")}
    code, said = run(scene, *(places.get(word, word) for word in argv))
    assert code == 1
    assert said.startswith("Error: ")
    assert says in said
    assert len(said.splitlines()) == 1


# --- two at once ------------------------------------------------------------------------------------


def test_of_two_backups_at_once_the_second_is_refused_and_may_begin_when_the_first_has_ended(scene):
    scene.put("feeds/f.json")
    first = scene.backup()
    with first.alone():
        with (
            pytest.raises(Refused, match=r"another backup copies there, since 20261125T043000\.000000Z"),
            scene.backup().alone(),
        ):
            pass
        first.run()
    with scene.backup().alone():
        pass
    assert "running.json" not in scene.content(scene.shelf.store)


def test_a_backup_that_died_holds_the_next_one_up_for_an_hour_and_stops_if_it_was_only_slow(scene):
    scene.put("feeds/f.json")
    slow = scene.backup()
    with slow.alone():
        scene.clock.advance(3601)
        with scene.backup().alone():
            with pytest.raises(Refused, match="another backup copies there now"):
                slow.run()
            assert scene.shelf.runs() == []
    with scene.backup().alone():
        assert slow.run().objects == 1


def test_a_mark_that_is_renewed_does_not_grow_old(scene):
    scene.put("feeds/f.json")
    first = scene.backup()
    with first.alone():
        scene.clock.advance(3000)
        first.run()
        scene.clock.advance(3000)
        with pytest.raises(Refused), scene.backup().alone():
            pass


def test_half_a_mark_holds_nobody_up(scene):
    scene.shelf.store.create("running.json", b"{")
    with scene.backup().alone():
        assert json.loads(scene.content(scene.shelf.store)["running.json"])["run"] == "20261125T043000.000000Z"
    assert "running.json" not in scene.content(scene.shelf.store)


def test_who_was_too_slow_leaves_the_mark_of_the_one_that_began_since(scene):
    with ExitStack() as later:
        with scene.backup().alone():
            scene.clock.advance(3601)
            later.enter_context(scene.backup().alone())
        with pytest.raises(Refused, match=r"since 20261125T053001\.000000Z"), scene.backup().alone():
            pass
