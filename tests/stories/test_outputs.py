"""What machines read: feeds of our own, OPML, the API and its document."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import feedparser
import pytest

from schemas import keys
from services.web.api_document import DOCUMENT
from services.web.headlines import Headline
from services.web.outputs import Output, atom, iri, json_feed, rss
from tests.fakes.web_papers import PAPERS, Story
from tests.fakes.web_stand import NOW, Stand

A = "{http://www.w3.org/2005/Atom}"
FEEDS = [f"/s/linux/{of}{name}" for of in ("", "top/") for name in ("atom.xml", "rss.xml", "feed.json")]


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Stand:
    """For all tests that only read."""
    stand = Stand(tmp_path_factory.mktemp("node"))
    stand.work()
    return stand


def item(**more: Any) -> Headline:
    base: dict[str, Any] = {
        "id": "https://a.example/1",
        "title": "T",
        "link": "https://a.example/1",
        "link_clean": None,
        "at": NOW,
        "feed": "a",
        "source": "A",
        "origin": "a.example",
    }
    return Headline(**(base | more))


def output(*items: Headline) -> Output:
    return Output("Linux", "https://press.example/s/linux", "https://press.example/s/linux/atom.xml", items)


class TestFeeds:
    @pytest.mark.parametrize("path", [path for path in FEEDS if path.endswith(".xml")])
    def test_a_strict_reader_finds_nothing_to_complain_of(self, stand: Stand, path: str) -> None:
        answer = stand.client.get(path)
        parsed = feedparser.parse(answer.data, response_headers={"content-type": answer.headers["Content-Type"]})
        assert not parsed.bozo
        assert parsed.entries
        assert all(entry.title and entry.id and entry.link.startswith("https://") for entry in parsed.entries)
        assert len({entry.id for entry in parsed.entries}) == len(parsed.entries)

    def test_atom_has_what_rfc_4287_asks_for(self, stand: Stand) -> None:
        feed = ET.fromstring(stand.client.get("/s/linux/atom.xml").data)
        assert all(len(feed.findall(A + tag)) == 1 for tag in ("id", "title", "updated"))
        links = {link.get("rel"): link.get("href") for link in feed.findall(A + "link")}
        assert links["self"] == "http://localhost/s/linux/atom.xml"
        for entry in feed.findall(A + "entry"):
            assert all(len(entry.findall(A + tag)) == 1 for tag in ("id", "title", "updated"))
            assert datetime.fromisoformat(entry.findtext(A + "updated", "")).tzinfo is not None

    def test_json_feed_has_what_version_1_1_asks_for(self, stand: Stand) -> None:
        answer = stand.client.get("/s/linux/feed.json")
        assert answer.headers["Content-Type"].startswith("application/feed+json")
        feed = json.loads(answer.data)
        assert feed["version"] == "https://jsonfeed.org/version/1.1"
        assert all(isinstance(one["id"], str) and (one["content_text"] or one["content_html"]) for one in feed["items"])

    def test_a_story_of_many_sources_is_one_item(self, stand: Stand) -> None:
        titles = [one["title"] for one in json.loads(stand.client.get("/s/linux/feed.json").data)["items"]]
        assert sum("cheduler rewrite lands" in title for title in titles) == 1

    def test_top_stories_are_a_feed_of_their_own(self, stand: Stand) -> None:
        titles = [one["title"] for one in json.loads(stand.client.get("/s/linux/top/feed.json").data)["items"]]
        assert titles[0].startswith("A scheduler rewrite")
        assert len(titles) == 5

    @pytest.mark.parametrize("path", FEEDS)
    def test_whoever_has_it_gets_a_304(self, stand: Stand, path: str) -> None:
        tag = stand.client.get(path).headers["ETag"]
        assert stand.client.get(path, headers={"If-None-Match": tag}).status_code == 304

    def test_news_changes_each(self, tmp_path: Path) -> None:
        stand = Stand(tmp_path)
        stand.work()
        tags = {path: stand.client.get(path).headers["ETag"] for path in FEEDS}
        for paper in PAPERS[:4]:
            stand.news(Story("Otters elect a speaker on their own terms", 0), paper)
        again = {path: stand.client.get(path, headers={"If-None-Match": tag}) for path, tag in tags.items()}
        assert {answer.status_code for answer in again.values()} == {200}

    def test_addresses_are_the_public_ones_when_they_are_set(self, tmp_path: Path) -> None:
        stand = Stand(tmp_path, public_url="https://press.example/")
        stand.work()
        text = stand.client.get("/s/linux/rss.xml").get_data(as_text=True)
        assert "https://press.example/s/linux" in text
        assert "localhost" not in text

    def test_what_no_xml_may_hold_is_replaced(self) -> None:
        for write in (atom, rss):
            ET.fromstring(write(output(item(title="a\x00b\x0bc\ufffe", summary="\x1b[0m"))))

    def test_markup_in_titles_stays_text(self) -> None:
        hostile = "<script>alert(1)</script> & ]]>"
        assert ET.fromstring(atom(output(item(title=hostile)))).findtext(f"{A}entry/{A}title") == hostile
        assert ET.fromstring(rss(output(item(title=hostile)))).findtext("channel/item/title") == hostile
        assert json.loads(json_feed(output(item(title=hostile))))["items"][0]["title"] == hostile

    def test_ids_that_are_no_addresses_become_one_that_stays_the_same(self) -> None:
        assert iri(item(id="https://a.example/1")) == "https://a.example/1"
        made = iri(item(id="post 17"))
        assert made.startswith("urn:uuid:")
        assert made == iri(item(id="post 17"))
        assert made != iri(item(id="post 17", feed="b"))

    def test_an_item_without_a_time_is_left_out_of_atom_only(self) -> None:
        some = output(item(), item(id="x:2", at=None))
        assert len(ET.fromstring(atom(some)).findall(A + "entry")) == 1
        assert len(ET.fromstring(rss(some)).findall("channel/item")) == 2

    def test_opml_names_every_feed(self, stand: Stand) -> None:
        outlines = ET.fromstring(stand.client.get("/s/linux/feeds.opml").data).findall("body/outline")
        assert [outline.get("xmlUrl") for outline in outlines] == [
            f"https://{paper.feed}.example/feed.xml" for paper in PAPERS
        ]

    def test_the_site_map_names_every_front_page(self, stand: Stand) -> None:
        pages = [page.text for page in ET.fromstring(stand.client.get("/sitemap.xml").data).iter() if page.text]
        assert "http://localhost/s/linux" in pages
        assert len(pages) == 6

    @pytest.mark.parametrize("path", ["/", "/s/linux"])
    def test_a_front_page_tells_others_what_it_is_and_where(self, tmp_path: Path, path: str) -> None:
        stand = Stand(tmp_path, public_url="https://press.example/")
        stand.work()
        page = stand.text(path)
        assert '<meta property="og:title" content="Linux">' in page
        assert '<meta property="og:type" content="website">' in page
        assert '<meta property="og:url" content="https://press.example/s/linux">' in page
        assert '<link rel="canonical" href="https://press.example/s/linux">' in page

    def test_crawlers_are_told_what_to_leave_alone_and_where_the_site_map_is(self, tmp_path: Path) -> None:
        answer = Stand(tmp_path, public_url="https://press.example").client.get("/robots.txt")
        assert answer.content_type == "text/plain; charset=utf-8"
        lines = answer.text.splitlines()
        assert lines[0] == "User-agent: *"
        assert {"Disallow: /api/", "Disallow: /s/*/search"} <= set(lines)
        assert lines[-1] == "Sitemap: https://press.example/sitemap.xml"

    def test_the_manifest_and_the_icon_that_it_names_are_there(self, stand: Stand) -> None:
        manifest = stand.client.get("/manifest.webmanifest")
        assert manifest.content_type == "application/manifest+json"
        (icon,) = manifest.json["icons"]
        for path in (icon["src"], "/favicon.ico"):
            answer = stand.client.get(path)
            assert (answer.status_code, answer.content_type) == (200, "image/svg+xml")

    @pytest.mark.parametrize("name", ["atom.xml", "rss.xml", "feed.json"])
    def test_a_search_is_a_valid_feed_of_what_it_finds(self, stand: Stand, name: str) -> None:
        stand.node.indexer.index_due()
        answer = stand.client.get(f"/s/linux/search/{name}?q=scheduler&source=kernel-notes")
        if name.endswith("json"):
            feed = answer.json
            found = [one["title"] for one in feed["items"]]
            assert feed["feed_url"] == f"http://localhost/s/linux/search/{name}?q=scheduler&source=kernel-notes"
        else:
            parsed = feedparser.parse(answer.data, response_headers={"content-type": answer.headers["Content-Type"]})
            assert not parsed.bozo
            found = [one.title for one in parsed.entries]
        assert found == ["Scheduler rewrite lands after nine years, and desktops feel it first"]

    def test_of_an_unknown_site_there_is_nothing(self, stand: Stand) -> None:
        assert stand.client.get("/s/nothing/atom.xml").status_code == 404
        assert stand.client.get("/s/linux/other.xml").status_code == 404


def holds(value: Any, schema: dict[str, Any], where: str = "answer") -> None:
    """The part of JSON Schema that the document uses."""
    if "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    if "anyOf" in schema:
        assert schema["anyOf"][1] == {"type": "null"}
        return None if value is None else holds(value, schema["anyOf"][0], where)
    if "enum" in schema:
        assert value in schema["enum"], where
        return None
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    python = {"string": str, "integer": int, "null": type(None), "object": dict, "array": list}
    python |= {"number": (int, float), "boolean": bool}
    assert any(isinstance(value, python[kind]) for kind in kinds), f"{where}: {value!r} is no {kinds}"
    if schema.get("format") == "date-time" and value is not None:
        assert datetime.fromisoformat(value).tzinfo is not None, where
    if isinstance(value, dict):
        assert set(schema.get("required", ())) <= value.keys(), where
        for name, of in schema.get("properties", {}).items():
            holds(value[name], of, f"{where}.{name}")
    if isinstance(value, list):
        for number, one in enumerate(value):
            holds(one, schema["items"], f"{where}[{number}]")
    return None


PATHS = [path.format(site="linux", feed="tiny-boards") for path in DOCUMENT["paths"]]


class TestApi:
    @pytest.mark.parametrize("path", DOCUMENT["paths"])
    def test_every_answer_is_as_the_document_says(self, stand: Stand, path: str) -> None:
        answer = stand.client.get(path.format(site="linux", feed="tiny-boards"))
        described = DOCUMENT["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
        assert answer.status_code == 200
        holds(answer.json, described["schema"])

    @pytest.mark.parametrize("path", DOCUMENT["paths"])
    def test_every_example_is_as_the_document_says_and_leaves_nothing_out(self, path: str) -> None:
        described = DOCUMENT["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
        holds(described["example"], described["schema"])
        assert all(part for part in described["example"].values() if isinstance(part, list))

    def test_the_document_itself_is_served(self, stand: Stand) -> None:
        assert stand.client.get("/api/v1/openapi.json").json == DOCUMENT

    def test_every_route_is_in_the_document(self, stand: Stand) -> None:
        rules = {str(rule) for rule in stand.flask.url_map.iter_rules() if str(rule).startswith("/api/")}
        described = {path.replace("{", "<").replace("}", ">") for path in DOCUMENT["paths"]}
        assert rules | {"/weather/search"} == described | {"/api/v1/openapi.json"}

    @pytest.mark.parametrize("path", PATHS)
    def test_answers_have_etags_and_may_be_read_from_any_page(self, stand: Stand, path: str) -> None:
        answer = stand.client.get(path)
        assert stand.client.get(path, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Set-Cookie" not in answer.headers

    def test_entries_come_whole(self, stand: Stand) -> None:
        entries = stand.client.get("/api/v1/feeds/tiny-boards/entries").json["entries"]
        assert entries[0]["content_html"].startswith("<p>Two cells")

    def test_headlines_can_be_of_one_feed_and_few(self, stand: Stand) -> None:
        found = stand.client.get("/api/v1/sites/linux/headlines?feed=kernel-notes&limit=3").json["headlines"]
        assert [line["feed"] for line in found] == ["kernel-notes"] * 3

    def test_status_says_what_the_boxes_say(self, stand: Stand) -> None:
        feeds = {row["feed"]: row for row in stand.client.get("/api/v1/sites/linux/status").json["feeds"]}
        assert feeds["distro-ledger"]["state"] == "stale"
        assert feeds["distro-ledger"]["why"] == "the site answers 503"
        assert feeds["kernel-notes"]["checked_at"] == "2026-11-24T11:58:00Z"

    @pytest.mark.parametrize("limit", ["0", "501", "x", "-1", "1e3", "²", "9" * 5000])
    def test_a_bad_parameter_is_named(self, stand: Stand, limit: str) -> None:
        answer = stand.client.get("/api/v1/sites/linux/headlines", query_string={"limit": limit})
        assert answer.status_code == 400
        assert answer.content_type == "application/problem+json"
        assert "limit" in answer.json["detail"]
        assert len(answer.data) < 500

    @pytest.mark.parametrize(
        "path",
        ["/api/v1/sites/none/top", "/api/v1/feeds/none/entries", "/api/v1/nothing", "/api/v1/feeds/..%2Fx/y"],
    )
    def test_what_is_not_there_is_a_problem_document(self, stand: Stand, path: str) -> None:
        answer = stand.client.get(path)
        assert answer.status_code == 404
        assert answer.content_type == "application/problem+json"

    def test_nothing_can_be_written(self, stand: Stand) -> None:
        answer = stand.client.post("/api/v1/sites")
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")

    def test_only_feeds_of_this_nodes_sites_are_answered(self, stand: Stand) -> None:
        stand.room.store.put(keys.head("secret"), b"{}")
        assert stand.client.get("/api/v1/feeds/secret/entries").status_code == 404
        assert stand.store.asked[keys.head("secret")] == 0
