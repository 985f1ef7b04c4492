"""Hosts: the politeness ledger. Whom we ask, how often, how it went, and when next."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from pressroom.desk.office import Office
from pressroom.desk.verbs import Answer, Asked, option, verb
from schemas import keys
from schemas.status import HOSTS_MAX, HostCount, HostLine, HostsStatus


class Wanted(Asked):
    order: Literal["slow", "requests", "failed", "limited", "bytes"] = option(
        "what comes first: by mean time of an answer, requests, failures, 429s or bytes, all of today", "requests"
    )
    host: str | None = option("only this host")
    limit: Annotated[int, Field(ge=1, le=HOSTS_MAX)] = option("so many at most", 200)


class Host(Answer):
    """One host today and yesterday (UTC). `mean_s`: of an answer today; null: it was not asked today."""

    host: str
    feeds: int
    mean_s: float | None
    today: HostCount
    yesterday: HostCount
    last_at: datetime | None
    next_at: datetime | None
    pause_until: datetime | None


class Hosts(Answer):
    """`at`: when the scheduler wrote it, null when none has; `left_out`: hosts that did not fit into the ledger."""

    hosts: tuple[Host, ...]
    at: datetime | None = None
    left_out: int = 0


def list_(office: Office, asked: Wanted) -> Hosts:
    """List the hosts that are asked: requests, 304s, bytes, 429s, how slow they are, when they are asked next."""
    ledger = office.read(keys.STATUS_HOSTS, HostsStatus)
    if ledger is None:
        return Hosts(hosts=())
    found = [_host(one) for one in ledger.hosts if asked.host in {None, one.host}]
    found.sort(key=lambda one: (-_weight(one, asked.order), one.host))
    return Hosts(hosts=tuple(found[: asked.limit]), at=ledger.at, left_out=ledger.left_out)


def _host(line: HostLine) -> Host:
    mean_s = line.today.seconds / line.today.requests if line.today.requests else None
    return Host(**{name: getattr(line, name) for name in Host.model_fields if name != "mean_s"}, mean_s=mean_s)


def _weight(host: Host, order: str) -> float:
    return host.mean_s or 0.0 if order == "slow" else float(getattr(host.today, order))


VERBS = (verb("hosts", list_),)
