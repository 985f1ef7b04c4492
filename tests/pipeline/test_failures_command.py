"""`pressroom failures`, from another process, beside a newsroom on either kind of engine."""

from __future__ import annotations

import json
import os
import re
import subprocess
from typing import Any

import pytest

from pressroom.queues.topics import RECORD_PUBLISH
from pressroom.settings import variable
from pressroom.testing.newsroom import PRESSROOM
from schemas import keys
from services.embedded import Newsroom
from tests.fakes.faultserver import Answer
from tests.pipeline.conftest import CONTAINERS
from tests.pipeline.papers import Paper
from tests.pipeline.waiting import eventually
from tests.pipeline.world import World

OLD, NEW = "Ferry runs again", "New pier opens"


class Operator:
    """Somebody at another terminal, with the settings of the newsroom."""

    def __init__(self, world: World) -> None:
        named = {"data": world.settings.data, "sites": world.sites, "partitions": world.settings.partitions}
        self._env = {**os.environ, **{variable(name): str(value) for name, value in (named | world.engines).items()}}

    def types(self, *argv: str, **env: str) -> subprocess.CompletedProcess[str]:
        return self.runs("failures", *argv, **env)

    def runs(self, *argv: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*PRESSROOM, *argv], env=self._env | env, capture_output=True, text=True, timeout=120)

    def reads(self, *argv: str) -> Any:
        done = self.types(*argv, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def test_an_operator_finds_understands_replays_and_drops(world: World) -> None:
    gone, broken = world.paper("closed-paper", "Last words"), world.paper("harbour-post", OLD)
    gone.answers(Answer(410, body="We have closed."))
    world.site("news", gone, broken)
    room = world.start()
    eventually(lambda: world.page(room).headlines == [OLD])
    whole = break_head(world, broken)
    broken.prints(NEW, OLD)
    world.refresh(broken)
    eventually(lambda: {one.kind for one in world.failure_list()} == {"broken_object", "gone"})
    operator = Operator(world)

    # The archive may have met the broken head too; that failure is no feed's own.
    listed = {line["kind"]: line["id"] for line in operator.reads("list")["failures"] if "feed" in line}
    assert listed.keys() == {"broken_object", "gone"}
    by_topic = operator.reads("list", "--topic", RECORD_PUBLISH)["failures"]
    assert {line["kind"] for line in by_topic} == {"broken_object"}
    assert [cause["ids"] for cause in operator.reads("causes", "--kind", "gone")["causes"]] == [[listed["gone"]]]
    story = operator.types("show", listed["gone"]).stdout
    for words in ("for good (410)", "what to do: ", "We have closed.", gone.url):
        assert words in story

    look = operator.types("preview", listed["broken_object"]).stdout
    assert "  trouble: broken_object: object feeds/" in look
    assert "  what to do: Roll back or remove the object" in look
    dry = operator.reads("replay", listed["broken_object"], "--why", "a look first", "--dry-run")
    assert [one["sent"] for one in dry["acts"]] == [False]
    mend_head(world, broken, whole)
    shown = operator.types("replay", listed["broken_object"], "--why", "a look first", "--dry-run").stdout
    assert f"  + {NEW}\n" in shown
    assert "would replay at " in shown
    operator.reads("replay", listed["broken_object"], "--why", "the head is mended")
    eventually(lambda: box(world, room, broken), lambda shown: shown == (NEW, OLD))
    operator.reads("drop", listed["gone"], "--why", "the paper has closed")
    eventually(lambda: world.failure_list(kind="gone") == [])

    again = operator.types("replay", listed["broken_object"], "--why", "once more")
    assert "nothing to replay: it is replayed" in again.stdout
    way = operator.runs("trace", listed["broken_object"]).stdout
    assert re.search(r"scheduler +began turn \d+: wish\n.* fetcher +handled feed.refresh\n.* publisher ", way)
    assert "is what readers see since" in way
    told = operator.reads("show", listed["broken_object"])["failure"]["actions"]
    assert [(action["act"], action["why"]) for action in told] == [("replay", "the head is mended")]


def test_topics_and_recorded_answers_have_their_commands_too(world: World) -> None:
    paper = world.paper("harbour-post", OLD)
    world.site("news", paper)
    world.start()
    eventually(lambda: world.head(paper))
    operator = Operator(world)
    paused = operator.runs("topics", "pause", "schedule", "--hours", "2", "--why", "a quiet hour").stdout
    assert paused == "schedule is paused, for every worker within seconds\n"
    assert re.search(r"schedule .* until .* by \w+: a quiet hour\n", operator.runs("topics", "list").stdout)
    resumed = operator.runs("topics", "resume", "schedule", "--why", "it is over").stdout
    assert resumed == "schedule goes on, for every worker within seconds\n"
    assert operator.runs("raws", "list", "--feed", paper.feed).stdout.endswith("  current\n")
    looked = operator.runs("raws", "reparse", "--every", "--why", "a new parser", "--dry-run").stdout
    assert looked == f"{paper.feed}\n  same: it says what is current already\n"


def test_what_is_not_there_is_one_clear_line(world: World) -> None:
    done = Operator(world).types("show", "nothing-of-the-kind")
    assert done.returncode == 1
    assert done.stderr.strip().splitlines() == [
        "Error: 0 failures have an id that begins with 'nothing-of-the-kind'; name one"
    ]


@pytest.mark.parametrize("world", [CONTAINERS], indirect=True)
def test_settings_that_do_not_fit_the_broker_are_one_clear_line(world: World) -> None:
    world.site("news", world.paper("harbour-post", OLD))
    world.start()
    world.publish(RECORD_PUBLISH, "feeds/x.json", b"no message")
    (failure,) = eventually(world.failure_list)
    done = Operator(world).types("drop", failure.id, "--why", "noise", PRESSROOM_PARTITIONS="7")
    (line,) = done.stderr.strip().splitlines()
    assert done.returncode == 1
    assert "another number of partitions" in line
    assert "set PRESSROOM_PARTITIONS to it" in line


def box(world: World, room: Newsroom, paper: Paper) -> tuple[str, ...]:
    return world.page(room).boxes[paper.feed].headlines


def break_head(world: World, paper: Paper) -> bytes:
    """What a slip of the hand does to an object; what stood there before."""
    found = world.stored(keys.head(paper.feed))
    assert found is not None
    world.store.swap(keys.head(paper.feed), b"{}", etag=found.etag, write_id="slip")
    return found.body


def mend_head(world: World, paper: Paper, body: bytes) -> None:
    found = world.stored(keys.head(paper.feed))
    assert found is not None
    world.store.swap(keys.head(paper.feed), body, etag=found.etag, write_id="mended")
