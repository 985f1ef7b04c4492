"""`pressroom health`: ask a running service how it is; the exit code is for systemd, compose and load balancers."""

from __future__ import annotations

import http.client
import json
import sys

import click

from pressroom.settings import load

WAIT_S = 5.0


@click.command()
@click.argument("service", required=False, default="backend", type=click.Choice(["backend", "web"]))
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=int, help="default: PRESSROOM_METRICS_PORT, for web PRESSROOM_PORT")
@click.option("--json", "as_json", is_flag=True)
def command(service: str, host: str, port: int | None, as_json: bool) -> None:
    """Exit 0 when the service on this machine is well, 1 when it is not or does not answer."""
    settings = load()
    port = port or (settings.port if service == "web" else settings.metrics_port)
    if not port:
        raise click.UsageError("set PRESSROOM_METRICS_PORT (the service needs it too), or name a --port")
    connection = http.client.HTTPConnection(host, port, timeout=WAIT_S)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        body = answer.read(100_000)
    except OSError as error:
        click.echo(f"no answer at {host}:{port}: {error}", err=True)
        sys.exit(1)
    finally:
        connection.close()
    well = answer.status == 200
    click.echo(body.decode("utf-8", "replace").strip() if as_json else _lines(well, body))
    sys.exit(0 if well else 1)


def _lines(well: bool, body: bytes) -> str:
    try:
        services = json.loads(body).get("services", [])
    except ValueError:
        services = []
    faults = [f"{one['service']}: {fault}" for one in services for fault in one["faults"]]
    return "well" if well else "\n".join(["not well", *faults])
