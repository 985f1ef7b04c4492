"""The process that is measured: `python -m bench.room SERVICE…` runs these services and answers questions on stdin.

A word a question, a line of JSON an answer: `count` tells how many checks have come in, `report` all that was done and
what it has cost so far; `wish` wishes for every feed first. With `--steps` before the services, steps are timed too.
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
from pressroom.clock import SystemClock
from pressroom.outcomes import Emit
from pressroom.queues.topics import ONE_KEY, SCHEDULE
from pressroom.sender import Sender
from pressroom.settings import load
from pressroom.wiring import queue_of, store_of
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
    if question == "wish":
        Sender(room.queue, room.clock, "bench").send([Emit(SCHEDULE, ONE_KEY, Wish(reason="bench"))])
    return report(room)


def main(services: list[str]) -> None:
    logging.basicConfig(level=logging.WARNING)
    settings, clock = load(), SystemClock()
    queue = queue_of(settings, clock)
    try:
        with Newsroom(settings, queue, store_of(settings, clock), clock, services) as room:
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
