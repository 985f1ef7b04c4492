"""The process that is measured: `python -m bench.room SERVICE…` runs these services and answers questions on stdin.

One line of JSON a question and one an answer: `"report"` says what was done and what it cost so far, `"wish"`
wishes for every feed first. `--steps` before the services: time their steps too.
"""

from __future__ import annotations

import json
import logging
import re
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
from services.scheduler.story import Scheduler


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


def resident_kb() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def report(room: Newsroom) -> dict[str, Any]:
    scheduler = room.stories.get(Scheduler)
    return {
        "cpu_s": time.process_time(),
        "threads": cpu_by_thread_s(),
        "resident_kb": resident_kb(),
        "idle": scheduler is None or scheduler.idle(),
        "checks": dict(room.tally.checks),
        "messages": dict(room.tally.messages),
        "steps": steps.spent(),
    }


def answer(question: str, room: Newsroom) -> dict[str, Any]:
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
    if sys.argv[1] == "--steps":
        steps.wrap()
    main([name for name in sys.argv[1:] if name != "--steps"])
