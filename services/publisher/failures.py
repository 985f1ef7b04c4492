"""Failures as objects: what was given up or keeps failing, its whole story, and what was done about it.

A dead message becomes `failures/<day>/<id>.json` first and is acknowledged then; the queue is only its way there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pressroom.clock import Clock
from pressroom.crash import crash_point
from pressroom.originals import read_original
from pressroom.outcomes import Done, Emit, Outcome, Retry
from pressroom.queues.topics import ONE_KEY, RECORD_PUBLISH, SCHEDULE
from schemas import keys
from schemas.codec import TooNew
from schemas.documents import Failure, FailureDay, FailureLine
from schemas.envelope import Envelope
from schemas.messages import Check, DeadLetter, FailureAct, FailureClosed, FailureSeen, FeedRefresh
from schemas.operating import FailureSend, ReplaysStopped
from schemas.records import FeedRecord
from services.publisher.failure_documents import ended, given_up, line, name_of, streak, summarised
from services.publisher.failure_replays import SENT, acted, resent, sending, sent, waits
from services.publisher.shelf import Shelf


class Failures:
    """The failure stories of `record.publish`, and the handler of dead letters."""

    def __init__(self, shelf: Shelf, clock: Clock, code_version: str) -> None:
        self._shelf = shelf
        self._clock = clock
        self._code_version = code_version

    def dead(self, envelope: Envelope[DeadLetter]) -> Outcome:
        """Never rejects, whatever the letter holds."""
        try:
            return self._file(envelope)
        except TooNew as error:
            return Retry(str(error), after_s=60)

    def _file(self, envelope: Envelope[DeadLetter]) -> Outcome:
        letter = envelope.payload
        original = read_original(letter.body, letter.body_base64)
        name, opened_at = name_of(letter, original, envelope.id)
        failure = self._write(
            keys.failure(opened_at.date(), name),
            envelope.id,
            lambda old: given_up(old, letter, original, envelope.id, self._code_version),
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
        failure = self._write(act.key, envelope.id, lambda old: acted(old, act, envelope.id) if old else None)
        if failure is None or not waits(failure, envelope.id):
            return Done(_lines(failure))
        crash_point("publisher.after_act")
        return Done((*_lines(failure), sending(act.key, failure, act)))

    def send(self, envelope: Envelope[FailureSend]) -> Outcome:
        """The time of a replay has come. Its redelivery sends once more: what it sends is idempotent."""
        key, lease = envelope.payload.key, envelope.payload.lease
        stopped = self._shelf.load(keys.REPLAYS_STOPPED, ReplaysStopped)
        mark = stopped[0] if stopped else None
        failure = self._write(key, envelope.id, lambda old: sent(old, lease, mark) if old else None)
        if failure is None or failure.lease != lease or failure.status not in SENT.values():
            return Done(_lines(failure))
        crash_point("publisher.after_send")
        return Done((*_lines(failure), *resent(key, failure, self._clock.now())))

    def stop(self, envelope: Envelope[ReplaysStopped]) -> Outcome:
        stopped = envelope.payload

        def later(old: ReplaysStopped | None) -> ReplaysStopped | None:
            return stopped if old is None or stopped.at > old.at else None

        self._shelf.change(keys.REPLAYS_STOPPED, ReplaysStopped, later, envelope.id)
        return Done()

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
