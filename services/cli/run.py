"""`pressroom run`: the whole newsroom in one process, with nothing but Python."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from pressroom import logs, memory
from pressroom.clock import SystemClock
from pressroom.objects.port import StoreError, StoreMisconfigured
from pressroom.outcomes import BackendUnavailable
from pressroom.queues.port import QueueMisconfigured, Unroutable
from pressroom.settings import Settings, load
from pressroom.wiring import queue_of, store_of
from services import SERVICES
from services.cli.serving import check_that_they_will_have_us, until_told
from services.embedded import Newsroom
from services.scheduler.sites import SiteError
from services.staff import lanes_of


@click.command()
@click.option("--sites", type=click.Path(path_type=Path), help="folder of the sites' TOML files (default: sites)")
@click.option("--data", type=click.Path(path_type=Path), help="folder of queue, store and copies (default: data)")
@click.option("--host", help="address to listen on (default: 127.0.0.1)")
@click.option("--port", type=int, help="port to listen on (default: 8080)")
@click.option("--demo", is_flag=True, help="with the bundled sample papers, no internet needed")
@click.option("--once", is_flag=True, help="refresh every feed once, say what came of it, and stop")
@click.option("--json", "as_json", is_flag=True, help="with --once: the summary as JSON")
def command(
    sites: Path | None, data: Path | None, host: str | None, port: int | None, demo: bool, once: bool, as_json: bool
) -> None:
    """Run every service in this process, on sqlite and a directory unless the settings name other engines."""
    settings = load(sites=sites, data=data, host=host, port=port)
    logs.configure(settings.log_level, settings.log_json)
    with _plainly(), _world(settings, demo) as (settings, password):
        if once:
            from services.cli.once import refresh_once  # noqa: PLC0415

            summary = refresh_once(settings)
            click.echo(json.dumps(summary.as_dict()) if as_json else summary.as_text())
        else:
            _run(settings, password)


@contextmanager
def _plainly() -> Iterator[None]:
    """What a person can mend is one line, without a trace."""
    try:
        yield
    except (QueueMisconfigured, StoreMisconfigured):
        raise  # as for any setting that cannot be used
    except (SiteError, StoreError, BackendUnavailable, Unroutable, OSError) as error:
        click.echo(f"pressroom: {error}", err=True)
        sys.exit(1)


@contextmanager
def _world(settings: Settings, demo: bool) -> Iterator[tuple[Settings, str]]:
    """The settings, and the desk's password if one was made for this run."""
    if not demo:
        yield settings, ""
        return
    from services.cli.demo import sample_world  # noqa: PLC0415

    with sample_world(settings) as changed:
        yield changed


def _run(settings: Settings, password: str) -> None:
    from services.web.node import WebNode  # noqa: PLC0415
    from services.web.serve import Server  # noqa: PLC0415

    clock = SystemClock()
    queue = queue_of(settings, clock)
    try:
        store = store_of(settings, clock)
        check_that_they_will_have_us(queue, store)
        room = Newsroom(settings, queue, store, clock, SERVICES, lanes_of(settings))
        app = room.stories[WebNode].wsgi
        memory.settle()
        with until_told() as told, Server(app, settings.host, settings.port) as server, room:
            click.echo(f"Pressroom is at {server.address} (Ctrl-C stops it; data in {settings.data})")
            if password:
                click.echo(f"The desk is at {server.address}/admin/ (any name; password of this run: {password})")
            told.wait()
            began = time.monotonic()
        click.echo(f"stopped in {time.monotonic() - began:.1f} s; the next start goes on from here")
    finally:
        queue.close()
