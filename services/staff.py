"""What each service is made of: built from its ports here and nowhere else, so that this page tells what it needs."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pressroom.alerts.webhook import Webhook
from pressroom.cells import cell_at
from pressroom.clock import Clock
from pressroom.consumer.loop import Consumer
from pressroom.health import Vitals, out_of_reach
from pressroom.http.answer import Limits, Response
from pressroom.http.client import Client
from pressroom.http.guard import Guard
from pressroom.introduction import introduction
from pressroom.metrics.depths import Depths
from pressroom.metrics.names import BACK_ENDS
from pressroom.metrics.read_off import counter
from pressroom.notices import Notices
from pressroom.outcomes import Outcome
from pressroom.places import Places
from pressroom.queues.topics import DEAD, FEED_REFRESH, RECORD_PUBLISH, SCHEDULE, TABLE, WEATHER_REQUEST, on_lane
from pressroom.sender import Sender
from pressroom.settings import Settings
from pressroom.wiring import VERSION, loop_rules
from schemas.changes import FeedSearch
from schemas.envelope import Envelope
from schemas.messages import PageImageWish, WeatherRequest
from schemas.operating import PreviewRequest, TopicPause, WeatherPreviewRequest
from services.fetcher.manners import Identity
from services.room import Part, Room

if TYPE_CHECKING:
    from services.scheduler.lookout import Lookout

WEATHER_WORKERS = 4
PUBLISH_WORKERS = 4


def lanes_of(settings: Settings) -> tuple[str, ...]:
    """Every lane that the sites name, the unnamed one first. Raises `SiteError`."""
    from services.scheduler.sites import SiteBook  # noqa: PLC0415 - as below

    return tuple(dict.fromkeys(("", *(site.lane for site in SiteBook(settings.sites).sites.values()))))


# --- the services, each built from its ports ----------------------------------------------------------


def http_client(settings: Settings, clock: Clock) -> Client:
    """The guarded way out, as the settings bound it."""
    limits = Limits(
        connect_s=settings.fetch_connect_s,
        total_s=settings.fetch_total_s,
        wire_bytes_max=settings.fetch_wire_bytes_max,
        body_bytes_max=settings.fetch_body_bytes_max,
    )
    guard = Guard(settings.fetch_ports, settings.fetch_allow_networks)
    return Client(guard, limits, clock, identity_of(settings).user_agent())


def identity_of(settings: Settings) -> Identity:
    """Who asks."""
    return Identity(VERSION, introduction(settings))


def _publisher(room: Room) -> list[Part]:
    from services.publisher.failures import Failures  # noqa: PLC0415 - a process pays only for what it serves
    from services.publisher.keeping import Ages, Keeping  # noqa: PLC0415
    from services.publisher.pauses import PauseDesk  # noqa: PLC0415
    from services.publisher.shelf import Shelf  # noqa: PLC0415
    from services.publisher.story import Publisher  # noqa: PLC0415

    shelf = Shelf(room.store, Notices(room.queue, room.clock))
    failures = Failures(shelf, room.clock, VERSION)
    settings = room.settings
    days = (settings.failures_days, settings.archive_days, settings.previews_days, settings.audit_days)
    ages = Ages(*days, settings.weather_days)
    keeping = Keeping(room.store, settings.versions_max, settings.raw_max, settings.versions_days, ages)
    story = Publisher(
        shelf,
        failures,
        keeping,
        room.clock,
        page_images=settings.fetch_page_images,
        images_from=settings.assets_url,
    )
    pauses = PauseDesk(shelf)

    def dead(envelope: Envelope[Any]) -> Outcome:
        return pauses.handle(envelope) if isinstance(envelope.payload, TopicPause) else failures.dead(envelope)

    return [
        room.consumer("publisher", RECORD_PUBLISH, story.handle, PUBLISH_WORKERS),
        room.consumer("publisher", DEAD, dead, 1),
    ]


def _fetcher(room: Room) -> list[Part]:
    from services.fetcher.manners import Pace, RobotsRule  # noqa: PLC0415
    from services.fetcher.page_images import PageImages  # noqa: PLC0415
    from services.fetcher.parse import ParsedFeed, parse  # noqa: PLC0415
    from services.fetcher.previews import Previews  # noqa: PLC0415
    from services.fetcher.searches import Searches  # noqa: PLC0415
    from services.fetcher.story import Fetcher  # noqa: PLC0415

    settings = room.settings
    client = http_client(settings, room.clock)
    identity = identity_of(settings)

    by_reader = counter(room.registry, "pressroom_documents_read_total")

    def get(url: str, headers: Mapping[str, str]) -> Response:
        return client.get(url, headers=headers)

    def read(body: bytes, content_type: str | None, url: str) -> ParsedFeed:
        parsed = parse(body, content_type=content_type, url=url)
        by_reader.labels(parsed.reader).inc()
        return parsed

    story = Fetcher(
        get=get,
        parse=read,
        store=room.store,
        clock=room.clock,
        raw_bytes_max=settings.fetch_raw_bytes_max,
        identity=identity,
        robots=RobotsRule(get, room.clock, identity.user_agent()) if settings.fetch_robots else None,
    )
    pace = Pace(room.clock, settings.fetch_host_spacing_s)
    images = PageImages(get, identity, room.clock, pace)
    previews, searches = Previews(story, pace, VERSION), Searches(story, pace)

    def handle(envelope: Envelope[Any]) -> Outcome:
        match envelope.payload:
            case PageImageWish():
                return images.handle(envelope)
            case PreviewRequest():
                return previews.handle(envelope)
            case FeedSearch():
                return searches.handle(envelope)
            case _:
                return story.handle(envelope)

    return [
        room.consumer("fetcher", on_lane(FEED_REFRESH, lane), handle, settings.fetch_workers) for lane in room.lanes
    ]


def _weather(room: Room) -> list[Part]:
    from services.weather.calls import FILE_NAME, Calls  # noqa: PLC0415
    from services.weather.previews import WeatherPreviews  # noqa: PLC0415
    from services.weather.provider import OpenMeteo, OpenWeather, Provider  # noqa: PLC0415
    from services.weather.story import WeatherDesk  # noqa: PLC0415

    settings = room.settings
    providers: list[Provider] = [OpenMeteo(settings.weather_url, settings.weather_budget_day)]
    key = settings.openweather_key.get_secret_value()
    if key:
        providers.append(OpenWeather(settings.openweather_url, key, settings.openweather_budget_day))
    client = http_client(settings, room.clock)
    desk = WeatherDesk(
        providers,
        lambda url, headers: client.get(url, headers=headers),
        room.store,
        room.clock,
        name_of=room.places.name_of,
        calls=Calls(settings.data / FILE_NAME),
        fresh_s=settings.weather_fresh_s,
        rng=random.Random(),  # noqa: S311 - jitter, no secret
    )
    previews = WeatherPreviews(desk, room.store, room.clock, VERSION)

    def handle(envelope: Envelope[Any]) -> Outcome:
        return (previews if isinstance(envelope.payload, WeatherPreviewRequest) else desk).handle(envelope)

    return [room.consumer("weather", WEATHER_REQUEST, handle, WEATHER_WORKERS)]


def _scheduler(room: Room) -> list[Part]:
    from services.scheduler.lookout import Lookout  # noqa: PLC0415
    from services.scheduler.policy import Rules  # noqa: PLC0415
    from services.scheduler.rhythm import Rhythm  # noqa: PLC0415
    from services.scheduler.sites import SiteBook  # noqa: PLC0415
    from services.scheduler.story import Scheduler  # noqa: PLC0415
    from services.scheduler.timer import Timer  # noqa: PLC0415

    settings, seen = room.settings, Lookout(room.clock)
    rhythm = Rhythm(interval_min_s=settings.interval_min_s, interval_max_s=settings.interval_max_s)
    story = Scheduler(
        room.store,
        SiteBook(settings.sites),
        room.clock,
        Rules(
            rhythm=rhythm,
            host_spacing_s=settings.fetch_host_spacing_s,
            lease_s=settings.lease_s,
            grace_s=max(60.0, settings.fetch_total_s + 30),
            follow_moved=settings.follow_moved,
            remove_gone=settings.remove_gone,
            unwanted_days=settings.unwanted_days,
            reader_feeds_max=settings.reader_feeds_max,
            reader_feed_days=settings.reader_feed_days,
        ),
        rng=random.Random(),  # noqa: S311 - jitter, no secret
        status_interval_s=settings.status_interval_s,
        weather_of=lambda place: _weather_of(room.places, place),
        weather_every_s=settings.weather_fresh_s,
        lookout=seen,
    )
    room.stories[Scheduler] = story
    consumer = Consumer.batched(
        room.queue,
        SCHEDULE,
        room.metrics.waited(SCHEDULE, room.tally.metered("scheduler", story.handle)),
        service="scheduler",
        clock=room.clock,
        rules=loop_rules(settings, SCHEDULE),
        observer=room.metrics,
        unsettled=story.start_afresh,
    )
    room.watched("scheduler", consumer)
    room.vitals["scheduler"].ask(seen.faults(settings.lag_max_s, settings.healthy_age_s))
    room.lags.append(seen.lag_s)
    return [consumer, Timer(Sender(room.queue, room.clock, "scheduler"), room.clock), _watchman(room, seen)]


def _watchman(room: Room, seen: Lookout) -> Part:
    from services.scheduler.alarms import AlarmDesk  # noqa: PLC0415
    from services.scheduler.watchman import Watchman  # noqa: PLC0415

    url = room.settings.webhook_url.get_secret_value()
    rng = random.Random()  # noqa: S311 - jitter, no secret
    watchman = Watchman(
        seen,
        AlarmDesk(room.store, Webhook(url) if url else None, room.clock, rng),
        room.store,
        Sender(room.queue, room.clock, "scheduler"),
        room.clock,
        process=room.body.process,
        figures=room.body.figures,
    )
    watchman.register(room.registry)
    Depths(room.queue, TABLE).register(room.registry)
    return watchman


def _weather_of(places: Places, name: str) -> WeatherRequest | None:
    place = places.find(name)
    if place is None:
        return None
    cell = cell_at(place.latitude, place.longitude)
    return WeatherRequest(
        cell=cell.id, latitude=cell.latitude, longitude=cell.longitude, place=place.name, reason="due"
    )


def _web(room: Room) -> list[Part]:
    from services.web.cells import cell_finder  # noqa: PLC0415
    from services.web.node import WebNode  # noqa: PLC0415

    cell_of = cell_finder(room.places)
    node = WebNode(
        room.store,
        room.queue,
        room.clock,
        room.settings,
        cell_of=cell_of,
        places=room.places,
        registry=room.registry,
    )
    room.stories[WebNode] = node
    room.lags.append(node.metrics.lag_s)
    node.tell(room.vitals["web"])
    return [node]


def hire(room: Room, service: str) -> list[Part]:
    """The parts of a service, not started yet."""
    room.vitals[service] = Vitals(service, room.clock.now, room.settings.healthy_age_s)
    if service in BACK_ENDS:
        # A web node has its copies and is well without; it tells of the store in its own way.
        room.vitals[service].ask(lambda: out_of_reach(room.store.down_s, room.store.trouble))
    return BUILDERS[service](room)


# Those who listen start before those who speak, so that nothing waits at the start.
BUILDERS: dict[str, Callable[[Room], list[Part]]] = {
    "publisher": _publisher,
    "weather": _weather,
    "fetcher": _fetcher,
    "scheduler": _scheduler,
    "web": _web,
}
