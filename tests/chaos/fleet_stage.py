"""Where a fleet plays: a real broker, a real store with a witness before it, a source of news, and the processes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from pressroom.clock import SystemClock
from pressroom.objects.s3.address import parse_address
from pressroom.queues.rabbitmq.queue import RabbitQueue
from pressroom.sender import Sender
from pressroom.testing import Broker, Fleet, Store, newsroom
from pressroom.testing.newsroom import PRESSROOM
from pressroom.testing.rabbit import recipe as broker_recipe
from pressroom.testing.store import recipe as store_recipe
from pressroom.wiring import store_of
from tests.chaos.fleet import Member, Scene, Stage
from tests.chaos.fleet_load import Load
from tests.chaos.fleet_reader import Reader
from tests.chaos.fleet_source import ADDRESSES, Source
from tests.chaos.fleet_witness import Witness
from tests.fakes.operator import Operator

CREW = ("scheduler-1", "scheduler-2", "fetcher-1", "fetcher-2", "weather-1", "publisher-1", "publisher-2", "web-1")
PAPERS = 2 * len(ADDRESSES)
PARTITIONS = 4
SITE = "news"
HOURS_S = 36_000.0
"""Nothing is refreshed but by a wish, and nothing is given up and asked for again: what is lost stays lost."""


@contextmanager
def stage() -> Iterator[Stage]:
    """A virtual host on a broker, and a store: the run's one pair for all fleets that are mistreated, one at a time."""
    broker = Broker.shared(broker_recipe("broker-fleet"))
    with broker.vhost() as url:
        yield Stage(broker, store_for_fleets(), url, url.rpartition("/")[2])


def store_for_fleets() -> Store:
    return Store.shared(store_recipe("store-fleet"))


@contextmanager
def playing(stage: Stage, crew: Sequence[str] = CREW, program: Sequence[str] = PRESSROOM) -> Iterator[Scene]:
    """Start a fleet and its load; what fails meanwhile comes with the logs of its processes."""
    with ExitStack() as things:
        bucket = things.enter_context(stage.store.bucket())
        witness = things.enter_context(Witness(stage.store.endpoint))
        source = things.enter_context(Source(PAPERS))
        fleet = things.enter_context(_no_processes_yet(stage, witness.url(parse_address(bucket).bucket), source))
        members = {name: Member(fleet, name, program) for name in crew}
        for member in members.values():
            member.start()
        _wait_for_the_first_page(fleet, members, source)
        stage.broker.keep_declarations()

        clock = SystemClock()
        # The test looks into the store itself, past the proxy and whatever the proxy does to the fleet.
        store = store_of(fleet.settings().model_copy(update={"objects_url": bucket}), clock)
        queue = RabbitQueue(stage.amqp_url, clock, partitions=PARTITIONS, publish_timeout_s=2.0)
        things.callback(queue.close)
        sender = Sender(queue, clock, "test")
        operator = Operator(store, sender, clock, fleet.settings())
        load = Load(source.papers, operator, sender, witness)
        reader = Reader(f"{fleet.pages[0]}/s/{SITE}")
        things.enter_context(reader.reading())
        things.enter_context(load.running())
        scene = Scene(stage, fleet, program, members, source, witness, load, reader, sender, operator)
        scene.goes_on()
        yield scene


@contextmanager
def _no_processes_yet(stage: Stage, objects_url: str, source: Source) -> Iterator[Fleet]:
    with newsroom(
        (),
        queue_url=stage.amqp_url,
        objects_url=objects_url,
        weather_url=source.forecast_url,
        partitions=PARTITIONS,
        interval_min_s=HOURS_S,
        interval_max_s=2 * HOURS_S,
        lease_s=HOURS_S,
    ) as fleet:
        fleet.add_site(SITE, [paper.url for paper in source.papers])
        yield fleet


def _wait_for_the_first_page(fleet: Fleet, members: dict[str, Member], source: Source) -> None:
    fleet.pages += [member.url for member in members.values() if member.service == "web"]
    for paper in source.papers:
        fleet.wait_for_page(f"/s/{SITE}", paper.latest, within_s=60)
