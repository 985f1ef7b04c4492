"""A newsroom is copied while it works, lost, and comes back in an empty store with the same page."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pressroom.settings import variable
from pressroom.testing.newsroom import PRESSROOM
from schemas import keys
from tests.pipeline.papers import Paper
from tests.pipeline.waiting import eventually
from tests.pipeline.world import World

OLD, NEW, LATEST = "Ferry runs again", "New pier opens", "Storm delays the pier"


class Operator:
    """Somebody at another terminal, with the settings of a newsroom."""

    def __init__(self, world: World) -> None:
        named = {"data": world.settings.data, "sites": world.sites, "partitions": world.settings.partitions}
        self._env = {**os.environ, **{variable(name): str(value) for name, value in (named | world.engines).items()}}

    def types(self, *argv: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*PRESSROOM, *argv], env=self._env, capture_output=True, text=True, timeout=120)

    def reads(self, *argv: str) -> Any:
        done = self.types(*argv, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def elsewhere(world: World, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    """The same sites with an empty store of the same kind, and empty queues on this machine."""
    folder = tmp_path / "elsewhere"
    if not world.engines:
        found = World(folder, world.origin, {})
        yield found
        found.close()
        return
    with request.getfixturevalue("store_container").bucket() as url:
        found = World(folder, world.origin, {**world.engines, "queue_url": "", "objects_url": url})
        yield found
        found.close()


def test_a_newsroom_is_copied_at_work_and_comes_back_with_the_same_page(world: World, elsewhere: World) -> None:
    harbour, market = world.paper("harbour-post", OLD), world.paper("market-day", "Cheese is up")
    world.site("news", harbour, market)
    room = world.start()
    eventually(lambda: set(headlines(world, room)) == {harbour.feed, market.feed})
    operator, copies = Operator(world), str(world.folder / "copies")
    first = operator.reads("backup", copies)
    assert first["copied"] == first["objects"] > 0

    prints(world, room, harbour, NEW, OLD)
    second = operator.reads("backup", copies)
    assert second["copied"] < second["objects"]
    assert operator.types("restore", copies, "--check").returncode == 0
    eventually(lambda: world.stored(keys.STATUS_BACKUP))

    refused = operator.types("restore", copies)
    assert refused.returncode == 1
    assert "is not empty" in refused.stderr
    shown = headlines(world, room)
    room.stop()
    shutil.copytree(world.sites, elsewhere.sites)
    assert "start the services on it" in Operator(elsewhere).types("restore", copies).stdout

    # The sources have not changed since, and must not be needed for the page to be what it was.
    asked = harbour.fetches
    web = elsewhere.start(["web"])
    eventually(lambda: headlines(elsewhere, web), lambda found: found == shown)
    assert harbour.fetches == asked
    again = elsewhere.start(["scheduler", "fetcher", "publisher", "web"])
    prints(elsewhere, again, harbour, LATEST, NEW, OLD)
    # The copies that were made before a version became current are still there to go back to.
    assert len(elsewhere.operator("feeds", "show", feed=harbour.feed).versions) == 3


def headlines(world: World, room: Any) -> dict[str, tuple[str, ...]]:
    return {feed: box.headlines for feed, box in world.page(room).boxes.items() if box.headlines}


def prints(world: World, room: Any, paper: Paper, *lines: str) -> None:
    """A new edition, until it is on the page."""
    paper.prints(*lines)
    world.refresh(paper)
    eventually(lambda: headlines(world, room).get(paper.feed), lambda found: found == lines)
