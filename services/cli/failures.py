"""`pressroom failures`: list, show, replay, requeue, drop. Works beside a running newsroom, from another terminal."""

from __future__ import annotations

import getpass
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from pressroom.desk.failures import FailureDesk, NotFound, Wanted, causes
from schemas.documents import Failure
from schemas.errors import REMEDIES, ErrorKind
from services.cli.office import office


@click.group()
def command() -> None:
    """Messages given up and sources in trouble: see, understand, send again."""


@command.command("list")
@click.option("--status", default="open", show_default=True, help="open, replayed, requeued, dropped, closed or any")
@click.option("--topic", help="only of this topic")
@click.option("--kind", help="only of this error kind")
@click.option("--host", help="only of this host")
@click.option("--feed", help="only of this feed")
@click.option("--site", help="only of feeds of this site")
@click.option("--hours", type=float, help="only opened in the last so many hours")
@click.option("--count-min", type=int, help="only seen at least so often")
@click.option("--by-cause", is_flag=True, help="one line for each cause")
@click.option("--limit", type=int, default=50, show_default=True)
@click.option("--after", default="", help="go on after this id")
@click.option("--json", "as_json", is_flag=True)
def list_(
    status: str, hours: float | None, by_cause: bool, limit: int, after: str, as_json: bool, **fields: Any
) -> None:
    """List failures, the latest first."""
    since = datetime.now(UTC) - timedelta(hours=hours) if hours is not None else None
    wanted = Wanted(status=None if status == "any" else status, since=since, **fields)
    with office() as (desk, _):
        lines = desk.lines(wanted)
    if by_cause:
        found = causes(lines)
        if as_json:
            click.echo(json.dumps([{"cause": str(one), "ids": [line.id for line in one.lines]} for one in found]))
        else:
            click.echo("\n".join(str(one) for one in found) or "no failures")
        return
    ids = [line.id for line in lines]
    start = ids.index(after) + 1 if after in ids else 0
    page = lines[start : start + limit]
    if as_json:
        click.echo("[" + ",".join(line.model_dump_json(exclude_none=True) for line in page) + "]")
        return
    for line in page:
        subject = line.feed or line.host or "-"
        click.echo(f"{line.id}  {line.last_at:%d %b %H:%M}  {line.status:8} {line.count:4} × {line.kind:14} {subject}")
        click.echo(f"    {line.reason}")
    left = len(lines) - start - len(page)
    click.echo(f"{len(page)} shown, {left} more (--after {page[-1].id})" if left else f"{len(page)} failures")


@command.command()
@click.argument("failure")
@click.option("--json", "as_json", is_flag=True)
def show(failure: str, as_json: bool) -> None:
    """Tell a failure's whole story. FAILURE is a key, an id or the beginning of one."""
    with office() as (desk, _):
        key, found = _found(desk, failure)
    click.echo(found.model_dump_json(exclude_none=True, indent=1) if as_json else _story(key, found))


def _acting(act: str, text: str) -> click.Command:
    @click.argument("failures", nargs=-1, required=True)
    @click.option("--why", required=True, help="the reason, kept with the failure")
    @click.option("--by", default=getpass.getuser, help="who does it")
    @click.option("--dry-run", is_flag=True, help="say what would be done")
    @click.option("--json", "as_json", is_flag=True)
    def run(failures: tuple[str, ...], why: str, by: str, dry_run: bool, as_json: bool) -> None:
        with office() as (desk, _):
            chosen = [_found(desk, one) for one in failures]
            if not dry_run:
                desk.act([key for key, _ in chosen], act, by=by, why=why)
        done = [{"key": key, "act": act, "was": found.status, "sent": not dry_run} for key, found in chosen]
        if as_json:
            click.echo(json.dumps(done))
            return
        for one in done:
            what = act if one["was"] == "open" else f"nothing to {act}: it is {one['was']}"
            click.echo(f"{'would ' if dry_run else ''}{what}: {one['key']}")

    run.__doc__ = text
    return command.command(act)(run)


replay = _acting("replay", "Send what failed again, once, from its beginning.")
requeue = _acting("requeue", "Send what failed again without a look at it.")
drop = _acting("drop", "Give a failure up for good.")


def _found(desk: FailureDesk, named: str) -> tuple[str, Failure]:
    try:
        return desk.show(named)
    except NotFound as error:
        raise click.ClickException(str(error)) from None


def _story(key: str, failure: Failure) -> str:
    lines = [
        f"{key}",
        f"  {failure.kind}: {failure.reason}",
        f"  status {failure.status}, seen {failure.count} ×, since {failure.opened_at:%Y-%m-%d %H:%M:%S} UTC,"
        f" last {failure.last_at:%Y-%m-%d %H:%M:%S} UTC",
        f"  topic {failure.topic}, feed {failure.feed or '-'}, host {failure.host or '-'}, {failure.url or ''}",
        f"  code {failure.code_version}, trace {failure.trace}",
    ]
    if failure.kind in set(ErrorKind):
        lines.append(f"  what to do: {REMEDIES[ErrorKind(failure.kind)].action}")
    lines += [f"  {hop.at:%H:%M:%S} {hop.service}: {hop.what}" for hop in failure.hops]
    for attempt in failure.attempts:
        lines.append(
            f"  attempt {attempt.at:%Y-%m-%d %H:%M:%S} {attempt.status or ''} {attempt.kind}: {attempt.message}"
        )
        if attempt.first_bytes:
            lines.append(f"    it began: {attempt.first_bytes!r}")
    lines += [f"  {action.at:%Y-%m-%d %H:%M} {action.act} by {action.by}: {action.why}" for action in failure.actions]
    if failure.original:
        lines.append(f"  original: {failure.original[:2000]}")
    return "\n".join(lines)
