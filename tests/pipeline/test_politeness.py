"""What sources are owed, by a whole newsroom with two fetchers, on both kinds of engine."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from tests.fakes.faultserver import Answer
from tests.pipeline.conftest import ADDRESSES
from tests.pipeline.papers import RSS, Paper, rss
from tests.pipeline.waiting import eventually, within
from tests.pipeline.world import World, write_site

SPACING_S = 0.25
THINKS_S = 0.05
BACK = ("scheduler", "publisher")
CROWD = 5_000
QUICK_S = 3.0


def crowded(world: World, address: str, count: int) -> list[Paper]:
    """Papers of one host that thinks a moment before it answers."""
    papers = [world.paper(f"crowd-{number}", address=address) for number in range(count)]
    for paper in papers:
        paper.answers(Answer(body=rss(paper.title, ["News"]), headers=RSS, delay_s=THINKS_S))
    return papers


def test_two_fetchers_ask_a_host_one_thing_at_a_time_and_not_too_often(world: World) -> None:
    crowd = crowded(world, ADDRESSES[0], 6)
    others = [world.paper(f"other-{number}", "News", address=address) for number, address in enumerate(ADDRESSES[1:])]
    world.site("news", *crowd, *others)
    for services in (BACK, ("fetcher",), ("fetcher",)):
        world.start(services, fetch_host_spacing_s=SPACING_S)
    every = [*crowd, *others]
    eventually(
        lambda: [paper.name for paper in every if not is_heard_of(world, paper)], lambda left: not left, within_s=30
    )
    world.operator("feeds", "refresh", site="news")
    eventually(lambda: [paper.name for paper in every if paper.fetches < 2], lambda left: not left, within_s=30)

    assert world.origin.most_at_once(host=ADDRESSES[0]) == 1
    asked = [request.at_s for request in world.origin.requests if request.address == ADDRESSES[0]]
    assert min(later - earlier for earlier, later in pairwise(asked)) >= SPACING_S


def is_heard_of(world: World, paper: Paper) -> bool:
    """Whether the scheduler has heard how the fetch of it went."""
    status = world.status(paper)
    return status is not None and status.checked_at is not None


def test_who_asks_for_patience_is_left_alone_by_the_next_newsroom_too(world: World) -> None:
    tired, neighbour = (world.paper(name, "News", address=ADDRESSES[1]) for name in ("tired", "neighbour"))
    other = world.paper("other", "News", address=ADDRESSES[2])
    world.site("news", tired, neighbour, other)
    room = world.start()
    eventually(lambda: world.page(room), lambda page: len(page.headlines) == 3)
    tired.answers(Answer(429, headers={"Retry-After": "3600"}))
    status = world.refresh(tired)
    assert status.next_at is not None
    assert status.next_at - datetime.now(UTC) > timedelta(minutes=55)
    room.stop()

    world.start()
    before = neighbour.fetches, tired.fetches
    world.operator("feeds", "refresh", site="news")
    world.refresh(other)
    assert (neighbour.fetches, tired.fetches) == before


def test_a_pause_that_an_operator_made_outlives_a_restart_and_ends_when_told(world: World) -> None:
    paused, other = world.paper("paused", "News", address=ADDRESSES[1]), world.paper("other", "News")
    world.site("news", paused, other)
    room = world.start()
    eventually(lambda: world.page(room), lambda page: len(page.headlines) == 2)
    host = f"{ADDRESSES[1]}:{world.origin.port}"
    world.operator("feeds", "pause", host=host, hours=1)
    world.refresh(other)
    room.stop()

    world.start()
    before = paused.fetches
    world.operator("feeds", "refresh", site="news")
    world.refresh(other)
    assert paused.fetches == before

    world.operator("feeds", "resume", host=host)
    eventually(lambda: paused.fetches, lambda now: now > before)


def test_thousands_of_feeds_on_one_slow_host_delay_nobody_elses(world: World) -> None:
    crowd = [Paper(world.origin, f"crowd-{number}", ADDRESSES[0]) for number in range(CROWD)]
    for paper in crowd:
        paper.answers(Answer(body=rss(paper.title, ["News"]), headers=RSS, delay_s=THINKS_S))
    for first in range(0, CROWD, 1000):
        write_site(world.sites, f"crowd-{first}", crowd[first : first + 1000])
    others = [world.paper(f"other-{number}", "News", address=address) for number, address in enumerate(ADDRESSES[1:])]
    world.site("quick", *others)
    for services in (BACK, ("fetcher",), ("fetcher",)):
        world.start(services, status_interval_s=60.0)
    eventually(lambda: [one.name for one in others if not is_heard_of(world, one)], lambda left: not left, within_s=30)

    began = time.monotonic()
    world.operator("feeds", "refresh", site="quick")
    for paper in others:
        eventually(lambda paper=paper: paper.fetches, lambda count: count > 1, within_s=30)
    assert time.monotonic() - began < within(QUICK_S)
    assert world.origin.most_at_once(host=ADDRESSES[0]) == 1
    assert sum(request.address == ADDRESSES[0] for request in world.origin.requests) < CROWD / 2
