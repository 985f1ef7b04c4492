"""Two editors, a conflict, an old version restored; live on every node within two seconds. In both worlds."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from werkzeug.test import Client

from pressroom.desk.office import Conflict
from pressroom.settings import variable
from pressroom.testing.gazetteer import lay_gazetteer
from schemas import keys
from schemas.documents import ArchiveDay
from schemas.status import FilesStatus
from services.cli import pressroom as command
from services.embedded import Newsroom
from services.web.node import WebNode
from tests.pipeline.waiting import eventually
from tests.pipeline.world import World

LIVE_S = 2.0
"""From saving to every node, as promised."""

HEADLINE = "Ferry runs again"


class Nodes:
    """A whole newsroom, and a web node of its own beside it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.paper = world.paper("harbour-post", HEADLINE, "Bridge opens")
        world.site("news", self.paper)
        beside = world.folder / "beside"
        lay_gazetteer(beside)
        self.rooms = [world.start(), world.start(["web"], data=beside)]
        eventually(lambda: all(HEADLINE in self.text(room) for room in self.rooms))

    def text(self, room: Newsroom, path: str = "/s/news") -> str:
        return Client(room.stories[WebNode].wsgi).get(path).text

    def everywhere(self, words: str, *, there: bool = True, within_s: float = LIVE_S, path: str = "/s/news") -> None:
        eventually(
            lambda: [words in self.text(room, path) for room in self.rooms],
            lambda found: all(one is there for one in found),
            within_s=within_s,
        )

    def save(self, html: str, seen: int, name: str = "block", **said: Any) -> Any:
        return self.world.operator("files", "save", site="news", name=name, html=html, seen=seen, **said)


@pytest.fixture
def nodes(world: World) -> Nodes:
    return Nodes(world)


def test_what_an_editor_saves_is_live_on_every_node_and_an_old_version_comes_back(nodes: Nodes) -> None:
    assert nodes.save("<p>First words</p>", seen=0).state == "saved"
    nodes.everywhere("<p>First words</p>")
    assert nodes.save("<p>Second words</p><script>alert(1)</script>", seen=1).state == "saved"
    nodes.everywhere("<p>Second words</p>")
    nodes.everywhere("alert(1)", there=False)
    nodes.everywhere("<p>First words</p>", there=False)
    restored = nodes.world.operator("files", "restore", site="news", name="block", version=1)
    assert (restored.state, restored.number) == ("saved", 3)
    nodes.everywhere("<p>First words</p>")
    assert nodes.world.operator("files", "remove", site="news", name="block").state == "saved"
    nodes.everywhere("<p>First words</p>", there=False)
    history = nodes.world.operator("files", "history", site="news", name="block").versions
    assert [one.number for one in history] == [4, 3, 2, 1]


def test_of_two_editors_who_saw_the_same_version_one_wins_and_the_other_is_shown_the_difference(nodes: Nodes) -> None:
    nodes.save("<p>Base</p>", seen=0)
    begin, ends = threading.Barrier(2), {}

    def edit(name: str) -> None:
        begin.wait()
        try:
            ends[name] = nodes.save(f"<p>By {name}</p>", seen=1, by=name)
        except Conflict as conflict:
            ends[name] = conflict

    editors = [threading.Thread(target=edit, args=(name,)) for name in ("anna", "bert")]
    for one in editors:
        one.start()
    for one in editors:
        one.join(30)
    lost = {name: end for name, end in ends.items() if isinstance(end, Conflict)}
    (loser,), (winner,) = lost, ends.keys() - lost
    assert ends[winner].state == "saved"
    told = str(lost[loser])
    assert f"version 2 now, not at version 1: {winner} saved it" in told
    assert f"-<p>By {winner}</p>\n+<p>By {loser}</p>" in told
    nodes.everywhere(f"<p>By {winner}</p>")
    assert nodes.save("<p>By both</p>", seen=2, by=loser).state == "saved"
    nodes.everywhere("<p>By both</p>")


def test_a_folder_is_kept_in_step_by_the_command_which_exits_by_how_it_went(nodes: Nodes, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    (folder / "news").mkdir(parents=True)
    (folder / "news/notice.html").write_text("<p>Closed on Friday</p>\n")

    def run(*argv: str) -> tuple[int, Any]:
        ran = CliRunner().invoke(command, ["files", *argv, str(folder), "--json"], env=environment(nodes.world))
        return ran.exit_code, json.loads(ran.stdout)

    code, outcome = run("sync")
    assert (code, [one["what"] for one in outcome["files"]]) == (0, ["pushed"])
    nodes.everywhere("<p>Closed on Friday</p>")
    nodes.save("<p>Closed on Monday</p>", seen=1, name="notice")
    (folder / "news/notice.html").write_text("<p>Open</p>\n")
    code, outcome = run("sync")
    assert (code, [one["what"] for one in outcome["files"]]) == (1, ["conflict"])
    (folder / "news/notice.html").write_text("<p>Closed on Monday, else open</p>\n")
    assert run("push", "--take", "mine")[0] == 0
    nodes.everywhere("<p>Closed on Monday, else open</p>")
    last = eventually(
        lambda: nodes.world.document(keys.STATUS_FILES, FilesStatus),
        lambda status: status is not None and status.message == "1 pushed" and status.failures == 0,
    )
    assert last is not None
    assert last.succeeded_at == last.at


def environment(world: World) -> dict[str, str]:
    named = {
        "data": world.settings.data,
        "sites": world.sites,
        **world.engines,
        "partitions": world.settings.partitions,
    }
    return {variable(name): str(value) for name, value in named.items()}


def test_a_removed_headline_leaves_every_node_and_stays_away_when_its_paper_brings_it_again(nodes: Nodes) -> None:
    world = nodes.world
    day = world.clock.now().date()
    kept = eventually(
        lambda: world.document(keys.site_archive("news", day), ArchiveDay),
        lambda found: found is not None and len(found.headlines) == 2,
    )
    assert kept is not None
    assert HEADLINE in nodes.text(nodes.rooms[0], f"/s/news/archive/{day}")
    entry = next(one.id for one in kept.headlines if one.title == HEADLINE)
    assert world.operator("headlines", "remove", site="news", entry=entry).state == "done"
    nodes.everywhere(HEADLINE, there=False)
    for path in (f"/s/news/archive/{day}", "/s/news/atom.xml", "/s/news/all", "/s/news/search?q=ferry"):
        nodes.everywhere(HEADLINE, there=False, path=path)
    nodes.paper.prints("Late news", HEADLINE, "Bridge opens")
    world.refresh(nodes.paper)
    nodes.everywhere("Late news", within_s=15)
    nodes.everywhere(HEADLINE, there=False)
    assert world.operator("headlines", "restore", site="news", entry=entry).state == "done"
    nodes.everywhere(HEADLINE)
