"""`pressroom topology apply|check`: RabbitMQ's exchanges and queues as the project declares them."""

from __future__ import annotations

import json
import sys

import click

from pressroom.clock import SystemClock
from pressroom.outcomes import BackendUnavailable
from pressroom.settings import Settings, load
from pressroom.wiring import check_addresses
from services.cli.plainly import in_one_line
from services.scheduler.sites import SiteError
from services.staff import lanes_of


@click.group()
def command() -> None:
    """Declare RabbitMQ's queues, or say how the broker differs from what is wanted."""


def _broker(settings: Settings) -> object:
    from pressroom.queues.rabbitmq.admin import Broker  # noqa: PLC0415 - only those who use RabbitMQ have pika

    url = settings.queue_url.get_secret_value()
    if not url:
        raise click.ClickException("PRESSROOM_QUEUE_URL is empty: the sqlite queue needs no topology")
    check_addresses(settings)
    lanes = tuple(lane for lane in lanes_of(settings) if lane) if settings.sites.is_dir() else ()
    return Broker(url, settings.partitions, lanes, settings.management_url.get_secret_value())


def _tell(report: object, as_json: bool) -> None:
    differences = [str(one) for one in report.differences]  # type: ignore[attr-defined]
    strays = list(report.strays)  # type: ignore[attr-defined]
    if as_json:
        click.echo(json.dumps({"differences": differences, "strays": strays}))
    else:
        for line in differences:
            click.echo(line)
        for queue in strays:
            click.echo(f"queue {queue}: nobody uses it any more")
        if not differences:
            click.echo("the broker has what is wanted")
        if any(one.is_there for one in report.differences):  # type: ignore[attr-defined]
            click.echo(
                "what is there otherwise cannot be changed: with its messages worked off and the fleet stopped, delete "
                "it and run `pressroom topology apply`, which makes it anew"
            )
    sys.exit(1 if differences else 0)


@command.command()
@click.option("--json", "as_json", is_flag=True)
def check(as_json: bool) -> None:
    """Say what differs; changes nothing. Exit 1 when something does."""
    from pressroom.queues.rabbitmq.admin import check as look  # noqa: PLC0415

    with in_one_line(BackendUnavailable, SiteError):
        report = look(_broker(load()))  # type: ignore[arg-type]
    _tell(report, as_json)


@command.command()
@click.option("--json", "as_json", is_flag=True)
def apply(as_json: bool) -> None:
    """Create what is missing; with another PRESSROOM_PARTITIONS, and the fleet stopped, move what is queued."""
    from pressroom.queues.rabbitmq.admin import apply as carry_out  # noqa: PLC0415
    from pressroom.queues.rabbitmq.move import CannotMove  # noqa: PLC0415

    with in_one_line(BackendUnavailable, CannotMove, SiteError):
        report = carry_out(_broker(load()), SystemClock(), lambda line: click.echo(line, err=as_json))  # type: ignore[arg-type]
    _tell(report, as_json)
