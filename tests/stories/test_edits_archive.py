"""A site's archive by day, and headlines that it shall not show any more."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pressroom.desk.office import NotFound
from pressroom.outcomes import Reject
from schemas import keys
from schemas.documents import ARCHIVED_MAX, ArchiveDay, ArchivedHeadline, FeedStatus, Head, SiteStatus
from schemas.parts import REMOVED_MAX, HeadlineAct, RemovedHeadline, RemovedHeadlines
from services.publisher.archive import acted, archived
from tests.fakes.editors import Newsdesk
from tests.fakes.records import NOON, entry, record

TODAY, YESTERDAY = date(2026, 11, 20), date(2026, 11, 19)


class Site:
    """One site of two papers; `prints` is what fetcher, publisher and scheduler do with an edition."""

    def __init__(self, desk: Newsdesk) -> None:
        self.desk = desk
        self.turns = {"a": 0, "b": 0}
        self.changed: dict[str, datetime] = {}

    def prints(self, feed: str, *entries: Any) -> None:
        self.turns[feed] += 1
        self.desk.give(record(feed, self.turns[feed], *entries))
        self.changed[feed] = self.desk.clock.now()

    def says(self) -> None:
        rows = tuple(
            FeedStatus(feed=feed, url=f"http://{feed}.example/", changed_at=self.changed.get(feed)) for feed in "ab"
        )
        self.desk.give(SiteStatus(site="linux", title="Linux", at=self.desk.clock.now(), feeds=rows))

    def kept(self, day: date = TODAY) -> list[str | None]:
        found = self.desk.operator.office.read(keys.site_archive("linux", day), ArchiveDay)
        return [one.title for one in found.headlines] if found is not None else []


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(Newsdesk(tmp_path, "linux"))


def test_headlines_are_kept_under_the_day_they_were_first_seen_once_and_the_oldest_first(site: Site) -> None:
    site.prints("a", entry(1), entry(2))
    site.says()
    site.desk.clock.advance(60)
    site.prints("a", entry(3), entry(1), entry(2))
    site.prints("b", entry(9))
    site.says()
    assert site.kept() == ["Headline 1", "Headline 2", "Headline 3", "Headline 9"]


def test_a_headline_that_its_feed_dropped_stays_in_the_archive(site: Site) -> None:
    site.prints("a", entry(1))
    site.says()
    site.desk.clock.advance(60)
    site.prints("a", entry(2))
    site.says()
    assert site.kept() == ["Headline 1", "Headline 2"]


def test_what_came_just_before_midnight_and_was_told_after_it_is_kept_under_its_own_day(tmp_path: Path) -> None:
    site = Site(Newsdesk(tmp_path, "linux", at=NOON.replace(hour=23, minute=59, second=50) - timedelta(days=1)))
    site.prints("a", entry(1))
    site.desk.clock.advance(20)
    site.changed["a"] = site.desk.clock.now()
    site.says()
    site.desk.clock.advance(60)
    site.prints("a", entry(2), entry(1))
    site.says()
    assert (site.kept(YESTERDAY), site.kept(TODAY)) == (["Headline 1"], ["Headline 2"])


def test_a_status_in_which_no_feed_has_changed_asks_for_nothing(site: Site) -> None:
    site.prints("a", entry(1))
    site.says()
    site.desk.clock.advance(60)
    site.desk.held = []
    handled = len(site.desk.outcomes)
    site.says()
    assert site.desk.outcomes[handled:] == [site.desk.outcomes[-1]]


def test_a_wish_that_was_lost_is_made_good_by_the_next_one(site: Site) -> None:
    site.prints("a", entry(1))
    handle = site.desk.publisher.handle

    def deaf(message: Any) -> Any:
        return handle(message) if message.type != "archive.wish" else Reject("poison", "lost")

    site.desk.publisher.handle = deaf  # type: ignore[method-assign]
    site.says()
    assert site.kept() == []
    site.desk.publisher.handle = handle  # type: ignore[method-assign]
    site.desk.clock.advance(60)
    site.prints("b", entry(9))
    site.says()
    assert site.kept() == ["Headline 1", "Headline 9"]


def test_a_day_has_an_end(site: Site) -> None:
    lines = tuple(ArchivedHeadline(feed="a", id=f"id-{number}", first_seen=NOON) for number in range(ARCHIVED_MAX))
    full = ArchiveDay(site="linux", day=TODAY.isoformat(), headlines=lines)
    site.prints("a", entry(1))
    row = FeedStatus(feed="a", url="http://a.example/", changed_at=NOON)
    new = archived(full, "linux", TODAY, [(row, site.desk.operator.office.read(keys.head("a"), Head))])
    assert new is not None
    assert len(new.headlines) == ARCHIVED_MAX
    assert new.taken == {"a": NOON}


def listed(site: Site, **wanted: Any) -> dict[str | None, bool]:
    found = site.desk.operator("headlines", "list", site="linux", **wanted).headlines
    return {one.title: one.removed for one in found}


def test_a_removed_entry_is_marked_everywhere_and_comes_back_when_it_is_restored(site: Site) -> None:
    site.prints("a", entry(1), entry(2))
    site.says()
    first = next(
        one for one in site.desk.operator("headlines", "list", site="linux").headlines if one.title == "Headline 1"
    )
    acted = site.desk.operator("headlines", "remove", site="linux", entry=first.entry)
    assert (acted.state, acted.title) == ("done", "Headline 1")
    assert keys.removed("linux") in [told.key for told in site.desk.told]
    assert listed(site) == listed(site, day=TODAY) == {"Headline 1": True, "Headline 2": False}
    assert listed(site, removed=True) == {"Headline 1": True}
    assert site.desk.operator("headlines", "remove", site="linux", entry=first.entry).state == "same"
    assert site.desk.operator("headlines", "restore", site="linux", entry=first.entry).state == "done"
    assert listed(site) == {"Headline 1": False, "Headline 2": False}


@pytest.mark.parametrize("named", ["id-1", "http://paper.example/1"])
def test_an_entry_is_named_by_its_id_or_its_link_too_and_found_in_the_archive_when_its_feed_has_dropped_it(
    site: Site, named: str
) -> None:
    site.prints("a", entry(1))
    site.says()
    site.desk.clock.advance(86_400)
    site.prints("a", entry(2))
    assert site.desk.operator("headlines", "remove", site="linux", entry=named).state == "done"
    assert listed(site, day=TODAY) == {"Headline 1": True}


def test_a_removed_entry_stays_removed_when_its_feed_brings_it_again_under_https_or_another_guid(site: Site) -> None:
    site.prints("a", entry(1, id="http://paper.example/1"))
    site.says()
    site.desk.operator("headlines", "remove", site="linux", entry="http://paper.example/1")
    for changed in (
        entry(1, id="https://paper.example/1", link="https://paper.example/1", link_clean="https://paper.example/1"),
        entry(1, id="another-guid"),
    ):
        site.desk.clock.advance(60)
        site.prints("a", changed)
        assert list(listed(site).values()) == [True]


def test_an_entry_that_never_was_is_not_found_and_a_dry_run_removes_nothing(site: Site) -> None:
    site.prints("a", entry(1))
    site.says()
    with pytest.raises(NotFound, match="no entry nonsense"):
        site.desk.operator("headlines", "remove", site="linux", entry="nonsense")
    assert site.desk.operator("headlines", "remove", site="linux", entry="id-1", dry_run=True).state == "would"
    assert listed(site) == {"Headline 1": False}


def test_the_list_of_removed_ones_has_an_end_and_loses_none(site: Site) -> None:
    def line(number: int) -> RemovedHeadline:
        return RemovedHeadline(feed="a", id=f"id-{number}", at=NOON, by="one", why="x")

    full = RemovedHeadlines(site="linux", headlines=tuple(line(number) for number in range(REMOVED_MAX)))
    site.desk.store.swap(keys.removed("linux"), full.as_json(), etag=None, write_id="full")
    outcome = site.desk.give(HeadlineAct(site="linux", act="remove", headline=line(REMOVED_MAX)))
    assert isinstance(outcome, Reject)
    assert acted(full, HeadlineAct(site="linux", act="remove", headline=line(3))) is None
    assert site.desk.operator.office.read(keys.removed("linux"), RemovedHeadlines) == full
