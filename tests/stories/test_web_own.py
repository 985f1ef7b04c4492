"""Feeds of a reader's own: in their cookie, wished through the queue, on their page and on nobody else's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pressroom.queues.topics import SCHEDULE
from schemas import keys
from schemas.codec import decode
from schemas.documents import FeedStatus, ReaderFeed, ReadersIndex
from schemas.messages import ReaderWish
from services.web.addresses import OWN_MAX, BadAddress, feed_address, own_feeds
from services.web.own import AWAITED, FEEDS_MAX, KEPT_S, NO_ROOM, TOO_MANY
from services.web.search import Wanted
from services.web.wishes import Wishes, read, written
from tests.fakes.web_papers import PAPERS, Paper, Story
from tests.fakes.web_stand import NOW, Stand

HERE = {"Sec-Fetch-Site": "same-origin"}
OWN = "https://own.example/feed.xml"
FEED = keys.feed_id(OWN)
PAPER = Paper(FEED, "My own paper", (Story("An otter of my own", 5), Story("Scheduler rewrite lands at my place", 9)))


@pytest.fixture
def stand(tmp_path: Path) -> Stand:
    stand = Stand(tmp_path)
    stand.work()
    return stand


def save(stand: Stand, *urls: str, **form: str) -> int:
    shown = {f"show.{paper.feed}": "on" for paper in PAPERS}
    data = {"top": "on", "own": "\n".join(urls)} | shown | form
    return stand.client.post("/s/linux/settings", data=data, headers=HERE).status_code


def wishes(stand: Stand) -> list[str]:
    """The addresses that were wished for through the queue."""
    stand.node.asking.send_due()
    found = [decode(parcel.body).payload for parcel in stand.queue.published if parcel.topic == SCHEDULE]
    return [one.url for one in found if isinstance(one, ReaderWish)]


def arrive(stand: Stand, paper: Paper = PAPER) -> None:
    """The scheduler took the feed in, the fetcher read it, the publisher stored it."""
    stand.room.head(paper)
    say(stand, FeedStatus(feed=paper.feed, url=OWN, checked_at=NOW, ok_at=NOW))


def say(stand: Stand, status: FeedStatus) -> None:
    stand.store.put(keys.reader_feed(status.feed), ReaderFeed(at=NOW, status=status))
    stand.clock.advance(61)
    stand.work()


def box(stand: Stand, feed: str = FEED) -> str:
    found = re.search(rf'<section class="box" data-feed="{feed}".*?</section>', stand.text(), re.DOTALL)
    return found[0] if found else ""


class TestAddresses:
    def test_web_addresses_are_taken_as_they_are_without_blanks_around(self) -> None:
        assert feed_address(f"  {OWN}\r") == OWN
        assert feed_address("http://127.0.0.1:8080/x?y=1") == "http://127.0.0.1:8080/x?y=1"

    @pytest.mark.parametrize(
        ("given", "says"),
        [
            ("own.example/feed", "begins with https:// or http://"),
            ("file:///etc/passwd", "begins with https:// or http://"),
            ("javascript:alert(1)", "begins with https:// or http://"),
            ("https:///feed", "names a host"),
            ("https://own.example/a b", "not so: https://own.example/a b"),
            ("https://own.example/\x07", "begins with"),
            ("http://[::1/feed", "This is not an address"),
            ("http://own.example:port/", "This is not an address"),
            ("https://me:secret@own.example/", "a name or password in it"),
            ("https://own.example/" + "x" * 600, "may have 500 characters, this one has 620"),
        ],
    )
    def test_what_is_none_is_refused_in_one_sentence(self, given: str, says: str) -> None:
        with pytest.raises(BadAddress, match=re.escape(says)):
            feed_address(given)

    def test_each_counts_once_and_there_is_room_for_five(self) -> None:
        assert own_feeds([OWN, "", OWN]) == (OWN,)
        with pytest.raises(BadAddress, match="room for 5 feeds of your own, these are 6"):
            own_feeds([f"https://own{number}.example/" for number in range(OWN_MAX + 1)])

    def test_they_travel_with_the_settings(self) -> None:
        mine = Wishes(own=(OWN, "https://other.example/?a=1&b=%20"))
        assert read(written(mine)) == mine

    def test_a_cookie_that_was_tampered_with_brings_no_more_than_five_addresses(self) -> None:
        text = "+".join(["file:///etc/passwd", *(f"https://own{number}.example/" for number in range(9))])
        assert len(read(f"own={text}").own) == OWN_MAX
        assert all(url.startswith("https://") for url in read(f"own={text}").own)

    def test_five_of_the_longest_fit_into_a_cookie_beside_plain_settings(self) -> None:
        longest = tuple(f"https://own{number}.example/".ljust(500, "x") for number in range(OWN_MAX))
        assert len(written(Wishes(scheme="dark", own=longest))) < 3_800


class TestWishing:
    def test_a_saved_feed_is_wished_for_once_and_its_box_says_so(self, stand: Stand) -> None:
        assert save(stand, OWN) == 303
        for _ in range(5):
            stand.text()
        assert wishes(stand) == [OWN]
        assert AWAITED in box(stand).lower()
        assert "data-awaited" in box(stand)

    def test_the_wish_is_renewed_while_readers_look(self, stand: Stand) -> None:
        save(stand, OWN)
        stand.text()
        wishes(stand)
        stand.clock.advance(6 * 3600 + 1)
        stand.text()
        assert wishes(stand) == [OWN, OWN]

    def test_a_bot_with_a_cookie_causes_no_wish(self, stand: Stand) -> None:
        stand.client.set_cookie("pressroom_settings", written(Wishes(own=(OWN,))))
        stand.client.get("/", headers={"User-Agent": "SomeBot/1.0 (+https://bot.example)"})
        assert wishes(stand) == []

    def test_an_address_that_is_none_changes_nothing_and_is_shown_again_with_the_reason(self, stand: Stand) -> None:
        save(stand, OWN)
        answer = stand.client.post("/s/linux/settings", data={"own": f"{OWN}\nmy feed"}, headers=HERE)
        text = answer.get_data(as_text=True)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (400, "no-store")
        assert "Set-Cookie" not in answer.headers
        assert "not so: my feed Nothing was saved." in text
        assert f">{OWN}\nmy feed</textarea>" in text
        assert box(stand)

    def test_one_network_may_wish_for_so_many_in_an_hour_and_the_box_says_so(self, tmp_path: Path) -> None:
        stand = Stand(tmp_path, rate_reader_feeds_hour=3)
        stand.work()
        for number in range(4):
            stand.client.set_cookie("pressroom_settings", written(Wishes(own=(f"https://own{number}.example/",))))
            page = stand.client.get("/s/linux", environ_overrides={"REMOTE_ADDR": f"203.0.113.{number}"})
        assert len(wishes(stand)) == 3
        assert TOO_MANY in page.get_data(as_text=True).lower()
        stand.clock.advance(3601)
        stand.client.get("/s/linux", environ_overrides={"REMOTE_ADDR": "203.0.113.9"})
        assert len(wishes(stand)) == 4

    def test_when_there_is_no_room_the_box_says_so(self, stand: Stand) -> None:
        stand.store.put(keys.READERS_INDEX, ReadersIndex(at=NOW, full=True))
        save(stand, OWN)
        stand.text()
        stand.work()
        assert NO_ROOM in box(stand).lower()

    def test_a_newsroom_may_do_without(self, tmp_path: Path) -> None:
        stand = Stand(tmp_path, reader_feeds_max=0)
        stand.work()
        stand.client.set_cookie("pressroom_settings", written(Wishes(own=(OWN,))))
        assert "your own" not in stand.text("/s/linux/settings")
        assert box(stand) == ""
        assert wishes(stand) == []


class TestShown:
    def test_what_arrives_is_a_box_of_this_readers_page_only(self, stand: Stand) -> None:
        save(stand, OWN)
        stand.text()
        arrive(stand)
        assert "An otter of my own" in box(stand)
        assert 'data-state="fresh"' in box(stand)
        assert "An otter of my own" in stand.text("/s/linux/all")
        stand.client.delete_cookie("pressroom_settings")
        for path in ("/", "/s/linux", "/s/linux/all", "/s/linux/atom.xml", "/s/linux/feeds.opml"):
            assert "otter of my own" not in stand.text(path), path
            assert OWN not in stand.text(path), path

    def test_the_live_update_hears_of_it(self, stand: Stand) -> None:
        save(stand, OWN)
        assert f'data-version="{self.version(stand)}"' in stand.text()
        before = self.version(stand)
        arrive(stand)
        assert self.version(stand) != before
        assert f'data-version="{self.version(stand)}"' in stand.text()

    def version(self, stand: Stand) -> str:
        answer = stand.client.get("/version/linux")
        assert answer.headers["Cache-Control"] == "private, no-store"
        return str(answer.json["version"])

    def test_no_page_with_it_may_be_kept_by_anybody_else(self, stand: Stand) -> None:
        save(stand, OWN)
        for path in ("/", "/s/linux", "/s/linux/all", "/s/linux/settings", "/s/linux/feeds.opml"):
            answer = stand.client.get(path)
            assert answer.headers["Cache-Control"].startswith("private"), path
            assert "CDN-Cache-Control" not in answer.headers
            assert "Cookie" in answer.headers["Vary"]

    def test_why_it_fails_is_said_as_for_every_box(self, stand: Stand) -> None:
        save(stand, OWN)
        stand.text()
        trouble = next(paper.trouble for paper in PAPERS if paper.trouble and paper.trouble.kind == "gone")
        say(stand, FeedStatus(feed=FEED, url=OWN, checked_at=NOW, failing_since=NOW, failures=1, trouble=trouble))
        assert 'data-state="failing"' in box(stand)
        assert "The address is gone" in box(stand)
        assert AWAITED not in box(stand).lower()

    def test_it_takes_part_in_top_stories_order_hiding_and_opml(self, stand: Stand) -> None:
        save(stand, OWN)
        stand.text()
        arrive(stand)
        assert OWN in stand.text("/s/linux/feeds.opml")
        assert "My own paper" in stand.text("/s/linux/feeds.opml")
        save(stand, OWN, **{f"show.{FEED}": "on", f"place.{FEED}": "1"})
        assert re.findall(r'data-feed="([^"]+)"', stand.text())[0] == FEED
        save(stand, OWN)
        assert box(stand) == ""

    def test_a_feed_that_the_site_shows_anyway_comes_once(self, stand: Stand) -> None:
        url = f"https://{PAPERS[0].feed}.example/feed.xml"
        site_row = next(row for row in stand.node.press.desk("linux").status.feeds if row.url == url)  # type: ignore[union-attr]
        theirs = stand.room.row(PAPERS[0]).model_copy(update={"feed": keys.feed_id(url), "url": url})
        assert site_row.feed != theirs.feed
        status = stand.node.press.desk("linux").status  # type: ignore[union-attr]
        stand.store.put(keys.site_status("linux"), status.model_copy(update={"feeds": (theirs,)}))
        stand.clock.advance(61)
        stand.work()
        save(stand, url, **{f"show.{theirs.feed}": "on"})
        assert stand.text().count(f'data-feed="{theirs.feed}"') == 1

    def test_settings_that_are_exported_bring_it_along(self, stand: Stand) -> None:
        save(stand, OWN)
        text = re.search(r'name="text" value="([^"]+)"', stand.text("/s/linux/settings"))
        assert text is not None
        stand.client.post("/s/linux/settings", data={"act": "forget"}, headers=HERE)
        assert box(stand) == ""
        data = {"act": "import", "text": text[1].replace("&amp;", "&")}
        stand.client.post("/s/linux/settings", data=data, headers=HERE)
        assert box(stand)


class TestKept:
    def test_copies_are_kept_while_readers_look_and_not_longer(self, stand: Stand) -> None:
        save(stand, OWN)
        stand.text()
        assert {keys.head(FEED), keys.reader_feed(FEED), keys.READERS_INDEX} <= set(stand.node.agenda.kept())
        stand.clock.advance(KEPT_S + 1)
        assert stand.node.own.keys() == []

    def test_they_are_bounded_and_the_least_looked_at_goes_first(self, stand: Stand) -> None:
        urls = [f"https://own{number}.example/" for number in range(FEEDS_MAX + 1)]
        for url in urls:
            stand.node.own.shown([url], None, ask=True)
        kept = stand.node.own.keys()
        assert len(kept) == 1 + 2 * FEEDS_MAX
        assert keys.head(keys.feed_id(urls[0])) not in kept

    def test_what_readers_bring_is_in_no_search_and_no_api(self, stand: Stand) -> None:
        save(stand, OWN)
        stand.text()
        arrive(stand)
        stand.node.indexer.index_due()
        assert "otter of my own" not in stand.text("/s/linux/search?q=otter")
        assert stand.client.get(f"/api/v1/feeds/{FEED}/entries").status_code == 404
        assert stand.node.index.find(Wanted("otter", [FEED])) == []

    def test_it_is_found_once_a_site_shows_it(self, stand: Stand) -> None:
        save(stand, OWN)
        stand.text()
        arrive(stand)
        status = stand.node.press.desk("linux").status  # type: ignore[union-attr]
        row = FeedStatus(feed=FEED, url=OWN, checked_at=NOW, ok_at=NOW)
        stand.store.put(keys.site_status("linux"), status.model_copy(update={"feeds": (*status.feeds, row)}))
        stand.clock.advance(61)
        stand.work()
        stand.node.indexer.index_due()
        assert "otter of my own" in stand.text("/s/linux/search?q=otter")
