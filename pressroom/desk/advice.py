"""What to do next, in order of need: pure, from what the desk sees."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final, Literal

from pydantic import Field, JsonValue

from pressroom.alerts.rules import ALERTS
from pressroom.desk.failures import Cause
from pressroom.desk.verbs import Answer
from schemas.documents import FeedStatus
from schemas.errors import REMEDIES, ErrorKind, kind_of
from schemas.status import Firing, FleetStatus

SILENT_S: Final = 150.0
"""The leading scheduler writes how the services are every minute or sooner; silence for longer is news itself."""

STARTING_S: Final = 45.0
"""A process that has just begun is getting ready: what it lacks then is no fault."""

CAUSES_MAX: Final = 5
NAMED_MAX: Final = 3

Weight = Literal["page", "ticket", "advice"]
_ORDER: Final[dict[str, int]] = {"page": 0, "ticket": 1, "advice": 2}
_TEXTS: Final = {alert.name: alert.text for alert in ALERTS}
_ACTIONS: Final = {alert.name: alert.action for alert in ALERTS}

_BY_CAUSE: Final = frozenset(
    {
        "PressroomNoUpdates",
        "PressroomMostFeedsFail",
        "PressroomFailuresGrow",
        "PressroomDeadLetters",
        "PressroomNoHeadlines",
    }
)
"""Alerts that say that something fails: what fails is among the causes."""

_BY_TOPIC: Final = frozenset({"PressroomLag", "PressroomBreakerOpen", "PressroomQueueFull", "PressroomSlowToPages"})


class Step(Answer):
    """A verb with its question: a button on the page, a line on the command line."""

    says: str
    room: str
    verb: str
    asked: dict[str, JsonValue] = Field(default_factory=dict)


class Advice(Answer):
    """One thing that needs somebody. `text` says what is wrong, `action` what to do about it, in one sentence each.

    `section` is a heading of the runbook, docs/operating.md: an alert's name or an error kind; empty: there is none.
    """

    weight: Weight
    text: str
    action: str
    since: datetime | None = None
    section: str = ""
    steps: tuple[Step, ...] = ()
    measured: str = Field("", description="for an alert: the value that it fires on")


def advice(
    fleet: FleetStatus | None, causes: Sequence[Cause], care: Sequence[FeedStatus], now: datetime
) -> tuple[Advice, ...]:
    """Alerts first, then our own parts, then what sources do. What an alert begins with is not said again."""
    is_said = fleet is not None and any(one.alert in _BY_CAUSE for one in fleet.firing)
    found = [*_of_fleet(fleet, causes, now), *_of_causes(causes[1:] if is_said else causes), *_of_feeds(care)]
    return tuple(sorted(found, key=lambda one: _ORDER[one.weight]))


def remedy(kind: str) -> str:
    """What an operator does about an error kind; empty for one that this version does not know."""
    found = kind_of(kind)
    return "" if found is ErrorKind.UNKNOWN else REMEDIES[found].action


def named(cause: Cause) -> str:
    return f"{cause.count} × {cause.kind} at {cause.host}"


def list_of(cause: Cause) -> Step:
    """All failures of a cause; of one that is alone, its story."""
    if cause.count == 1:
        return Step(says="See it", room="failures", verb="show", asked={"failure": cause.ids[0]})
    asked: dict[str, JsonValue] = {"kind": cause.kind, "topic": cause.topic}
    # A cause without a host is named by its feed.
    if "." in cause.host or ":" in cause.host:
        asked["host"] = cause.host
    return Step(says="See them", room="failures", verb="list", asked=asked)


def replay_of(cause: Cause) -> Step:
    asked: dict[str, JsonValue] = {"failures": [cause.ids[0]], "all_of_cause": True}
    return Step(says="Look ahead and replay", room="failures", verb="replay", asked=asked)


def _of_fleet(fleet: FleetStatus | None, causes: Sequence[Cause], now: datetime) -> Iterator[Advice]:
    if fleet is None:
        yield Advice(
            weight="ticket",
            text="No scheduler has said yet how the services are.",
            action="Start one, or wait a minute.",
            section="PressroomNoLeader",
        )
        return
    yield from (_of_alert(one, fleet, causes) for one in fleet.firing)
    silent_s = (now - fleet.at).total_seconds()
    if silent_s > SILENT_S:
        yield Advice(
            weight="page",
            text=f"The leading scheduler has said nothing for {silent_s / 60:.0f} minutes.",
            action="See whether a scheduler runs: nothing is asked for without one.",
            since=fleet.at,
            section="PressroomNoLeader",
        )
    for signs in (one.signs for one in fleet.processes):
        if (signs.at - signs.started_at).total_seconds() >= STARTING_S:
            yield from (_of_fault(signs.process, fault) for fault in signs.faults)


def _of_alert(firing: Firing, fleet: FleetStatus, causes: Sequence[Cause]) -> Advice:
    """`firing.text` is the alert's own text with what was measured behind it."""
    text = _TEXTS.get(firing.alert, firing.text)
    action, steps = _answer_to(firing.alert, fleet, causes)
    return Advice(
        weight="page" if firing.severity == "page" else "advice" if firing.severity == "advice" else "ticket",
        text=text,
        action=action,
        since=firing.since,
        section=firing.alert,
        steps=steps,
        measured=firing.text.rpartition(" (")[2].rstrip(")") if firing.text.endswith(")") else "",
    )


def _of_fault(process: str, fault: str) -> Advice:
    text = f"{process}: {fault}"
    if "breaker" in fault:
        steps = (Step(says="See the topics", room="topics", verb="list"),)
        action = "Undo what was last deployed; the breaker closes with the first message that succeeds."
        return Advice(weight="ticket", text=text, action=action, section="PressroomBreakerOpen", steps=steps)
    return Advice(weight="ticket", text=text, action=f"Read the log of {process}.", section="PressroomUnwell")


def _answer_to(alert: str, fleet: FleetStatus, causes: Sequence[Cause]) -> tuple[str, tuple[Step, ...]]:
    if alert in _BY_CAUSE and causes:
        worst = causes[0]
        return f"Begin with {named(worst)}. {remedy(worst.kind)}", (list_of(worst), replay_of(worst))
    if alert in _BY_TOPIC:
        topics = Step(says="See the topics", room="topics", verb="list")
        return "See on which topic messages wait, and whether it is paused or its breaker is open.", (topics,)
    if alert == "PressroomBusy":
        return f"Start one more of {_busiest(fleet)}; docs/scaling.md has the figures.", ()
    return _ACTIONS.get(alert, "Its section of the runbook says what to look at, and in which order."), ()


def _busiest(fleet: FleetStatus) -> str:
    most = max(fleet.processes, key=lambda one: one.signs.cpu_ratio, default=None)
    if most is None:
        return "the busiest service"
    return f"{', '.join(most.signs.services)}: {most.signs.process} uses {most.signs.cpu_ratio:.0%} of a core"


def _of_causes(causes: Sequence[Cause]) -> Iterator[Advice]:
    for cause in causes[:CAUSES_MAX]:
        yield Advice(
            weight="ticket",
            text=f"{named(cause)}.",
            action=remedy(cause.kind) or "Its story tells more.",
            since=cause.since,
            section=cause.kind,
            steps=(list_of(cause), replay_of(cause)),
        )


def _of_feeds(care: Sequence[FeedStatus]) -> Iterator[Advice]:
    stopped = [one for one in care if one.stopped and one.proposal is None]
    if stopped:
        yield Advice(
            weight="ticket",
            text=f"{len(stopped)} feed{'s are' if len(stopped) > 1 else ' is'} no longer asked for: {_names(stopped)}.",
            action="Give a new address, or remove it from its site.",
            steps=(Step(says="See the feeds", room="feeds", verb="list", asked={"needing": True}),),
        )
    proposed = [one for one in care if one.proposal is not None]
    if proposed:
        plural = "s" if len(proposed) > 1 else ""
        yield Advice(
            weight="advice",
            text=f"Something is proposed for {len(proposed)} feed{plural}: {_names(proposed)}.",
            action="Accept it or decline it.",
            steps=(Step(says="See the proposals", room="feeds", verb="proposals"),),
        )


def _names(feeds: Iterable[FeedStatus]) -> str:
    names = [one.title or one.feed for one in feeds]
    more = f" and {len(names) - NAMED_MAX} more" if len(names) > NAMED_MAX else ""
    return ", ".join(names[:NAMED_MAX]) + more
