"""A newsroom in this process with everything a test may touch: its origin, its engines, its page, its desks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from werkzeug.test import Client

from pressroom.clock import SystemClock
from pressroom.desk.feeds import Health
from pressroom.objects.port import ObjectStore, Stored
from pressroom.queues.port import Parcel, Queue
from pressroom.sender import Sender
from pressroom.settings import Settings, load
from pressroom.testing.gazetteer import lay_gazetteer
from pressroom.wiring import queue_of, store_of
from schemas import keys
from schemas.base import Model
from schemas.documents import Failure, Head
from services import SERVICES
from services.embedded import Newsroom
from services.web.node import WebNode
from tests.fakes.faultserver import FaultServer
from tests.fakes.operator import Operator
from tests.pipeline.frontpage import FrontPage, read_page
from tests.pipeline.papers import Paper
from tests.pipeline.waiting import eventually

M = TypeVar("M", bound=Model)

# Nothing happens by itself but the first fetch: a test wishes for each of the others.
PATIENT: dict[str, Any] = {
    "interval_min_s": 3600.0,
    "interval_max_s": 86_400.0,
    "fetch_host_spacing_s": 0.0,
    "status_interval_s": 0.0,
    "fetch_allow_networks": ("127.0.0.0/8",),
    "partitions": 2,
}


def write_site(folder: Path, name: str, papers: Sequence[Paper], **fields: str) -> None:
    """A site's file, with `fields` besides its title."""
    folder.mkdir(parents=True, exist_ok=True)
    top = {"title": name.title(), **fields}
    lines = [f"{field} = {json.dumps(value)}" for field, value in top.items()]
    lines += [f"[[feeds]]\nurl = {json.dumps(paper.url)}\ntitle = {json.dumps(paper.title)}" for paper in papers]
    (folder / f"{name}.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


@dataclass
class World:
    """`engines` are the settings that name queue and store; everything opened is closed by `close`."""

    folder: Path
    origin: FaultServer
    engines: dict[str, Any]
    clock: SystemClock = field(default_factory=SystemClock)
    _open: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        self.sites = self.folder / "sites"
        self.settings = self.settings_with()
        lay_gazetteer(self.settings.data)
        self.queue = self.open_queue()
        self.store: ObjectStore = store_of(self.settings, self.clock)
        self.sender = Sender(self.queue, self.clock, "test")
        self.operator = Operator(self.store, self.sender, self.clock, self.settings)

    def close(self) -> None:
        self._open.close()

    # --- making it ---------------------------------------------------------------------------------

    def settings_with(self, **changes: Any) -> Settings:
        named = {"data": self.folder / "data", "sites": self.sites, **self.engines, **PATIENT, **changes}
        return load(**named)

    def open_queue(self) -> Queue:
        """One process's view of the queues."""
        queue = queue_of(self.settings, self.clock)
        self._open.callback(queue.close)
        return queue

    def paper(self, name: str, *headlines: str, address: str | None = None) -> Paper:
        paper = Paper(self.origin, name, address)
        paper.prints(*headlines)
        return paper

    def site(self, name: str, *papers: Paper, **more: str) -> None:
        write_site(self.sites, name, papers, **more)

    def start(self, services: Sequence[str] = SERVICES, **changes: Any) -> Newsroom:
        """Services on a queue of their own, as another process would have it. Stopped at the end, if not before."""
        settings = self.settings_with(**changes)
        room = Newsroom(settings, self.open_queue(), self.store, self.clock, services)
        room.start()
        self._open.callback(room.stop)
        return room

    # --- looking at it -----------------------------------------------------------------------------

    def page(self, room: Newsroom, site: str = "news") -> FrontPage:
        answer = Client(room.stories[WebNode].wsgi).get(f"/s/{site}")
        return read_page(answer.status_code, answer.text)

    def stored(self, key: str) -> Stored | None:
        found = self.store.get(key)
        assert found is None or isinstance(found, Stored)
        return found

    def document(self, key: str, model: type[M]) -> M | None:
        found = self.stored(key)
        return None if found is None else model.model_validate_json(found.body)

    def head(self, paper: Paper) -> Head | None:
        return self.document(keys.head(paper.feed), Head)

    def status(self, paper: Paper) -> Health | None:
        """What the scheduler last said of the paper's feed."""
        return next((one for one in self.operator("feeds", "list").feeds if one.feed == paper.feed), None)

    def failure_list(self, **wanted: Any) -> list[Failure]:
        return [self.operator.failure(line.id) for line in self.operator.failures(**wanted)]

    def queued(self, *topics: str) -> int:
        return sum(self.queue.depth(topic).total for topic in topics)

    # --- acting on it ------------------------------------------------------------------------------

    def publish(self, topic: str, key: str, body: bytes) -> None:
        """Bytes as somebody else may have written them."""
        self.queue.publish([Parcel(topic, key, body)])

    def refresh(self, paper: Paper, *, times: int = 1) -> Health:
        """Wish for the paper and wait until the scheduler has heard how that went; the last state of the feed.

        A wish that comes before the last fetch was heard of changes nothing, so that is waited for first.
        """
        status = self._checked(paper, None)
        for _ in range(times):
            self.operator("feeds", "refresh", feed=paper.feed)
            status = self._checked(paper, status.checked_at)
        return status

    def _checked(self, paper: Paper, before: datetime | None) -> Health:
        """The paper's state once it was checked, at another time than `before`."""
        status = eventually(
            lambda: self.status(paper), lambda now: now is not None and now.checked_at not in {None, before}
        )
        assert status is not None
        return status
