"""`pressroom traces`: what the verbs of `pressroom.desk.traces` answer, in words."""

from __future__ import annotations

from pressroom.desk.traces import Way, Ways
from services.cli.desk.commands import group


def _ways(answer: Ways) -> str:
    return "\n\n".join(_way(one) for one in answer.ways)


def _way(way: Way) -> str:
    lines = [f"{way.what} (trace {way.trace or '-'})"]
    before = None
    for hop in way.hops:
        since = f"+{(hop.at - before).total_seconds():.3f} s" if before is not None else f"{hop.at:%Y-%m-%d}"
        lines.append(f"  {hop.at:%H:%M:%S.%f}"[:-3] + f"  {since:>12}  {hop.service:10} {hop.what}")
        before = hop.at
    return "\n".join([*lines, f"  {way.ends}"])


command = group("traces", "The way of one refresh, over all services.", {"show": _ways})
