"""`pressroom serve SERVICE…`: one or several services of a fleet, on the engines that the settings name."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from pressroom import logs
from pressroom.settings import Settings, load
from services import SERVICES


@click.command()
@click.argument("services", nargs=-1, required=True, type=click.Choice(SERVICES))
@click.option("--lanes", default="", help="with fetcher: only feeds of these lanes (comma-separated)")
def command(services: tuple[str, ...], lanes: str) -> None:
    """Run SERVICES in this process until stopped. `web` runs alone, on granian."""
    settings = load()
    logs.configure(settings.log_level, settings.log_json)
    if "web" not in services:
        _serve(settings, services, tuple(lane.strip() for lane in lanes.split(",")))
        return
    if len(services) > 1:
        raise click.UsageError("web nodes run in processes of their own: `pressroom serve web`")
    from pressroom.wiring import check_addresses  # noqa: PLC0415
    from services.web.parent import serve  # noqa: PLC0415 - what starts the workers pays for nothing of theirs

    check_addresses(settings)
    serve(settings)


def _serve(settings: Settings, services: Sequence[str], lanes: Sequence[str]) -> None:
    from pressroom import memory  # noqa: PLC0415 - as above
    from pressroom.clock import SystemClock  # noqa: PLC0415
    from pressroom.objects.port import StoreError, StoreMisconfigured  # noqa: PLC0415
    from pressroom.outcomes import BackendUnavailable  # noqa: PLC0415
    from pressroom.queues.port import QueueMisconfigured  # noqa: PLC0415
    from pressroom.wiring import queue_of, store_of  # noqa: PLC0415
    from services.cli.serving import STOP_S, check_that_they_will_have_us, until_told  # noqa: PLC0415
    from services.embedded import Newsroom  # noqa: PLC0415
    from services.scheduler.sites import SiteError  # noqa: PLC0415

    clock = SystemClock()
    try:
        queue = queue_of(settings, clock)
        try:
            store = store_of(settings, clock)
            check_that_they_will_have_us(queue, store)
            with until_told() as told:
                room = Newsroom(settings, queue, store, clock, services, lanes, stopping=told)
                memory.settle()
                try:
                    room.start()
                    told.wait()
                finally:
                    room.stop(STOP_S)
        finally:
            queue.close()
    except (QueueMisconfigured, StoreMisconfigured):
        raise  # as for any setting that cannot be used
    except (SiteError, StoreError, BackendUnavailable) as error:
        click.echo(f"pressroom: {error}", err=True)
        sys.exit(1)
