"""Failures as objects: what was given up or keeps failing, its whole story, and what was done about it.

A dead message becomes `failures/<day>/<id>.json` first and is acknowledged then; the queue is only its way there.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from pressroom.cells import cell_named
from pressroom.crash import crash_point
from pressroom.outcomes import Done, Emit, Outcome, Retry
from pressroom.queues.topics import FEED_REFRESH, ONE_KEY, RECORD_PUBLISH, SCHEDULE, WEATHER_REQUEST
from schemas import keys
from schemas.codec import TooNew, Undecodable, decode
from schemas.documents import Failure, FailureDay, FailureLine
from schemas.envelope import Envelope
from schemas.messages import (
    Check,
    DeadLetter,
    FailureAct,
    FailureClosed,
    FailureSeen,
    FeedRefresh,
    WeatherRequest,
    Wish,
)
from schemas.records import FeedRecord
from services.publisher.failure_documents import acted, ended, given_up, line, streak, summarised
from services.publisher.shelf import Shelf


class Failures:
    """The failure stories of `record.publish`, and the handler of `dead`."""

    def __init__(self, shelf: Shelf, code_version: str) -> None:
        self._shelf = shelf
        self._code_version = code_version

    def dead(self, envelope: Envelope[DeadLetter]) -> Outcome:
        """The consumer of `dead`: never rejects, whatever the letter holds."""
        try:
            return self._file(envelope)
        except TooNew as error:
            return Retry(str(error), after_s=60)

    def _file(self, envelope: Envelope[DeadLetter]) -> Outcome:
        letter = envelope.payload
        original = _original(letter.body, letter.body_base64)
        opened_at = original.occurred_at if original else letter.at
        key = keys.failure(opened_at.date(), original.id if original else envelope.id)
        failure = self._write(
            key, envelope.id, lambda old: given_up(old, letter, original, envelope.id, self._code_version)
        )
        crash_point("publisher.after_failure")
        return Done((*_lines(failure), *_lost(original)))

    def seen(self, envelope: Envelope[FailureSeen]) -> Outcome:
        seen = envelope.payload
        key = keys.failure(seen.opened_at.date(), seen.id)
        return Done(_lines(self._write(key, envelope.id, lambda old: streak(old, seen, envelope, self._code_version))))

    def closed(self, envelope: Envelope[FailureClosed]) -> Outcome:
        closed = envelope.payload
        key = keys.failure(closed.opened_at.date(), closed.id)
        return Done(_lines(self._write(key, envelope.id, lambda old: ended(old, closed))))

    def act(self, envelope: Envelope[FailureAct]) -> Outcome:
        act = envelope.payload
        changed: list[bool] = []

        def apply(old: Failure | None) -> Failure | None:
            new = acted(old, act) if old is not None else None
            changed[:] = [new is not None or _again(old, act)]
            return new

        failure = self._write(act.key, envelope.id, apply)
        if failure is None or not changed[0] or act.act == "drop":
            return Done(_lines(failure))
        crash_point("publisher.after_act")
        return Done((*_lines(failure), *_resent(failure, act)))

    def line(self, envelope: Envelope[FailureLine]) -> Outcome:
        one = envelope.payload
        key = keys.failure_summary(one.opened_at.date(), one.id)
        self._shelf.change(key, FailureDay, lambda old: summarised(old, one, one.opened_at), envelope.id)
        return Done()

    def _write(self, key: str, write_id: str, change: Callable[[Failure | None], Failure | None]) -> Failure | None:
        """Change a failure; the document as it stands afterwards, also when there was nothing to change."""
        after: list[Failure | None] = [None]

        def apply(old: Failure | None) -> Failure | None:
            new = change(old)
            after[0] = new or old
            return new

        self._shelf.change(key, Failure, apply, write_id)
        return after[0]


def _again(old: Failure | None, act: FailureAct) -> bool:
    """Whether this very act is written already: its redelivery sends once more, what it sends is idempotent."""
    return old is not None and any(one.at == act.at and one.act == act.act and one.by == act.by for one in old.actions)


def _original(body: str, is_base64: bool) -> Envelope[Any] | None:
    try:
        return decode(base64.b64decode(body) if is_base64 else body.encode())
    except (Undecodable, TooNew, ValueError):
        return None


def _lines(failure: Failure | None) -> tuple[Emit, ...]:
    if failure is None:
        return ()
    return (Emit(RECORD_PUBLISH, keys.failure_summary(failure.opened_at.date(), failure.id), line(failure)),)


def _lost(original: Envelope[Any] | None) -> tuple[Emit, ...]:
    """Tell the scheduler that a refresh or its record died, so that nothing hides behind validators."""
    payload = original.payload if original else None
    if not isinstance(payload, FeedRefresh | FeedRecord):
        return ()
    return (Emit(SCHEDULE, ONE_KEY, Check(feed=payload.feed, turn=payload.turn, result="lost")),)


def _resent(failure: Failure, act: FailureAct) -> tuple[Emit, ...]:
    """What a replay sends: the original message under its own id with a fresh start, or a wish for the feed."""
    original = _original(failure.original, failure.original_base64) if failure.original is not None else None
    if original is not None and failure.topic != FEED_REFRESH:
        return (Emit(failure.topic, original.key, original.payload, id=original.id, trace=original.trace),)
    if failure.feed is not None:
        return (Emit(SCHEDULE, ONE_KEY, Wish(feed=failure.feed, reason="replay", replay_of=act.key)),)
    cell = cell_named(failure.cell) if failure.cell is not None else None
    if cell is not None:
        request = WeatherRequest(cell=cell.id, latitude=cell.latitude, longitude=cell.longitude, reason="replay")
        return (Emit(WEATHER_REQUEST, cell.id, request),)
    return ()
