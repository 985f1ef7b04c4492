"""What a node does beside its readers: it hears notices, watches their broker and keeps its disk in order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from pressroom.clock import Clock
from pressroom.queues.port import OnNotice, Queue, Subscription

POLL_S: Final = 1.0
TIDY_ROUNDS: Final = 600


class Watcher:
    """One thread. `on_notice` is for `Queue.listen`; `on_broker` hears once a second why there are no notices, or None:
    trouble is a state, not an event. `publish` is called until it says that nothing is left to do, `tidy` every ten
    minutes.
    """

    def __init__(
        self,
        queue: Queue | None,
        clock: Clock,
        on_notice: OnNotice,
        on_broker: Callable[[str | None], None],
        publish: Callable[[], bool],
        tidy: Callable[[], None],
    ) -> None:
        self._queue = queue
        self._clock = clock
        self._on_notice = on_notice
        self._on_broker = on_broker
        self._publish = publish
        self._tidy = tidy
        self._subscription: Subscription | None = None
        self._listening = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="web-watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wait_for_notices(self, timeout_s: float) -> None:
        """Until it listens, but no longer: a broker that is down is waited for beside the readers."""
        self._listening.wait(timeout_s)

    def stop(self, timeout_s: float) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        if self._subscription is not None:
            self._subscription.close(timeout_s)

    def _work(self) -> None:
        self._listen()
        rounds = 0
        published = self._publish()
        while not self._clock.wait(self._stopping, POLL_S):
            self._on_broker(self._subscription.trouble if self._subscription is not None else None)
            published = published or self._publish()
            rounds += 1
            if rounds % TIDY_ROUNDS == 0:
                self._tidy()

    def _listen(self) -> None:
        if self._queue is not None:
            self._subscription = self._queue.listen(self._on_notice)
            # What changed while this took was asked for too early and announced too early.
            self._on_notice(None)
        self._listening.set()
