"""The Flask application behind the gate: what is not in the page table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask

from pressroom.clock import Clock
from pressroom.settings import Settings
from services.web import views, views_api, views_outputs, views_search
from services.web.assets import Assets
from services.web.copies import Copies
from services.web.fixed import fixed_pages
from services.web.gate import Gate
from services.web.kept import Kept
from services.web.pages import PageTable
from services.web.press import Press
from services.web.search import Index

REQUEST_BYTES_MAX = 64 * 1024


@dataclass(frozen=True, slots=True)
class Deps:
    """What the views need, built by whoever wires a node."""

    settings: Settings
    clock: Clock
    copies: Copies
    table: PageTable
    kept: Kept
    press: Press
    assets: Assets
    health: Callable[[], dict[str, Any]]
    index: Index
    kept_keys: Callable[[], list[str]]
    started_at: datetime


def create_app(deps: Deps) -> Gate:
    """The whole WSGI application: the gate, and Flask behind it."""
    app = Flask("services.web", static_folder=None, template_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = REQUEST_BYTES_MAX
    for room in (views, views_api, views_outputs, views_search):
        app.register_blueprint(room.blueprint(deps))
    fixed = fixed_pages(deps.assets, deps.settings.public_url, deps.started_at)
    return Gate(app, deps.table.get, deps.assets.pages.get, fixed.get)
