"""A publisher in a process of its own, to be killed. Run with a queue's address, a topic, a name and a log.

Writes a message's id into the log once the queue has accepted it: from then on it must never be lost.
"""

from __future__ import annotations

import itertools
import os
import sys
import time

from tests.contracts.queue_tools import wish
from tests.contracts.queue_worker import open_queue

BURST = 5
KEYS = 20
PACE_S = 0.02


def main() -> None:
    url, topic, name, log = sys.argv[1:]
    queue = open_queue(url)
    accepted = os.open(log, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    for number in itertools.count(step=BURST):
        ids = [f"{name}-{each}" for each in range(number, number + BURST)]
        queue.publish(
            [wish(topic, f"k{each % KEYS}", name=ids[each - number]) for each in range(number, number + BURST)]
        )
        os.write(accepted, "".join(f"{each}\n" for each in ids).encode())
        time.sleep(PACE_S)


if __name__ == "__main__":
    main()
