"""A consumer in a process of its own, to be killed: see `WorkerProcess`."""

from __future__ import annotations

import importlib
import json
import logging
import os
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from pressroom import crash
from pressroom.clock import SystemClock
from pressroom.consumer.loop import Consumer
from pressroom.consumer.rules import LoopRules
from pressroom.outcomes import Done, Emit, Outcome
from pressroom.queues.port import Queue
from pressroom.queues.rabbitmq import suspects
from pressroom.queues.rabbitmq.queue import RabbitQueue
from pressroom.queues.sqlite.queue import SqliteQueue
from schemas.envelope import Envelope

CLOCK = SystemClock()
SLOW_S = 0.4
TURNS_WITHIN_S = 0.1


def open_queue(url: str) -> Queue:
    if not url.startswith("amqp"):
        return SqliteQueue(Path(url), CLOCK)
    return RabbitQueue(url, CLOCK, partitions=2)


class Handler:
    """Does what the message's text says, and writes down when it began and ended.

    What kills its worker does so at once, but for every fourth time, when it holds it for a while first.
    """

    def __init__(self, log: str, emit_to: str) -> None:
        self._log = log
        self._file = os.open(log, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
        self._emit_to = emit_to

    def __call__(self, envelope: Envelope[Any]) -> Outcome:
        self._write("begin", envelope)
        order = envelope.payload.reason
        if order == "die":
            if self._times(envelope.id) % 4 == 0:
                time.sleep(SLOW_S)
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(SLOW_S if order == "slow" else 0.002)
        self._write("end", envelope)
        if not self._emit_to:
            return Done()
        return Done((Emit(self._emit_to, envelope.key, envelope.payload, id=envelope.id),))

    def _times(self, message_id: str) -> int:
        """How often any worker has begun it."""
        return Path(self._log).read_text().count(f'"id": "{message_id}"')

    def _write(self, what: str, envelope: Envelope[Any]) -> None:
        line = {"at": time.monotonic(), "pid": os.getpid(), "what": what, "key": envelope.key, "id": envelope.id}
        os.write(self._file, json.dumps(line).encode() + b"\n")


def run(options: dict[str, str], env: dict[str, str]) -> None:
    logging.basicConfig(level=logging.WARNING)
    os.environ.update(env)
    importlib.reload(crash)  # it looks into the environment when it is imported
    suspects.TURNS_WITHIN_S = TURNS_WITHIN_S
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
