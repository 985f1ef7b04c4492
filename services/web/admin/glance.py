"""`/admin/`: how the newsroom is, and what to do next. Reading is here; what to say of it is pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pressroom.desk import failures, feeds
from pressroom.desk.failures import Cause
from pressroom.desk.office import Office
from schemas import keys
from schemas.documents import FeedStatus
from schemas.status import FleetStatus, HostLine, HostsStatus
from services.web.admin.advice import Advice, advice
from services.web.admin.beside import Bar, hourly

CAUSES_SHOWN: Final = 6
FEEDS_SHOWN: Final = 8
HOSTS_SHOWN: Final = 6
DAY_FAILURES_MAX: Final = 10_000


@dataclass(frozen=True, slots=True)
class SlowHost:
    host: str
    seconds: float
    share: float
    """Of the slowest one's time, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Seen:
    """All that the page shows. `fleet` None: no scheduler has said anything yet."""

    advice: tuple[Advice, ...]
    fleet: FleetStatus | None
    causes: tuple[Cause, ...]
    open_failures: int
    feeds: tuple[FeedStatus, ...]
    care: tuple[FeedStatus, ...]
    hourly: tuple[Bar, ...]
    opened_today: int
    hosts: tuple[SlowHost, ...]
    node: dict[str, Any]

    @property
    def well(self) -> int:
        return sum(1 for one in self.feeds if not one.failures and not one.stopped)


def look(office: Office, node: dict[str, Any]) -> Seen:
    """Reads the newsroom's state from the store. Raises as verbs do."""
    now = office.now()
    fleet = office.read(keys.STATUS_SERVICES, FleetStatus)
    hosts = office.read(keys.STATUS_HOSTS, HostsStatus)
    causes = failures.causes(office, failures.Wanted()).causes
    day = failures.WantedPage(status="any", hours=24, limit=DAY_FAILURES_MAX)
    opened = [line.opened_at for line in failures.list_(office, day).failures]
    every = feeds.list_(office, feeds.Every()).feeds
    care = tuple(one for one in every if one.failures or one.stopped)
    return Seen(
        advice=advice(fleet, causes, care, node, now),
        fleet=fleet,
        causes=causes[:CAUSES_SHOWN],
        open_failures=sum(cause.count for cause in causes),
        feeds=every,
        care=care[:FEEDS_SHOWN],
        hourly=hourly(opened, now),
        opened_today=len(opened),
        hosts=slowest(hosts.hosts if hosts else ()),
        node=node,
    )


def slowest(hosts: tuple[HostLine, ...]) -> tuple[SlowHost, ...]:
    """The hosts whose answers took longest today, on average."""
    means = [(one.today.seconds / one.today.requests, one.host) for one in hosts if one.today.requests]
    means.sort(reverse=True)
    most = means[0][0] if means else 0.0
    return tuple(SlowHost(host, mean, mean / most if most else 0.0) for mean, host in means[:HOSTS_SHOWN])


def age_s(moment: datetime | None, now: datetime) -> float | None:
    return None if moment is None else max(0.0, (now - moment).total_seconds())
