"""Raw answers: what sites really sent, kept, and read once more by the parser of today."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from pydantic import Field

from pressroom.desk import previews
from pressroom.desk.office import NotFound, Office, Refused
from pressroom.desk.previews import Looked, Question
from pressroom.desk.verbs import Answer, Asked, Change, option, verb
from pressroom.objects.port import LIST_LIMIT_MAX
from pressroom.outcomes import Emit
from pressroom.queues.topics import ONE_KEY, SCHEDULE
from schemas import keys
from schemas.documents import Head
from schemas.envelope import new_id
from schemas.operating import PreviewWish

FEEDS_MAX = 1000


class Which(Asked):
    feed: str | None = option("only of this feed")


class Raw(Answer):
    """One recorded answer, packed; `current`: what readers see now was read from it (null: not looked up)."""

    feed: str
    digest: str
    bytes: int
    stored_at: datetime
    current: bool | None = None


class Raws(Answer):
    """The latest first."""

    raws: tuple[Raw, ...]


class Reparsing(Change):
    feed: str | None = option("this feed")
    every: bool = option("all feeds with a recorded answer", False)
    limit: Annotated[int, Field(ge=1, le=FEEDS_MAX)] = option("so many feeds at most", FEEDS_MAX)
    after: str = option("go on behind this feed, as the answer before names it", "")
    wait_s: Annotated[float, Field(ge=0, le=600)] = option("how long to wait for all looks together", 60.0)


class Reparsed(Answer):
    feed: str
    look: Looked
    sent: bool


class Reparses(Answer):
    """`after`: there are more feeds; ask again from there."""

    feeds: tuple[Reparsed, ...]
    after: str | None = None


def list_(office: Office, asked: Which) -> Raws:
    """List the recorded answers, the latest first."""
    prefix = keys.raws(asked.feed) if asked.feed else keys.RAWS
    head = office.read(keys.head(asked.feed), Head) if asked.feed else None
    current = keys.raw(head.feed, head.fetch.content_hash) if head and head.fetch.content_hash else None
    listed = sorted(office.store.list(prefix, limit=LIST_LIMIT_MAX), key=lambda one: one.modified, reverse=True)
    found = (
        Raw(
            feed=_feed(one.key),
            digest=one.key.rsplit("/", 1)[1].removesuffix(".gz"),
            bytes=one.size_bytes,
            stored_at=one.modified,
            current=one.key == current if asked.feed else None,
        )
        for one in listed
    )
    return Raws(raws=tuple(found))


def reparse(office: Office, asked: Reparsing) -> Reparses:
    """Read the answers behind what is current once more, show what would change, then publish that."""
    feeds = [asked.feed] if asked.feed else _feeds(office, asked.after)
    if bool(asked.feed) == asked.every:
        raise Refused("name a feed, or say --every")
    if asked.feed and office.read(keys.head(asked.feed), Head) is None:
        raise NotFound(f"there is no feed {asked.feed}; `pressroom feeds list` names them")
    now_on, more = feeds[: asked.limit], len(feeds) > asked.limit
    looks = _looks(office, now_on, asked.wait_s)
    changing = [feed for feed, look in looks.items() if look.verdict == "changes"]
    if not asked.dry_run:
        run = new_id(office.now())
        _send(office, [PreviewWish(run=run, feed=feed, look="raw", publish=True) for feed in changing])
    told = (Reparsed(feed=feed, look=look, sent=not asked.dry_run and feed in changing) for feed, look in looks.items())
    return Reparses(feeds=tuple(told), after=now_on[-1] if more else None)


def _looks(office: Office, feeds: Sequence[str], within_s: float) -> dict[str, Looked]:
    run = new_id(office.now())
    questions: dict[str, Question] = {feed: previews.of_feed(office, feed, run, look="raw") for feed in feeds}
    return previews.ask(office, questions, run, within_s)


def _send(office: Office, wishes: Sequence[PreviewWish]) -> None:
    if wishes:
        office.sender.send([Emit(SCHEDULE, ONE_KEY, wish) for wish in wishes])


def _feeds(office: Office, after: str) -> list[str]:
    found = {_feed(one.key) for one in office.store.list(keys.RAWS, limit=LIST_LIMIT_MAX)}
    return sorted(feed for feed in found if feed > after)


def _feed(key: str) -> str:
    return key.removeprefix(keys.RAWS).partition("/")[0]


VERBS = tuple(verb("raws", run) for run in (list_, reparse))
