"""JSON Feed 1.0 and 1.1, as it is served."""

# ruff: noqa: E501  # documents, kept in one piece

from __future__ import annotations

import json
from typing import Any

import pytest

from schemas.errors import ErrorKind
from services.fetcher.parse import ParsedFeed, ParseError
from tests.fakes.feeds import read

VERSION = "https://jsonfeed.org/version/1.1"


def feed(*items: Any, **fields: Any) -> ParsedFeed:
    document = {
        "version": VERSION,
        "title": "Paper",
        "home_page_url": "http://paper.example/",
        **fields,
        "items": list(items),
    }
    return read(json.dumps(document), "application/feed+json")


@pytest.mark.parametrize(
    ("written", "expected"), [(4711, "4711"), (47.0, "47"), (1.5, "1.5"), ("a b", "a b"), (10**30, str(10**30))]
)
def test_an_id_is_text_even_when_it_is_a_number(written: object, expected: str) -> None:
    assert feed({"id": written, "content_text": "x"}).entries[0].id == expected


def test_without_an_id_the_address_is_the_identity() -> None:
    for missing in ({}, {"id": ""}, {"id": None}, {"id": True}, {"id": []}):
        assert (
            feed({**missing, "url": "http://paper.example/1", "title": "T"}).entries[0].id == "http://paper.example/1"
        )


def test_a_link_post_leads_to_the_other_site_and_invents_no_title() -> None:
    (one,) = feed({"id": "n", "external_url": "http://other.example/", "content_text": "Read this."}).entries
    assert (one.title, one.link, one.summary, one.published) == (None, "http://other.example/", "Read this.", None)


def test_the_own_address_outranks_the_external_one() -> None:
    (one,) = feed({"id": "n", "external_url": "http://other.example/", "url": "/mine"}).entries
    assert one.link == "http://paper.example/mine"


def test_everything_an_item_says_is_kept() -> None:
    item = {
        "id": "1",
        "url": "http://paper.example/1",
        "title": "A <b> & c",
        "content_html": "<p onclick=x>Hi <script>x</script></p>",
        "summary": "Short &amp; plain",
        "date_published": "2024-05-01T12:00:00+02:00",
        "date_modified": "2024-05-02T12:00:00Z",
        "authors": [{"name": "Kim"}, {"url": "http://x.example"}, "odd"],
        "tags": ["a", 5, "b"],
        "image": "/i.png",
        "language": "de",
        "attachments": [{"url": "/a.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 12}, "odd"],
    }
    (one,) = feed(item).entries
    assert one.model_dump(exclude_none=True, mode="json") == {
        "id": "1",
        "title": "A <b> & c",
        "link": "http://paper.example/1",
        "link_clean": "http://paper.example/1",
        "published": "2024-05-01T10:00:00Z",
        "updated": "2024-05-02T12:00:00Z",
        "authors": ["Kim"],
        "categories": ["a", "b"],
        "summary": "Short &amp; plain",
        "content_html": "<p>Hi </p>",
        "image": "http://paper.example/i.png",
        "enclosures": [{"url": "http://paper.example/a.mp3", "type": "audio/mpeg", "length_bytes": 12}],
        "language": "de",
    }


def test_authors_of_the_feed_stand_for_items_without_any() -> None:
    assert feed({"id": "1", "title": "T"}, authors=[{"name": "All"}]).entries[0].authors == ("All",)
    assert feed({"id": "1", "title": "T", "author": {"name": "One"}}, author={"name": "All"}).entries[0].authors == (
        "One",
    )


def test_one_author_alone_may_stand_where_a_list_belongs() -> None:
    assert feed({"id": "1", "title": "T", "authors": {"name": "One"}}).entries[0].authors == ("One",)


def test_a_date_modified_stands_in_for_a_date_published() -> None:
    (one,) = feed({"id": "1", "title": "T", "date_modified": "2024-05-02"}).entries
    assert str(one.published) == "2024-05-02 00:00:00+00:00"


def test_text_content_is_text() -> None:
    (one,) = feed({"id": "1", "content_text": "a < b & <i>c</i>"}).entries
    assert (one.content_html, one.summary) == ("a &lt; b &amp; &lt;i&gt;c&lt;/i&gt;", "a < b & <i>c</i>")


def test_odd_items_cost_nobody_else() -> None:
    found = feed(
        None, "x", {}, [], {"id": "1", "title": ["odd"], "content_text": 5, "tags": "no", "authors": 7}, {"id": "2"}
    )
    assert [(one.id, one.title) for one in found.entries] == [("1", None), ("2", None)]


@pytest.mark.parametrize("before", ["\ufeff", "  \n"])
@pytest.mark.parametrize("label", ["application/json", "text/html", None, "application/feed+json; charset=utf-8"])
def test_it_is_known_by_its_first_character(before: str, label: str | None) -> None:
    body = before + json.dumps({"version": VERSION, "title": "Ünï", "items": [{"id": "1"}]}, ensure_ascii=False)
    assert read(body, label).source.title == "Ünï"


def test_utf_16_json_is_read() -> None:
    assert (
        read(
            json.dumps({"version": VERSION, "title": "Ü", "items": []}, ensure_ascii=False).encode("utf-16")
        ).source.title
        == "Ü"
    )


@pytest.mark.parametrize("missing", ["version", "title", "home_page_url"])
def test_a_missing_field_is_forgiven(missing: str) -> None:
    document = {
        "version": VERSION,
        "title": "P",
        "home_page_url": "http://p.example/",
        "items": [{"id": "1", "title": "T"}],
    }
    del document[missing]
    assert len(read(json.dumps(document)).entries) == 1


@pytest.mark.parametrize(
    "body",
    [
        '{"version": "x", "items": [1,]}',
        "{",
        '{"a": 1',
        "{'a': 1}",
        '{"items": [' + "[" * 100_000,
        '{"n": ' + "1" * 5000 + "}",
        "[}",
        '{"a": "\n"}',
    ],
)
def test_broken_json_is_bad_json(body: str) -> None:
    with pytest.raises(ParseError) as caught:
        read(body, "application/feed+json")
    assert caught.value.kind is ErrorKind.BAD_JSON


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        {"error": "gone"},
        {"items": []},
        {"items": {}, "title": "T"},
        {"version": VERSION},
        {"items": None, "title": "T"},
    ],
)
def test_json_that_is_no_feed_is_no_feed(document: Any) -> None:
    with pytest.raises(ParseError) as caught:
        read(json.dumps(document))
    assert caught.value.kind is ErrorKind.NOT_A_FEED


def test_control_codes_vanish() -> None:
    (one,) = feed({"id": "a\x00b", "title": "Fo\x08g", "content_text": "x\x00y\uffff"}).entries
    assert (one.id, one.title, one.content_html) == ("ab", "Fog", "xy")


def test_a_number_is_no_address() -> None:
    (one,) = feed({"id": 7, "url": 7, "external_url": 8.5, "image": 9, "attachments": [{"url": 10}]}).entries
    assert (one.id, one.link, one.image, one.enclosures) == ("7", None, None, ())


def test_half_a_surrogate_pair_gives_text_that_can_be_written() -> None:
    document = '{"version": "https://jsonfeed.org/version/1", "title": "x", "items": [{"id": "\\ud83d", "title": "a\\ud83d\\ude0ab \\udc00"}]}'
    (one,) = read(document).entries
    assert (one.id, one.title) == ("\ufffd", "a😊b \ufffd")
