"""What the scheduler remembers of a feed and of a host: frozen values, stored as JSON in the ledger's shards."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Count, Hash, Id, Instant, Model, Name, Seconds, Turn, Url
from schemas.envelope import Hop
from schemas.messages import Trouble
from schemas.records import Hints, Validators

LEDGER_VERSION = 1
MOMENTS_MAX = 12
STREAKS_MAX = 40
ASKED_MAX = 4
RECENT_MAX = 32

Reason = Literal["due", "wish", "replay"]


class Streak(Model):
    """One kind of trouble at one feed since its last success. `told` is the count that its failure shows; 0: none."""

    kind: Name
    since: Instant
    count: Count = 1
    told: Count = 0
    told_at: Instant | None = None
    trouble: Trouble


class Ended(Model):
    """A streak whose failure was closed by the check of the current turn; said again when that check comes again."""

    id: Id
    opened_at: Instant


class Redirect(Model):
    """A permanent redirect (301, 308) as the source has repeated it."""

    url: Url
    first_seen: Instant
    checks: Count = 1
    told: bool = False


class Found(Model):
    """An address that the home page of a dead feed names, asked and found to be a feed."""

    url: Url
    at: Instant


class FeedMemory(Model):
    """A feed. `url` is the one that its sites named first, by which it is filed; `named` the one they name now, when
    that is another.

    `state`: `sending` from the save that precedes the message, `under_way` once it is known to be sent; the
    refresh of this turn is given up at `lease_until`. `trace` and `asked` (its hops) are those of the wish it was asked
    by. Validators, hash and digest are those of what the publisher holds; `whole_at`: when the source last sent more
    than "unchanged". `moments` are the newest times at which the
    source published something, latest first. `wished_at` is when a reader last wished for it; None: it is the sites'
    alone. `recent` is that of `schemas.documents.FeedStatus`. `declined`: proposals that operators did not want.
    """

    feed: Id
    url: Url
    turn: Turn = 0
    state: Literal["idle", "sending", "under_way"] = "idle"
    lease_until: Instant | None = None
    reason: Reason = "due"
    trace: Name = ""
    asked: Annotated[tuple[Hop, ...], Field(max_length=ASKED_MAX)] = ()
    next_at: Instant
    pause_until: Instant | None = None
    stopped: bool = False
    dropped_at: Instant | None = None
    wished_at: Instant | None = None

    validators: Validators = Validators()
    content_hash: Hash | None = None
    digest: Hash | None = None
    whole_at: Instant | None = None

    checked_at: Instant | None = None
    ok_at: Instant | None = None
    changed_at: Instant | None = None
    moments: Annotated[tuple[Instant, ...], Field(max_length=MOMENTS_MAX)] = ()
    interval_s: Seconds | None = None
    hints: Hints = Hints()

    failures: Count = 0
    streaks: Annotated[tuple[Streak, ...], Field(max_length=STREAKS_MAX)] = ()
    ended: Annotated[tuple[Ended, ...], Field(max_length=STREAKS_MAX + 1)] = ()
    redirect: Redirect | None = None
    moved_to: Url | None = None
    named: Url | None = None
    recent: Annotated[str, Field(max_length=RECENT_MAX)] = ""
    found: Found | None = None
    searched_at: Instant | None = None
    declined: tuple[Id, ...] = ()

    @property
    def address(self) -> str:
        """Where it is fetched from: the sites' address, or the one it has moved to for good."""
        return self.moved_to or self.named or self.url


class ProviderMemory(Model):
    """A weather provider's streaks of trouble, as all workers report them. `cell` was asked for last in trouble, which
    was known to be one at `ill_at`. `ended` are the failures that its last answer closed.
    """

    provider: Name
    cell: Id
    ill_at: Instant | None = None
    streaks: Annotated[tuple[Streak, ...], Field(max_length=STREAKS_MAX)] = ()
    ended: Annotated[tuple[Ended, ...], Field(max_length=STREAKS_MAX)] = ()


class HostMemory(Model):
    """A host: not asked again before `next_at` (spacing) and `pause_until` (its own wish or an operator's).

    `weather`: it is a weather provider, which the scheduler does not ask itself.
    """

    host: Name
    next_at: Instant | None = None
    pause_until: Instant | None = None
    weather: ProviderMemory | None = None

    @property
    def free_at(self) -> float:
        """From when on it may be asked, in seconds since the epoch."""
        return max((at.timestamp() for at in (self.next_at, self.pause_until) if at is not None), default=0.0)


class Shard(Model):
    """`ledger/<shard>.json`: the hosts of one shard and the feeds whose sites' address lies on them."""

    schema_version: Literal[1] = 1
    hosts: tuple[HostMemory, ...] = ()
    feeds: tuple[FeedMemory, ...] = ()
