"""Pages: rendered ahead, answered by a look-up, honest about their age."""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import brotli
import pytest
import zstandard
from werkzeug.test import Client

from pressroom.clock import SetClock
from pressroom.settings import Settings
from schemas import keys
from services.web.encodings import accepted
from services.web.node import WebNode
from services.web.pages import PageTable, make
from services.web.renderer import Rendered, Renderer
from services.web.serve import PortTaken, Server, listen
from tests.fakes.web_newsroom import Newsroom, cell_of
from tests.fakes.web_papers import PAPERS, Story
from tests.fakes.web_queue import notice
from tests.fakes.web_stand import NOW, Stand
from tests.fakes.web_store import MemoryStore

KERNEL = PAPERS[0]


def state(stand: Stand, feed: str) -> str:
    found = re.search(rf'data-feed="{feed}" data-state="(\w+)"', stand.text())
    assert found is not None, f"no box of {feed}"
    return found[1]


@pytest.fixture
def stand(tmp_path: Path) -> Stand:
    stand = Stand(tmp_path)
    stand.work()
    return stand


class TestAhead:
    def test_the_first_site_is_at_the_root_and_each_site_under_its_name(self, stand: Stand) -> None:
        assert '<h1><a href="/s/linux"' in stand.text("/")
        assert '<h1><a href="/s/space"' in stand.text("/s/space")

    def test_a_page_costs_no_flask_and_no_rendering(self, stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*_: object) -> None:
            raise AssertionError("Flask was asked")

        monkeypatch.setattr(stand.node.wsgi, "_app", fail)
        assert stand.client.get("/").status_code == 200
        assert stand.client.get("/version/linux").status_code == 200

    def test_news_is_on_the_page_after_its_notice(self, stand: Stand) -> None:
        stand.news(Story("An otter learns to type", 0))
        assert "An otter learns to type" in stand.text()

    def test_only_sites_that_show_a_feed_are_rendered_for_it(self, stand: Stand) -> None:
        stand.node.renderer.render_due()
        stand.room.status("covid", papers=[PAPERS[1]])
        stand.clock.advance(60)
        stand.work()
        etag = stand.room.head(KERNEL, [Story("Only where it is shown", 0)])
        stand.node.refresher.on_notice(notice(keys.head(KERNEL.feed), etag))
        rendered = stand.work()
        assert "linux" in rendered
        assert "covid" not in rendered

    def test_the_version_changes_with_the_page_and_only_then(self, stand: Stand) -> None:
        before = stand.client.get("/version/linux").json
        stand.node.renderer.mark(["linux"])
        stand.node.renderer.render_due()
        assert stand.client.get("/version/linux").json == before
        stand.news(Story("Something else", 0))
        after = stand.client.get("/version/linux").json
        assert after != before
        assert f'data-version="{after["version"]}"' in stand.text()

    def test_the_version_may_be_kept_for_two_seconds_by_the_edge(self, stand: Stand) -> None:
        assert "max-age=2" in stand.client.get("/version/linux").headers["Cache-Control"]

    def test_a_page_that_cannot_be_rendered_keeps_its_last_good_version(
        self, stand: Stand, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        before = stand.text()

        def broken(site: str, now: datetime) -> Rendered:
            raise RuntimeError(site)

        monkeypatch.setattr(stand.node.renderer, "_render", broken)
        stand.news(Story("Never seen", 0))
        assert stand.text() == before
        assert "the old ones stay" in caplog.text

    def test_six_sites_render_in_well_under_a_second(self, stand: Stand) -> None:
        stand.node.renderer.mark(stand.node.sites())
        began = time.process_time()
        stand.node.renderer.render_due()
        assert time.process_time() - began < 1.0

    def test_changes_close_together_are_rendered_once(self) -> None:
        clock, made = SetClock(NOW), []

        def render(site: str, now: datetime) -> Rendered:
            made.append(site)
            return Rendered({}, None)

        renderer = Renderer(PageTable(), render, clock)
        for _ in range(50):
            renderer.mark(["linux"])
        renderer.render_due()
        assert made == ["linux"]

    def test_what_may_wait_takes_a_tenth_of_a_core_and_the_rest_is_rendered_at_once(self) -> None:
        clock, made = SetClock(NOW), []

        def render(site: str, now: datetime) -> Rendered:
            made.append(site)
            clock.advance(0.2)
            return Rendered({}, None)

        renderer = Renderer(PageTable(), render, clock)
        for _ in range(100):
            renderer.mark(["linux"], patient=True)
            renderer.render_due()
            clock.advance(0.1)
        assert len(made) == 6
        made.clear()
        renderer.mark(["linux"])
        assert renderer.render_due() == ["linux"]

    def test_what_waits_is_rendered_within_seconds_however_long_pages_take(self) -> None:
        clock = SetClock(NOW)

        def render(site: str, now: datetime) -> Rendered:
            clock.advance(30.0)
            return Rendered({}, None)

        renderer = Renderer(PageTable(), render, clock)
        renderer.mark(["linux"], patient=True)
        assert renderer.render_due() == ["linux"]
        renderer.mark(["linux"], patient=True)
        assert renderer.render_due() == []
        clock.advance(5.0)
        assert renderer.render_due() == ["linux"]


class TestHonesty:
    def test_a_well_fed_box_is_fresh_and_shows_one_clock(self, stand: Stand) -> None:
        assert state(stand, "kernel-notes") == "fresh"
        box = stand.text().split('data-feed="kernel-notes"')[1].split("</h3>")[0]
        assert box.count("<time") == 1

    def test_a_source_in_passing_trouble_is_stale_and_says_since_when_why_and_when_next(self, stand: Stand) -> None:
        assert state(stand, "distro-ledger") == "stale"
        box = re.sub(r"<[^>]+>", "", stand.text().split('data-feed="distro-ledger"')[1].split("<ol>")[0])
        assert "The site answers 503, since 10:20" in box
        assert "Next try 13:18" in box
        assert "Headlines fetched 09:50" in box

    def test_an_address_that_is_gone_is_failing(self, stand: Stand) -> None:
        assert state(stand, "engine-room") == "failing"
        assert "The address is gone (410)" in stand.text()

    def test_a_feed_that_never_worked_is_failing_and_one_without_entries_is_empty(self, stand: Stand) -> None:
        assert state(stand, "page-not-feed") == "failing"
        assert state(stand, "quiet-hours") == "empty"

    def test_time_alone_turns_a_box_stale(self, stand: Stand) -> None:
        stand.store.down = True
        assert state(stand, "kernel-notes") == "fresh"
        stand.clock.advance(34 * 60)
        stand.work()
        assert state(stand, "kernel-notes") == "stale"
        assert "The next check is late" in stand.text()

    def test_passing_trouble_that_lasts_a_day_turns_failing(self, stand: Stand) -> None:
        stand.store.down = True
        stand.clock.advance(23 * 3600)
        stand.work()
        assert state(stand, "distro-ledger") == "failing"

    def test_content_that_came_after_the_trouble_ends_it_before_the_status_says_so(self, stand: Stand) -> None:
        stand.room.now = NOW + timedelta(minutes=200)
        stand.clock.advance(200 * 60)
        etag = stand.room.head(replace(PAPERS[2], trouble=None), [Story("Back again", 0)])
        stand.node.refresher.on_notice(notice(keys.head("distro-ledger"), etag))
        stand.work()
        assert state(stand, "distro-ledger") == "fresh"

    def test_a_day_later_the_page_says_another_day(self, stand: Stand) -> None:
        stand.store.down = True
        assert "Tuesday, 24 November 2026" in stand.text()
        stand.clock.advance(12 * 3600)
        stand.work()
        assert "Wednesday, 25 November 2026" in stand.text()

    def test_a_day_later_a_headline_that_stayed_has_its_day_instead_of_its_hour(self, stand: Stand) -> None:
        def clock(title: str) -> str:
            return re.findall(r"<time[^>]*>([^<]+)</time>", stand.text().split(title)[1])[0]

        title = KERNEL.stories[1].title
        assert re.fullmatch(r"\d\d:\d\d", clock(title))
        stand.clock.advance(86_400)
        stand.work()
        assert re.fullmatch(r"\d+ [A-Z][a-z]+", clock(title))

    def test_without_store_one_quiet_line_says_so(self, stand: Stand) -> None:
        assert 'class="notice"' not in stand.text()
        stand.store.down = True
        stand.clock.advance(61)
        stand.work()
        assert stand.text().count('class="notice"') == 1

    def test_times_in_the_page_are_absolute_so_that_an_old_copy_of_it_does_not_lie(self, stand: Stand) -> None:
        assert "ago<" not in stand.text()
        assert '<time datetime="2026-11-24T11:58:00Z"' in stand.text()


class TestConditional:
    def test_whoever_has_the_page_gets_a_304_in_any_coding(self, stand: Stand) -> None:
        for coding in ("br", "gzip", "zstd", ""):
            first = stand.client.get("/", headers={"Accept-Encoding": coding})
            again = stand.client.get("/", headers={"If-None-Match": first.headers["ETag"], "Accept-Encoding": coding})
            assert again.status_code == 304
            assert again.data == b""
            assert "Content-Length" not in again.headers
            assert again.headers["ETag"] == first.headers["ETag"]

    def test_each_coding_has_a_strong_etag_of_its_own(self, stand: Stand) -> None:
        tags = {
            stand.client.get("/", headers={"Accept-Encoding": coding}).headers["ETag"]
            for coding in ("br", "gzip", "zstd", "identity")
        }
        assert len(tags) == 4
        assert not any(tag.startswith("W/") for tag in tags)

    @pytest.mark.parametrize("header", ["*", 'W/"{}"', '"other", "{}"', '"{}-gzip"'])
    def test_if_none_match_in_all_its_forms(self, stand: Stand, header: str) -> None:
        digest = stand.client.get("/").headers["ETag"].strip('"')
        assert stand.client.get("/", headers={"If-None-Match": header.format(digest)}).status_code == 304

    def test_a_date_counts_only_without_etags(self, stand: Stand) -> None:
        modified = stand.client.get("/").headers["Last-Modified"]
        assert stand.client.get("/", headers={"If-Modified-Since": modified}).status_code == 304
        both = {"If-Modified-Since": modified, "If-None-Match": '"other"'}
        assert stand.client.get("/", headers=both).status_code == 200
        assert stand.client.get("/", headers={"If-Modified-Since": "rubbish"}).status_code == 200

    def test_after_news_the_old_etag_gets_the_page(self, stand: Stand) -> None:
        tag = stand.client.get("/").headers["ETag"]
        stand.news(Story("News", 0))
        assert stand.client.get("/", headers={"If-None-Match": tag}).status_code == 200

    def test_the_date_of_an_unchanged_page_stays(self, stand: Stand) -> None:
        before = stand.client.get("/").headers["Last-Modified"]
        stand.clock.advance(100)
        stand.node.renderer.mark(["linux"])
        stand.node.renderer.render_due()
        assert stand.client.get("/").headers["Last-Modified"] == before

    def test_head_has_the_headers_and_no_body(self, stand: Stand) -> None:
        whole, head = stand.client.get("/"), stand.client.head("/")
        assert head.data == b""
        assert dict(head.headers) == dict(whole.headers)

    def test_bodies_in_all_codings_are_the_same_page(self, stand: Stand) -> None:
        undo = {
            "br": brotli.decompress,
            "gzip": gzip.decompress,
            "zstd": lambda data: zstandard.ZstdDecompressor().decompress(data),
        }
        plain = stand.client.get("/").data
        for coding, decode in undo.items():
            answer = stand.client.get("/", headers={"Accept-Encoding": coding})
            assert answer.headers["Content-Encoding"] == coding
            assert int(answer.headers["Content-Length"]) == len(answer.data)
            assert decode(answer.data) == plain

    def test_vary_names_what_the_answer_depends_on(self, stand: Stand) -> None:
        assert stand.client.get("/").headers["Vary"] == "Accept-Encoding, Cookie"

    def test_the_edge_may_keep_a_page_half_a_minute_and_a_browser_asks_each_time(self, stand: Stand) -> None:
        headers = stand.client.get("/").headers
        assert headers["Cache-Control"] == "public, max-age=0, s-maxage=30"
        assert "stale-if-error=3600" in headers["CDN-Cache-Control"]


@pytest.mark.parametrize(
    ("header", "first"),
    [
        ("", "identity"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("*", "br"),
        ("*;q=0.1, zstd", "zstd"),
        ("identity;q=0", "identity"),
        ("deflate", "identity"),
        ("br;q=rubbish", "identity"),
        ("x-gzip", "gzip"),
    ],
)
def test_the_coding_is_the_best_that_the_client_accepts(header: str, first: str) -> None:
    assert accepted(header)[0] == first


class TestTable:
    def test_a_page_made_while_its_site_moved_on_is_not_kept(self) -> None:
        table = PageTable()
        generation = table.generation("linux")
        table.turn("linux", {"/s/linux": make(b"new", NOW)})
        table.keep("linux", "/s/linux/all", make(b"made from the old", NOW), generation)
        assert table.get("/s/linux/all") is None

    def test_pages_made_on_demand_go_when_the_site_has_news(self) -> None:
        table = PageTable()
        table.keep("linux", "/s/linux/all", make(b"all", NOW), 0)
        table.turn("linux", {})
        assert table.get("/s/linux/all") is None

    def test_a_site_that_is_no_more_has_no_pages_and_gets_none(self) -> None:
        table, page = PageTable(), make(b"x", NOW)
        table.turn("news", {"/s/news": page, "/": page})
        table.turn("more", {"/s/more": page})
        table.only(["more"])
        table.turn("news", {"/s/news": page})
        assert [table.get(path) for path in ("/s/news", "/", "/s/more")] == [None, None, page]

    def test_the_page_at_the_root_goes_over_to_another_site_whichever_is_made_first(self) -> None:
        for order in (("old", "new"), ("new", "old")):
            table, page = PageTable(), make(b"x", NOW)
            table.turn("old", {"/s/old": page, "/": page})
            pages = {"old": {"/s/old": page}, "new": {"/s/new": page, "/": page}}
            for site in order:
                table.turn(site, pages[site])
            assert table.get("/") is page


class TestOtherPages:
    def test_the_stream_has_every_headline_once_and_is_kept_until_news_comes(self, stand: Stand) -> None:
        text = stand.text("/s/linux/all")
        assert len(re.findall(r"[Ss]cheduler rewrite lands after nine years", text)) == 1
        assert "Why the boot log got shorter" in text
        assert stand.node.table.get("/s/linux/all") is not None
        stand.news(Story("Into the stream", 0))
        assert "Into the stream" in stand.text("/s/linux/all")

    def test_unknown_pages_are_404_in_the_look(self, stand: Stand) -> None:
        for path in ("/nothing", "/s/nothing", "/s/nothing/all", "/version/nothing"):
            answer = stand.client.get(path)
            assert answer.status_code == 404
            assert "front.css" not in answer.get_data(as_text=True)
            assert "/static/front-" in answer.get_data(as_text=True)

    def test_a_node_without_any_copy_says_that_it_has_just_started(self, tmp_path: Path) -> None:
        stand = Stand(tmp_path)
        assert stand.client.get("/").status_code == 503
        assert stand.client.get("/readyz").status_code == 503
        stand.work()
        assert stand.client.get("/readyz").status_code == 200

    def test_an_error_of_ours_is_a_page_and_a_line_in_the_log(
        self, stand: Stand, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(site: str, now: datetime) -> None:
            raise RuntimeError("a bug")

        monkeypatch.setattr(stand.node.press, "desk", broken)
        answer = stand.client.get("/s/linux/all")
        assert answer.status_code == 500
        assert "Something broke" in answer.get_data(as_text=True)
        assert "a bug" not in answer.get_data(as_text=True)

    def test_every_page_has_the_security_headers(self, stand: Stand) -> None:
        for path in ("/", "/s/linux/all", "/crawler", "/nothing"):
            policy = stand.client.get(path).headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy

    def test_no_page_has_inline_script_or_style_and_none_sets_a_cookie(self, stand: Stand) -> None:
        for path in ("/", "/s/linux/all", "/crawler", "/nothing"):
            answer = stand.client.get(path)
            assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=", answer.get_data(as_text=True))
            assert "Set-Cookie" not in answer.headers


class TestAssets:
    def test_assets_carry_their_hash_and_stay_for_a_year(self, stand: Stand) -> None:
        for path in set(re.findall(r'"(/static/[^"]+)"', stand.text())):
            answer = stand.client.get(path)
            assert answer.status_code == 200
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert re.search(r"-[0-9a-f]{12}\.\w+$", path)

    def test_the_styles_name_fonts_that_are_there(self, stand: Stand) -> None:
        style = stand.node.assets.path("front.css")
        fonts = re.findall(r'url\("([^"]+)"\)', stand.client.get(style).get_data(as_text=True))
        assert len(fonts) >= 6
        assert all(stand.client.get(f"/static/{font}").status_code == 200 for font in fonts)

    def test_they_are_laid_into_the_store_and_those_of_other_versions_are_found_there(self, stand: Stand) -> None:
        stand.node.assets.publish(stand.store)
        style = stand.node.assets.path("front.css")
        assert stand.store.get(keys.asset(style.removeprefix("/static/"))) is not None
        stand.store.put(keys.asset("front-0123456789ab.css"), b"body { color: red }")
        answer = stand.client.get("/static/front-0123456789ab.css")
        assert answer.data == b"body { color: red }"
        assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
        assert "immutable" in answer.headers["Cache-Control"]

    @pytest.mark.parametrize("name", ["front.css", "..%2Findex.json", "front-0123456789ab.html", "x" * 500])
    def test_names_that_no_asset_has_are_not_looked_for(self, stand: Stand, name: str) -> None:
        before = stand.store.asked.total()
        assert stand.client.get(f"/static/{name}").status_code == 404
        assert stand.store.asked.total() == before

    def test_the_address_of_a_cdn_goes_before_the_names_and_into_the_policy(self, tmp_path: Path) -> None:
        clock = SetClock(NOW)
        settings = Settings(data=tmp_path, assets_url="https://cdn.example/press/")
        room = Newsroom(MemoryStore(), NOW)
        room.fill()
        node = WebNode(room.store, None, clock, settings, cell_of=cell_of)
        node.open()
        node.refresher.run_due()
        node.renderer.render_due()
        answer = Client(node.wsgi).get("/")
        assert 'href="https://cdn.example/press/static/front-' in answer.get_data(as_text=True)
        assert "https://cdn.example;" in answer.headers["Content-Security-Policy"]


class TestEscaping:
    @pytest.mark.parametrize(
        "title", ["<script>alert(1)</script>", "&lt;b&gt;", '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}"]
    )
    def test_titles_are_text_and_nothing_else(self, stand: Stand, title: str) -> None:
        stand.news(Story(title, 0))
        text = stand.text()
        assert title not in re.sub(r"\{\{ 7 \* 7 \}\}", "", text)
        assert "49</a>" not in text

    @pytest.mark.parametrize(
        "link", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "file:///etc/passwd"]
    )
    def test_only_web_addresses_become_links(self, stand: Stand, link: str) -> None:
        stand.news(Story("Where does this lead", 0, None, link))
        assert f'href="{link}' not in stand.text()
        assert "Where does this lead" in stand.text()

    def test_a_lone_surrogate_does_not_break_the_page(self, stand: Stand) -> None:
        stand.news(Story("half a \udcff character".encode("utf-8", "replace").decode(), 0))
        assert "half a" in stand.text()


@pytest.fixture
def server(stand: Stand) -> Iterator[Server]:
    with Server(stand.node.wsgi, "127.0.0.1", 0) as server:
        yield server


class TestServing:
    def test_a_taken_port_is_one_clear_line(self, server: Server) -> None:
        port = int(server.address.rsplit(":", 1)[1])
        with pytest.raises(PortTaken) as caught:
            listen("127.0.0.1", port)
        assert str(port) in str(caught.value)
        assert "PRESSROOM_PORT" in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_after_stop_the_port_is_free(self, stand: Stand) -> None:
        with Server(stand.node.wsgi, "127.0.0.1", 0) as server:
            port = int(server.address.rsplit(":", 1)[1])
        listen("127.0.0.1", port).close()


def test_a_web_node_imports_no_broker_store_parser_or_http_client() -> None:
    code = (
        "import sys, services.web.node, services.web.worker, services.web.serve\n"
        "print(*sorted({'pika', 'boto3', 'botocore', 'feedparser', 'requests', 'lxml'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == ""
