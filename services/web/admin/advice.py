"""What to do next, in order of need: pure, from what the desk sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pressroom.desk.failures import Cause
from schemas.documents import FeedStatus
from schemas.status import FleetStatus
from services.web.admin.beside import remedy
from services.web.admin.wording import page

SILENT_S: Final = 150.0
"""The leading scheduler writes how the services are every minute or sooner; silence for longer is news itself."""

CAUSES_MAX: Final = 5
_ORDER: Final = {"page": 0, "ticket": 1, "advice": 2}


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to do. `weight`: page, ticket or advice; `address` leads to where it is done."""

    weight: str
    text: str
    action: str
    address: str = ""


def advice(
    fleet: FleetStatus | None,
    causes: Sequence[Cause],
    care: Sequence[FeedStatus],
    node: dict[str, Any],
    now: datetime,
) -> tuple[Advice, ...]:
    """Alerts first, then our own parts, then what sources do."""
    found = [*_of_node(node), *_of_fleet(fleet, now), *_of_causes(causes), *_of_feeds(care)]
    return tuple(sorted(found, key=lambda one: _ORDER.get(one.weight, 1)))


def _of_node(node: dict[str, Any]) -> list[Advice]:
    said = []
    if node.get("broker_down_since"):
        text = f"This node has heard nothing from the broker since {_clock(node['broker_down_since'])}."
        said.append(Advice("page", text, "What is asked for here cannot be sent. See to the broker."))
    if node.get("store_down_since"):
        text = f"This node has not reached the store since {_clock(node['store_down_since'])}."
        said.append(Advice("page", text, "What this page says may be old. See to the store."))
    return said


def _of_fleet(fleet: FleetStatus | None, now: datetime) -> list[Advice]:
    if fleet is None:
        return [Advice("ticket", "No scheduler has said yet how the services are.", "Start one, or wait a minute.")]
    said = [Advice(one.severity, one.text, f"Alert {one.alert}, up since {_clock(one.since)}.") for one in fleet.firing]
    silent_s = (now - fleet.at).total_seconds()
    if silent_s > SILENT_S:
        text = f"The leading scheduler has said nothing for {silent_s / 60:.0f} minutes."
        said.append(Advice("page", text, "Look whether a scheduler runs; nothing is asked for without one."))
    for one in fleet.processes:
        said += [
            Advice("ticket", f"{', '.join(one.signs.services)}: {fault}", "Read that process's log.")
            for fault in one.signs.faults
        ]
    return said


def _of_causes(causes: Sequence[Cause]) -> list[Advice]:
    return [Advice("ticket", f"{cause.cause}.", remedy(cause.kind), _page_of(cause)) for cause in causes[:CAUSES_MAX]]


def _of_feeds(care: Sequence[FeedStatus]) -> list[Advice]:
    stopped = [one for one in care if one.stopped]
    if not stopped:
        return []
    text = f"{len(stopped)} feed{'s are' if len(stopped) > 1 else ' is'} no longer asked for: {_names(stopped)}."
    return [Advice("ticket", text, "Give a new address, or remove it from its site.", page("feeds", "list"))]


def _page_of(cause: Cause) -> str:
    if cause.count == 1:
        return page("failures", "show", failure=cause.ids[0])
    said = {"kind": cause.kind, "topic": cause.topic}
    # A cause without a host is named by its feed.
    return page("failures", "list", **said, **({"host": cause.host} if "." in cause.host else {}))


def _names(feeds: Sequence[FeedStatus]) -> str:
    shown = ", ".join(one.title or one.feed for one in feeds[:3])
    return shown if len(feeds) <= 3 else f"{shown} and {len(feeds) - 3} more"


def _clock(moment: datetime | str) -> str:
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return f"{at:%H:%M} UTC"
