"""What the loop tells those who count."""

from __future__ import annotations

from typing import Protocol


class Observer(Protocol):
    """Called from the loop's threads; must be quick and must not raise."""

    def handled(self, topic: str, ending: str, seconds: float) -> None:
        """A message is over: done, retry, defer, bug, dead, early, too_new, expired or dropped. The time is the
        handler's alone, and its share of it in a batch.
        """

    def redelivered(self, topic: str) -> None:
        """A message came that a consumer had before and did not finish."""

    def dropped(self, topic: str) -> None:
        """What followed from a message was dropped, because this topic is full and it may be."""

    def paused(self, topic: str, seconds: float) -> None:
        """The consumer had begun nothing for so long, and goes on."""


class Nobody:
    """Counts nothing."""

    def handled(self, topic: str, ending: str, seconds: float) -> None: ...
    def redelivered(self, topic: str) -> None: ...
    def dropped(self, topic: str) -> None: ...
    def paused(self, topic: str, seconds: float) -> None: ...


NOBODY = Nobody()
