"""The whole newsroom's health, as its leading scheduler last said: a verdict and a table. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from pressroom.desk.advice import SILENT_S
from pressroom.pulse import ALIVE_S
from schemas.status import FleetStatus, Seen
from services.cli.tables import moment, size, span, table

HEAD: Final = ("process", "state", "lag", "CPU", "memory", "last done", "version")
RIGHT: Final = frozenset({"lag", "CPU", "memory"})


def wrong(fleet: FleetStatus | None, now: datetime) -> list[str]:
    """Why the newsroom is not well: a silent leader, a service that nobody serves, an unwell process, an alert that
    somebody gets up for. A process that ended while another one of its kind goes on is no fault.
    """
    if fleet is None:
        return ["no scheduler has said yet how the newsroom is"]
    if now - fleet.at > timedelta(seconds=SILENT_S):
        # What was said of the others is as old.
        return [f"the leading scheduler has said nothing since {moment(fleet.at)}"]
    return list(_faults(fleet, now))


def _faults(fleet: FleetStatus, now: datetime) -> Iterator[str]:
    alive = [one.signs for one in fleet.processes if is_alive(one, now)]
    served = {service for signs in alive for service in signs.services}
    yield from (f"nothing is heard of {service}" for service in fleet.needed if service not in served)
    yield from (f"{signs.process}: {fault}" for signs in alive for fault in signs.faults)
    yield from (f"{one.alert}: {one.text}" for one in fleet.firing if one.severity == "page")


def is_alive(seen: Seen, now: datetime) -> bool:
    return now - seen.heard_at <= timedelta(seconds=ALIVE_S)


def lines(fleet: FleetStatus, now: datetime) -> list[str]:
    """A row for each process; feeds; the alerts that are up."""
    census = fleet.census
    feeds = (
        f"{census.feeds} feeds: {census.due} due, {census.under_way} under way, {census.failing} failing, "
        f"{census.stopped} stopped, {census.paused} paused; the oldest due waits for {span(census.lag_s)}"
    )
    firing = [f"{one.severity}: {one.alert} since {moment(one.since)}: {one.text}" for one in fleet.firing]
    return [*table(HEAD, [_row(one, now) for one in fleet.processes], RIGHT), feeds, *firing]


def _row(seen: Seen, now: datetime) -> tuple[str, ...]:
    signs = seen.signs
    state = "silent" if not is_alive(seen, now) else "unwell" if signs.faults else "well"
    return (
        signs.process,
        state,
        span(signs.lag_s),
        f"{signs.cpu_ratio:.0%}",
        size(signs.memory_bytes),
        moment(signs.last_done_at),
        signs.version,
    )
