"""Audit: no change without an entry before it and an end after it, whichever door it came through."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from pressroom.clock import SetClock
from pressroom.desk.office import Conflict, Office, Refused
from pressroom.desk.rooms import find
from pressroom.desk.verbs import ask, perform
from pressroom.objects.directory import DirectoryStore
from pressroom.objects.port import Unavailable
from pressroom.queues.port import Full
from pressroom.sender import Sender
from pressroom.settings import Settings
from schemas.envelope import new_id
from services.cli import pressroom as command
from tests.fakes.operator import Operator
from tests.fakes.web_queue import Notices

NOW = datetime(2026, 11, 24, 23, 50, tzinfo=UTC)


class Broken(Notices):
    """A queue that takes nothing, for a reason."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def publish(self, parcels):
        raise self._error


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOW)


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path / "objects")


def desk(store, clock, queue=None) -> Operator:
    return Operator(store, Sender(queue or Notices(), clock, "test"), clock, Settings())


def entries(operator: Operator, **wanted):
    return list(operator("audit", "list", **wanted).entries)


def test_a_change_leaves_who_when_why_what_and_what_came_of_it(store, clock):
    operator = desk(store, clock)
    operator("feeds", "pause", host="news.example", by="night shift", why="it is ill")
    (entry,) = entries(operator)
    assert (entry.by, entry.why, entry.at, entry.room, entry.verb) == (
        "night shift",
        "it is ill",
        NOW,
        "feeds",
        "pause",
    )
    assert entry.asked["host"] == "news.example"
    assert entry.outcome == "done"
    assert "asked for" in entry.answer["text"]
    assert operator("audit", "show", entry=entry.id) == entry


def test_looking_and_dry_runs_leave_nothing(store, clock):
    operator = desk(store, clock)
    operator("feeds", "list")
    operator("feeds", "pause", host="news.example", dry_run=True)
    assert entries(operator) == []


def test_what_is_refused_is_kept_with_its_reason(store, clock):
    operator = desk(store, clock)
    with pytest.raises(Refused):
        operator("feeds", "pause", host="news.example", feed="x")
    (entry,) = entries(operator)
    assert (entry.outcome, entry.text) == ("refused", "name either a host or a feed")


def test_what_the_queue_does_not_take_is_kept_as_failed(store, clock):
    operator = desk(store, clock, Broken(Full("schedule", 1)))
    with pytest.raises(Full):
        operator("feeds", "pause", host="news.example")
    (entry,) = entries(operator)
    assert entry.outcome == "failed"
    assert "holds its bound" in entry.text


def test_a_bug_of_ours_is_kept_too_and_goes_on_its_way(store, clock):
    operator = desk(store, clock, Broken(ZeroDivisionError("oh")))
    with pytest.raises(ZeroDivisionError):
        operator("feeds", "pause", host="news.example")
    assert entries(operator)[0].text == "a bug: ZeroDivisionError: oh"


def test_without_the_store_nothing_is_done(store, clock):
    class Down(DirectoryStore):
        def create(self, *_, **__):
            raise Unavailable("store", "does not answer", "connect")

    queue = Notices()
    with pytest.raises(Unavailable):
        desk(Down(store.root), clock, queue)("feeds", "pause", host="news.example")
    assert queue.published == []


def test_a_change_whose_end_is_lost_is_told_as_unknown(store, clock):
    class Dying(DirectoryStore):
        def create(self, key, body, **more):
            if key.endswith(".end.json"):
                raise Unavailable("store", "does not answer", "connect")
            return super().create(key, body, **more)

    queue = Notices()
    desk(Dying(store.root), clock, queue)("feeds", "pause", host="news.example")
    assert len(queue.published) == 1
    assert [entry.outcome for entry in entries(desk(store, clock))] == ["unknown"]


def test_a_form_that_is_sent_twice_is_done_once(store, clock):
    queue = Notices()
    office = Office(store, Sender(queue, clock, "test"), clock, Settings())
    verb = find("feeds", "pause")
    assert verb is not None
    asked = ask(verb, {"host": "news.example", "by": "desk", "why": "a test"})
    entry = new_id(clock.now())
    perform(office, verb, asked, entry)
    clock.advance(2)
    with pytest.raises(Conflict, match="asked for already"):
        perform(office, verb, asked, entry)
    assert len(queue.published) == 1


@pytest.mark.parametrize(
    "entry",
    ["../../x", "0" * 32, "zz", new_id(NOW.replace(year=2030))],
    ids=["a path", "no time", "no number", "another day"],
)
def test_an_entry_that_is_none_or_of_another_day_is_refused(store, clock, entry):
    office = Office(store, Sender(Notices(), clock, "test"), clock, Settings())
    verb = find("feeds", "pause")
    assert verb is not None
    with pytest.raises(Refused, match="too old"):
        perform(office, verb, ask(verb, {"host": "news.example", "by": "desk", "why": "a test"}), entry)


def test_the_list_is_by_day_person_and_room_the_latest_first(store, clock):
    operator = desk(store, clock)
    operator("feeds", "pause", host="a.example", by="ann")
    clock.advance(3600)
    operator("feeds", "pause", host="b.example", by="ben")
    clock.advance(60)
    operator("feeds", "resume", host="b.example", by="ann")
    assert [one.asked["host"] for one in entries(operator)] == ["b.example", "b.example", "a.example"]
    assert [one.verb for one in entries(operator, who="ann")] == ["resume", "pause"]
    assert [one.asked["host"] for one in entries(operator, day="2026-11-24")] == ["a.example"]
    assert entries(operator, room="failures") == []
    assert len(entries(operator, limit=1)) == 1


def test_an_entry_opened_before_midnight_and_sent_after_it_is_found(store, clock):
    office = Office(store, Sender(Notices(), clock, "test"), clock, Settings())
    verb, entry = find("feeds", "pause"), new_id(NOW)
    assert verb is not None
    clock.advance(3600)
    perform(office, verb, ask(verb, {"host": "news.example", "by": "desk", "why": "a test"}), entry)
    assert desk(store, clock)("audit", "show", entry=entry).id == entry


def test_the_command_leaves_an_entry_and_reads_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PRESSROOM_DATA", str(tmp_path))
    runner = CliRunner()
    done = runner.invoke(command, ["feeds", "pause", "--host", "news.example", "--why", "ill", "--by", "ann"])
    assert done.exit_code == 0, done.output
    (entry,) = json.loads(runner.invoke(command, ["audit", "list", "--json"]).output)["entries"]
    assert (entry["by"], entry["why"], entry["outcome"]) == ("ann", "ill", "done")
    assert "feeds pause by ann" in runner.invoke(command, ["audit", "show", entry["id"]]).output
