"""An embedded newsroom of real processes that are killed and started again, under load, and its final account."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from pressroom.clock import SystemClock
from pressroom.objects.port import ObjectStore
from pressroom.queues.port import Queue
from pressroom.queues.topics import DEAD, FEED_REFRESH, RECORD_PUBLISH, WEATHER_REQUEST
from pressroom.sender import Sender
from pressroom.testing import Fleet, newsroom
from pressroom.testing.newsroom import PRESSROOM
from pressroom.wiring import queue_of, store_of
from schemas import keys
from schemas.documents import Failure
from tests.chaos.embedded_audit import Watch, false_validators, head_of, heads_without_version, read, torn_versions
from tests.chaos.embedded_load import ADDRESSES, FORECAST, SERIES, Load
from tests.fakes.faultserver import FaultServer
from tests.fakes.operator import Operator
from tests.pipeline.frontpage import FrontPage, read_page
from tests.pipeline.waiting import eventually

SITE = "news"
BACK = "scheduler+fetcher+weather+publisher"
WORK = (FEED_REFRESH, WEATHER_REQUEST, RECORD_PUBLISH, DEAD)
CLOCK = SystemClock()


@dataclass
class Scene:
    """`origin`, `queue` and `store` are the test's own ways to what the processes use."""

    fleet: Fleet
    origin: FaultServer
    queue: Queue
    store: ObjectStore
    load: Load
    watch: Watch
    operator: Operator

    def page(self) -> FrontPage:
        return read_page(*self.fleet.get(f"/s/{SITE}"))

    def answers(self) -> bool:
        """Whether the node is there, with pages or without."""
        try:
            self.fleet.get("/healthz")
        except OSError:
            return False
        return True

    def failures(self) -> list[Failure]:
        return [self.operator.failure(line.id) for line in self.operator.failures(status="any")]

    # --- the account -------------------------------------------------------------------------------

    def check(self, *, expected_failures: Sequence[str] = ()) -> None:
        """Let all that was acknowledged come to its end, and hold the store and the page to what was promised."""
        self.load.print_edition()
        self.load.wish()
        eventually(self._unfinished, lambda left: left == [], within_s=60)
        eventually(
            lambda: {topic: self.queue.depth(topic).total for topic in WORK}, lambda left: not any(left.values())
        )
        eventually(self._boxes_behind, lambda behind: behind == [])
        assert sorted(failure.kind for failure in self.failures()) == sorted(expected_failures)
        assert self.page().printed_twice == []
        assert self.watch.steps_back == []
        assert torn_versions(self.store) == []
        assert heads_without_version(self.store) == []
        # The ledger hears of the last record a moment after the page shows it.
        eventually(lambda: false_validators(self.store), lambda believed: believed == [])

    def await_none(self, read: Callable[[], object], every_s: float = 0.1) -> None:
        # Not too often: what is read here costs more than what it waits for.
        eventually(read, lambda left: not left, within_s=60, every_s=every_s)

    def _queued(self) -> dict[str, int]:
        depths = {topic: self.queue.depth(topic).total for topic in WORK}
        return {topic: depth for topic, depth in depths.items() if depth}

    def _unfinished(self) -> list[str]:
        """What was acknowledged and is neither done nor in failures."""
        given_up = {failure.message_key for failure in self.failures() if failure.source == "message"}
        papers = [paper.feed for paper in self.load.papers if not self._is_new(paper.feed, self.load.newest(paper))]
        if papers:
            # A wish that finds a fetch under way is met by that fetch, which may be of the edition before.
            self.load.wish()
        singles = [feed for feed in self.load.singles if head_of(self.store, feed) is None]
        series = [feed for feed in SERIES if self._turn(feed) < self.load.turns[feed]]
        cells = [cell for cell in self.load.cells if read(self.store, keys.weather(cell)) is None]
        heads = [feed for feed in (*papers, *singles, *series) if keys.head(feed) not in given_up]
        return heads + [cell for cell in cells if not given_up & {cell, keys.weather(cell)}]

    def _is_new(self, feed: str, headline: str) -> bool:
        head = head_of(self.store, feed)
        return head is not None and head.document.entries[0].title == headline

    def _turn(self, feed: str) -> int:
        head = head_of(self.store, feed)
        return head.turn if head else 0

    def _boxes_behind(self) -> list[str]:
        boxes = self.page().boxes
        newest = {paper.feed: self.load.newest(paper) for paper in self.load.papers}
        return [
            feed for feed, headline in newest.items() if feed not in boxes or boxes[feed].headlines[:1] != (headline,)
        ]


@contextmanager
def scene(*, program: Sequence[str] = PRESSROOM, **more: Any) -> Iterator[Scene]:
    """A fleet without processes but its web node, with load and watch ready; its papers are on a site.

    `more` are settings, as `newsroom` takes them.
    """
    with ExitStack() as things:
        origin = things.enter_context(FaultServer(ADDRESSES))
        fleet = things.enter_context(
            newsroom(
                (),
                queue_url="",
                objects_url="",
                program=program,
                interval_min_s=3600.0,
                weather_url=origin.url(FORECAST),
                versions_max=1000,
                **more,
            )
        )
        settings = fleet.settings()
        settings.data.mkdir(parents=True)
        queue = queue_of(settings, CLOCK)
        things.callback(queue.close)
        store = store_of(settings, CLOCK)
        sender = Sender(queue, CLOCK, "test")
        load = Load(origin, sender)
        fleet.add_site(SITE, [paper.url for paper in load.papers])
        fleet.start("web")
        watch = Watch(store)
        things.enter_context(watch.watching())
        made = Scene(fleet, origin, queue, store, load, watch, Operator(store, sender, CLOCK, settings))
        eventually(made.answers, within_s=60)
        yield made
