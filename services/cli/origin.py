"""`pressroom origin`: the demo's sample papers as a server of their own."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import click

from pressroom.clock import SystemClock
from services.origin.server import Origin
from services.origin.sites import write_sites


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8090, show_default=True)
@click.option("--name", help="the host name that feeds are fetched by, when it is not --host")
@click.option("--sites", type=click.Path(file_okay=False, path_type=Path), help="write the sites' files here")
def command(host: str, port: int, name: str | None, sites: Path | None) -> None:
    """Serve the sample papers until stopped."""
    origin = Origin(SystemClock(), port, host, name)
    try:
        origin.start()
    except OSError as error:
        raise click.ClickException(f"cannot listen on {host}:{port}: {error.strerror}; choose another --port") from None
    if sites is not None:
        write_sites(sites, origin)
    click.echo(f"sample papers at http://{name or host}:{origin.port}/")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()
    origin.stop()
