"""Failures from the operator's side: find, understand, send again, drop."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from pressroom.clock import Clock
from pressroom.objects.port import NotModified, ObjectStore
from pressroom.outcomes import Emit
from pressroom.queues.topics import RECORD_PUBLISH
from pressroom.sender import Sender
from schemas import keys
from schemas.codec import read_document
from schemas.documents import Failure, FailureDay, FailureLine
from schemas.messages import FailureAct

SUMMARIES_MAX = 20_000


class NotFound(LookupError):
    """What the operator named is not there. The text says what was looked for."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter; what is None is not looked at."""

    status: str | None = "open"
    topic: str | None = None
    kind: str | None = None
    host: str | None = None
    feed: str | None = None
    site: str | None = None
    since: datetime | None = None
    count_min: int | None = None

    def takes(self, line: FailureLine) -> bool:
        asked = (
            (self.status, line.status),
            (self.topic, line.topic),
            (self.kind, line.kind),
            (self.host, line.host),
            (self.feed, line.feed),
        )
        return (
            all(wanted is None or wanted == found for wanted, found in asked)
            and (self.site is None or self.site in line.sites)
            and (self.since is None or line.opened_at >= self.since)
            and (self.count_min is None or line.count >= self.count_min)
        )


@dataclass(frozen=True, slots=True)
class Cause:
    """Failures that have one cause: the same kind of trouble at the same host."""

    kind: str
    host: str
    topic: str
    count: int
    since: datetime
    lines: tuple[FailureLine, ...]

    def __str__(self) -> str:
        return f"{self.count} × {self.kind} at {self.host} since {self.since:%Y-%m-%d %H:%M} UTC"


class FailureDesk:
    """All methods raise `BackendUnavailable` when the store or the queue cannot be reached, and `TooNew` or
    `Undecodable` for an object that cannot be read.
    """

    def __init__(self, store: ObjectStore, sender: Sender, clock: Clock) -> None:
        self._store = store
        self._sender = sender
        self._clock = clock

    def lines(self, wanted: Wanted) -> list[FailureLine]:
        """Matching failures, the latest first, read from the days' summaries only."""
        found = [line for line in self._lines() if wanted.takes(line)]
        return sorted(found, key=lambda line: (line.last_at, line.id), reverse=True)

    def show(self, named: str) -> tuple[str, Failure]:
        """(key, failure) of a key, an id, or the unique beginning of an id. Raises `NotFound`."""
        key = named if "/" in named else self._key_of(named)
        found = self._store.get(key)
        if found is None or isinstance(found, NotModified):
            raise NotFound(f"there is no failure {named}")
        return key, read_document(found.body, Failure, f"object {key}")

    def act(self, named: Iterable[str], act: str, *, by: str, why: str) -> list[str]:
        """Replay, requeue or drop: sends one command each to the publisher, which alone writes. The keys acted on."""
        acted = [self.show(one)[0] for one in named]
        at = self._clock.now()
        command = [FailureAct(key=key, act=act, at=at, by=by, why=why) for key in acted]  # type: ignore[arg-type]
        self._sender.send([Emit(RECORD_PUBLISH, one.key, one) for one in command])
        return acted

    def _key_of(self, named: str) -> str:
        found = {keys.failure(line.opened_at.date(), line.id) for line in self._lines() if line.id.startswith(named)}
        if len(found) != 1:
            raise NotFound(f"{len(found)} failures have an id that begins with {named!r}; name one")
        return found.pop()

    def _lines(self) -> Iterator[FailureLine]:
        for listed in self._store.list(keys.FAILURE_SUMMARIES, limit=SUMMARIES_MAX):
            found = self._store.get(listed.key)
            if found is not None and not isinstance(found, NotModified):
                yield from read_document(found.body, FailureDay, f"object {listed.key}").failures


def causes(lines: Iterable[FailureLine]) -> list[Cause]:
    """Group by what is probably one cause, the biggest first."""
    groups: dict[tuple[str, str, str], list[FailureLine]] = defaultdict(list)
    for line in lines:
        groups[line.kind, line.host or line.feed or "-", line.topic].append(line)
    found = [
        Cause(kind, host, topic, len(group), min(line.opened_at for line in group), tuple(group))
        for (kind, host, topic), group in groups.items()
    ]
    return sorted(found, key=lambda cause: (-cause.count, cause.since))
