"""`pressroom run --demo` as a person meets it: quick to show something, quick to stop, and the next start goes on."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pressroom.objects.directory import DirectoryStore
from pressroom.objects.port import Stored
from pressroom.testing.gazetteer import lay_gazetteer
from pressroom.testing.ports import free_ports
from schemas import keys
from schemas.documents import FailureDay, Head
from tests.pipeline.demo import Run, environment, pressroom
from tests.pipeline.frontpage import FrontPage
from tests.pipeline.waiting import eventually, within

HEADLINES_S = 5.0
"""From the address being printed."""

ON_THE_PAGE_S = 2.0
"""From being fetched."""

NEWS_S = 12.0
"""Somebody prints every four seconds, and is asked as often."""

STOPPED_S = 3.0


@dataclass
class Demo:
    """The demo on ports and a folder of its own, run as often as a test likes."""

    folder: Path
    port: int

    @property
    def data(self) -> Path:
        return self.folder / "data" / "demo"

    def run(self) -> Run:
        lay_gazetteer(self.data)
        env = environment(self.folder / "data")
        return Run(self.folder, "--demo", "--port", str(self.port), env=env)

    def beside(self, *argv: str) -> str:
        """What an operator's command says from another terminal."""
        done = pressroom(environment(self.data), *argv)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def failures(self) -> dict[str, str]:
        """The status of each failure, by its kind."""
        store = DirectoryStore(self.data / "objects")
        found = [store.get(listed.key) for listed in store.list(keys.FAILURE_SUMMARIES, limit=100)]
        days = [FailureDay.model_validate_json(one.body) for one in found if isinstance(one, Stored)]
        return {line.kind: line.status for day in days for line in day.failures}

    def heads(self) -> dict[str, Head]:
        """By the feed's id."""
        store = DirectoryStore(self.data / "objects")
        found = [store.get(listed.key) for listed in store.list("feeds/", limit=100)]
        heads = [Head.model_validate_json(one.body) for one in found if isinstance(one, Stored)]
        return {head.feed: head for head in heads}


@pytest.fixture
def demo(tmp_path: Path) -> Demo:
    return Demo(tmp_path, free_ports(2)[0])


@pytest.fixture
def running(demo: Demo) -> Iterator[Run]:
    run = demo.run()
    yield run
    run.process.kill()


def test_headlines_come_at_once_and_news_soon_after_it_was_fetched(demo: Demo, running: Run) -> None:
    page = eventually(lambda: running.page("linux"), lambda page: page.headlines)
    assert time.monotonic() - running.told_at_s < within(HEADLINES_S)

    shown = set(page.headlines)
    page = eventually(lambda: running.page("linux"), lambda page: set(page.headlines) - shown, within_s=NEWS_S)
    seen_at = datetime.now(UTC)
    news = set(page.headlines) - shown
    fetched = [head.fetch.at for head in demo.heads().values() if news & titles(head)]
    assert (seen_at - min(fetched)).total_seconds() < within(ON_THE_PAGE_S)


def titles(head: Head) -> set[str]:
    return {entry.title for entry in head.document.entries if entry.title}


def test_an_operator_works_beside_it_from_another_terminal(demo: Demo, running: Run) -> None:
    eventually(demo.failures, lambda kinds: "gone" in kinds, within_s=30.0)
    found = {line["kind"]: line["id"] for line in json.loads(demo.beside("failures", "list", "--json"))["failures"]}
    story = demo.beside("failures", "show", found["gone"])
    assert "the site says that the feed is gone for good (410)" in story
    assert "what to do: " in story

    demo.beside("failures", "drop", found["gone"], "--why", "the paper has closed")
    eventually(demo.failures, lambda now: now["gone"] == "dropped")
    assert running.process.is_running


def test_ctrl_c_stops_it_and_the_next_start_goes_on_from_there(demo: Demo) -> None:
    first = demo.run()
    try:
        before = eventually(lambda: first.page("linux"), lambda page: len(page.headlines) > 10)
        code, seconds = first.press_ctrl_c()
    finally:
        first.process.kill()
    assert (code, seconds < within(STOPPED_S)) == (0, True), f"{seconds:.1f} s, {first.said()}"
    assert "Traceback" not in first.said()

    heads = demo.heads()
    second = demo.run()
    try:
        at_once = second.page("linux")
        assert at_once.status == 200
        assert same_papers(before, at_once)
        eventually(demo.heads, lambda now: any(now[feed].turn > heads[feed].turn for feed in heads), within_s=30.0)
        after = demo.heads()
        assert all(after[feed].turn >= head.turn for feed, head in heads.items())
        assert second.page("linux").printed_twice == []
        assert second.press_ctrl_c()[1] < within(STOPPED_S)
    finally:
        second.process.kill()


def same_papers(before: FrontPage, now: FrontPage) -> bool:
    """Each box that had headlines has some of them still."""
    return all(
        set(box.headlines) & set(now.boxes[feed].headlines) for feed, box in before.boxes.items() if box.headlines
    )


def test_a_port_that_is_taken_is_one_clear_line(demo: Demo, running: Run) -> None:
    done = pressroom(environment(demo.folder / "other"), "run", "--demo", "--port", str(demo.port))
    (line,) = done.stderr.strip().splitlines()
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1:{demo.port}" in line
    assert "PRESSROOM_PORT" in line
    assert running.process.is_running
