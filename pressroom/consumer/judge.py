"""What becomes of a message: pure decisions about one delivery, before and after its handler."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pressroom.backoff import full_jitter
from pressroom.consumer.rules import STRANGER_MAX, TOO_NEW_S, LoopRules
from pressroom.logs import facts_of
from pressroom.outcomes import Defer, Done, Emit, Reject, Retry
from pressroom.queues.port import Delivery, Parcel
from pressroom.queues.topics import DEAD, ONE_KEY
from pressroom.sender import parcel_of
from schemas.codec import TooLarge, TooNew, Undecodable, decode, encode
from schemas.envelope import Envelope, Hop
from schemas.errors import ErrorKind
from schemas.messages import DeadLetter

log = logging.getLogger("pressroom.consumer")


@dataclass(frozen=True, slots=True)
class Bug:
    """A handler raised what no handler may raise."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class Verdict:
    """`parcels` are published, then the delivery is gone. `ending` is for counters; `bad` for the breaker."""

    ending: str
    parcels: tuple[Parcel, ...] = ()
    bad: bool = False


def fit(text: str, characters_max: int) -> str:
    """Short enough, and encodable: an exception may quote half a character."""
    return text.encode("utf-8", "replace").decode()[:characters_max]


class Judge:
    """Knows the rules of one topic."""

    def __init__(self, service: str, rules: LoopRules, rng: random.Random) -> None:
        self._service = service
        self._rules = rules
        self.rng = rng

    # --- before the handler ----------------------------------------------------------------------------

    def before(self, delivery: Delivery, now: datetime) -> Envelope[Any] | Verdict:
        """The message, when it is one for the handler now."""
        most = self._rules.deliveries_max
        if most is not None and delivery.deliveries > most:
            return self._poison(delivery, now)
        try:
            envelope = decode(delivery.body)
        except TooNew as error:
            return self._too_new(delivery, error, now)
        except Undecodable as error:
            return self._dead(delivery, None, ErrorKind.UNDECODABLE, str(error), now)
        if envelope.not_after is not None and envelope.not_after < now:
            log.info("a message came too late and is dropped", extra=_facts(delivery, envelope))
            return Verdict("expired")
        if envelope.not_before is not None and envelope.not_before > now:
            return Verdict("early", (Parcel(delivery.topic, delivery.key, delivery.body, envelope.not_before),))
        return envelope

    def _too_new(self, delivery: Delivery, error: TooNew, now: datetime) -> Verdict:
        if error.kind in self._rules.dropped_types:
            return Verdict("dropped")
        if error.stranger_since is not None and now - error.stranger_since > STRANGER_MAX:
            reason = f"{error}, and no upgrade has brought it since {error.stranger_since:%Y-%m-%d %H:%M} UTC"
            return self._dead(delivery, None, ErrorKind.UNDECODABLE, reason, now)
        log.warning("a message is too new; it waits for the upgrade", extra=_facts(delivery, reason=str(error)))
        return Verdict("too_new", (self._again(delivery, now, self.rng.uniform(*TOO_NEW_S)),))

    def _poison(self, delivery: Delivery, now: datetime) -> Verdict:
        try:
            envelope = decode(delivery.body)
        except ValueError:
            envelope = None
        reason = f"{delivery.deliveries - 1} processes died or lost their connection while they handled this message"
        return self._dead(delivery, envelope, ErrorKind.POISON, reason, now)

    # --- after the handler -----------------------------------------------------------------------------

    def after(
        self, delivery: Delivery, envelope: Envelope[Any], outcome: Done | Retry | Defer | Reject | Bug, now: datetime
    ) -> Verdict:
        try:
            return self._judged(delivery, envelope, outcome, now)
        except TooLarge as error:
            return self._dead(delivery, envelope, ErrorKind.TOO_LARGE, str(error), now)

    def _judged(
        self, delivery: Delivery, envelope: Envelope[Any], outcome: Done | Retry | Defer | Reject | Bug, now: datetime
    ) -> Verdict:
        match outcome:
            case Done(emits):
                return self._done(envelope, emits, now)
            case Retry(reason, after_s):
                if self._is_spent(envelope, self._rules.attempts_max):
                    text = f"given up after {envelope.attempt + 1} attempts; the last: {reason}"
                    return self._dead(delivery, envelope, ErrorKind.EXHAUSTED, text, now)
                return self._retry(delivery, envelope, reason, after_s, now)
            case Defer(until, _):
                later = envelope.model_copy(update={"not_before": until})
                return Verdict("defer", (self._resent(delivery, later),))
            case Reject(kind, reason):
                return self._dead(delivery, envelope, kind, reason, now)
            case Bug(error):
                return self._bug(delivery, envelope, error, now)

    def _done(self, envelope: Envelope[Any], emits: tuple[Emit, ...], now: datetime) -> Verdict:
        if not emits:
            return Verdict("done")
        hops = envelope.hopped(Hop(at=now, service=self._service, what=f"handled {envelope.type}"))
        trace = envelope.trace or envelope.id
        return Verdict("done", tuple(parcel_of(emit, now, trace=trace, hops=hops) for emit in emits))

    def _bug(self, delivery: Delivery, envelope: Envelope[Any], error: BaseException, now: datetime) -> Verdict:
        reason = fit(f"{type(error).__name__}: {error}", 5000)
        facts = _facts(delivery, envelope, reason=reason)
        # Once with its trace; the attempts after it differ in nothing.
        log.error("a handler failed", extra=facts, exc_info=error if envelope.attempt == 0 else None)
        if self._is_spent(envelope, self._rules.bugs_max):
            return self._dead(delivery, envelope, ErrorKind.BUG, reason, now)
        verdict = self._retry(delivery, envelope, reason, None, now)
        return Verdict("bug", verdict.parcels, bad=True)

    def _is_spent(self, envelope: Envelope[Any], attempts_max: int | None) -> bool:
        return attempts_max is not None and envelope.attempt + 1 >= attempts_max

    def _retry(
        self, delivery: Delivery, envelope: Envelope[Any], reason: str, after_s: float | None, now: datetime
    ) -> Verdict:
        if envelope.type in self._rules.dropped_types:
            log.info("a message is not worth another try", extra=_facts(delivery, envelope, reason=reason))
            return Verdict("dropped")
        wait_s = self._wait_s(envelope.attempt) if after_s is None else after_s * self.rng.uniform(1.0, 1.1)
        attempt = envelope.attempt + 1
        later = envelope.model_copy(
            update={
                "attempt": attempt,
                "not_before": now + timedelta(seconds=wait_s),
                "hops": envelope.hopped(
                    Hop(at=now, service=self._service, what=fit(f"attempt {attempt}: {reason}", 900))
                ),
            }
        )
        return Verdict("retry", (self._resent(delivery, later),))

    def _wait_s(self, attempt: int) -> float:
        return full_jitter(attempt, first_s=self._rules.backoff_first_s, most_s=self._rules.backoff_max_s, rng=self.rng)

    def _resent(self, delivery: Delivery, envelope: Envelope[Any]) -> Parcel:
        try:
            body = encode(envelope)
        except TooLarge:
            # The way it came made it too long: what it says matters more.
            body = encode(envelope.model_copy(update={"hops": envelope.hops[:1]}))
        return Parcel(delivery.topic, delivery.key, body, envelope.not_before)

    def _again(self, delivery: Delivery, now: datetime, wait_s: float) -> Parcel:
        return Parcel(delivery.topic, delivery.key, delivery.body, now + timedelta(seconds=wait_s))

    # --- the dead --------------------------------------------------------------------------------------

    def _dead(
        self, delivery: Delivery, envelope: Envelope[Any] | None, kind: str, reason: str, now: datetime
    ) -> Verdict:
        facts = _facts(delivery, envelope, kind=kind, reason=reason)
        if envelope is not None and envelope.type in self._rules.dropped_types:
            log.warning("a message is dropped", extra=facts)
            return Verdict("dropped", bad=True)
        if not self._rules.gives_up:
            log.error("a message can't be handled and is kept", extra=facts)
            return self._kept(delivery, envelope, reason, now)
        log.error("a message is given up", extra=facts)
        return Verdict("dead", (self._letter(delivery, envelope, kind, reason, now),), bad=True)

    def _kept(self, delivery: Delivery, envelope: Envelope[Any] | None, reason: str, now: datetime) -> Verdict:
        if envelope is None:
            return Verdict("retry", (self._again(delivery, now, self._rules.backoff_max_s),), bad=True)
        return Verdict("retry", self._retry(delivery, envelope, reason, None, now).parcels, bad=True)

    def _letter(
        self, delivery: Delivery, envelope: Envelope[Any] | None, kind: str, reason: str, now: datetime
    ) -> Parcel:
        """Its id is the dead message's, so that a letter sent twice is one failure."""
        body, is_base64 = text_of(delivery.body)
        letter = DeadLetter(
            topic=delivery.topic,
            key=fit(delivery.key, 500) or "?",
            kind=fit(kind, 200),
            reason=fit(reason, 5000),
            body=body,
            body_base64=is_base64,
            attempts=envelope.attempt + 1 if envelope else 0,
            deliveries=delivery.deliveries,
            service=self._service,
            at=now,
        )
        identity = envelope.id if envelope else hashlib.sha256(delivery.body).hexdigest()[:32]
        hops = (
            envelope.hopped(Hop(at=now, service=self._service, what=f"given up: {fit(kind, 200)}")) if envelope else ()
        )
        trace = envelope.trace if envelope else ""
        return parcel_of(Emit(DEAD, ONE_KEY, letter, id=identity), now, trace=trace, hops=hops)


def text_of(body: bytes) -> tuple[str, bool]:
    """(text, whether it is base64): readable when it is UTF-8 that JSON does not blow up."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = ""
    if text and len(json.dumps(text, ensure_ascii=False)) < 4 / 3 * len(body):
        return text, False
    return base64.b64encode(body).decode(), True


def _facts(delivery: Delivery, envelope: Envelope[Any] | None = None, **more: object) -> dict[str, object]:
    facts: dict[str, object] = {"topic": delivery.topic, "key": delivery.key, **more}
    if envelope is not None:
        facts |= facts_of(envelope) | {"attempt": envelope.attempt}
    return facts
