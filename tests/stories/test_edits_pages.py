"""What people write stands where it belongs on the pages, and what they took out stands nowhere."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from schemas import keys
from schemas.documents import ArchiveDay, ArchivedHeadline
from schemas.parts import Part, PartName, RemovedHeadline, RemovedHeadlines
from tests.fakes.web_papers import PAPERS
from tests.fakes.web_queue import notice
from tests.fakes.web_stand import NOW, Stand

BLOCK = '<p>Read <a href="/s/linux/about" rel="noopener noreferrer">this</a> first</p>'
PAPER = PAPERS[2]
TITLE = PAPER.stories[0].title


@pytest.fixture
def stand(tmp_path: Path) -> Stand:
    stand = Stand(tmp_path)
    stand.work()
    return stand


def put(stand: Stand, name: PartName, html: str | None, number: int = 1, site: str = "linux") -> list[str]:
    key = keys.site_part(site, name)
    part = Part(site=site, name=name, number=number, html=html, at=NOW, by="one", why="x", edit=f"e{number}")
    stand.node.refresher.on_notice(notice(key, stand.store.put(key, part)))
    return stand.work()


def remove(stand: Stand, *lines: RemovedHeadline) -> None:
    key = keys.removed("linux")
    etag = stand.store.put(key, RemovedHeadlines(site="linux", headlines=lines))
    stand.node.refresher.on_notice(notice(key, etag))
    stand.work()


def gone(title: str = TITLE) -> RemovedHeadline:
    link = f"https://{PAPER.feed}.example/{keys.short_hash(title, 8)}"
    return RemovedHeadline(feed=PAPER.feed, id=link, link=link, title=title, at=NOW, by="one", why="x")


def test_the_block_stands_before_the_top_stories_of_its_own_site_only(stand: Stand) -> None:
    assert put(stand, "block", BLOCK) == ["linux"]
    page = stand.text("/s/linux")
    assert BLOCK in page
    assert page.index(BLOCK) < page.index("Top stories")
    assert BLOCK not in stand.text("/s/solar")
    assert BLOCK not in stand.text("/s/linux/all")


def test_the_notice_is_a_line_on_every_page_of_the_site(stand: Stand) -> None:
    put(stand, "notice", "<p>Closed on Friday</p>")
    for path in ("/s/linux", "/s/linux/all", "/s/linux/archive/2026-11-24", "/s/linux/search?q=a", "/s/linux/settings"):
        assert "Closed on Friday" in stand.text(path), path
    assert "Closed on Friday" not in stand.text("/s/solar")


def test_the_about_page_is_there_and_linked_once_it_is_written(stand: Stand) -> None:
    assert stand.client.get("/s/linux/about").status_code == 404
    assert "/s/linux/about" not in stand.text()
    put(stand, "about", "<p>Who we are</p>")
    assert "<p>Who we are</p>" in stand.text("/s/linux/about")
    assert '<a href="/s/linux/about">About</a>' in stand.text()
    put(stand, "about", "<p>Who we were</p>", number=2)
    assert "<p>Who we were</p>" in stand.text("/s/linux/about")
    assert stand.client.get("/s/nowhere/about").status_code == 404


def test_a_part_that_was_removed_or_is_empty_leaves_no_trace(stand: Stand) -> None:
    before = stand.text()
    put(stand, "block", BLOCK)
    put(stand, "block", None, number=2)
    assert stand.text() == before
    put(stand, "block", "", number=3)
    assert stand.text() == before


def test_readers_with_settings_see_the_parts_too(stand: Stand) -> None:
    put(stand, "block", BLOCK)
    stand.client.post("/s/linux/settings", data={"scheme": "dark"}, headers={"Sec-Fetch-Site": "same-origin"})
    page = stand.text()
    assert 'data-scheme="dark"' in page
    assert BLOCK in page


def test_a_page_with_parts_allows_no_more_than_any_other(stand: Stand) -> None:
    put(stand, "about", "<p>Who we are</p>")
    put(stand, "block", BLOCK)
    for path in ("/s/linux", "/s/linux/about"):
        policy = stand.client.get(path).headers["Content-Security-Policy"]
        assert policy == stand.client.get("/s/solar").headers["Content-Security-Policy"]
        assert "unsafe" not in policy


def test_outputs_and_the_api_know_nothing_of_the_parts(stand: Stand) -> None:
    paths = ("/s/linux/atom.xml", "/s/linux/rss.xml", "/s/linux/feed.json", "/api/v1/sites/linux/headlines")
    before = [stand.text(path) for path in paths]
    put(stand, "block", BLOCK)
    assert [stand.text(path) for path in paths] == before


def test_parts_that_are_not_there_are_looked_for_seldom(stand: Stand) -> None:
    key = keys.site_part("linux", "block")
    before = stand.store.asked[key]
    stand.clock.advance(590)
    stand.work()
    assert stand.store.asked[key] == before
    stand.clock.advance(20)
    stand.work()
    assert stand.store.asked[key] == before + 1


PATHS = (
    "/s/linux",
    "/s/linux/all",
    "/s/linux/atom.xml",
    "/s/linux/rss.xml",
    "/s/linux/feed.json",
    "/api/v1/sites/linux/headlines",
    f"/api/v1/feeds/{PAPER.feed}/entries",
    "/s/linux/search?q=memory",
)


@pytest.mark.parametrize("path", PATHS)
def test_a_removed_headline_is_on_no_page_in_no_output_and_not_found(stand: Stand, path: str) -> None:
    stand.node.indexer.index_due()
    assert TITLE in stand.text(path)
    remove(stand, gone())
    assert TITLE not in stand.text(path)
    assert stand.client.get(path).status_code == 200
    remove(stand)
    assert TITLE in stand.text(path)


def test_a_removed_headline_is_not_in_the_archive_and_other_sites_keep_it(stand: Stand) -> None:
    day = (NOW - timedelta(days=2)).date()
    line = ArchivedHeadline(feed=PAPER.feed, id=gone().id, title=TITLE, link=gone().link, first_seen=NOW)
    for site in ("linux", "solar"):
        archive = ArchiveDay(site=site, day=day.isoformat(), headlines=(line,))
        stand.store.put(keys.site_archive(site, day), archive)
    remove(stand, gone())
    assert TITLE not in stand.text(f"/s/linux/archive/{day}")
    assert TITLE in stand.text(f"/s/solar/archive/{day}")


def test_as_many_headlines_are_found_when_some_of_them_were_removed(stand: Stand) -> None:
    stand.node.indexer.index_due()
    before = stand.text("/s/linux/search?q=a").count('class="headline"')
    remove(stand, gone(), gone(PAPER.stories[1].title))
    after = stand.text("/s/linux/search?q=a").count('class="headline"')
    assert before - 2 <= after < before
