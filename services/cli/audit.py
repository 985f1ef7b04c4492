"""`pressroom audit`: what the verbs of `pressroom.desk.audit` answer, in words."""

from __future__ import annotations

import json

from pressroom.desk.audit import Listed, Told
from services.cli.desk.commands import group


def _listed(answer: Listed) -> str:
    lines = []
    for one in answer.entries:
        what = f"{one.outcome:8} {one.room} {one.verb} by {one.by}: {one.why}"
        lines.append(f"{one.id}  {one.at:%Y-%m-%d %H:%M:%S}  {what}")
        if one.text:
            lines.append(f"    {one.text}")
    return "\n".join(lines) or "no changes"


def _told(answer: Told) -> str:
    lines = [
        f"{answer.room} {answer.verb} by {answer.by}, {answer.at:%Y-%m-%d %H:%M:%S} UTC: {answer.why}",
        f"  {answer.outcome}{': ' if answer.text else ''}{answer.text}",
        f"  asked: {json.dumps(answer.asked, ensure_ascii=False)}",
    ]
    if answer.answer is not None:
        lines.append(f"  answer: {json.dumps(answer.answer, ensure_ascii=False)}")
    return "\n".join(lines)


command = group("audit", "Every change made at the desk, whichever way it came.", {"list": _listed, "show": _told})
