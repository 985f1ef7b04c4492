"""`pressroom health`: ask a running service how it is; the exit code is for systemd, compose and load balancers."""

from __future__ import annotations

import http.client
import json
import sys
from datetime import datetime
from typing import Any

import click

from pressroom.settings import load
from services.cli.tables import moment, table

WAIT_S = 5.0


@click.command()
@click.argument("service", required=False, default="backend", type=click.Choice(["backend", "web", "all"]))
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=int, help="default: PRESSROOM_METRICS_PORT, for web PRESSROOM_PORT")
@click.option("--json", "as_json", is_flag=True)
def command(service: str, host: str, port: int | None, as_json: bool) -> None:
    """Exit 0 when it is well, 1 when it is not or does not answer.

    backend and web: the services of one process on this machine; all: the whole newsroom, as its leading scheduler
    last said in the store.
    """
    if service == "all":
        _all(as_json)
        return
    settings = load()
    port = port or (settings.port if service == "web" else settings.metrics_port)
    if not port:
        raise click.UsageError("set PRESSROOM_METRICS_PORT (the service needs it too), or name a --port")
    connection = http.client.HTTPConnection(host, port, timeout=WAIT_S)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        body = answer.read(100_000)
    except (OSError, http.client.HTTPException) as error:
        click.echo(f"no answer at {host}:{port}: {error or type(error).__name__}", err=True)
        sys.exit(1)
    finally:
        connection.close()
    well = answer.status == 200
    click.echo(body.decode("utf-8", "replace").strip() if as_json else _lines(well, body))
    sys.exit(0 if well else 1)


def _all(as_json: bool) -> None:
    from schemas import keys  # noqa: PLC0415 - a probe every 30 s pays for none of this
    from schemas.status import FleetStatus  # noqa: PLC0415
    from services.cli.desk.office import office  # noqa: PLC0415
    from services.cli.fleet import lines, wrong  # noqa: PLC0415

    with office() as desk:
        fleet, now = desk.read(keys.STATUS_SERVICES, FleetStatus), desk.now()
    says = wrong(fleet, now)
    if as_json:
        said = {"well": not says, "says": says, "fleet": fleet.model_dump(mode="json") if fleet else None}
        click.echo(json.dumps(said, ensure_ascii=False))
    else:
        click.echo("\n".join([*(lines(fleet, now) if fleet else []), *(says or ["well"])]))
    sys.exit(1 if says else 0)


def _lines(well: bool, body: bytes) -> str:
    """A table of services, with what is wrong below it."""
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        return "well" if well else "not well"
    if "ready" in said:
        return "\n".join(_node(said))
    services = said.get("services", [])
    rows = [(one["service"], "well" if one["well"] else "not well", _at(one.get("last_done_at"))) for one in services]
    faults = [f"{one['service']}: {fault}" for one in services for fault in one["faults"]]
    return "\n".join([*table(("service", "state", "last done"), rows), *faults])


def _node(said: dict[str, Any]) -> list[str]:
    row = ("web", "well" if said["ready"] else "not well", str(said.get("sites")), str(said.get("copies")))
    lines = table(("service", "state", "sites", "copies"), [row])
    if not said["ready"]:
        lines.append("web: there is no page to show yet")
    away = {"store_down_since": "has not reached the store", "broker_down_since": "has heard nothing from the broker"}
    for name, what in away.items():
        if said.get(name):
            lines.append(f"web: {what} since {_at(said[name])}; pages go on from its copies")
    return lines


def _at(text: str | None) -> str:
    return moment(datetime.fromisoformat(text)) if text else "–"
