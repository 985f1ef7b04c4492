"""Headlines: what a site shows and has shown, and entries that it shall not show any more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Final, Literal

from pydantic import Field

from pressroom.desk.office import NotFound, Office
from pressroom.desk.verbs import Answer, Asked, Change, argument, option, verb
from pressroom.desk.waiting import until
from pressroom.queues.topics import RECORD_PUBLISH
from pressroom.removed import Removed
from schemas import keys
from schemas.documents import ArchiveDay, Head, SiteStatus
from schemas.parts import HeadlineAct, RemovedHeadline, RemovedHeadlines

DAYS_BACK: Final = 31
"""An entry is looked for on the page and in the archive of so many days, unless a day is named."""


class Wanted(Asked):
    site: str = argument("the site's id")
    day: date | None = option("what was first seen on this day (UTC), from the archive; none: what feeds bring now")
    feed: str | None = option("only of this feed")
    removed: bool = option("only those that were removed", default=False)
    limit: Annotated[int, Field(ge=1, le=5000)] = option("so many at most", 100)


class HeadlineLine(Answer):
    """`entry` names it for `remove` and `restore`."""

    entry: str
    feed: str
    id: str
    title: str | None
    link: str | None
    at: datetime | None
    removed: bool


class Headlines(Answer):
    """The newest first. `left`: so many more."""

    headlines: tuple[HeadlineLine, ...]
    left: int


class Acting(Change):
    site: str = argument("the site's id")
    entry: str = argument("the entry, as `headlines list` names it, or its id or link")
    day: date | None = option("look for it in this day's archive only")


class Acted(Answer):
    """`state`: done; same (it was so already); asked (the publisher has not said yet); would (a dry run)."""

    site: str
    entry: str
    feed: str
    title: str | None
    was_removed: bool
    state: Literal["done", "same", "asked", "would"]


@dataclass(frozen=True, slots=True)
class _Entry:
    feed: str
    id: str
    title: str | None
    link: str | None
    at: datetime | None

    @property
    def name(self) -> str:
        return keys.short_hash(f"{self.feed} {self.id}")

    def is_meant_by(self, text: str) -> bool:
        return text in {self.name, self.id, self.link}


def list_(office: Office, asked: Wanted) -> Headlines:
    """List a site's headlines, the newest first."""
    gone = _removed(office, asked.site)
    if asked.removed:
        found = [_Entry(one.feed, one.id, one.title, one.link, one.at) for one in reversed(gone.headlines)]
    elif asked.day is not None:
        found = list(reversed(list(_archived(office, asked.site, asked.day))))
    else:
        found = sorted(_shown(office, asked.site), key=lambda one: -one.at.timestamp() if one.at else 0.0)
    names = Removed(gone)
    chosen = [one for one in found if asked.feed in {None, one.feed}]
    lines = (
        HeadlineLine(
            entry=one.name,
            feed=one.feed,
            id=one.id,
            title=one.title,
            link=one.link,
            at=one.at,
            removed=names.has(one.feed, one.id, one.link),
        )
        for one in chosen[: asked.limit]
    )
    return Headlines(headlines=tuple(lines), left=max(0, len(chosen) - asked.limit))


def remove(office: Office, asked: Acting) -> Acted:
    """Take an entry out of a site's page, archive, search and outputs, and keep it out."""
    return _act(office, asked, "remove")


def restore(office: Office, asked: Acting) -> Acted:
    """Let a removed entry be seen again."""
    return _act(office, asked, "restore")


def _act(office: Office, asked: Acting, act: Literal["remove", "restore"]) -> Acted:
    entry = _find(office, asked)

    def is_removed() -> bool:
        return Removed(_removed(office, asked.site)).has(entry.feed, entry.id, entry.link)

    was = is_removed()
    acted = Acted(site=asked.site, entry=entry.name, feed=entry.feed, title=entry.title, was_removed=was, state="same")
    wanted = act == "remove"
    if was == wanted:
        return acted
    if asked.dry_run:
        return acted.model_copy(update={"state": "would"})
    line = RemovedHeadline(
        feed=entry.feed, id=entry.id, link=entry.link, title=entry.title, at=office.now(), by=asked.by, why=asked.why
    )
    office.send(RECORD_PUBLISH, keys.removed(asked.site), HeadlineAct(site=asked.site, act=act, headline=line))
    done = until(office, lambda: True if is_removed() == wanted else None)
    return acted.model_copy(update={"state": "done" if done else "asked"})


def _find(office: Office, asked: Acting) -> _Entry:
    for one in _everywhere(office, asked):
        if one.is_meant_by(asked.entry):
            return one
    raise NotFound(f"{asked.site} has no entry {asked.entry}; `pressroom headlines list {asked.site}` names them")


def _everywhere(office: Office, asked: Acting) -> Iterator[_Entry]:
    """Where it can be found soonest first."""
    if asked.day is not None:
        yield from _archived(office, asked.site, asked.day)
        return
    gone = _removed(office, asked.site).headlines
    yield from (_Entry(one.feed, one.id, one.title, one.link, one.at) for one in gone)
    yield from _shown(office, asked.site)
    today = office.now().date()
    for back in range(DAYS_BACK):
        yield from _archived(office, asked.site, today - timedelta(days=back))


def _shown(office: Office, site: str) -> Iterator[_Entry]:
    status = office.read(keys.site_status(site), SiteStatus)
    if status is None:
        raise NotFound(f"there is no site {site}")
    for row in status.feeds:
        head = office.read(keys.head(row.feed), Head)
        for entry in head.document.entries if head is not None else ():
            link = entry.link_clean or entry.link
            yield _Entry(row.feed, entry.id, entry.title, link, entry.published or entry.first_seen)


def _archived(office: Office, site: str, day: date) -> Iterator[_Entry]:
    kept = office.read(keys.site_archive(site, day), ArchiveDay)
    for one in kept.headlines if kept is not None else ():
        yield _Entry(one.feed, one.id, one.title, one.link, one.first_seen)


def _removed(office: Office, site: str) -> RemovedHeadlines:
    return office.read(keys.removed(site), RemovedHeadlines) or RemovedHeadlines(site=site, headlines=())


VERBS = tuple(verb("headlines", run) for run in (list_, remove, restore))
