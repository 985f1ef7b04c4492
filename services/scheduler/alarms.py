"""The leader's memory of alerts: which are up, and what the webhook has still to be told. Kept in the ledger, so that
a restart repeats nothing and forgets nothing.
"""

from __future__ import annotations

import logging
import random
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

from pydantic import Field

from pressroom.alerts.rules import WATCHED
from pressroom.alerts.watch import Told, Turn, Watch
from pressroom.alerts.webhook import NotTold, Webhook, Word
from pressroom.backoff import full_jitter
from pressroom.clock import Clock
from pressroom.objects.port import Conflict, NotModified, ObjectStore, StoreError
from schemas import keys
from schemas.base import Model
from schemas.codec import TooNew, Undecodable, read_document
from schemas.envelope import new_id
from schemas.status import Firing

log = logging.getLogger(__name__)

WORDS_MAX: Final = 200
RETRY_FIRST_S: Final = 5.0
RETRY_MAX_S: Final = 600.0


class Alarms(Model):
    """`ledger/alerts.json`. `words`: not told yet, the oldest first."""

    schema_version: Literal[1] = 1
    firing: Annotated[tuple[Firing, ...], Field(max_length=100)] = ()
    words: Annotated[tuple[Word, ...], Field(max_length=WORDS_MAX)] = ()


class AlarmDesk:
    """Watches, remembers, tells. Used by one thread."""

    def __init__(self, store: ObjectStore, webhook: Webhook | None, clock: Clock, rng: random.Random) -> None:
        self._store = store
        self._webhook = webhook
        self._clock = clock
        self._rng = rng
        self._watch = Watch(WATCHED)
        self._etag: str | None = None
        self._unsaved = False
        self._tries = 0
        self._try_at_s = float("-inf")
        self.alarms = Alarms()
        self.failed = 0
        """Deliveries that the webhook did not take."""

    def take_over(self, now: datetime) -> bool:
        """Go on where the last leader stopped; False while that cannot be read."""
        try:
            found = self._store.get(keys.ALERTS)
            if found is None:
                self._etag, self.alarms = None, Alarms()
            elif not isinstance(found, NotModified):
                self._etag, self.alarms = found.etag, read_document(found.body, Alarms, f"object {keys.ALERTS}")
        except (StoreError, TooNew) as error:
            log.warning("alerts wait for the store: %s", error)
            return False
        except Undecodable as error:
            log.warning("what is remembered of alerts cannot be read and is begun anew: %s", error)
            self._etag, self.alarms = found.etag if found is not None else None, Alarms()
        self._watch = Watch(WATCHED)
        self._watch.resume({one.alert: one.since for one in self.alarms.firing}, now)
        self._unsaved, self._tries = False, 0
        return True

    def look(self, told: Told, now: datetime) -> None:
        """Take in what the processes tell."""
        for turn in self._watch.look(told, now):
            level = logging.WARNING if turn.up else logging.INFO
            log.log(level, "alert" if turn.up else "alert is over", extra={"alert": turn.alert.name, "text": turn.text})
            self._take_in(turn, now)

    def _take_in(self, turn: Turn, now: datetime) -> None:
        name, severity = turn.alert.name, turn.alert.severity
        others = tuple(one for one in self.alarms.firing if one.alert != name)
        up = (Firing(alert=name, severity=severity, since=turn.since, text=turn.text[:1000]),) if turn.up else ()
        words = self.alarms.words
        if self._webhook is not None:
            kind = "up" if turn.up else "over"
            word = Word(
                id=f"{name}-{int(turn.since.timestamp())}-{kind}",
                alert=name,
                severity=severity,
                up=turn.up,
                since=turn.since,
                at=now,
                text=turn.text[:1000],
            )
            words = (*words, word)[-WORDS_MAX:]
        self.alarms = self.alarms.model_copy(update={"firing": (*others, *up), "words": words})
        self._unsaved = True

    def tell(self) -> bool:
        """Tell the webhook what it has not heard, in order; what it does not take waits, longer each time.

        False: another scheduler has written; it leads, and tells. That is found out before each word, so that
        whoever was deposed without noticing says nothing again.
        """
        while self.alarms.words and self._webhook is not None and self._clock.monotonic() >= self._try_at_s:
            if not self._save():
                return False
            word = self.alarms.words[0]
            try:
                self._webhook.tell(word)
            except NotTold as error:
                self._tries += 1
                self.failed += 1
                wait_s = full_jitter(self._tries, first_s=RETRY_FIRST_S, most_s=RETRY_MAX_S, rng=self._rng)
                self._try_at_s = self._clock.monotonic() + max(RETRY_FIRST_S, wait_s)
                log.warning("the webhook was not told", extra={"alert": word.alert, "reason": str(error)})
                return True
            self._tries = 0
            self._said(word)
        # At once: who dies between telling and saving tells again, under the same id.
        return self._save() if self._unsaved else True

    def _said(self, word: Word) -> None:
        firing = tuple(
            one.model_copy(update={"said": True}) if word.up and one.alert == word.alert else one
            for one in self.alarms.firing
        )
        self.alarms = self.alarms.model_copy(update={"firing": firing, "words": self.alarms.words[1:]})
        self._unsaved = True

    def _save(self) -> bool:
        try:
            body = self.alarms.as_json()
            self._etag = self._store.swap(keys.ALERTS, body, etag=self._etag, write_id=new_id(self._clock.now()))
        except Conflict:
            return False
        except StoreError as error:
            log.debug("alerts are not saved yet: %s", error)
            return True
        self._unsaved = False
        return True


def settled(since: datetime | None, now: datetime, settle_s: float) -> bool:
    """Whether a leader has led for long enough to have heard of everybody."""
    return since is not None and now - since >= timedelta(seconds=settle_s)
