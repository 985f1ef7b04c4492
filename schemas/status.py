"""What operators see of the newsroom as a whole: the services that are alive, the hosts that are asked, the store.

Kept by the leading scheduler, written by the publisher under `status/`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Count, Instant, Line, Model, Name

PROCESSES_MAX = 1000
HOSTS_MAX = 1000
FIGURES_MAX = 60

Figure = Annotated[float, Field(allow_inf_nan=False)]


class Signs(Model):
    """How one process is. `process` names its services and a random part, and nothing of its machine.

    `cpu_ratio`: share of one core over the last five minutes; `lag_s`: the longest wait of a message for its handler
    in that time, for a scheduler the age of the oldest due refresh.
    """

    process: Name
    services: Annotated[tuple[Name, ...], Field(max_length=10)]
    version: Name
    started_at: Instant
    at: Instant
    cpu_ratio: Figure = 0.0
    memory_bytes: Count = 0
    lag_s: Figure = 0.0
    last_done_at: Instant | None = None
    faults: Annotated[tuple[Line, ...], Field(max_length=20)] = ()


class Alive(Model):
    """any → scheduler, every 30 s: this process is alive. `figures` are metrics that alerts look at, by name."""

    signs: Signs
    figures: Annotated[dict[Name, Figure], Field(default_factory=dict, max_length=FIGURES_MAX)]


class Seen(Model):
    """A process as the leading scheduler last heard of it; `skew_s`: its clock minus the leader's, then."""

    signs: Signs
    heard_at: Instant
    skew_s: Figure = 0.0


class Census(Model):
    """The feeds, counted. `lag_s`: for how long the oldest refresh that could go out, or is out, is due."""

    feeds: Count = 0
    due: Count = 0
    under_way: Count = 0
    failing: Count = 0
    stopped: Count = 0
    paused: Count = 0
    failures_open: Count = 0
    lag_s: Figure = 0.0
    updated_at: Instant | None = None
    headline_at: Instant | None = None


class Firing(Model):
    """An alert that is up. `said`: the webhook has taken it."""

    alert: Name
    severity: Name
    since: Instant
    text: Line
    said: bool = False


class FleetStatus(Model):
    """`status/services.json`: every process that was heard of in the last ten minutes, and what is wrong.

    `needed`: services of which at least one must be alive.
    """

    schema_version: Literal[1] = 1
    at: Instant
    census: Census
    processes: Annotated[tuple[Seen, ...], Field(max_length=PROCESSES_MAX)] = ()
    firing: Annotated[tuple[Firing, ...], Field(max_length=100)] = ()
    needed: Annotated[tuple[Name, ...], Field(max_length=10)] = ()


class HostCount(Model):
    """What a host was asked in a day (UTC). `seconds` is the time its answers took, all together."""

    requests: Count = 0
    unchanged: Count = 0
    failed: Count = 0
    limited: Count = 0
    bytes: Count = 0
    seconds: Figure = 0.0


class HostLine(Model):
    """One host. `next_at`: not asked again before; `pause_until`: its own wish (Retry-After) or an operator's."""

    host: Name
    feeds: Count = 0
    today: HostCount = HostCount()
    yesterday: HostCount = HostCount()
    last_at: Instant | None = None
    next_at: Instant | None = None
    pause_until: Instant | None = None


class HostsStatus(Model):
    """`status/hosts.json`: the politeness ledger. The hosts that were asked most, when there are too many."""

    schema_version: Literal[1] = 1
    at: Instant
    day: Name
    hosts: Annotated[tuple[HostLine, ...], Field(max_length=HOSTS_MAX)] = ()
    left_out: Count = 0


class PrefixSize(Model):
    prefix: Name
    objects: Count
    bytes: Count


class StoreSize(Model):
    """The whole store at a moment."""

    at: Instant
    bytes: Count


class BucketStatus(Model):
    """`status/bucket.json`: how much lies in the store, by the first part of the key. Counted every six hours.

    `complete` False: there is more than was counted. `history`: earlier sizes, the oldest first, eight days at most.
    """

    schema_version: Literal[1] = 1
    at: Instant
    prefixes: Annotated[tuple[PrefixSize, ...], Field(max_length=50)]
    complete: bool = True
    history: Annotated[tuple[StoreSize, ...], Field(max_length=40)] = ()


class FilesStatus(Model):
    """`status/files.json`: how the synchronisation of a folder with the store went, by `pressroom files`."""

    schema_version: Literal[1] = 1
    at: Instant
    succeeded_at: Instant | None = None
    seconds: Figure = 0.0
    failures: Count = 0
    message: Line = ""


class BackupStatus(Model):
    """`status/backup.json`: when a backup last ended well."""

    schema_version: Literal[1] = 1
    at: Instant
    objects: Count = 0
    bytes: Count = 0
    where: Line = ""
