"""`pressroom`, writing down what it handles: `python -m tests.chaos.recorded serve publisher`.

PRESSROOM_TEST_LOG names the file; lines are those of `tests.contracts.queue_tools.Event`. A message whose key is
PRESSROOM_TEST_POISON kills the process that handles it.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from typing import Any

from schemas.envelope import Envelope
from services.cli import main
from services.room import Part, Room

POISON = os.environ.get("PRESSROOM_TEST_POISON")
LOG = os.open(os.environ.get("PRESSROOM_TEST_LOG", os.devnull), os.O_CREAT | os.O_APPEND | os.O_WRONLY)

_plain = Room.consumer


def note(what: str, topic: str, envelope: Envelope[Any]) -> None:
    key = f"{topic} {envelope.key}"
    line = {"at": time.monotonic(), "pid": os.getpid(), "what": what, "key": key, "id": envelope.id}
    os.write(LOG, json.dumps(line).encode() + b"\n")


def consumer(room: Room, service: str, topic: str, handler: Callable[[Any], Any], workers: int) -> Part:
    def recorded(envelope: Envelope[Any]) -> Any:
        note("begin", topic, envelope)
        if envelope.key == POISON:
            os.kill(os.getpid(), signal.SIGKILL)
        try:
            return handler(envelope)
        finally:
            note("end", topic, envelope)

    return _plain(room, service, topic, recorded, workers)


if __name__ == "__main__":
    Room.consumer = consumer  # type: ignore[method-assign]
    main()
