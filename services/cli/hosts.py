"""`pressroom hosts`: what the verbs of `pressroom.desk.hosts` answer, in words."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from pressroom.desk.hosts import Host, Hosts
from services.cli.desk.commands import group
from services.cli.tables import moment, size, table

HEAD: Final = ("host", "feeds", "requests", "304", "429", "failed", "bytes", "an answer", "yesterday", "next")
RIGHT: Final = frozenset(HEAD[1:-1])


def _listed(answer: Hosts) -> str:
    if answer.at is None:
        return "no host was asked yet"
    lines = table(HEAD, [_row(one, answer.at) for one in answer.hosts], RIGHT)
    if answer.left_out:
        lines.append(f"{answer.left_out} more did not fit into the ledger")
    return "\n".join([*lines, f"today (UTC), as told at {moment(answer.at)}"])


def _row(one: Host, told_at: datetime) -> tuple[str, ...]:
    today = one.today
    answered = today.requests - today.failed
    ahead = max((at for at in (one.next_at, one.pause_until) if at is not None and at > told_at), default=None)
    return (
        one.host,
        str(one.feeds),
        str(today.requests),
        f"{today.unchanged / answered:.0%}" if answered > 0 else "–",
        str(today.limited),
        str(today.failed),
        size(today.bytes),
        f"{one.mean_s:.2f} s" if one.mean_s is not None else "–",
        str(one.yesterday.requests),
        moment(ahead) if ahead is not None else "any time",
    )


command = group("hosts", "The politeness ledger: whom we ask, and how that goes.", {"list": _listed})
