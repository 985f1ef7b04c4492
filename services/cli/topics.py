"""`pressroom topics`: what the verbs of `pressroom.desk.topics` answer, in words."""

from __future__ import annotations

from pressroom.desk.topics import Ruled, Topics
from schemas.operating import PausedTopic
from services.cli.desk.commands import group


def _listed(answer: Topics) -> str:
    lines = []
    for one in answer.topics:
        later = f", {one.later} of them for their time" if one.later else ""
        lines.append(f"{one.topic:16} {one.waiting:6} waiting{later}{_paused(one.paused)}")
        lines += [f"    its breaker is open in {process}" for process in one.breakers]
    lines += [f"{one.topic}{_paused(one)}" for one in answer.lanes]
    if answer.told_at is None:
        lines.append("no process has said how it is: whose breaker is open is not known")
    return "\n".join(lines)


def _paused(pause: PausedTopic | None) -> str:
    if pause is None:
        return ""
    ends = f"until {pause.until:%Y-%m-%d %H:%M} UTC" if pause.until else "until it is resumed"
    return f"  paused since {pause.since:%Y-%m-%d %H:%M} UTC {ends}, by {pause.by}: {pause.why}"


def _ruled(answer: Ruled) -> str:
    what = f"{answer.topic} {'is paused' if answer.paused else 'goes on'}"
    if not answer.sent:
        return f"would say: {what}"
    return f"{what}, for every worker within seconds" if answer.heard else f"sent: {what}; no publisher took it in yet"


command = group("topics", "Topics: what waits, pauses, breakers.", {"list": _listed, "pause": _ruled, "resume": _ruled})
