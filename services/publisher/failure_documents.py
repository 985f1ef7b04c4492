"""What becomes of a failure: pure decisions, old document + event → new document (or None: nothing to write)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from schemas.documents import Action, Attempt, Failure, FailureDay, FailureLine
from schemas.envelope import Envelope, born
from schemas.messages import DeadLetter, FailureClosed, FailureSeen, FeedRefresh, WeatherRequest
from schemas.records import FeedRecord

ATTEMPTS_MAX = 20
ACTIONS_MAX = 50


def changed(old: Failure, action: Action | None = None, **update: Any) -> Failure:
    """The failure, one step on; every step is one, so that its line in the summary knows which is the later."""
    steps = max(old.steps, old.count + len(old.actions)) + 1
    actions = old.actions if action is None else (*old.actions, action)[-ACTIONS_MAX:]
    return old.model_copy(update={**update, "actions": actions, "steps": steps})


def _last(attempts: Sequence[Attempt], new: Attempt) -> tuple[Attempt, ...]:
    """The first attempt and the latest ones: how it began and how it stands."""
    every = (*attempts, new)
    return every if len(every) <= ATTEMPTS_MAX else (every[0], *every[len(every) - ATTEMPTS_MAX + 1 :])


def streak(old: Failure | None, seen: FailureSeen, envelope: Envelope[Any], code_version: str) -> Failure | None:
    """A source's trouble opened or went on. A word older than the document changes nothing.

    What was sent again and is in trouble still is open again.
    """
    trouble = seen.trouble
    attempt = Attempt(
        at=seen.at,
        kind=seen.kind,
        message=trouble.message,
        status=trouble.status,
        first_bytes=trouble.first_bytes,
        headers=trouble.headers,
    )
    if old is not None:
        if seen.count <= old.count:
            return None
        status = "open" if old.status in {"replayed", "requeued"} else old.status
        attempts = _last(old.attempts, attempt)
        return changed(old, status=status, count=seen.count, last_at=seen.at, attempts=attempts)
    return Failure(
        id=seen.id,
        source="streak",
        topic=seen.topic,
        kind=seen.kind,
        reason=trouble.message,
        opened_at=seen.opened_at,
        last_at=seen.at,
        count=seen.count,
        steps=seen.count,
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
    return changed(old, action, status="closed", last_at=closed.at, lease=None, lease_until=None)


def name_of(letter: DeadLetter, original: Envelope[Any] | None, letter_id: str) -> tuple[str, datetime]:
    """(id, opened at): what a dead message's failure is filed under. A message that was sent again keeps its own."""
    if original is None:
        return letter_id, letter.at
    return original.id, born(original.id) or original.occurred_at


def given_up(
    old: Failure | None, letter: DeadLetter, original: Envelope[Any] | None, letter_id: str, code_version: str
) -> Failure | None:
    """A message was given up. The same message given up again (after a replay) is the same failure, open again."""
    attempt = Attempt(at=letter.at, kind=letter.kind, message=letter.reason)
    tried = _tried(original)
    if old is not None:
        if old.last_at >= letter.at:
            return None
        attempts = old.attempts
        for one in tried:
            attempts = _last(attempts, one)
        return changed(
            old,
            status="open",
            lease=None,
            lease_until=None,
            count=old.count + 1,
            last_at=letter.at,
            kind=letter.kind,
            reason=letter.reason,
            attempts=_last(attempts, attempt),
            original=letter.body,
            original_base64=letter.body_base64,
            hops=original.hops if original else old.hops,
            code_version=code_version,
        )
    name, opened_at = name_of(letter, original, letter_id)
    return Failure(
        id=name,
        source="message",
        topic=letter.topic,
        message_key=letter.key,
        kind=letter.kind,
        reason=letter.reason,
        opened_at=opened_at,
        last_at=letter.at,
        steps=1,
        attempts=_last(tried[-ATTEMPTS_MAX:], attempt),
        original=letter.body,
        original_base64=letter.body_base64,
        trace=original.trace if original else "",
        hops=original.hops if original else (),
        code_version=code_version,
        **_subject(original),
    )


def _tried(original: Envelope[Any] | None) -> tuple[Attempt, ...]:
    """The attempts before the last one, as the loop wrote them down among the hops."""
    hops = original.hops if original and original.attempt else ()
    told = [(hop.at, *hop.what.partition(": ")) for hop in hops if hop.what.startswith("attempt ")]
    return tuple(Attempt(at=at, kind="retry", message=reason) for at, _, _, reason in told)


def _subject(original: Envelope[Any] | None) -> dict[str, Any]:
    payload = original.payload if original else None
    if isinstance(payload, FeedRefresh):
        return {"feed": payload.feed, "url": payload.url, "host": original.key if original else None}
    if isinstance(payload, FeedRecord):
        return {"feed": payload.feed, "url": payload.fetch.url, "host": _host(payload.fetch.url)}
    if isinstance(payload, WeatherRequest):
        return {"cell": payload.cell}
    return {}


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).netloc.lower()[:200] or None
    except ValueError:
        return None


def line(failure: Failure) -> FailureLine:
    return FailureLine(
        id=failure.id,
        status=failure.status,
        topic=failure.topic,
        kind=failure.kind,
        opened_at=failure.opened_at,
        last_at=failure.last_at,
        count=failure.count,
        steps=max(failure.steps, failure.count + len(failure.actions)),
        feed=failure.feed,
        host=failure.host,
        sites=failure.sites,
        reason=failure.reason[:1000],
        trace=failure.trace,
    )


def summarised(old: FailureDay | None, new: FailureLine, day: datetime) -> FailureDay | None:
    """The day's summary with one line put in or replaced; an older word on a failure changes nothing."""
    lines = {one.id: one for one in (old.failures if old else ())}
    before = lines.get(new.id)
    if before is not None and before.steps >= new.steps:
        return None
    lines[new.id] = new
    return FailureDay(day=day.date().isoformat(), failures=tuple(lines.values()))
