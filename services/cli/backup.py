"""`pressroom backup`: copy the store, state and history, into another one, while the newsroom works."""

from __future__ import annotations

import click

from pressroom.clock import Clock, SystemClock
from pressroom.desk.backup import Backup
from pressroom.desk.backup_shelf import BadBackup, Shelf
from pressroom.desk.office import Refused
from pressroom.objects import ObjectStore, StoreError, open_store
from pressroom.objects.port import Versioned
from pressroom.outcomes import BackendUnavailable, Emit
from pressroom.queues.port import Full, Unroutable
from pressroom.queues.topics import RECORD_PUBLISH
from pressroom.sender import Sender
from pressroom.settings import BadSettings, Settings, load
from pressroom.wiring import VERSION, queue_of, store_of
from schemas import keys
from schemas.backup import BackupRun
from schemas.codec import TooNew, Undecodable
from schemas.status import BackupStatus
from services.cli.plainly import in_one_line

TOLD = (BadBackup, Refused, BackendUnavailable, StoreError, TooNew, Undecodable)
"""What cannot be reached, read or done."""


def shelf_of(settings: Settings, target: str | None) -> Shelf:
    """Where copies lie: the address given, else the setting's. Raises `Refused` when it is the newsroom's own store."""
    url = target or settings.backup_url
    if not url:
        raise Refused("name a folder or s3://BUCKET?endpoint=… to copy to, or set PRESSROOM_BACKUP_URL")
    if url in (settings.objects_url, str(settings.data / "objects")):
        raise Refused(f"{url} is the newsroom's own store; a copy in there would be lost with it")
    own_keys = settings.backup_access_key.get_secret_value()
    return Shelf(
        open_store(
            url,
            clock=SystemClock(),
            access_key=own_keys or settings.s3_access_key.get_secret_value(),
            secret_key=(settings.backup_secret_key if own_keys else settings.s3_secret_key).get_secret_value(),
        )
    )


@click.command()
@click.argument("target", required=False)
@click.option("--keep-days", type=click.FloatRange(min=0), help="drop copies older than so many days")
@click.option("--dry-run", is_flag=True, help="say how much would be copied, and copy nothing")
@click.option("--versioning", is_flag=True, help="instead, have the store itself keep what is overwritten (S3 only)")
@click.option("--json", "as_json", is_flag=True, help="the answer as JSON")
def command(target: str | None, keep_days: float | None, dry_run: bool, versioning: bool, as_json: bool) -> None:
    """Copy the store into TARGET: a folder or s3://BUCKET?endpoint=…; without it, to PRESSROOM_BACKUP_URL.

    Run it daily: what has not changed is not read again, and a run that was cut off is gone on with.
    """
    settings, clock = load(), SystemClock()
    with in_one_line(*TOLD):
        store = store_of(settings, clock)
        if versioning:
            click.echo(_switch_on(store))
            return
        shelf = shelf_of(settings, target)
        backup = Backup(store, shelf, clock, VERSION)
        if dry_run:
            _say(backup.run(dry_run=True), shelf, as_json=as_json, dry_run=True)
            return
        with backup.alone():
            run = backup.run()
            _say(run, shelf, as_json=as_json)
            _tell_the_newsroom(settings, clock, run, shelf)
            pruned = backup.prune(settings.backup_days if keep_days is None else keep_days)
        if pruned.runs and not as_json:
            click.echo(f"dropped: {pruned.runs} older copies and the {pruned.blobs} blobs that only they needed")


def _say(run: BackupRun, shelf: Shelf, *, as_json: bool, dry_run: bool = False) -> None:
    click.echo(run.model_dump_json(exclude={"parts"}, indent=1) if as_json else _said(run, shelf, dry_run=dry_run))


def _tell_the_newsroom(settings: Settings, clock: Clock, run: BackupRun, shelf: Shelf) -> None:
    """So that an alert can say when there was none for long. A copy is worth as much without."""
    status = BackupStatus(at=run.ended_at, objects=run.objects, bytes=run.size_bytes, where=shelf.store.name[:1000])
    try:
        queue = queue_of(settings, clock)
        try:
            Sender(queue, clock, "cli").send([Emit(RECORD_PUBLISH, keys.STATUS_BACKUP, status)])
        finally:
            queue.close()
    except (BackendUnavailable, Full, Unroutable, BadSettings) as error:
        click.echo(f"the copy is whole, but the newsroom could not be told of it: {error}", err=True)


def _switch_on(store: ObjectStore) -> str:
    if not isinstance(store, Versioned):
        raise Refused(f"{store.name} keeps no versions; only a bucket can")
    store.keep_versions()
    return (
        f"{store.name} keeps what is overwritten from now on. The ledger is overwritten every second: "
        "give the bucket a lifecycle rule that expires noncurrent versions after some days"
    )


def _said(run: BackupRun, shelf: Shelf, *, dry_run: bool) -> str:
    seconds = (run.ended_at - run.began_at).total_seconds()
    return (
        f"{'would copy' if dry_run else 'copied'}: {run.copied} of {run.objects} objects, "
        f"{run.copied_bytes / 1e6:.1f} of {run.size_bytes / 1e6:.1f} MB, in {seconds:.1f} s, "
        f"to {shelf.store.name}{'' if dry_run else f' as {run.run}'}"
    )
