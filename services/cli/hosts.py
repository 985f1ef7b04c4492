"""`pressroom hosts`: what the verbs of `pressroom.desk.hosts` answer, in words."""

from __future__ import annotations

from pressroom.desk.hosts import Host, Hosts
from services.cli.desk.commands import group


def _listed(answer: Hosts) -> str:
    lines = [_host(one) for one in answer.hosts]
    if answer.left_out:
        lines.append(f"{answer.left_out} more did not fit into the ledger")
    return "\n".join(lines) or "no host was asked yet"


def _host(one: Host) -> str:
    today = one.today
    mean = f"{one.mean_s:.2f} s an answer" if one.mean_s is not None else "not asked today"
    paused = f", left alone until {one.pause_until:%Y-%m-%d %H:%M} UTC" if one.pause_until else ""
    return (
        f"{one.host:32} {today.requests:6} requests, {today.unchanged} unchanged, {today.failed} failed,"
        f" {today.limited} × 429, {today.bytes / 1e6:.1f} MB, {mean}{paused}"
    )


command = group("hosts", "The politeness ledger: whom we ask, and how that goes.", {"list": _listed})
