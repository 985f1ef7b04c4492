"""A consumer in a process of its own, to be killed. Run with one argument: the options of `WorkerProcess`, as JSON."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from pressroom.clock import SystemClock
from pressroom.consumer.loop import Consumer
from pressroom.consumer.rules import LoopRules
from pressroom.outcomes import Done, Emit, Outcome
from pressroom.queues.port import Queue
from pressroom.queues.rabbitmq.queue import RabbitQueue
from pressroom.queues.sqlite.queue import SqliteQueue
from schemas.envelope import Envelope

CLOCK = SystemClock()
SLOW_S = 0.4


def open_queue(url: str) -> Queue:
    if not url.startswith("amqp"):
        return SqliteQueue(Path(url), CLOCK)
    return RabbitQueue(url, CLOCK, partitions=2)


class Handler:
    """Does what the message's text says, and writes down when it began and ended."""

    def __init__(self, log: str, emit_to: str) -> None:
        self._file = os.open(log, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
        self._emit_to = emit_to

    def __call__(self, envelope: Envelope[Any]) -> Outcome:
        self._write("begin", envelope)
        order = envelope.payload.reason
        if order == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(SLOW_S if order == "slow" else 0.002)
        self._write("end", envelope)
        if not self._emit_to:
            return Done()
        return Done((Emit(self._emit_to, envelope.key, envelope.payload, id=envelope.id),))

    def _write(self, what: str, envelope: Envelope[Any]) -> None:
        line = {"at": time.monotonic(), "pid": os.getpid(), "what": what, "key": envelope.key, "id": envelope.id}
        os.write(self._file, json.dumps(line).encode() + b"\n")


def main() -> None:
    logging.basicConfig(level=logging.WARNING)
    options = json.loads(sys.argv[1])
    over = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    rules = LoopRules(backoff_first_s=0.05, backoff_max_s=0.2)
    if options["url"].startswith("amqp"):
        rules = replace(rules, deliveries_max=None)
    queue = open_queue(options["url"])
    consumer = Consumer.single(
        queue,
        options["topic"],
        Handler(options["log"], options["emit_to"]),
        service="test",
        clock=CLOCK,
        rules=rules,
        workers=int(options["workers"]),
    )
    consumer.start()
    over.wait()
    consumer.stop(10)
    queue.close()


if __name__ == "__main__":
    main()
