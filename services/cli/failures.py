"""`pressroom failures`: what the verbs of `pressroom.desk.failures` answer, in words."""

from __future__ import annotations

from pressroom.desk.failures import Ahead, Causes, Listed, Story
from pressroom.desk.failures_again import Acted, Acts
from schemas.errors import REMEDIES, ErrorKind
from services.cli.desk.commands import group
from services.cli.desk.looks import looked


def _listed(answer: Listed) -> str:
    lines = []
    for line in answer.failures:
        subject = line.feed or line.host or "-"
        lines.append(
            f"{line.id}  {line.last_at:%d %b %H:%M}  {line.status:9} {line.count:4} × {line.kind:14} {subject}"
        )
        lines.append(f"    {line.reason}")
    shown = len(answer.failures)
    more = f"{shown} shown, more with --after {answer.after}" if answer.after else ""
    return "\n".join([*lines, more or f"{shown} failures"])


def _causes(answer: Causes) -> str:
    return "\n".join(one.cause for one in answer.causes) or "no failures"


def _story(answer: Story) -> str:
    failure = answer.failure
    lines = [
        answer.key,
        f"  {failure.kind}: {failure.reason}",
        f"  status {failure.status}, seen {failure.count} ×, sent again {failure.replays} ×, since"
        f" {failure.opened_at:%Y-%m-%d %H:%M:%S} UTC, last {failure.last_at:%Y-%m-%d %H:%M:%S} UTC",
        f"  topic {failure.topic}, feed {failure.feed or '-'}, host {failure.host or '-'}, {failure.url or ''}",
        f"  code {failure.code_version}, trace {failure.trace or '-'}",
    ]
    if failure.kind in set(ErrorKind):
        lines.append(f"  what to do: {REMEDIES[ErrorKind(failure.kind)].action}")
    lines += [f"  {hop.at:%H:%M:%S} {hop.service}: {hop.what}" for hop in failure.hops]
    for attempt in failure.attempts:
        lines.append(
            f"  attempt {attempt.at:%Y-%m-%d %H:%M:%S} {attempt.status or ''} {attempt.kind}: {attempt.message}"
        )
        lines += [f"    {name}: {value}" for name, value in (attempt.headers or {}).items()]
        if attempt.first_bytes:
            lines.append(f"    it began: {attempt.first_bytes!r}")
    lines += [f"  {action.at:%Y-%m-%d %H:%M} {action.act} by {action.by}: {action.why}" for action in failure.actions]
    if failure.original:
        lines.append(f"  original: {failure.original[:2000]}")
    return "\n".join(lines)


def _ahead(answer: Ahead) -> str:
    return "\n".join([f"{answer.key} ({answer.kind})", *looked(answer.look)])


def _acts(answer: Acts) -> str:
    lines = []
    for one in answer.looks:
        lines += [f"{one.cause}, by {one.key}:", *looked(one.look)]
    lines += [_acted(one) for one in answer.acts]
    if answer.left:
        lines.append(f"{answer.left} more; ask again for those")
    return "\n".join(lines) or "nothing to do"


def _acted(one: Acted) -> str:
    if one.held:
        return f"{one.held}: {one.key}"
    at = f" at {one.send_at:%H:%M:%S}" if one.send_at else ""
    return f"{'' if one.sent else 'would '}{one.act}{at}: {one.key}"


command = group(
    "failures",
    "Messages given up and sources in trouble: see, understand, look ahead, send again.",
    {
        "list": _listed,
        "causes": _causes,
        "show": _story,
        "preview": _ahead,
        "replay": _acts,
        "requeue": _acts,
        "stop": _acts,
        "drop": _acts,
    },
)
