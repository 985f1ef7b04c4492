"""`pressroom files`: a folder and the store in step, both ways, and no text overwritten that nobody has seen."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from pressroom.desk.files_folder import STATE, Folder
from pressroom.desk.files_sync import Outcome, Wanted, Way, report, synchronise
from pressroom.desk.office import Refused
from pressroom.objects.port import Unavailable
from schemas import keys
from schemas.parts import PART_CHARS_MAX
from schemas.status import FilesStatus
from tests.fakes.editors import Newsdesk


@pytest.fixture
def desk(tmp_path: Path) -> Newsdesk:
    return Newsdesk(tmp_path, "linux", "solar")


class Room:
    """Somebody's folder."""

    def __init__(self, desk: Newsdesk, root: Path) -> None:
        self.desk, self.root = desk, root
        root.mkdir()

    def __call__(self, way: Way, **more: object) -> Outcome:
        wanted = Wanted(way=way, by="folder", why="a test", **more)  # type: ignore[arg-type]
        return synchronise(self.desk.operator.office, Folder(self.root), wanted)

    def whats(self, way: Way, **more: object) -> dict[str, str]:
        return {one.path: one.what for one in self(way, **more).files}

    def write(self, path: str, text: str | bytes) -> Path:
        target = self.root / f"{path}.html"
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else text.encode())
        return target

    def read(self, path: str) -> str | None:
        target = self.root / f"{path}.html"
        return target.read_text() if target.exists() else None

    def listed(self) -> set[str]:
        return {str(one.relative_to(self.root)) for one in self.root.rglob("*") if one.is_file()}


@pytest.fixture
def room(desk: Newsdesk, tmp_path: Path) -> Room:
    return Room(desk, tmp_path / "mine")


@pytest.fixture
def other(desk: Newsdesk, tmp_path: Path) -> Room:
    return Room(desk, tmp_path / "theirs")


def test_what_was_written_here_is_there_after_a_push_and_in_another_folder_after_its_pull(
    desk: Newsdesk, room: Room, other: Room
) -> None:
    room.write("linux/block", "<p>Hello</p>\n")
    assert room.whats("push") == {"linux/block": "pushed"}
    assert desk.text() == "<p>Hello</p>"
    assert other.whats("pull") == {"linux/block": "pulled"}
    assert other.read("linux/block") == "<p>Hello</p>\n"
    assert room.whats("status") == other.whats("status") == {"linux/block": "in step"}


def test_the_cleaner_says_what_it_left_out_and_the_file_stays_as_it_was_written(room: Room) -> None:
    room.write("linux/block", "<!-- for us -->\n<p onclick='x()'>Hello</p>\n")
    (line,) = room("push").files
    assert line.text == "left out: 1 × comment, 1 × onclick of <p>"
    assert room.read("linux/block") == "<!-- for us -->\n<p onclick='x()'>Hello</p>\n"
    assert room.whats("sync") == {"linux/block": "in step"}


def test_what_was_deleted_on_one_side_goes_on_the_other(desk: Newsdesk, room: Room, other: Room) -> None:
    room.write("linux/block", "<p>One</p>")
    room.write("linux/about", "<p>Two</p>")
    room("push")
    other("pull")
    (room.root / "linux/block.html").unlink()
    assert room.whats("push")["linux/block"] == "removed there"
    assert desk.text() is None
    assert other.whats("pull")["linux/block"] == "removed here"
    assert other.listed() == {"linux/about.html", STATE}
    assert len(desk.operator("files", "history", site="linux", name="block").versions) == 2


def test_a_change_that_nobody_here_has_seen_is_not_overwritten_by_push_pull_or_sync(
    desk: Newsdesk, room: Room, other: Room
) -> None:
    room.write("linux/block", "<p>Base</p>")
    room("push")
    other("pull")
    room.write("linux/block", "<p>Mine</p>")
    room("push")
    other.write("linux/block", "<p>Yours</p>")
    for way in ("push", "pull", "sync"):
        outcome = other(way)  # type: ignore[arg-type]
        assert not outcome.ok
        (line,) = outcome.files
        assert line.what == "conflict"
        assert "-<p>Base</p>\n+<p>Mine</p>" in line.text
        assert "-<p>Mine</p>\n+<p>Yours</p>" in line.text
        assert "push --take mine --only linux/block" in line.text
    assert desk.text() == "<p>Mine</p>"
    assert other.read("linux/block") == "<p>Yours</p>"
    assert (other.root / "linux/block.html.theirs").read_text() == "<p>Mine</p>\n"


def test_a_merged_file_is_pushed_over_the_version_that_was_shown_and_over_no_later_one(
    desk: Newsdesk, room: Room, other: Room
) -> None:
    room.write("linux/block", "<p>Mine</p>")
    room("push")
    other.write("linux/block", "<p>Yours</p>")
    assert other.whats("push", take="mine") == {"linux/block": "conflict"}, "it was not shown yet"
    desk.save("<p>Mine again</p>", seen=1)
    other.write("linux/block", "<p>Both</p>")
    assert other.whats("push", take="mine") == {"linux/block": "conflict"}, "another one was shown"
    assert other.whats("push", take="mine") == {"linux/block": "pushed"}
    assert desk.text() == "<p>Both</p>"
    assert other.listed() == {"linux/block.html", STATE}


def test_theirs_is_taken_when_asked_for(room: Room, other: Room) -> None:
    room.write("linux/block", "<p>Mine</p>")
    room("push")
    other.write("linux/block", "<p>Yours</p>")
    assert other.whats("pull", take="theirs") == {"linux/block": "pulled"}
    assert other.read("linux/block") == "<p>Mine</p>\n"


def test_a_file_changed_here_and_removed_there_is_a_conflict_either_way_round(
    desk: Newsdesk, room: Room, other: Room
) -> None:
    room.write("linux/block", "<p>One</p>")
    room.write("linux/about", "<p>Two</p>")
    room("push")
    other("pull")
    (room.root / "linux/block.html").unlink()
    room.write("linux/about", "<p>Two more</p>")
    room("push")
    other.write("linux/block", "<p>One more</p>")
    (other.root / "linux/about.html").unlink()
    assert other.whats("sync") == {"linux/about": "conflict", "linux/block": "conflict"}
    assert (desk.text(), desk.text(name="about")) == (None, "<p>Two more</p>")


def test_both_sides_with_the_same_text_are_in_step_without_a_new_version(
    desk: Newsdesk, room: Room, other: Room
) -> None:
    room.write("linux/block", "<p>Same</p>")
    other.write("linux/block", "<p>Same</p>")
    room("push")
    assert other.whats("push") == {"linux/block": "in step"}
    assert len(desk.operator("files", "history", site="linux", name="block").versions) == 1
    other.write("linux/block", "<p>Next</p>")
    assert other.whats("push") == {"linux/block": "pushed"}


def test_push_alone_brings_nothing_here_and_pull_alone_nothing_there(desk: Newsdesk, room: Room) -> None:
    desk.save("<p>There</p>", seen=0)
    room.write("linux/about", "<p>Here</p>")
    assert room.whats("push") == {"linux/about": "pushed", "linux/block": "changed there"}
    room.write("linux/about", "<p>Here too</p>")
    assert room.whats("pull") == {"linux/about": "changed here", "linux/block": "pulled"}
    assert room.whats("sync") == {"linux/about": "pushed", "linux/block": "in step"}


def test_a_dry_run_and_a_status_change_nothing_anywhere(desk: Newsdesk, room: Room) -> None:
    desk.save("<p>There</p>", seen=0)
    room.write("linux/about", "<p>Here</p>")
    before = room.listed()
    assert room.whats("sync", dry_run=True) == {"linux/about": "would be pushed", "linux/block": "would be pulled"}
    assert room.whats("status") == {"linux/about": "changed here", "linux/block": "changed there"}
    assert room.listed() == before
    assert desk.text(name="about") is None


def test_only_what_is_named_is_touched(desk: Newsdesk, room: Room) -> None:
    room.write("linux/about", "<p>One</p>")
    room.write("linux/block", "<p>Two</p>")
    assert room.whats("push", only=frozenset({"linux/block"})) == {"linux/block": "pushed"}
    assert desk.text(name="about") is None


def test_what_is_no_part_is_refused_one_by_one_and_the_rest_goes_on(desk: Newsdesk, room: Room, tmp_path: Path) -> None:
    room.write("linux/block", "<p>Good</p>")
    room.write("linux/notice", b"\xff\xfe broken")
    room.write("linux/about", "x" * (PART_CHARS_MAX + 1))
    room.write("linux/sidebar", "<p>Where?</p>")
    room.write("nowhere/block", "<p>No site</p>")
    room.write("ODD name/block", "<p>No site</p>")
    (tmp_path / "secret").write_text("secret")
    (room.root / "solar").mkdir()
    (room.root / "solar/block.html").symlink_to(tmp_path / "secret")
    (room.root / "linked").symlink_to(tmp_path)
    os.mkfifo(room.root / "solar/about.html")
    (room.root / "README").write_text("about this folder")
    (room.root / ".git").mkdir()
    outcome = room("push")
    assert not outcome.ok
    told = {one.path: one.text for one in outcome.files if one.what == "refused"}
    assert told == {
        "ODD name": "no site has such a name",
        "README": "no folder of a site",
        "linked": "a symbolic link; only folders and files count",
        "linux/about": "more than 50000 characters",
        "linux/notice": "not UTF-8 at byte 0",
        "linux/sidebar.html": "no part has such a name; there are block.html, notice.html, about.html",
        "nowhere/block": "there is no site nowhere",
        "solar/about": "no regular file",
        "solar/block": "a symbolic link",
    }
    assert desk.text() == "<p>Good</p>"
    assert [one.site for one in desk.operator("files", "list").parts] == ["linux"]


def test_a_file_that_cannot_be_read_any_more_is_not_taken_as_deleted(desk: Newsdesk, room: Room) -> None:
    room.write("linux/block", "<p>Good</p>")
    room("push")
    room.write("linux/block", b"\xff")
    assert room.whats("sync") == {"linux/block": "refused"}
    assert desk.text() == "<p>Good</p>"
    assert room.whats("pull", take="theirs") == {"linux/block": "refused"}


def test_pulling_never_writes_through_a_link(desk: Newsdesk, room: Room, tmp_path: Path) -> None:
    desk.save("<p>There</p>", seen=0)
    (tmp_path / "elsewhere").mkdir()
    (room.root / "linux").symlink_to(tmp_path / "elsewhere")
    assert room.whats("pull") == {"linux": "refused"}
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_run_that_is_cut_off_is_finished_by_the_next_one(desk: Newsdesk, room: Room) -> None:
    room.write("linux/about", "<p>One</p>")
    room.write("linux/block", "<p>Two</p>")
    send = desk.send
    sent: list[object] = []

    def once(emits: object) -> None:
        if sent:
            raise Unavailable("the broker", "does not answer", "connect")
        sent.append(emits)
        send(emits)  # type: ignore[arg-type]

    desk.send = once  # type: ignore[method-assign, assignment]
    with pytest.raises(Unavailable):
        room("push")
    desk.send = send  # type: ignore[method-assign]
    assert json.loads((room.root / STATE).read_text())["files"].keys() == {"linux/about"}
    assert room.whats("sync") == {"linux/about": "in step", "linux/block": "pushed"}


def test_what_was_sent_but_not_remembered_is_in_step_at_the_next_run(desk: Newsdesk, room: Room) -> None:
    room.write("linux/block", "<p>Two</p>")
    desk.held = []
    assert room.whats("push") == {"linux/block": "failed"}
    desk.release()
    assert room.whats("push") == {"linux/block": "in step"}
    assert len(desk.operator("files", "history", site="linux", name="block").versions) == 1


def test_a_folder_of_another_store_is_refused_as_a_whole(room: Room, tmp_path: Path) -> None:
    room.write("linux/block", "<p>Two</p>")
    room("push")
    elsewhere = Newsdesk(tmp_path / "elsewhere", "linux")
    with pytest.raises(Refused, match="belongs to"):
        synchronise(elsewhere.operator.office, Folder(room.root), Wanted(way="sync", by="x", why="y"))
    assert elsewhere.part() is None


def test_two_do_not_synchronise_one_folder_at_a_time(room: Room) -> None:
    with Folder(room.root).alone(), pytest.raises(Refused, match="by another process"):
        room("push")


def test_every_change_is_kept_in_the_audit_with_who_and_why(desk: Newsdesk, room: Room) -> None:
    room.write("linux/block", "<p>Two</p>")
    room("push")
    (entry,) = desk.operator("audit", "list").entries
    assert (entry.room, entry.verb, entry.by, entry.why) == ("files", "save", "folder", "a test")


def test_nothing_is_left_beside_the_files_and_they_keep_to_themselves(room: Room, desk: Newsdesk) -> None:
    desk.save("<p>There</p>", seen=0)
    room("pull")
    assert room.listed() == {"linux/block.html", STATE}
    assert stat.S_ISREG((room.root / "linux/block.html").stat().st_mode)


def test_how_runs_went_is_kept_for_metrics(desk: Newsdesk, room: Room) -> None:
    office = desk.operator.office
    room.write("linux/block", "<p>Two</p>")
    report(office, room("sync"), 0.5)
    first = office.read(keys.STATUS_FILES, FilesStatus)
    assert first is not None
    assert (first.failures, first.succeeded_at, first.message) == (0, first.at, "1 pushed")
    desk.clock.advance(3600)
    room.write("linux/notice", b"\xff")
    report(office, room("sync"), 0.5)
    desk.clock.advance(3600)
    report(office, None, 0.5, "the store does not answer")
    last = office.read(keys.STATUS_FILES, FilesStatus)
    assert last is not None
    assert (last.failures, last.succeeded_at, last.message) == (2, first.at, "the store does not answer")
