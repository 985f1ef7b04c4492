"""Logs: one event a line, with what it is about; readable on a terminal, JSON when not."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pressroom.clock import SetClock
from pressroom.logs import JsonLines, Readable, about, configure
from pressroom.outcomes import Done, Outcome
from schemas.messages import FeedRefresh, Tick, WeatherRequest
from tests.contracts.queue_tools import eventually
from tests.fakes.consumer_scene import Scene, scene
from tests.fakes.records import envelope
from tests.fakes.scheduling import MemoryStore, Room, failed, stored, unchanged, write_site

__all__ = ["scene"]

log = logging.getLogger("tests.logs")
REFRESH = FeedRefresh(feed="a-paper", url="http://paper.example/feed", turn=7)


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


class Screen(io.StringIO):
    """Standard error; a terminal or not."""

    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal

    def lines(self) -> list[str]:
        return self.getvalue().splitlines()


def logged(monkeypatch: pytest.MonkeyPatch, *, is_terminal: bool = False, as_json: bool | None = None) -> Screen:
    screen = Screen(is_terminal=is_terminal)
    monkeypatch.setattr(sys, "stderr", screen)
    configure("INFO", as_json)
    return screen


def test_an_event_is_one_json_object_a_line_where_no_terminal_is(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = logged(monkeypatch)
    log.warning("a line\nand more", extra={"feed": "a-paper", "count": 3})
    try:
        int("none")
    except ValueError:
        log.exception("it broke")
    first, second = (json.loads(line) for line in screen.lines())
    assert (first["level"], first["logger"], first["event"]) == ("warning", "tests.logs", "a line\nand more")
    assert (first["feed"], first["count"]) == ("a-paper", 3)
    assert first["at"].endswith("+00:00")
    assert second["exception"].splitlines()[-1] == "ValueError: invalid literal for int() with base 10: 'none'"


def test_on_a_terminal_it_is_a_line_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = logged(monkeypatch, is_terminal=True)
    log.info("hello", extra={"feed": "a-paper"})
    log.warning("careful")
    first, second = screen.lines()
    assert first[8:] == " hello  feed=a-paper"
    assert second[8:] == " WARNING careful"


@pytest.mark.parametrize(("is_terminal", "as_json"), [(True, True), (False, False)])
def test_the_setting_wins_over_what_it_is_written_to(
    monkeypatch: pytest.MonkeyPatch, is_terminal: bool, as_json: bool
) -> None:
    screen = logged(monkeypatch, is_terminal=is_terminal, as_json=as_json)
    log.warning("hello")
    assert screen.getvalue().startswith("{") is as_json


@pytest.mark.parametrize("hostile", ["two\nlines", "\x1b[2Jgone", "\x9b31m", "a\u2028b", "nul\x00", "back\rover"])
@pytest.mark.parametrize("is_terminal", [True, False])
def test_what_a_stranger_wrote_is_one_line_and_commands_no_terminal(
    monkeypatch: pytest.MonkeyPatch, hostile: str, is_terminal: bool
) -> None:
    screen = logged(monkeypatch, is_terminal=is_terminal)
    log.warning("it says %s", hostile, extra={"reason": hostile})
    text = screen.getvalue()
    assert text.count("\n") == 1
    if is_terminal:
        assert text.removesuffix("\n").isprintable()
    else:
        assert json.loads(text)["reason"] == hostile


def test_half_a_character_is_logged_too(monkeypatch: pytest.MonkeyPatch) -> None:
    record = logging.makeLogRecord({"msg": "\ud800", "levelno": logging.INFO, "levelname": "INFO"})
    assert Readable().format(record).encode("utf-8", "backslashreplace")
    assert json.loads(JsonLines().format(record))["event"] == "\ud800"


@pytest.mark.parametrize(
    ("payload", "known"),
    [
        (REFRESH, {"feed": "a-paper"}),
        (WeatherRequest(cell="0001-0002", latitude=1, longitude=2), {"cell": "0001-0002"}),
        (Tick(at=SetClock().now()), {}),
    ],
)
def test_a_line_says_which_message_was_being_handled(
    monkeypatch: pytest.MonkeyPatch, payload: Any, known: dict[str, str]
) -> None:
    screen = logged(monkeypatch)
    with about(envelope(payload)):
        log.warning("hello")
    log.warning("afterwards")
    during, afterwards = (json.loads(line) for line in screen.lines())
    subjects = {name: during[name] for name in ("feed", "site", "cell", "host") if name in during}
    assert (during["trace"], during["id"], subjects) == ("trace-1", "message-1", known)
    assert "trace" not in afterwards


def test_each_worker_of_a_consumer_logs_its_own_message(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def say(message: Any) -> Outcome:
        log.warning("handling %s", message.id)
        return Done()

    screen = logged(monkeypatch)
    scene.answer = say
    scene.start()
    for number in range(8):
        scene.hand(f"m-{number}")
    eventually(lambda: len(screen.lines()) == 8, "all are logged")
    for line in map(json.loads, screen.lines()):
        assert line["event"] == f"handling {line['id']}"


def test_how_a_refresh_ended_is_told_with_feed_site_and_trace_and_an_ill_source_does_not_fill_the_log(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write_site(tmp_path, "linux", ["http://a.example/1"])
    room = Room(tmp_path, MemoryStore(), SetClock())
    screen = logged(monkeypatch)
    monkeypatch.setattr(logging.getLogger("services.scheduler.events"), "level", logging.DEBUG)
    for number in range(6):
        (refresh,) = room.ask()
        answer = stored(refresh, room.clock.now()) if number == 4 else failed(refresh, "http_status", status=404)
        room.give(unchanged(refresh, room.clock.now()) if number == 5 else answer)
        room.clock.advance(2 * 86_400 if number > 2 else 3600 * 2**number)
    told = [line for line in map(json.loads, screen.lines()) if line["event"] == "a refresh ended"]
    levels = [(line["level"], line["result"], line.get("failures", 0)) for line in told]
    assert levels == [
        ("info", "failed", 1),
        ("debug", "failed", 2),
        ("info", "failed", 3),
        ("info", "failed", 4),
        ("info", "stored", 0),
        ("debug", "unchanged", 0),
    ]
    first = told[0]
    assert (first["kind"], first["status"], first["site"]) == ("http_status", 404, "linux")
    assert (first["feed"], first["turn"]) == (room.memory(first["feed"]).feed, refresh.turn - 5)
    assert {"trace", "id"} <= first.keys()
    assert told[4]["new_entries"] == 1
