"""`pressroom serve SERVICE…`: one or several services of a fleet, on the engines that the settings name."""

from __future__ import annotations

import sys

import click

from pressroom import logs
from pressroom.clock import SystemClock
from pressroom.objects.port import StoreError
from pressroom.outcomes import BackendUnavailable
from pressroom.settings import load
from pressroom.wiring import queue_of, store_of
from services.cli.serving import until_told
from services.embedded import SERVICES, Newsroom
from services.scheduler.sites import SiteError


@click.command()
@click.argument("services", nargs=-1, required=True, type=click.Choice(SERVICES))
@click.option("--lanes", default="", help="with fetcher: only feeds of these lanes (comma-separated)")
def command(services: tuple[str, ...], lanes: str) -> None:
    """Run SERVICES in this process until stopped. `web` runs alone, on granian."""
    settings = load()
    logs.configure(settings.log_level, settings.log_json)
    if "web" in services:
        if len(services) > 1:
            raise click.UsageError("web nodes run in processes of their own: `pressroom serve web`")
        from services.web.worker import serve  # noqa: PLC0415

        serve(settings)
        return
    clock = SystemClock()
    try:
        queue = queue_of(settings, clock)
        try:
            wanted = tuple(lane.strip() for lane in lanes.split(","))
            store = store_of(settings, clock)
            with until_told() as told, Newsroom(settings, queue, store, clock, services, wanted, stopping=told):
                told.wait()
        finally:
            queue.close()
    except (SiteError, StoreError, BackendUnavailable) as error:
        click.echo(f"pressroom: {error}", err=True)
        sys.exit(1)
