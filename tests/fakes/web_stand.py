"""A web node whose threads are the test's own, and a client before it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.test import Client

from pressroom.clock import SetClock
from pressroom.settings import Settings
from schemas import keys
from services.web.node import WebNode
from tests.fakes.web_newsroom import Newsroom, cell_of
from tests.fakes.web_papers import PAPERS, Paper, Story
from tests.fakes.web_queue import Notices, notice
from tests.fakes.web_store import MemoryStore

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


class Stand:
    """Nothing happens by itself: `work` does all that is due at the clock's time."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.clock = SetClock(NOW)
        self.store = MemoryStore()
        self.room = Newsroom(self.store, NOW)
        self.room.fill()
        self.queue = Notices()
        made = Settings(data=folder, **settings)
        self.node = WebNode(self.store, self.queue, self.clock, made, cell_of=cell_of)  # type: ignore[arg-type]
        self.client = Client(self.node.wsgi)
        self.node.open()

    @property
    def flask(self) -> Flask:
        return self.node.wsgi.flask

    def work(self) -> list[str]:
        """Returns the sites that were rendered."""
        self.node.refresher.run_due()
        return self.node.renderer.render_due()

    def news(self, story: Story, paper: Paper = PAPERS[0]) -> None:
        etag = self.room.head(paper, [story])
        self.node.refresher.on_notice(notice(keys.head(paper.feed), etag))
        self.work()

    def text(self, path: str = "/s/linux") -> str:
        return self.client.get(path).get_data(as_text=True)
