"""`pressroom raws`: what the verbs of `pressroom.desk.raws` answer, in words."""

from __future__ import annotations

from pressroom.desk.raws import Raws, Reparses
from services.cli.desk.commands import group
from services.cli.desk.looks import looked


def _listed(answer: Raws) -> str:
    lines = [
        f"{one.stored_at:%Y-%m-%d %H:%M:%S}  {one.bytes:8} bytes  {one.feed}  {one.digest}"
        f"{'  current' if one.current else ''}"
        for one in answer.raws
    ]
    return "\n".join(lines) or "nothing is recorded"


def _reparsed(answer: Reparses) -> str:
    lines = []
    for one in answer.feeds:
        lines += [f"{one.feed}{': sent' if one.sent else ''}", *looked(one.look)]
    if answer.after:
        lines.append(f"more with --after {answer.after}")
    return "\n".join(lines) or "nothing is recorded"


command = group("raws", "What sites really sent, kept to be read again.", {"list": _listed, "reparse": _reparsed})
