"""The process that is measured: `python -m bench.room SERVICE…` runs these services and answers questions on stdin.

A word a question, a line of JSON an answer: `count` tells how many checks have come in, `report` all that was done and
what it has cost so far; `wish` wishes for every feed first, or for those named behind it; `copies` tells which heads
the web node holds, and how long after its fetch each came. With `--steps` before the services, steps are timed too.
"""

from __future__ import annotations

import json
import logging
import re
import resource
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bench import steps
from pressroom import memory
from pressroom.clock import SystemClock
from pressroom.outcomes import Emit
from pressroom.queues.topics import ONE_KEY, SCHEDULE
from pressroom.sender import Sender
from pressroom.settings import load
from pressroom.wiring import queue_of, store_of
from schemas import keys
from schemas.documents import Head
from schemas.messages import Wish
from services.embedded import Newsroom


def cpu_by_thread_s() -> dict[str, float]:
    """CPU seconds of the living threads, those that do the same (`copies-0`, `copies-1`) together."""
    spent: Counter[str] = Counter()
    for thread in threading.enumerate():
        try:
            ran_ns = Path(f"/proc/self/task/{thread.native_id}/schedstat").read_text().split()[0]
        except FileNotFoundError:
            continue
        spent[re.sub(r"[-_]?\d+$", "", thread.name)] += int(ran_ns) / 1e9  # type: ignore[assignment]
    return dict(spent)


def usage() -> dict[str, float]:
    """What the kernel counts: its own share of the CPU seconds, pages brought, switches of threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "kernel_s": used.ru_stime,
        "page_faults": used.ru_minflt,
        "waits": used.ru_nvcsw,
        "interruptions": used.ru_nivcsw,
    }


def report(room: Newsroom) -> dict[str, Any]:
    resident_kb = Path("/proc/self/status").read_text().partition("VmRSS:")[2].split()[0]
    return {
        "cpu_s": time.process_time(),
        "usage": usage(),
        "threads": cpu_by_thread_s(),
        "resident_mb": int(resident_kb) / 1024,
        "checks": dict(room.tally.checks),
        "messages": dict(room.tally.messages),
        "steps": steps.spent(),
        "calls": steps.calls(),
    }


def answer(question: str, room: Newsroom) -> dict[str, Any]:
    if question == "count":
        return {"checks": sum(room.tally.checks.values())}
    what, *feeds = question.split()
    if what == "wish":
        wishes = [Wish(feed=feed, reason="bench") for feed in feeds] or [Wish(reason="bench")]
        Sender(room.queue, room.clock, "bench").send([Emit(SCHEDULE, ONE_KEY, wish) for wish in wishes])
    return copies(room) if what == "copies" else report(room)


def copies(room: Newsroom) -> dict[str, Any]:
    """Feed → [turn, milliseconds from its fetch's answer to this node's having its copy]."""
    from services.web.node import WebNode  # noqa: PLC0415 - a process pays only for what it serves

    node: WebNode = room.stories[WebNode]
    held = [node.copies.get(key) for key in node.agenda.kept() if key.startswith(keys.HEADS)]
    return {
        copy.value.feed: [copy.value.turn, (copy.fetched_at - copy.value.fetch.at).total_seconds() * 1000]
        for copy in held
        if copy is not None and isinstance(copy.value, Head)
    }


def main(services: list[str]) -> None:
    logging.basicConfig(level=logging.WARNING)
    settings, clock = load(), SystemClock()
    queue = queue_of(settings, clock)
    try:
        room = Newsroom(settings, queue, store_of(settings, clock), clock, services)
        memory.settle()
        with room:
            print(json.dumps(report(room)), flush=True)
            for line in sys.stdin:
                print(json.dumps(answer(line.strip(), room)), flush=True)
    finally:
        queue.close()


if __name__ == "__main__":
    names = sys.argv[1:]
    if names[0] == "--steps":
        steps.wrap()
        names = names[1:]
    main(names)
