"""Messages of growing old: the publisher goes round the store a page at a time, and asks itself for what needs care."""

from __future__ import annotations

from typing import Annotated, Final, Literal, get_args

from pydantic import Field

from schemas.base import Id, Key, Model, Turn

Aged = Literal["versions", "raw", "failures", "archive", "previews", "audit", "weather"]
"""What a round looks at, in this order."""

AGED: Final[tuple[Aged, ...]] = get_args(Aged)


class KeepRound(Model):
    """scheduler → publisher, once a day, and publisher → itself: look at the next page of `part`, behind `after`."""

    part: Aged = AGED[0]
    after: Annotated[str, Field(max_length=500)] = ""


class KeepFeed(Model):
    """publisher → itself, under the head's key, so that no rollback comes between: a feed has more than is kept.

    scheduler → publisher, with `unwanted_since_turn`: nobody has wanted the feed for long, so all of it goes, unless
    its head is of a later turn.
    """

    feed: Id
    unwanted_since_turn: Turn | None = None


class KeepCell(Model):
    """publisher → itself, under the weather's key: this cell's weather may be too old to be kept."""

    cell: Id


class KeepFailures(Model):
    """publisher → itself, under the summary's key: this part of a day's failures may have some that are long closed."""

    summary: Key
