"""Messages that one caller publishes together, and what became of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pressroom.queues.rabbitmq.wire import Outgoing

Results = Sequence[Exception | None]
"""None for a message that was accepted, else `Full`, `Unroutable` or `BackendUnavailable`."""


class Batch:
    """Messages that one caller publishes together: what became of each, and whom to tell when all is known."""

    def __init__(self, messages: Sequence[Outgoing], on_done: Callable[[Results], None]) -> None:
        self.messages = messages
        self.results: list[Exception | None] = [None] * len(messages)
        self.over = False
        self._unknown = set(range(len(messages)))
        self._on_done = on_done

    def settle(self, index: int, error: Exception | None) -> None:
        if index in self._unknown:
            self.results[index] = error
            self._unknown.discard(index)
            self._finish_when_known()

    def fail(self, error: Exception) -> None:
        """Those that nothing is known of yet can't be vouched for any more."""
        for index in self._unknown:
            self.results[index] = error
        self._unknown.clear()
        self._finish_when_known()

    def _finish_when_known(self) -> None:
        if not self._unknown and not self.over:
            self.over = True
            self._on_done(self.results)


class Pending:
    """One published message that waits for its confirm."""

    __slots__ = ("batch", "index", "returned")

    def __init__(self, batch: Batch, index: int) -> None:
        self.batch = batch
        self.index = index
        self.returned = False

    @property
    def message(self) -> Outgoing:
        return self.batch.messages[self.index]
