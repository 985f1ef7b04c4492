"""`pressroom feeds`: what the verbs of `pressroom.desk.feeds` answer, in words."""

from __future__ import annotations

from pressroom.desk.feeds import Moved, Sent, Shown, Statuses
from schemas.documents import FeedStatus
from services.cli.desk.commands import group


def _statuses(answer: Statuses) -> str:
    lines = []
    for one in answer.feeds:
        lines.append(f"{_word(one):9} {one.feed}")
        if one.trouble:
            lines.append(f"          {one.failures} × {one.trouble.kind}: {one.trouble.message}")
    return "\n".join(lines) or "no feeds yet"


def _word(status: FeedStatus) -> str:
    if status.stopped:
        return "stopped"
    if status.failures:
        return "failing"
    return "well" if status.ok_at else "new"


def _shown(answer: Shown) -> str:
    head = answer.head
    lines = [
        f"{head.feed}: turn {head.turn}, revision {head.revision}, {'held' if head.hold else 'following its source'}",
        f"  {head.fetch.url}, fetched {head.fetch.at:%Y-%m-%d %H:%M:%S} UTC, {len(head.document.entries)} entries",
    ]
    for one in answer.versions:
        lines.append(f"  {'*' if one.current else ' '} {one.digest}  {one.stored_at:%Y-%m-%d %H:%M:%S} UTC")
    return "\n".join(lines)


def _moved(answer: Moved) -> str:
    asked = "asked for" if answer.sent else "would ask for"
    if answer.version is None:
        return f"{asked}: {answer.feed} follows its source again"
    return (
        f"{asked}: {answer.feed} shows {answer.version} and holds it; `pressroom feeds release {answer.feed}` lets go"
    )


def _sent(answer: Sent) -> str:
    return answer.text


command = group(
    "feeds",
    "See how feeds are doing, and change what readers get of them.",
    {
        "list": _statuses,
        "show": _shown,
        "rollback": _moved,
        "release": _moved,
        "refresh": _sent,
        "pause": _sent,
        "resume": _sent,
    },
)
