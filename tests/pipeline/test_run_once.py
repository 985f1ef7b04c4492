"""`pressroom run --once`: every feed asked once, and a summary that counts what came of it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from pressroom.queues.port import Settlement
from pressroom.queues.sqlite.queue import SqliteQueue
from pressroom.queues.topics import SCHEDULE
from services.cli.once import refresh_once
from tests.fakes.faultserver import Answer, FaultServer
from tests.pipeline.demo import run_once
from tests.pipeline.papers import RSS, Paper, rss
from tests.pipeline.world import World, write_site

HTML = b"<!doctype html><title>We have moved house</title><h1>Welcome</h1>"
WELL = ("harbour-post", "hill-letter", "river-news")
TROUBLED = {
    "closed": Answer(410),
    "lost": Answer(404),
    "busy": Answer(503),
    "moved": Answer(body=HTML, headers={"Content-Type": "text/html"}),
    "blank": Answer(body=b"\n", headers=RSS),
    "round": Answer(302, headers={"Location": "/round.xml"}),
}
KINDS = {"gone": 1, "http_status": 2, "not_a_feed": 1, "empty_body": 1, "redirect_loop": 1, "dns": 1}


@pytest.fixture
def origin() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


def counted(summary: Any) -> dict[str, Any]:
    names = ("feeds", "changed", "unchanged", "failed", "failed_by_kind", "records")
    return {name: summary[name] for name in names}


def test_a_round_is_counted_by_what_came_of_each_feed_and_the_next_finds_all_unchanged(
    tmp_path: Path, origin: FaultServer
) -> None:
    papers = [Paper(origin, name) for name in (*WELL, *TROUBLED)]
    for paper in papers:
        paper.prints(f"News of {paper.name}")
    for paper in papers[len(WELL) :]:
        paper.answers(TROUBLED[paper.name])
    nowhere = Paper(origin, "nowhere", "no-such-name.invalid")
    # This one has no validators: only its content says that it is the same.
    papers[0].answers(Answer(body=rss("Harbour Post", ["Ferry runs again"]), headers=RSS))
    write_site(tmp_path / "sites", "news", [*papers, nowhere])

    first, second = run_once(tmp_path), run_once(tmp_path)

    failed = {"failed": len(TROUBLED) + 1, "failed_by_kind": KINDS}
    assert counted(first) == {"feeds": 10, "changed": 3, "unchanged": 0, "records": 3, **failed}
    assert counted(second) == {"feeds": 10, "changed": 0, "unchanged": 3, "records": 0, **failed}
    assert set(first["cpu_s"]) >= {"scheduler", "fetcher", "publisher"}
    assert first["cpu_seconds"] == pytest.approx(sum(first["cpu_s"].values()), abs=0.01)


def test_a_source_that_hangs_ends_within_its_limit_and_the_round_with_it(tmp_path: Path, origin: FaultServer) -> None:
    slow, quick = Paper(origin, "slow"), Paper(origin, "quick", "localhost")
    slow.answers(Answer(body=rss("Slow", ["Late"]), headers=RSS, delay_s=60))
    quick.prints("News")
    write_site(tmp_path / "sites", "news", [slow, quick])
    began = time.monotonic()
    summary = run_once(tmp_path, PRESSROOM_FETCH_TOTAL_S="1.5")
    assert time.monotonic() - began < 30
    assert (summary["changed"], summary["failed_by_kind"]) == (1, {"timeout": 1})


def test_a_round_ends_only_when_its_last_word_is_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = SqliteQueue.settle

    def slow(queue: SqliteQueue, settlements: Sequence[Settlement]) -> None:
        if any(one.delivery.topic == SCHEDULE and one.emits for one in settlements):
            # So long the scheduler has made up its mind and nobody has heard of it.
            time.sleep(0.3)
        plain(queue, settlements)

    monkeypatch.setattr(SqliteQueue, "settle", slow)
    with FaultServer() as origin:
        papers = [Paper(origin, name) for name in WELL]
        papers[0].answers(Answer(404))
        write_site(tmp_path / "sites", "news", papers)
        world = World(tmp_path, origin, {})
        try:
            refresh_once(world.settings)
            statuses = [world.status(paper) for paper in papers]
        finally:
            world.close()
    assert [status is not None and status.checked_at is not None for status in statuses] == [True] * len(papers)
