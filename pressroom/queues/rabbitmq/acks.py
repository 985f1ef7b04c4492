"""Acknowledging in few commands: `multiple` covers every tag up to one, across all consumers of a channel."""

from __future__ import annotations


class Acks:
    """The delivery tags of one channel: what was handed over, what is done, what may be acknowledged now."""

    def __init__(self) -> None:
        self._open: dict[int, None] = {}  # in the order of delivery, which is the order of the tags
        self._done: set[int] = set()

    @property
    def unfinished(self) -> int:
        return len(self._open) - len(self._done)

    def delivered(self, tag: int) -> None:
        self._open[tag] = None

    def done(self, tag: int) -> None:
        if tag in self._open:
            self._done.add(tag)

    def due(self) -> list[tuple[int, bool]]:
        """(tag, multiple) for all that is done; `multiple` never reaches beyond the lowest unfinished tag."""
        if not self._done:
            return []
        head = self._finished_head()
        for tag in head:
            del self._open[tag]
        self._done.difference_update(head)
        acks = [(head[-1], len(head) > 1)] if head else []
        for tag in sorted(self._done):
            del self._open[tag]
            acks.append((tag, False))
        self._done.clear()
        return acks

    def _finished_head(self) -> list[int]:
        head = []
        for tag in self._open:
            if tag not in self._done:
                break
            head.append(tag)
        return head
