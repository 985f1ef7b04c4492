"""An operator's pause of a topic, as every worker of the fleet learns of it: from the store, not by the queue, so that
a pause of any topic can end.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from pressroom.clock import Clock
from pressroom.objects.port import NotModified, ObjectStore, StoreError
from schemas import keys
from schemas.codec import TooNew, Undecodable, read_document
from schemas.operating import PausedTopic, Pauses

log = logging.getLogger(__name__)

LOOK_EVERY_S = 2.0
"""A conditional get each time; a pause is felt by everybody within this."""


class Pausable(Protocol):
    """A consumer of one topic."""

    topic: str

    def pause(self) -> None: ...
    def resume(self) -> None: ...


def paused(topic: str, pauses: Iterable[PausedTopic], now: datetime) -> PausedTopic | None:
    """The pause that holds for a topic or a lane of one. Pure."""
    names = {topic, topic.partition("@")[0]}
    found = (one for one in pauses if one.topic in names and (one.until is None or now < one.until))
    return next(found, None)


class PauseWatch(threading.Thread):
    """Holds up and lets go the consumers of this process. What cannot be read leaves everything as it is."""

    def __init__(self, store: ObjectStore, clock: Clock) -> None:
        super().__init__(name="pauses", daemon=True)
        self._store = store
        self._clock = clock
        self._consumers: list[Pausable] = []
        self._known: tuple[PausedTopic, ...] = ()
        self._held: set[int] = set()
        self._etag: str | None = None
        self._ended = threading.Event()

    def watch(self, consumer: Pausable) -> None:
        """Before the start."""
        self._consumers.append(consumer)

    def start(self) -> None:
        """What is paused already is not begun at all."""
        if self._consumers:
            self.look()
            super().start()

    def run(self) -> None:
        while not self._clock.wait(self._ended, LOOK_EVERY_S):
            self.look()

    def stop(self, timeout_s: float) -> None:
        self._ended.set()
        if self.is_alive():
            self.join(timeout_s)

    def look(self) -> None:
        self._read()
        now = self._clock.now()
        for consumer in self._consumers:
            pause = paused(consumer.topic, self._known, now)
            if (pause is not None) == (id(consumer) in self._held):
                continue
            if pause is not None:
                log.warning("topic %s is paused by %s: %s", consumer.topic, pause.by, pause.why)
                self._held.add(id(consumer))
                consumer.pause()
            else:
                log.warning("topic %s goes on", consumer.topic)
                self._held.discard(id(consumer))
                consumer.resume()

    def _read(self) -> None:
        try:
            found = self._store.get(keys.PAUSES, if_none_match=self._etag)
            if isinstance(found, NotModified):
                return
            pauses = read_document(found.body, Pauses, keys.PAUSES) if found is not None else None
        except (StoreError, TooNew, Undecodable) as error:
            log.debug("pauses cannot be read: %s", error)
            return
        self._known = pauses.topics if pauses is not None else ()
        self._etag = found.etag if found is not None else None
