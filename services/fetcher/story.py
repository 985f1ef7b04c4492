"""The fetcher: ask → judge → read → emit. A feed is asked politely, read once, and said to be new only when it is.

Trouble at the source is not a failed message: it ends as Done with a check that says so, and the scheduler decides
when to ask again.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from pressroom.clock import Clock
from pressroom.crash import crash_point
from pressroom.http.answer import FetchError, Headers, Response
from pressroom.objects.port import Conflict, ObjectStore
from pressroom.outcomes import Done, Emit, Outcome
from pressroom.queues.topics import ONE_KEY, RECORD_PUBLISH, SCHEDULE
from schemas import keys
from schemas.envelope import Envelope
from schemas.messages import Check, FeedRefresh, Trouble
from schemas.operating import PreviewRequest
from schemas.records import FeedRecord, Fetch, Hints, Validators, digest
from services.fetcher.filters import chosen
from services.fetcher.fitting import fitted, once
from services.fetcher.manners import Get, Identity, RobotsRule
from services.fetcher.parse import ParsedFeed, ParseError
from services.fetcher.policy import (
    GOOD,
    Troubled,
    Unchanged,
    conditional,
    first_chars,
    hints_of,
    judge,
    telling,
    trouble_of,
    validators_of,
)
from services.fetcher.turns import Turns

Parse = Callable[[bytes, str | None, str], ParsedFeed]
"""Body, Content-Type, address → what the feed says; raises `ParseError`."""


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Handles `feed.refresh`. Keeps nothing between messages."""

    get: Get
    parse: Parse
    store: ObjectStore
    clock: Clock
    raw_bytes_max: float
    identity: Identity
    robots: RobotsRule | None = None
    """None: robots.txt is not asked."""
    turns: Turns = field(default_factory=Turns)

    def handle(self, envelope: Envelope[FeedRefresh]) -> Outcome:
        """Always Done: with a record for the publisher, or with a check for the scheduler."""
        refresh = envelope.payload
        try:
            response = self.ask(refresh.url, refresh.validators, refresh.feeds_served)
        except FetchError as error:
            return _failed(refresh, None, trouble_of(error))
        now = self.clock.now()
        verdict = judge(response, now, refresh.validators)
        fetch = facts(refresh.url, response, at=now)
        if isinstance(verdict, Troubled):
            return _failed(refresh, fetch, verdict.trouble)
        if isinstance(verdict, Unchanged) or fetch.content_hash == refresh.content_hash:
            return _unchanged(refresh, fetch)
        return self._read(refresh, response, fetch)

    def ask(self, url: str, validators: Validators, feeds_served: int) -> Response:
        """The site's answer, if it lets itself be asked. Raises `FetchError`."""
        if self.robots is not None:
            self.robots.check(url)
        return self.get(url, conditional(validators) | {"User-Agent": self.identity.user_agent(feeds_served)})

    def _read(self, refresh: FeedRefresh, response: Response, fetch: Fetch) -> Outcome:
        try:
            parsed, said = self.read(refresh, response.body, response.headers.get("Content-Type"), response.url)
        except ParseError as error:
            return _failed(refresh, fetch, unreadable(error, response.body, response.headers))
        hints = hints_of(parsed.hints, response.headers, fetch.at)
        fetch = fetch.model_copy(update={"digest": said, "hints": hints})
        if fetch.digest == refresh.digest and parsed.complete:
            # Other bytes, the same feed (a build date, an advert): what is stored stays, the validators move on.
            return _unchanged(refresh, fetch)
        raw = self._keep(refresh.feed, response.body, fetch.content_hash)
        crash_point("fetcher.after_raw")
        record = FeedRecord(
            feed=refresh.feed,
            turn=refresh.turn,
            fetch=fetch,
            source=parsed.source,
            entries=parsed.entries,
            warnings=parsed.warnings,
            complete=parsed.complete,
            raw=raw,
        )
        return Done((Emit(RECORD_PUBLISH, keys.head(refresh.feed), record),))

    def read(
        self, wanted: FeedRefresh | PreviewRequest, body: bytes, content_type: str | None, url: str
    ) -> tuple[ParsedFeed, str]:
        """What the feed says, as far as its site wants it and a message can carry it, and the digest of that.

        Raises `ParseError`.
        """
        with self.turns.mine():
            parsed = self.parse(body, content_type, url)
            entries = fitted(chosen(once(parsed.entries)[: wanted.entries_max], wanted.include, wanted.exclude))
            return replace(parsed, entries=entries), digest(parsed.source, entries)

    def _keep(self, feed: str, body: bytes, content_hash: str | None) -> str | None:
        """The answer as it came, to be parsed again after a fix without asking the site."""
        if content_hash is None or len(body) > self.raw_bytes_max:
            return None
        key = keys.raw(feed, content_hash)
        with suppress(Conflict):
            # mtime=0: equal answers make equal objects.
            self.store.create(key, gzip.compress(body, compresslevel=1, mtime=0), content_type="application/gzip")
        return key


def facts(url: str, response: Response, *, at: datetime) -> Fetch:
    """What is kept of an answer beside its content."""
    return Fetch(
        at=at,
        url=url,
        final_url=response.url[:2000],
        permanent_url=response.permanent_url,
        status=response.status,
        elapsed_s=response.elapsed_s,
        wire_bytes=response.wire_bytes,
        content_type=(response.headers.get("Content-Type") or "")[:1000] or None,
        validators=validators_of(response.headers),
        content_hash=hashlib.sha256(response.body).hexdigest() if response.status in GOOD else None,
        hints=hints_of(Hints(), response.headers, at),
    )


def unreadable(error: ParseError, body: bytes, headers: Headers | None = None) -> Trouble:
    """A success that brought no feed."""
    return Trouble(
        kind=error.kind,
        message=str(error)[:1000],
        status=200,
        first_bytes=first_chars(body) or None,
        headers=telling(headers) if headers is not None else None,
    )


def _unchanged(refresh: FeedRefresh, fetch: Fetch) -> Done:
    return _checked(Check(feed=refresh.feed, turn=refresh.turn, result="unchanged", fetch=fetch))


def _failed(refresh: FeedRefresh, fetch: Fetch | None, trouble: Trouble) -> Done:
    return _checked(Check(feed=refresh.feed, turn=refresh.turn, result="failed", fetch=fetch, trouble=trouble))


def _checked(check: Check) -> Done:
    return Done((Emit(SCHEDULE, ONE_KEY, check),))
