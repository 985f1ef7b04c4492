"""One web node: its copies, its pages, its place at the notices."""

from __future__ import annotations

import logging
import random
import threading
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry

from pressroom.clock import Clock
from pressroom.health import Vitals
from pressroom.objects.port import ObjectStore, StoreError, Unavailable
from pressroom.places import Places
from pressroom.queues.port import Queue
from pressroom.settings import Settings
from schemas import keys
from schemas.documents import Head, SiteIndex
from schemas.weather import WeatherRecord
from services.web.agenda import Agenda
from services.web.application import Deps, create_app
from services.web.asking import Asking
from services.web.assets import Assets
from services.web.copies import Copies, Copy
from services.web.counting import NodeMetrics, node_states
from services.web.desk import CellOf, Outage, sites_showing, wanted
from services.web.gate import Gate
from services.web.indexer import Indexer
from services.web.kept import Kept
from services.web.kinds import Rules, Trust
from services.web.own import OwnFeeds
from services.web.pages import PageTable
from services.web.press import Press
from services.web.refresher import Refresher
from services.web.renderer import Renderer
from services.web.rendering import Templates
from services.web.search import Index
from services.web.shelf import Shelf
from services.web.waiters import Waiters, waiters_of
from services.web.watcher import Watcher
from services.web.weather import NodeWeather

log = logging.getLogger(__name__)
LISTEN_S = 0.5
"""A broker that is down must not hold up a start: after this it is waited for beside the readers."""

STOP_S = 2.0


def _no_cells(place: str) -> str | None:
    return None


class WebNode:
    """`start`, serve `wsgi`, `stop`. The queue may be None: then copies are checked in their time only.

    Threads: four that refresh copies, one that renders, one that watches the broker. None of them is a reader's.
    """

    def __init__(
        self,
        store: ObjectStore,
        queue: Queue | None,
        clock: Clock,
        settings: Settings,
        *,
        cell_of: CellOf = _no_cells,
        places: Places | None = None,
        registry: CollectorRegistry | None = None,
        senders: Waiters | None = None,
    ) -> None:
        registry = registry or CollectorRegistry()
        self.metrics = NodeMetrics(registry, clock)
        self._store = store
        self._clock = clock
        self._cell_of = cell_of
        self._places = places
        self._waiters = waiters_of(settings.web_threads)
        self.shelf = Shelf(settings.data / "web" / "copies", settings.copies_bytes_max)
        self.copies = Copies(
            store,
            self.shelf,
            clock,
            bytes_max=settings.copies_bytes_max,
            on_change=self._on_change,
            counts=self.metrics.checks,
            waiters=self._waiters,
        )
        self.agenda = Agenda(rules_of(settings), random.Random())  # noqa: S311 - jitter, no secret
        self.refresher = Refresher(self.copies, self.agenda, clock, self._on_store, self.metrics.announced)
        self.assets = Assets(settings.assets_url, clock.now())
        templates = Templates(self.assets, settings.public_url)
        self.press = Press(self.copies, templates, cell_of, assets_url=settings.assets_url)
        self.table = PageTable()
        self.renderer = Renderer(self.table, self.metrics.rendering(self.press.render_site), clock)
        self.index = Index(settings.data / "web" / "search.sqlite")
        self.indexer = Indexer(self.copies, self.index, clock)
        self.asking = Asking(queue, clock)
        self.weather = NodeWeather(self._weather_of, self.asking, clock, settings.weather_fresh_s, self._look_at)
        self.own = OwnFeeds(self.copies, self.asking, clock, settings.rate_reader_feeds_hour, self._look_at)
        self._public: frozenset[str] = frozenset()
        self._want_lock = threading.Lock()
        self._watcher = Watcher(
            queue, clock, self.refresher.on_notice, self._on_broker, self._publish_assets, self._tidy
        )
        self.wsgi: Gate = create_app(self._deps(settings, queue, senders))
        node_states(registry, self.health)

    def _deps(self, settings: Settings, queue: Queue | None, senders: Waiters | None) -> Deps:
        return Deps(
            settings=settings,
            clock=self._clock,
            store=self._store,
            queue=queue,
            copies=self.copies,
            table=self.table,
            kept=Kept(settings.copies_bytes_max, self.metrics.kept),
            press=self.press,
            assets=self.assets,
            health=self.health,
            metrics=self.metrics,
            waiters=self._waiters,
            senders=senders,
            index=self.index,
            weather=self.weather,
            own=self.own,
            places=self._places,
            cell_of=self._cell_of,
            sites=self.sites,
            public_keys=lambda: self._public,
            started_at=self._clock.now(),
        )

    def start(self) -> None:
        """Pages from disk are there when this returns; the store is asked for newer ones meanwhile."""
        self.open()
        self.refresher.start()
        self.renderer.start()
        self.indexer.start()
        self.asking.start()
        self._watcher.start()
        if self._places is not None and not self._places.is_ready:
            threading.Thread(target=self._make_places_ready, args=(self._places,), name="places", daemon=True).start()
        self._watcher.wait_for_notices(LISTEN_S)

    def _make_places_ready(self, places: Places) -> None:
        """The first start on a machine makes the index of names, beside everything else; then weather has a place."""
        places.make_ready()
        self._want()
        self.refresher.wake()
        self.renderer.mark(self.sites())

    def open(self) -> None:
        """Lay out what is on disk and render it, in this thread."""
        now = self._clock.now()
        self._want()
        looked: set[str] = set()
        # Other workers of this node may lay copies there meanwhile, and each may name more to look for.
        while new := [key for key in self.agenda.kept() if key not in looked]:
            looked.update(new)
            for key in new:
                copy = self.copies.get(key)
                if copy is not None:
                    age_s = max(0.0, (now - copy.fetched_at).total_seconds())
                    self.agenda.aged(key, age_s, self._clock.monotonic())
            self._want()
        self.renderer.mark(self.sites())
        self.renderer.render_due()

    def stop(self, timeout_s: float = STOP_S) -> None:
        self._watcher.stop(timeout_s)
        self.refresher.stop(timeout_s)
        self.renderer.stop(timeout_s)
        self.indexer.stop(timeout_s)
        self.asking.stop(timeout_s)

    def sites(self) -> list[str]:
        index = self.copies.value(keys.SITES_INDEX, SiteIndex)
        return [entry.site for entry in index.sites] if index is not None else []

    def health(self) -> dict[str, Any]:
        """Ready as soon as there is a page to show, however old: an old page is better than none."""
        sites = self.sites()
        outage = self.press.outage
        return {
            "ready": any(self.table.get(f"/s/{site}") is not None for site in sites),
            "sites": len(sites),
            "copies": len(self.agenda.kept()),
            "store_down_since": outage.store_since.isoformat() if outage.store_since else None,
            "broker_down_since": outage.broker_since.isoformat() if outage.broker_since else None,
        }

    def _want(self) -> None:
        # One at a time: of two that run together, the one that saw less could have the last word.
        with self._want_lock:
            sites, own = wanted(self.copies, self._cell_of), self.own.keys()
            self.agenda.want([*sites, *self.weather.keys(), *own], self._clock.monotonic())
            before, self._public = self._public, frozenset(sites)
        for key in (self._public - before).intersection(own):
            # Until now this was some reader's own, and in no search.
            self.indexer.mark(key)

    def _weather_of(self, key: str) -> WeatherRecord | None:
        return self.copies.value(key, WeatherRecord)

    def _look_at(self, key: str) -> None:
        self.agenda.also(key, self._clock.monotonic())
        self.refresher.wake()

    def tell(self, vitals: Vitals) -> None:
        """Make the node's readiness part of its service's health; its age and its outages are no fault of it."""
        vitals.ask(lambda: () if self.health()["ready"] else ("there is no page to show yet",))
        vitals.ask_trouble(self.broker_down_s)

    def broker_down_s(self) -> float:
        """For how long the broker has sent no notices."""
        since = self.press.outage.broker_since
        return 0.0 if since is None else max((self._clock.now() - since).total_seconds(), 0.001)

    def _on_change(self, copy: Copy) -> None:
        self.metrics.arrived(copy.key)
        if isinstance(copy.value, WeatherRecord):
            self.weather.took(copy.value)
        if copy.key.startswith("sites/"):
            self._want()
            self.refresher.wake()
        if copy.key == keys.SITES_INDEX:
            self.table.only(self.sites())
        # News of a feed come in streams; what people edit, weather asked for and a first copy are shown at once.
        patient = copy.replaces and isinstance(copy.value, Head)
        self.renderer.mark(sites_showing(self.copies, copy.key, self._cell_of), patient=patient)
        if isinstance(copy.value, Head) and copy.key in self._public:
            self.indexer.mark(copy.key)

    def _on_store(self, since: datetime | None) -> None:
        self._say(Outage(since, self.press.outage.broker_since))

    def _on_broker(self, trouble: str | None) -> None:
        since = self.press.outage.broker_since
        if bool(trouble) == (since is not None):
            return
        if trouble:
            log.warning("no notices from the broker, copies are checked in their time: %s", trouble)
        self._say(Outage(self.press.outage.store_since, self._clock.now() if trouble else None))

    def _say(self, outage: Outage) -> None:
        self.press.outage = outage
        self.renderer.mark(self.sites())

    def _tidy(self) -> None:
        self._want()
        self.shelf.trim(self.agenda.kept())

    def _publish_assets(self) -> bool:
        """True when there is nothing left to do about it."""
        if self.press.outage.store_since is not None:
            return False
        try:
            self.assets.publish(self._store)
        except Unavailable:
            return False
        except StoreError as error:
            log.warning("assets are not in the store, this node serves its own: %s", error)
        return True


def rules_of(settings: Settings) -> Rules:
    return Rules(
        copy=Trust(settings.copy_trust_s, settings.copy_check_s),
        status=Trust(settings.status_trust_s, settings.status_trust_s),
    )
