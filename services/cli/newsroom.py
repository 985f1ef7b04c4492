"""`pressroom newsroom`: what the verbs of `pressroom.desk.newsroom` answer, in words."""

from __future__ import annotations

from collections.abc import Iterator

from pressroom.desk.advice import Advice, Step
from pressroom.desk.newsroom import Glance
from pressroom.desk.rooms import known
from pressroom.desk.written import command_line
from services.cli.desk.commands import group


def _glance(answer: Glance) -> str:
    lines = [answer.says if answer.advice else f"All is well. {answer.says}"]
    for one in answer.advice:
        lines += _advice(one)
    fleet = answer.fleet
    lag = f", the oldest due refresh waits for {fleet.census.lag_s:.0f} s" if fleet else ""
    lines.append(f"{answer.feeds_well} of {answer.feeds} feeds are well, {answer.failures_open} failures are open{lag}")
    for seen in fleet.processes if fleet else ():
        signs = seen.signs
        lines.append(
            f"  {signs.process:20} {signs.cpu_ratio:4.0%} of a core, {signs.memory_bytes / 1e6:.0f} MB, heard at"
            f" {seen.heard_at:%H:%M:%S} UTC{', unwell' if signs.faults else ''}"
        )
    return "\n".join(lines)


def _advice(one: Advice) -> Iterator[str]:
    since = f" Since {one.since:%Y-%m-%d %H:%M} UTC." if one.since else ""
    yield f"{one.weight:7} {one.text}{since}"
    yield f"        {one.action}"
    if one.section:
        yield f"        docs/operating.md#{one.section.lower()}"
    yield from (f"        {_command(step)}" for step in one.steps)


def _command(step: Step) -> str:
    return command_line(known(step.room, step.verb), step.asked)


command = group("newsroom", "How the newsroom is, and what to do next.", {"show": _glance})
