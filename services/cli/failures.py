"""`pressroom failures`: what the verbs of `pressroom.desk.failures` answer, in words."""

from __future__ import annotations

from pressroom.desk.failures import Acts, Causes, Listed, Story
from schemas.errors import REMEDIES, ErrorKind
from services.cli.desk.commands import group


def _listed(answer: Listed) -> str:
    lines = []
    for line in answer.failures:
        subject = line.feed or line.host or "-"
        lines.append(
            f"{line.id}  {line.last_at:%d %b %H:%M}  {line.status:8} {line.count:4} × {line.kind:14} {subject}"
        )
        lines.append(f"    {line.reason}")
    shown = len(answer.failures)
    more = f"{shown} shown, {answer.left} more (--after {answer.failures[-1].id})" if answer.left else ""
    return "\n".join([*lines, more or f"{shown} failures"])


def _causes(answer: Causes) -> str:
    return "\n".join(one.cause for one in answer.causes) or "no failures"


def _story(answer: Story) -> str:
    failure = answer.failure
    lines = [
        answer.key,
        f"  {failure.kind}: {failure.reason}",
        f"  status {failure.status}, seen {failure.count} ×, since {failure.opened_at:%Y-%m-%d %H:%M:%S} UTC,"
        f" last {failure.last_at:%Y-%m-%d %H:%M:%S} UTC",
        f"  topic {failure.topic}, feed {failure.feed or '-'}, host {failure.host or '-'}, {failure.url or ''}",
        f"  code {failure.code_version}, trace {failure.trace}",
    ]
    if failure.kind in set(ErrorKind):
        lines.append(f"  what to do: {REMEDIES[ErrorKind(failure.kind)].action}")
    lines += [f"  {hop.at:%H:%M:%S} {hop.service}: {hop.what}" for hop in failure.hops]
    for attempt in failure.attempts:
        lines.append(
            f"  attempt {attempt.at:%Y-%m-%d %H:%M:%S} {attempt.status or ''} {attempt.kind}: {attempt.message}"
        )
        if attempt.first_bytes:
            lines.append(f"    it began: {attempt.first_bytes!r}")
    lines += [f"  {action.at:%Y-%m-%d %H:%M} {action.act} by {action.by}: {action.why}" for action in failure.actions]
    if failure.original:
        lines.append(f"  original: {failure.original[:2000]}")
    return "\n".join(lines)


def _acts(answer: Acts) -> str:
    lines = []
    for one in answer.acts:
        what = one.act if one.was == "open" else f"nothing to {one.act}: it is {one.was}"
        lines.append(f"{'' if one.sent else 'would '}{what}: {one.key}")
    return "\n".join(lines)


command = group(
    "failures",
    "Messages given up and sources in trouble: see, understand, send again.",
    {"list": _listed, "causes": _causes, "show": _story, "replay": _acts, "requeue": _acts, "drop": _acts},
)
