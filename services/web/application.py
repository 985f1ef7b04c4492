"""The Flask application behind the gate: what is not in the page table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import TooManyRequests

from pressroom.clock import Clock
from pressroom.objects.port import ObjectStore
from pressroom.places import Places
from pressroom.queues.port import Queue
from pressroom.settings import Settings
from services.web import views, views_api, views_outputs, views_parts, views_reader, views_search, views_weather
from services.web.admin import views as admin
from services.web.assets import Assets
from services.web.copies import Copies
from services.web.counting import NodeMetrics
from services.web.desk import CellOf
from services.web.fixed import fixed_pages
from services.web.gate import Gate
from services.web.kept import Kept
from services.web.limits import Limits, address_of
from services.web.own import OwnFeeds
from services.web.pages import PageTable
from services.web.press import Press
from services.web.search import Index
from services.web.waiters import Waiters
from services.web.weather import NodeWeather

REQUEST_BYTES_MAX = 64 * 1024
UNLIMITED = {"/healthz", "/readyz"}


@dataclass(frozen=True, slots=True)
class Deps:
    """What the views need, built by whoever wires a node."""

    settings: Settings
    clock: Clock
    store: ObjectStore
    queue: Queue | None
    copies: Copies
    table: PageTable
    kept: Kept
    press: Press
    assets: Assets
    health: Callable[[], dict[str, Any]]
    metrics: NodeMetrics
    waiters: Waiters
    senders: Waiters | None
    index: Index
    weather: NodeWeather
    own: OwnFeeds
    places: Places | None
    cell_of: CellOf
    sites: Callable[[], list[str]]
    public_keys: Callable[[], frozenset[str]]
    started_at: datetime


def create_app(deps: Deps) -> Gate:
    """The whole WSGI application: the gate, and Flask behind it."""
    app = Flask("services.web", static_folder=None, template_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = REQUEST_BYTES_MAX
    limits = Limits(deps.clock, deps.settings.rate_readers_minute, deps.settings.rate_bots_minute)

    @app.before_request
    def limit() -> None:
        # The desk counts for itself: whoever is signed in is no stranger.
        if request.path in UNLIMITED or request.path.startswith(("/version/", "/admin/")):
            return
        if not limits.allows(address_of(request.environ), request.user_agent.string):
            raise TooManyRequests(retry_after=60)

    @app.after_request
    def secure(response: Response) -> Response:
        for name, value in deps.press.headers:
            response.headers.setdefault(name, value)
        return response

    for room in (views, views_api, views_outputs, views_parts, views_reader, views_search, views_weather):
        app.register_blueprint(room.blueprint(deps))
    app.register_blueprint(admin.blueprint(deps, limits))
    fixed = fixed_pages(deps.assets, deps.settings.public_url, deps.started_at)
    return Gate(app, deps.table.get, (deps.assets.pages | fixed).get, deps.metrics, deps.senders)
