"""The newsroom at a glance: is it well, what is not, and what to do next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, Literal

from pydantic import Field

from pressroom.alerts.rules import ALERTS
from pressroom.desk import advice, failures, feeds, hosts, summaries
from pressroom.desk.advice import Advice
from pressroom.desk.failures import Cause
from pressroom.desk.feeds import Health
from pressroom.desk.hosts import Host
from pressroom.desk.office import Office
from pressroom.desk.verbs import Answer, Asked, verb
from schemas import keys
from schemas.documents import FailureLine
from schemas.status import BackupStatus, BucketStatus, FilesStatus, FleetStatus

CAUSES_SHOWN: Final = 8
FEEDS_SHOWN: Final = 12
HOSTS_SHOWN: Final = 6
HOURS: Final = 24
BUSY_RATIO: Final = next(alert.limit for alert in ALERTS if alert.name == "PressroomBusy")
"""A process above it for long wants a second one beside it."""


class Everything(Asked):
    """The whole newsroom."""


class Glance(Answer):
    """`weight` is that of the gravest thing, "well" when there is none; `says` is what to do next, in one sentence.

    `fleet` null: no scheduler has said anything yet. `causes` name one failure each. `opened` counts the failures
    opened in each of the last 24 hours, the latest last.
    """

    weight: Literal["page", "ticket", "advice", "well"]
    says: str
    at: datetime
    advice: tuple[Advice, ...]
    fleet: FleetStatus | None
    failures_open: int
    replaying: int = Field(description="failures that wait for their turn to be sent again")
    causes: tuple[Cause, ...]
    opened: tuple[int, ...]
    feeds: int
    feeds_well: int
    care: tuple[Health, ...] = Field(description="feeds that need a person, the gravest first; twelve at most")
    slowest: tuple[Host, ...]
    bucket: BucketStatus | None
    files: FilesStatus | None
    backup: BackupStatus | None


def show(office: Office, asked: Everything) -> Glance:
    """Tell how the newsroom is, and what to do next."""
    now = office.now()
    fleet = office.read(keys.STATUS_SERVICES, FleetStatus)
    standing = list(summaries.every(office, lambda line: line.status in {"open", "replaying"}))
    causes = failures.grouped(line for line in standing if line.status == "open")
    every = feeds.list_(office, feeds.Every()).feeds
    care = [one for one in every if one.needs]
    found = advice.advice(fleet, causes, care, now)
    return Glance(
        weight=found[0].weight if found else "well",
        says=found[0].action if found else "Nothing needs you.",
        at=now,
        advice=found,
        fleet=fleet,
        failures_open=sum(cause.count for cause in causes),
        replaying=sum(1 for line in standing if line.status == "replaying"),
        causes=tuple(cause.model_copy(update={"ids": cause.ids[:1]}) for cause in causes[:CAUSES_SHOWN]),
        opened=hourly(_opened(office, now), now),
        feeds=len(every),
        feeds_well=len(every) - len(care),
        care=tuple(care[:FEEDS_SHOWN]),
        slowest=hosts.list_(office, hosts.Wanted(order="slow", limit=HOSTS_SHOWN)).hosts,
        bucket=office.read(keys.STATUS_BUCKET, BucketStatus),
        files=office.read(keys.STATUS_FILES, FilesStatus),
        backup=office.read(keys.STATUS_BACKUP, BackupStatus),
    )


def hourly(moments: Iterable[datetime], now: datetime) -> tuple[int, ...]:
    """How many fell into each of the last 24 hours, the latest last."""
    ages = Counter((now - moment) // timedelta(hours=1) for moment in moments)
    return tuple(ages[back] for back in range(HOURS - 1, -1, -1))


def _opened(office: Office, now: datetime) -> Iterable[datetime]:
    since = now - timedelta(hours=HOURS)

    def is_young(line: FailureLine) -> bool:
        return line.opened_at > since

    return (line.opened_at for line in summaries.every(office, is_young, since=since))


VERBS = (verb("newsroom", show),)
