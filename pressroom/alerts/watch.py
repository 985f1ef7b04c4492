"""When an alert comes up and when it ends. Pure: what the processes tell goes in, what is to be said comes out."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pressroom.alerts.rules import CLEAR_S, Alert

UNKNOWN_S = 600.0
"""An alert of which nothing is told any more ends after this: what it spoke of is not there."""

Told = Mapping[str, Mapping[str, float]]
"""Process → metric → value; of several values of one process the alert's `reduce` of them."""


@dataclass(slots=True)
class _Standing:
    """`since`: from when on the condition has been met, `last`: when it was last, `known`: when it was last known."""

    since: datetime | None = None
    last: datetime | None = None
    known: datetime | None = None
    text: str = ""
    up: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """An alert came up, or ended."""

    alert: Alert
    up: bool
    since: datetime
    text: str


@dataclass(slots=True)
class _Growth:
    """What a metric was, lately, in each process."""

    seen: dict[str, deque[tuple[datetime, float]]] = field(default_factory=dict)

    def of(self, process: str, value: float, now: datetime, span_s: float, *, counts: bool) -> float:
        """How much it has grown within `span_s`; a counter that fell began anew, a state that fell has fallen."""
        past = self.seen.setdefault(process, deque())
        if counts and past and value < past[-1][1]:
            past.clear()
            past.append((now, 0.0))
        past.append((now, value))
        while now - past[0][0] > timedelta(seconds=span_s):
            past.popleft()
        return value - past[0][1]


class Watch:
    """Looks at the conditions again and again and remembers since when each is met."""

    def __init__(self, alerts: Iterable[Alert]) -> None:
        self._alerts = tuple(alerts)
        self._standings = {alert.name: _Standing() for alert in self._alerts}
        self._growths = {alert.name: _Growth() for alert in self._alerts}

    def resume(self, up: Mapping[str, datetime], now: datetime) -> None:
        """These were up when an earlier leader last looked: they are not said again."""
        for name, since in up.items():
            if name in self._standings:
                self._standings[name] = _Standing(since, now, now, "", up=True)

    def look(self, told: Told, now: datetime) -> list[Turn]:
        """What has changed."""
        turns = (self._look_at(alert, self._standings[alert.name], told, now) for alert in self._alerts)
        return [turn for turn in turns if turn is not None]

    def _look_at(self, alert: Alert, standing: _Standing, told: Told, now: datetime) -> Turn | None:
        found = self._worst(alert, told, now)
        if found is not None:
            standing.known = now
            if alert.is_met(found[1]):
                standing.since = standing.since or now
                standing.last = now
                standing.text = _text(alert, *found)
            elif not standing.up:
                standing.since = None
        elif not standing.up:
            standing.since = None
        return self._turn(alert, standing, now)

    def _turn(self, alert: Alert, standing: _Standing, now: datetime) -> Turn | None:
        since, last, known = standing.since, standing.last, standing.known
        if since is None or last is None or known is None:
            return None
        if not standing.up:
            if now - since < timedelta(seconds=alert.for_s):
                return None
            standing.up = True
            return Turn(alert, True, since, standing.text)
        clear = known > last and now - last >= timedelta(seconds=CLEAR_S)
        if not clear and now - known < timedelta(seconds=UNKNOWN_S):
            return None
        self._standings[alert.name] = _Standing()
        return Turn(alert, False, since, standing.text or alert.text)

    def _worst(self, alert: Alert, told: Told, now: datetime) -> tuple[str, float] | None:
        """(whose value it is, the value); None when nobody tells it."""
        values = {process: figures[alert.metric] for process, figures in told.items() if alert.metric in figures}
        if alert.grows_s:
            growth = self._growths[alert.name]
            for gone in growth.seen.keys() - values.keys():
                del growth.seen[gone]
            values = {
                process: growth.of(process, value, now, alert.grows_s, counts=alert.counts)
                for process, value in values.items()
            }
        if not values:
            return None
        worst = min(values, key=values.__getitem__) if alert.op == "<" else max(values, key=values.__getitem__)
        return worst, sum(values.values()) if alert.reduce == "sum" else values[worst]


def _text(alert: Alert, process: str, value: float) -> str:
    most = "least" if alert.op == "<" else "most"
    return f"{alert.text} ({alert.metric} is {value:.4g}, limit {alert.limit:g}; {most} at {process})"
