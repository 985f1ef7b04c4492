"""A process that passes 40 KB messages on: `python -m bench.relay` takes from one topic and emits to another, through
the consumer loop that all services use. Told by words on stdin: `go` begins to take, `report` tells what that cost.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from typing import Any, Final

from bench.corpus import feed
from pressroom import memory
from pressroom.clock import SystemClock
from pressroom.consumer.loop import Consumer
from pressroom.outcomes import Done, Emit
from pressroom.queues.topics import FEED_REFRESH, RECORD_PUBLISH
from pressroom.settings import load
from pressroom.wiring import loop_rules, queue_of
from schemas import keys
from schemas.envelope import Envelope
from schemas.records import FeedRecord, Fetch
from services.fetcher.parse import parse

KEYS: Final = 500
ENTRIES: Final = 16
"""Of a feed of the corpus: a message of about 40 KB."""

TAKEN_FROM: Final = FEED_REFRESH
SENT_TO: Final = RECORD_PUBLISH


def record(number: int) -> FeedRecord:
    """A fetcher's word about a feed, as large as a message is here."""
    url = f"https://paper-{number}.example/"
    parsed = parse(feed(number, 0), content_type="application/xml", url=url)
    fetch = Fetch(at=SystemClock().now(), url=url, final_url=url, status=200)
    return FeedRecord(
        feed=f"f{number}", turn=1, fetch=fetch, source=parsed.source, entries=parsed.entries[:ENTRIES], complete=True
    )


class Counter:
    """Passes each message on under its key."""

    def __init__(self) -> None:
        self.taken = 0
        self._lock = threading.Lock()

    def handle(self, envelope: Envelope[Any]) -> Done:
        with self._lock:
            self.taken += 1
        return Done((Emit(SENT_TO, keys.head(envelope.payload.feed), envelope.payload),))


def main() -> None:
    logging.basicConfig(level=logging.WARNING)
    settings, clock, counter = load(), SystemClock(), Counter()
    queue = queue_of(settings, clock)
    consumer = Consumer.single(
        queue, TAKEN_FROM, counter.handle, service="bench", clock=clock, rules=loop_rules(settings, TAKEN_FROM)
    )
    memory.settle()
    try:
        print(json.dumps({}), flush=True)
        for line in sys.stdin:
            if line.strip() == "go":
                consumer.start()
            print(json.dumps({"taken": counter.taken, "cpu_s": time.process_time()}), flush=True)
    finally:
        consumer.stop(2.0)
        queue.close()


if __name__ == "__main__":
    main()
