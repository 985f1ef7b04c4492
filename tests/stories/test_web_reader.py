"""Settings, search, archive, limits: what one reader asks of a node."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from schemas import keys
from schemas.codec import decode
from schemas.documents import ArchiveDay, ArchivedHeadline
from services.web.asking import Asking
from services.web.kept import Kept
from services.web.limits import Limits, address_class, address_of
from services.web.pages import Page, make
from services.web.search import Index, Wanted
from services.web.wishes import LINES_MAX, NONE, Wishes, from_form, read, written
from tests.fakes.web_papers import PAPERS, Story
from tests.fakes.web_queue import Notices
from tests.fakes.web_stand import NOW, Stand

HERE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def stand(tmp_path: Path) -> Stand:
    stand = Stand(tmp_path)
    stand.work()
    stand.node.indexer.index_due()
    return stand


def feeds(text: str) -> list[str]:
    return re.findall(r'data-feed="([^"]+)"', text)


class TestWishes:
    def test_what_is_written_is_read_again(self) -> None:
        wishes = Wishes(
            scheme="dark", size="l", lines=12, tab=True, top=False, place="Zürich", hidden=("a",), order=("b", "a")
        )
        assert read(written(wishes)) == wishes

    def test_defaults_need_no_cookie(self) -> None:
        assert written(NONE) == ""

    @pytest.mark.parametrize(
        "text", ["", "%", "scheme=purple", "lines=-5", "lines=²", "&&&===", "a" * 9000, "x=1&" * 500, "scheme=%FF%FE"]
    )
    def test_what_makes_no_sense_is_left_at_its_default(self, text: str) -> None:
        assert read(text) == NONE

    def test_lines_have_a_limit(self) -> None:
        assert read("lines=999").lines == LINES_MAX

    def test_a_box_moved_to_a_taken_place_goes_there(self) -> None:
        form = {"show.a": "on", "show.b": "on", "show.c": "on", "place.a": "3", "place.b": "2", "place.c": "3"}
        assert from_form(form, ["a", "b", "c"], NONE).order == ("b", "c", "a")
        assert from_form(form | {"place.a": "1", "place.c": "1"}, ["a", "b", "c"], NONE).order == ("c", "a", "b")

    def test_boxes_of_other_sites_stay_as_they_were_set(self) -> None:
        before = Wishes(hidden=("other",), order=("other", "b"))
        after = from_form({"show.a": "on"}, ["a", "b"], before)
        assert set(after.hidden) == {"other", "b"}
        assert after.order == ("other",)


class TestSettings:
    def save(self, stand: Stand, **form: str) -> None:
        shown = {f"show.{paper.feed}": "on" for paper in PAPERS}
        answer = stand.client.post("/s/linux/settings", data={"top": "on"} | shown | form, headers=HERE)
        assert answer.status_code == 303, answer.get_data(as_text=True)
        assert answer.headers["Location"] == "/s/linux"

    def test_saved_settings_shape_the_page_and_only_for_this_reader(self, stand: Stand) -> None:
        before = stand.text()
        self.save(stand, scheme="dark", size="xl", tab="on", lines="2")
        mine = stand.text()
        assert 'data-scheme="dark"' in mine
        assert 'data-size="xl"' in mine
        assert 'target="_blank"' in mine
        box = mine.split('data-feed="kernel-notes"')[1].split("</ol>")[0]
        assert box.count("<li") == 2
        stand.client.delete_cookie("pressroom_settings")
        assert stand.text() == before

    def test_assets_are_the_same_for_every_reader(self, stand: Stand) -> None:
        self.save(stand, scheme="dark")
        for path in set(re.findall(r'"(/static/[^"]+)"', stand.text())):
            assert stand.client.get(path).headers["Cache-Control"].startswith("public")

    def test_hidden_boxes_are_gone_and_order_is_kept(self, stand: Stand) -> None:
        last = PAPERS[-1].feed
        self.save(stand, **{f"place.{last}": "1"})
        assert feeds(stand.text())[0] == last
        shown = {f"show.{paper.feed}": "on" for paper in PAPERS[:3]}
        stand.client.post("/s/linux/settings", data=shown, headers=HERE)
        assert set(feeds(stand.text())) == {paper.feed for paper in PAPERS[:3]}

    def test_without_top_stories_nothing_is_folded(self, stand: Stand) -> None:
        shown = {f"show.{paper.feed}": "on" for paper in PAPERS}
        stand.client.post("/s/linux/settings", data=shown, headers=HERE)
        text = stand.text()
        assert 'class="top"' not in text
        assert len(re.findall("cheduler rewrite lands", text)) == 3

    def test_what_a_cookie_chose_is_private_and_never_the_edges(self, stand: Stand) -> None:
        self.save(stand, scheme="light")
        for path in ("/", "/s/linux", "/s/linux/all", "/s/linux/settings"):
            answer = stand.client.get(path)
            assert answer.headers["Cache-Control"] == "private, no-cache"
            assert "CDN-Cache-Control" not in answer.headers
            assert "Cookie" in answer.headers["Vary"]

    def test_a_readers_page_follows_the_news(self, stand: Stand) -> None:
        self.save(stand, scheme="dark")
        tag = stand.client.get("/").headers["ETag"]
        assert stand.client.get("/", headers={"If-None-Match": tag}).status_code == 304
        stand.news(Story("For settled readers too", 0))
        assert "For settled readers too" in stand.text("/")

    def test_a_readers_page_names_the_version_that_everybody_compares_with(self, stand: Stand) -> None:
        self.save(stand, scheme="dark")
        version = stand.client.get("/version/linux").json["version"]
        assert f'data-version="{version}"' in stand.text()

    def test_settings_travel_as_text(self, stand: Stand) -> None:
        self.save(stand, scheme="dark", lines="5")
        text = re.search(r'name="text" value="([^"]+)"', stand.text("/s/linux/settings"))
        assert text is not None
        stand.client.post("/s/linux/settings", data={"act": "forget"}, headers=HERE)
        assert 'data-scheme="dark"' not in stand.text()
        stand.client.post(
            "/s/linux/settings", data={"act": "import", "text": text[1].replace("&amp;", "&")}, headers=HERE
        )
        assert 'data-scheme="dark"' in stand.text()

    def test_the_cookie_is_kept_from_scripts_and_from_other_sites(self, stand: Stand) -> None:
        answer = stand.client.post("/s/linux/settings", data={"scheme": "dark"}, headers=HERE)
        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith("pressroom_settings=")
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie

    @pytest.mark.parametrize(
        "headers",
        [
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Origin": "http://localhost:8080"},
            {"Origin": "http://localhost.evil.example"},
        ],
    )
    def test_a_form_from_elsewhere_sets_nothing(self, stand: Stand, headers: dict[str, str]) -> None:
        answer = stand.client.post("/s/linux/settings", data={"scheme": "dark"}, headers=headers)
        assert answer.status_code == 403
        assert "Set-Cookie" not in answer.headers

    @pytest.mark.parametrize("origin", ["http://localhost", "https://localhost"])
    def test_a_form_of_ours_counts_over_plain_http_and_behind_an_edge_that_speaks_tls(
        self, stand: Stand, origin: str
    ) -> None:
        answer = stand.client.post("/s/linux/settings", data={"scheme": "dark"}, headers={"Origin": origin})
        assert answer.status_code == 303

    def test_browsers_are_asked_to_name_the_origin_of_our_own_forms(self, stand: Stand) -> None:
        """Under `no-referrer` they say "null" over plain http, and nobody there could save anything."""
        assert stand.client.get("/s/linux/settings").headers["Referrer-Policy"] == "same-origin"

    def test_a_form_too_large_is_refused(self, stand: Stand) -> None:
        assert stand.client.post("/s/linux/settings", data={"text": "x" * 100_000}, headers=HERE).status_code == 413

    def test_a_hostile_cookie_harms_nobody(self, stand: Stand) -> None:
        stand.client.set_cookie("pressroom_settings", "scheme=dark&place=%3Cscript%3Ealert(1)%3C/script%3E")
        answer = stand.client.get("/s/linux/settings")
        assert answer.status_code == 200
        assert "<script>alert" not in answer.get_data(as_text=True)

    def test_degrees_can_be_fahrenheit(self, stand: Stand) -> None:
        self.save(stand, units="imperial")
        assert ">45°</data>" in stand.text()
        assert "mph" in stand.text()

    def test_a_place_of_ones_own_shows_its_weather(self, stand: Stand) -> None:
        stand.room.weather()
        self.save(stand, place="Utrecht")
        assert "Utrecht" in stand.text()

    def test_a_place_nobody_knows_is_said_on_the_settings_page(self, stand: Stand) -> None:
        answer = stand.client.post("/s/linux/settings", data={"place": "Atlantis"}, headers=HERE)
        assert answer.headers["Location"] == "/s/linux/settings"
        assert "No place is called so here: Atlantis" in stand.text("/s/linux/settings")


class TestAsking:
    def test_weather_nobody_has_is_asked_for_once_and_never_waited_for(self, stand: Stand) -> None:
        queue = Notices()
        asking = Asking(queue, stand.clock)  # type: ignore[arg-type]
        for _ in range(50):
            asking.weather("0800-0900")
        asking.send_due()
        asking.send_due()
        (parcel,) = queue.published
        request = decode(parcel.body).payload
        assert (parcel.topic, request.cell, request.reason) == ("weather.request", "0800-0900", "reader")
        assert -90 <= request.latitude <= 90

    def test_a_cell_that_is_none_is_not_asked_for(self, stand: Stand) -> None:
        queue = Notices()
        asking = Asking(queue, stand.clock)  # type: ignore[arg-type]
        asking.weather("nonsense")
        asking.send_due()
        assert queue.published == []


class TestKept:
    def test_pages_for_some_are_bounded_and_the_least_used_goes_first(self) -> None:
        kept = Kept(bytes_max=1000)
        made: list[int] = []

        def page(number: int) -> Page:
            def make_page() -> Page:
                made.append(number)
                return make(b"x" * 200, NOW)

            return kept.page(number, make_page)

        for number in range(4):
            page(number)
        page(0)
        page(4)
        page(5)
        page(0)
        page(1)
        assert made == [0, 1, 2, 3, 4, 5, 1]

    def test_a_herd_of_readers_with_the_same_settings_makes_one_page(self) -> None:
        kept, made, go = Kept(bytes_max=10_000), [], threading.Event()

        def make_page() -> Page:
            made.append(1)
            go.wait(5)
            return make(b"page", NOW)

        readers = [threading.Thread(target=kept.page, args=("same", make_page)) for _ in range(50)]
        for reader in readers:
            reader.start()
        go.set()
        for reader in readers:
            reader.join(5)
        assert made == [1]


class TestSearch:
    def test_words_are_found_newest_first_with_their_sources(self, stand: Stand) -> None:
        text = stand.text("/s/linux/search?q=scheduler")
        titles = re.findall(r'class="headline"[^>]*>([^<]+)<', text)
        assert titles[0] == "Scheduler rewrite lands after nine years, and desktops feel it first"
        assert "How I stopped worrying and read the scheduler" in titles

    def test_summaries_accents_and_beginnings_of_words_count(self, stand: Stand) -> None:
        assert "Build a weather station" in stand.text("/s/linux/search?q=eleven+months")
        assert "Was ein Ausfall" in stand.text("/s/linux/search?q=zustandigkeiten")
        assert "A queue is a promise" in stand.text("/s/linux/search?q=que")

    def test_source_and_dates_narrow_it_down(self, stand: Stand) -> None:
        assert "Scheduler rewrite" not in stand.text("/s/linux/search?q=scheduler&source=tiny-boards")
        old = stand.text("/s/linux/search?q=scheduler&to=2026-11-23")
        assert "How I stopped worrying" in old
        assert "rewrite lands" not in old
        assert "How I stopped worrying" not in stand.text("/s/linux/search?q=scheduler&from=2026-11-24")

    @pytest.mark.parametrize(
        "query",
        ['"', "a OR", "NEAR(", "title:", "*", "-", "'; DROP TABLE headlines; --", "\x00", "(" * 500, "^", "AND"],
    )
    def test_nothing_a_reader_types_is_syntax(self, stand: Stand, query: str) -> None:
        answer = stand.client.get("/s/linux/search", query_string={"q": query})
        assert answer.status_code == 200
        assert stand.text("/s/linux/search?q=scheduler").count('class="headline"') > 0

    def test_bad_dates_are_left_out(self, stand: Stand) -> None:
        assert "rewrite lands" in stand.text("/s/linux/search?q=scheduler&from=soon&to=9999999999")

    def test_a_search_is_a_feed_too(self, stand: Stand) -> None:
        found = stand.client.get("/s/linux/search/feed.json?q=scheduler").json
        assert "scheduler" in found["items"][0]["title"].lower()
        assert found["feed_url"].endswith("/search/feed.json?q=scheduler")

    def test_headlines_are_found_after_their_feed_dropped_them(self, stand: Stand) -> None:
        stand.news(Story("Short-lived otter", 0))
        stand.node.indexer.index_due()
        stand.room.head(PAPERS[0])
        stand.work()
        assert "Short-lived otter" in stand.text("/s/linux/search?q=otter")

    def test_a_changed_title_replaces_the_old_one(self, stand: Stand, tmp_path: Path) -> None:
        link = "https://kernel-notes.example/1"
        for title in ("First wording", "Second wording"):
            stand.news(Story(title, 0, None, link))
            stand.node.indexer.index_due()
        assert "First wording" not in stand.text("/s/linux/search?q=wording")
        assert "Second wording" in stand.text("/s/linux/search?q=wording")

    def test_many_entries_of_one_second_are_all_kept(self, stand: Stand, tmp_path: Path) -> None:
        etag = stand.room.head(PAPERS[0], [Story(f"Alike number{number}", 5) for number in range(150)])
        assert etag
        stand.node.copies.refresh(keys.head(PAPERS[0].feed))
        stand.node.indexer.index_due()
        found = stand.node.index.find(Wanted("alike", [PAPERS[0].feed], limit=500))
        assert len({one.title for one in found}) == 150

    def test_headlines_of_several_feeds_that_want_one_number_are_all_kept(
        self, stand: Stand, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("services.web.search._number", lambda *_: 7)
        for paper in PAPERS[:2]:
            stand.room.head(paper, [Story(f"Ouzel {paper.feed} {number}", 5) for number in range(3)])
            stand.node.copies.refresh(keys.head(paper.feed))
        stand.node.indexer.index_due()
        found = stand.node.index.find(Wanted("ouzel", [paper.feed for paper in PAPERS]))
        assert len({one.title for one in found}) == 6

    def test_a_damaged_index_is_made_anew(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        path = tmp_path / "search.sqlite"
        path.write_bytes(b"this is no database at all" * 100)
        assert Index(path).find(Wanted("x", ["f"])) == []
        assert "made anew" in caplog.text


class TestArchive:
    def keep(self, stand: Stand, day: str = "2026-11-20") -> None:
        line = ArchivedHeadline(
            feed="kernel-notes",
            id="1",
            title="An old otter",
            link="https://k.example/1",
            first_seen=NOW - timedelta(days=4),
        )
        stand.store.put(f"sites/linux/archive/{day}.json", ArchiveDay(site="linux", day=day, headlines=(line,)))

    def test_a_day_shows_what_was_kept_of_it(self, stand: Stand) -> None:
        self.keep(stand)
        text = stand.text("/s/linux/archive/2026-11-20")
        assert "An old otter" in text
        assert "Friday, 20 November 2026" in text
        assert "/s/linux/archive/2026-11-19" in text

    def test_a_day_without_anything_says_so(self, stand: Stand) -> None:
        assert "Nothing is kept of this day" in stand.text("/s/linux/archive/2026-11-01")

    def test_the_plain_address_leads_to_today(self, stand: Stand) -> None:
        assert stand.client.get("/s/linux/archive").headers["Location"] == "/s/linux/archive/2026-11-24"
        assert stand.client.get("/s/linux/archive?day=2026-11-20").headers["Location"] == "/s/linux/archive/2026-11-20"
        assert stand.client.get("/s/linux/archive?day=//evil").headers["Location"] == "/s/linux/archive/2026-11-24"

    @pytest.mark.parametrize("day", ["2026-11-25", "2020-01-01", "2026-02-30", "today", "..", "2026-11-20.json"])
    def test_days_that_cannot_be_are_404_and_ask_the_store_nothing(self, stand: Stand, day: str) -> None:
        before = stand.store.asked.total()
        assert stand.client.get(f"/s/linux/archive/{day}").status_code == 404
        assert stand.store.asked.total() == before

    def test_while_the_store_is_down_known_days_stay_and_others_are_not_to_be_had(self, stand: Stand) -> None:
        self.keep(stand)
        stand.text("/s/linux/archive/2026-11-20")
        stand.store.down = True
        stand.clock.advance(120)
        assert "An old otter" in stand.text("/s/linux/archive/2026-11-20")
        assert stand.client.get("/s/linux/archive/2026-11-19").status_code == 503


class TestLimits:
    def test_readers_get_a_hundred_dynamic_pages_a_minute_then_are_asked_to_wait(self, stand: Stand) -> None:
        client = stand.client
        ask = {"environ_base": {"REMOTE_ADDR": "203.0.113.9"}, "headers": {"User-Agent": "Mozilla/5.0"}}
        answers = [client.get("/crawler", **ask).status_code for _ in range(101)]
        assert answers.count(200) == 100
        refused = client.get("/crawler", **ask)
        assert refused.status_code == 429
        assert refused.headers["Retry-After"] == "60"
        assert client.get("/", **ask).status_code == 200, "pages made ahead cost nothing and are never refused"
        stand.clock.advance(61)
        assert client.get("/crawler", **ask).status_code == 200

    def test_bots_get_twenty(self, stand: Stand) -> None:
        limits = Limits(stand.clock, 100, 20)
        answers = [limits.allows("203.0.113.9", "Examplebot/1.0") for _ in range(30)]
        assert answers.count(True) == 20
        assert limits.allows("203.0.113.9", "Mozilla/5.0")

    @pytest.mark.parametrize(
        ("one", "other"), [("203.0.113.1", "203.0.113.254"), ("2001:db8:1::1", "2001:db8:1:ffff::9")]
    )
    def test_a_network_is_one_class(self, one: str, other: str) -> None:
        assert address_class(one) == address_class(other)

    @pytest.mark.parametrize(
        ("environ", "address"),
        [
            ({"REMOTE_ADDR": "127.0.0.1"}, None),
            ({"REMOTE_ADDR": "10.0.0.2", "HTTP_X_FORWARDED_FOR": "1.2.3.4, 203.0.113.9"}, "203.0.113.9"),
            ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.9"}, "203.0.113.9"),
            ({"REMOTE_ADDR": "8.8.8.8", "HTTP_X_FORWARDED_FOR": "127.0.0.1"}, "8.8.8.8"),
        ],
    )
    def test_only_a_proxy_of_ours_speaks_for_others(self, environ: dict[str, str], address: str | None) -> None:
        assert address_of(environ) == address
