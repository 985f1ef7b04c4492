"""`pressroom feeds`: health, history, rollback, pauses, wishes."""

from __future__ import annotations

import getpass
import json
from datetime import UTC, datetime, timedelta

import click

from pressroom.desk.failures import NotFound
from schemas.documents import FeedStatus
from services.cli.office import office

BY = click.option("--by", default=getpass.getuser, help="who does it")
WHY = click.option("--why", required=True, help="the reason, kept")


@click.group()
def command() -> None:
    """See how feeds are doing, and change what readers get of them."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True)
def list_(as_json: bool) -> None:
    """Every feed, what needs a person first."""
    with office() as (_, feeds):
        found = feeds.statuses()
    if as_json:
        click.echo("[" + ",".join(one.model_dump_json(exclude_none=True) for one in found) + "]")
        return
    for one in found:
        click.echo(f"{_word(one):9} {one.feed}")
        if one.trouble:
            click.echo(f"          {one.failures} × {one.trouble.kind}: {one.trouble.message}")


def _word(status: FeedStatus) -> str:
    if status.stopped:
        return "stopped"
    if status.failures:
        return "failing"
    return "well" if status.ok_at else "new"


@command.command()
@click.argument("feed")
@click.option("--json", "as_json", is_flag=True)
def show(feed: str, as_json: bool) -> None:
    """A feed's head and the versions kept of it."""
    with office() as (_, feeds):
        try:
            head, versions = feeds.head(feed), feeds.versions(feed)
        except NotFound as error:
            raise click.ClickException(str(error)) from None
    if as_json:
        click.echo(json.dumps({"head": json.loads(head.model_dump_json()), "versions": [v.digest for v in versions]}))
        return
    click.echo(f"{feed}: turn {head.turn}, revision {head.revision}, {'held' if head.hold else 'following its source'}")
    click.echo(
        f"  {head.fetch.url}, fetched {head.fetch.at:%Y-%m-%d %H:%M:%S} UTC, {len(head.document.entries)} entries"
    )
    for version in versions:
        click.echo(f"  {'*' if version.current else ' '} {version.digest}  {version.stored_at:%Y-%m-%d %H:%M:%S} UTC")


@command.command()
@click.argument("feed")
@click.argument("version")
@WHY
@BY
def rollback(feed: str, version: str, why: str, by: str) -> None:
    """Make an earlier VERSION of a feed current and hold it until it is released."""
    _move(feed, version, why, by)
    click.echo(f"asked for: {feed} shows {version} and holds it; `pressroom feeds release {feed}` lets go")


@command.command()
@click.argument("feed")
@WHY
@BY
def release(feed: str, why: str, by: str) -> None:
    """Let a held feed follow its source again."""
    _move(feed, None, why, by)
    click.echo(f"asked for: {feed} follows its source again")


def _move(feed: str, version: str | None, why: str, by: str) -> None:
    with office() as (_, feeds):
        try:
            wanted = _full(version, [one.digest for one in feeds.versions(feed)]) if version else None
            feeds.roll_back(feed, wanted, by=by, why=why)
        except NotFound as error:
            raise click.ClickException(str(error)) from None


def _full(beginning: str, digests: list[str]) -> str:
    found = [one for one in digests if one.startswith(beginning)]
    if len(found) != 1:
        raise NotFound(f"{len(found)} versions begin with {beginning!r}; `pressroom feeds show` lists them")
    return found[0]


@command.command()
@click.option("--feed", help="this feed")
@click.option("--site", help="every feed of this site; neither: every feed there is")
def refresh(feed: str | None, site: str | None) -> None:
    """Ask for a refresh before it is due."""
    with office() as (_, feeds):
        feeds.refresh(feed=feed, site=site)
    click.echo(f"asked for: a refresh of {feed or site or 'every feed'}")


@command.command()
@click.option("--host")
@click.option("--feed")
@click.option("--hours", type=float, default=24.0, show_default=True)
@WHY
@BY
def pause(host: str | None, feed: str | None, hours: float, why: str, by: str) -> None:
    """Leave a host or a feed alone for a while."""
    _pause(host, feed, datetime.now(UTC) + timedelta(hours=hours), why, by)
    click.echo(f"asked for: {host or feed} is left alone for {hours:g} h")


@command.command()
@click.option("--host")
@click.option("--feed")
@WHY
@BY
def resume(host: str | None, feed: str | None, why: str, by: str) -> None:
    """End a pause."""
    _pause(host, feed, None, why, by)
    click.echo(f"asked for: {host or feed} is asked again")


def _pause(host: str | None, feed: str | None, until: datetime | None, why: str, by: str) -> None:
    if (host is None) == (feed is None):
        raise click.UsageError("name either --host or --feed")
    with office() as (_, feeds):
        feeds.pause(host=host, feed=feed, until=until, by=by, why=why)
