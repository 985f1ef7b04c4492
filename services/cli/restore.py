"""`pressroom restore`: look at a copy of the store, or put it back into an empty one."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, time, timedelta
from typing import Any

import click

from pressroom.clock import SystemClock
from pressroom.desk.backup import chosen
from pressroom.desk.backup_restore import Looked, check, restore
from pressroom.desk.backup_shelf import Shelf
from pressroom.desk.office import Refused
from pressroom.settings import load
from pressroom.wiring import store_of
from schemas.backup import BackupRun
from services.cli.backup import TOLD, shelf_of
from services.cli.plainly import in_one_line
from services.scheduler.restored import restored
from services.scheduler.shards import BadLedger


@click.command()
@click.argument("source", required=False)
@click.option("--check", "only_check", is_flag=True, help="read every object of the copy and compare its hash")
@click.option("--at", metavar="DATE", help="the newest copy of that day or moment (UTC), not the newest there is")
@click.option("--list", "only_list", is_flag=True, help="name the copies there are")
@click.option("--json", "as_json", is_flag=True, help="the answer as JSON")
def command(source: str | None, only_check: bool, at: str | None, only_list: bool, as_json: bool) -> None:
    """Put a copy in SOURCE (else PRESSROOM_BACKUP_URL) back into the store of the settings, which must be empty.

    Exit 1 when a copy that was checked is not whole.
    """
    settings, clock = load(), SystemClock()
    with in_one_line(*TOLD):
        shelf = shelf_of(settings, source)
        runs = shelf.runs()
        if only_list:
            _tell(as_json, [json.loads(_json(run)) for run in runs], "\n".join(map(_line, runs)) or "no copies yet")
            return
        run = _run(shelf, runs, at)
        if only_check:
            _checked(check(shelf, run), as_json)
            return
        store = store_of(settings, clock)
        try:
            count = restore(shelf, run, store, lambda key, body: restored(key, body, clock.now()))
        except BadLedger as error:
            raise Refused(str(error)) from None
        said = f"restored: {count} objects of {run.run} into {store.name}; start the services on it"
        _tell(as_json, {"run": run.run, "objects": count, "store": store.name}, said)


def _run(shelf: Shelf, runs: list[BackupRun], at: str | None) -> BackupRun:
    run = chosen(runs, _moment(at) if at else None)
    if run is None:
        before = f" of {at} or before" if at else ""
        raise Refused(f"{shelf.store.name} has no complete copy{before}; it has {len(runs)}, which --list names")
    return run


def _moment(text: str) -> datetime:
    """A day means its end."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(f"--at {text}: a date such as 2026-11-20 or 2026-11-20T04:30 is wanted") from None
    if len(text) <= len("2026-11-20"):
        moment = datetime.combine(moment.date(), time(), tzinfo=UTC) + timedelta(days=1)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _checked(looked: Looked, as_json: bool) -> None:
    said = [f"{looked.objects} objects, {looked.size_bytes / 1e6:.1f} MB in {looked.run.run}: ", *looked.faults]
    said[0] += "all whole" if looked.is_whole else f"{looked.bad} gone or broken"
    answer = {
        "run": looked.run.run,
        "objects": looked.objects,
        "size_bytes": looked.size_bytes,
        "bad": looked.bad,
        "faults": looked.faults,
    }
    _tell(as_json, answer, "\n".join(said))
    sys.exit(0 if looked.is_whole else 1)


def _tell(as_json: bool, answer: Any, text: str) -> None:
    click.echo(json.dumps(answer, indent=1) if as_json else text)


def _json(run: BackupRun) -> str:
    return run.model_dump_json(exclude={"parts"})


def _line(run: BackupRun) -> str:
    return f"{run.run}  {run.objects:8} objects  {run.size_bytes / 1e6:10.1f} MB  {run.copied:8} new  {run.store}"
