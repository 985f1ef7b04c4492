"""What becomes of a failure: pure decisions, old document + event → new document (or None: nothing to write)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from schemas.documents import Action, Attempt, Failure, FailureDay, FailureLine
from schemas.envelope import Envelope
from schemas.messages import DeadLetter, FailureAct, FailureClosed, FailureSeen, FeedRefresh, WeatherRequest
from schemas.records import FeedRecord

ATTEMPTS_MAX = 20
ACTIONS_MAX = 50
ACT_STATUS = {"replay": "replayed", "requeue": "requeued", "drop": "dropped"}


def _last(attempts: Sequence[Attempt], new: Attempt) -> tuple[Attempt, ...]:
    """The first attempt and the latest ones: how it began and how it stands."""
    every = (*attempts, new)
    return every if len(every) <= ATTEMPTS_MAX else (every[0], *every[len(every) - ATTEMPTS_MAX + 1 :])


def streak(old: Failure | None, seen: FailureSeen, envelope: Envelope[Any], code_version: str) -> Failure | None:
    """A source's trouble opened or went on. A word older than the document changes nothing."""
    trouble = seen.trouble
    attempt = Attempt(
        at=seen.at, kind=seen.kind, message=trouble.message, status=trouble.status, first_bytes=trouble.first_bytes
    )
    if old is not None:
        if seen.count <= old.count:
            return None
        update = {"count": seen.count, "last_at": seen.at, "attempts": _last(old.attempts, attempt)}
        return old.model_copy(update=update)
    return Failure(
        id=seen.id,
        source="streak",
        topic=seen.topic,
        kind=seen.kind,
        reason=trouble.message,
        opened_at=seen.opened_at,
        last_at=seen.at,
        count=seen.count,
        feed=seen.feed,
        cell=seen.cell,
        url=seen.url,
        host=seen.host,
        sites=seen.sites,
        attempts=(attempt,),
        trace=envelope.trace,
        hops=envelope.hops,
        code_version=code_version,
    )


def ended(old: Failure | None, closed: FailureClosed) -> Failure | None:
    """The source answers again. A dropped failure stays dropped."""
    if old is None or old.status in {"closed", "dropped"}:
        return None
    action = Action(at=closed.at, by="scheduler", act="close", why=closed.note)
    return old.model_copy(
        update={"status": "closed", "last_at": closed.at, "actions": (*old.actions, action)[-ACTIONS_MAX:]}
    )


def given_up(
    old: Failure | None, letter: DeadLetter, original: Envelope[Any] | None, letter_id: str, code_version: str
) -> Failure | None:
    """A message was given up. The same message given up again (after a replay) is the same failure, open again."""
    attempt = Attempt(at=letter.at, kind=letter.kind, message=letter.reason)
    if old is not None:
        if old.last_at >= letter.at:
            return None
        update = {
            "status": "open",
            "count": old.count + 1,
            "last_at": letter.at,
            "kind": letter.kind,
            "reason": letter.reason,
            "attempts": _last(old.attempts, attempt),
            "original": letter.body,
        }
        return old.model_copy(update=update)
    return Failure(
        id=original.id if original else letter_id,
        source="message",
        topic=letter.topic,
        message_key=letter.key,
        kind=letter.kind,
        reason=letter.reason,
        opened_at=original.occurred_at if original else letter.at,
        last_at=letter.at,
        attempts=(attempt,),
        original=letter.body,
        original_base64=letter.body_base64,
        trace=original.trace if original else "",
        hops=original.hops if original else (),
        code_version=code_version,
        **_subject(original),
    )


def _subject(original: Envelope[Any] | None) -> dict[str, Any]:
    payload = original.payload if original else None
    if isinstance(payload, FeedRefresh):
        return {"feed": payload.feed, "url": payload.url, "host": original.key if original else None}
    if isinstance(payload, FeedRecord):
        return {"feed": payload.feed, "url": payload.fetch.url}
    if isinstance(payload, WeatherRequest):
        return {"cell": payload.cell}
    return {}


def acted(old: Failure, act: FailureAct) -> Failure | None:
    """What an operator did. Only an open failure can be sent again: a second replay finds it no longer open."""
    status = ACT_STATUS.get(act.act)
    if status is None or old.status != "open":
        return None
    action = Action(at=act.at, by=act.by, act=act.act, why=act.why)
    return old.model_copy(update={"status": status, "actions": (*old.actions, action)[-ACTIONS_MAX:]})


def line(failure: Failure) -> FailureLine:
    return FailureLine(
        id=failure.id,
        status=failure.status,
        topic=failure.topic,
        kind=failure.kind,
        opened_at=failure.opened_at,
        last_at=failure.last_at,
        count=failure.count,
        steps=failure.count + len(failure.actions),
        feed=failure.feed,
        host=failure.host,
        sites=failure.sites,
        reason=failure.reason[:1000],
    )


def summarised(old: FailureDay | None, new: FailureLine, day: datetime) -> FailureDay | None:
    """The day's summary with one line put in or replaced; an older word on a failure changes nothing."""
    lines = {one.id: one for one in (old.failures if old else ())}
    before = lines.get(new.id)
    if before is not None and before.steps >= new.steps:
        return None
    lines[new.id] = new
    return FailureDay(day=day.date().isoformat(), failures=tuple(lines.values()))
