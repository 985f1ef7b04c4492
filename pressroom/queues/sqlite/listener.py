"""A listener's place at the notices of the sqlite engine."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence

from pressroom.queues.port import OnNotice
from pressroom.queues.topics import NOTICES_BOUND

log = logging.getLogger(__name__)


class SqliteListener:
    """Keeps what the writer's thread brings, and tells it on a thread of its own: `on_notice` may take its time."""

    def __init__(
        self,
        on_notice: OnNotice,
        last: int,
        trouble: Callable[[], str | None],
        forget: Callable[[SqliteListener], None],
    ) -> None:
        self.last = last
        self._on_notice = on_notice
        self._trouble = trouble
        self._forget = forget
        self._kept: deque[bytes] = deque()
        self._missed = False
        self._flowing = True
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._tell, name="queue-notices", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def bring(self, notices: Sequence[tuple[int, bytes]]) -> None:
        """Notices in the order of their numbers; a gap means that some were dropped before they were read."""
        with self._changed:
            for number, body in notices:
                if number <= self.last:
                    continue
                self._missed |= number > self.last + 1 or len(self._kept) >= NOTICES_BOUND
                if len(self._kept) >= NOTICES_BOUND:
                    self._kept.popleft()
                self._kept.append(body)
                self.last = number
            self._changed.notify()

    def _next(self) -> tuple[bool, bytes | None]:
        """(go on, notice)."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or (self._flowing and (self._missed or self._kept)))
            if self._closed:
                return False, None
            if self._missed:
                self._missed = False
                return True, None
            return True, self._kept.popleft()

    def _tell(self) -> None:
        going, notice = self._next()
        while going:
            try:
                self._on_notice(notice)
            except Exception:
                log.exception("a listener could not handle a notice")
            going, notice = self._next()

    @property
    def trouble(self) -> str | None:
        return self._trouble()

    @property
    def losses(self) -> int:
        """A file is never lost for a moment."""
        return 0

    @property
    def overdue(self) -> None:
        """A notice is over when it is handed out."""

    def pause(self) -> None:
        with self._changed:
            self._flowing = False

    def resume(self) -> None:
        with self._changed:
            self._flowing = True
            self._changed.notify()

    def leave(self) -> None:
        """What comes until `resume` is not kept, but known to have been missed."""
        with self._changed:
            self._flowing = False
            self._missed = True
            self._kept.clear()

    def close(self, timeout_s: float) -> None:
        self._forget(self)
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not threading.current_thread():
            self._thread.join(timeout_s)
