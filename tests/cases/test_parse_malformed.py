"""Feeds that are no well-formed XML, and what is still in them."""

# ruff: noqa: E501  # documents, kept in one piece

from __future__ import annotations

import pytest

from schemas.errors import ErrorKind
from services.fetcher.parse import ParseError
from tests.fakes.feeds import URL, entries, entry, read, rss, titles

LINK = "<link>http://paper.example/{}</link>"


def test_bare_ampersands_are_ampersands() -> None:
    found = read(
        rss(
            "<title>Bread&butter, B&B & more</title><link>http://paper.example/a?x=1&y=2&z</link><guid>g&h=1</guid>",
            "<title>Next</title>",
        )
    )
    first, second = found.entries
    assert (first.title, first.link, first.id) == (
        "Bread&butter, B&B & more",
        "http://paper.example/a?x=1&y=2&z",
        "g&h=1",
    )
    assert second.title == "Next"
    assert found.warnings == ("malformed_xml",)


@pytest.mark.parametrize("tail", ["&", "&;", "&#;", "&#x;", "& ", "&1;", "&a.b;", "&unknown;"])
def test_what_only_looks_like_a_reference_stays_as_it_is(tail: str) -> None:
    assert titles(rss(f"<title>End {tail}</title>", "<title>Next</title>")) == [f"End {tail}".strip(), "Next"]


def test_names_of_html_are_understood_without_a_dtd() -> None:
    item = "<title>Fog &mdash; caf&eacute; &hellip;</title><description>a&nbsp;b&shy;c &euro; &copy;</description>"
    first = entry(rss(item))
    assert (first.title, first.summary) == ("Fog — café …", "a b\xadc € ©")


def test_entities_that_the_document_declares_are_used() -> None:
    doctype = '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY paper "The &#34;Paper&#34;"><!ENTITY nbsp "&#160;">]>'
    found = read(rss("<title>&paper;&nbsp;today</title>", declaration=doctype))
    assert found.entries[0].title == 'The "Paper" today'
    assert found.warnings == ()


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://dtd.example/rss-0.91.dtd">',
        '<!DOCTYPE rss [<!ENTITY % HTMLlat1 PUBLIC "-//W3C//ENTITIES" "http://dtd.example/lat1.ent"> %HTMLlat1;]>',
        "<!doctype rss>",
    ],
)
def test_a_dtd_elsewhere_is_neither_loaded_nor_missed(doctype: str) -> None:
    assert titles(rss("<title>Caf&eacute;</title>", declaration=doctype)) == ["Café"]


@pytest.mark.parametrize("before", ["\n", "  \r\n\t", "\ufeff ", "\x00"])
def test_white_space_before_the_declaration_is_passed_over(before: str) -> None:
    body = before + rss("<title>Œuvre</title>", declaration='<?xml version="1.0" encoding="UTF-8"?>')
    assert titles(body) == ["Œuvre"]


@pytest.mark.parametrize(
    "junk",
    [
        "<br />\n<b>Warning</b>: include(): failed in <b>/x.php</b> on line <b>7</b><br />\n",
        "Notice: undefined variable\n",
        "<!-- cached --> ",
        "<script>track()</script>",
    ],
)
def test_junk_before_the_feed_is_passed_over(junk: str) -> None:
    body = junk + rss("<title>Found</title>", declaration='<?xml version="1.0" encoding="UTF-8"?>\n')
    assert titles(body) == ["Found"]


@pytest.mark.parametrize("junk", ["\n<!-- 0.2 s -->", "<script>x</script>", "Warning: x", "\x00\x00", "</html>"])
def test_junk_after_the_feed_is_passed_over(junk: str) -> None:
    assert titles(rss("<title>Found</title>") + junk) == ["Found"]


@pytest.mark.parametrize("control", ["\x00", "\x08", "\x0b", "\x1f", "\ufffe", "&#8;", "&#x0;", "&#xFFFF;"])
def test_characters_that_xml_forbids_vanish(control: str) -> None:
    item = f"<title>Under{control}line</title><description><![CDATA[a{control.replace('&', '')[:1]}b]]></description>"
    assert titles(rss(item, "<title>Next</title>")) == ["Underline", "Next"]


def cut(document: str, after: str) -> str:
    return document[: document.index(after) + len(after)]


@pytest.mark.parametrize(
    "after",
    [
        "<![CDATA[half a",
        "<item><title>Three",
        "<item><title>Three</title><link>http://paper.example/th",
        "<title>Three</title",
        "/three</link><descri",
        '<enclosure url="http://paper.example/x',
        "&am",
    ],
)
def test_a_download_cut_off_keeps_the_complete_entries_and_says_so(after: str) -> None:
    three = (
        "<title>Three</title><link>http://paper.example/three</link><description><![CDATA[half a sentence]]></description>"
        '<enclosure url="http://paper.example/x.mp3"/><category>a &amp; b</category>'
    )
    document = rss("<title>One</title>", "<title>Two</title>", three)
    found = read(cut(document, after))
    assert [one.title for one in found.entries] == ["One", "Two"]
    assert "truncated" in found.warnings
    assert not found.complete


def test_a_feed_cut_between_entries_keeps_them_all() -> None:
    found = read(cut(rss("<title>One</title>", "<title>Two</title>"), "<title>Two</title></item>"))
    assert [one.title for one in found.entries] == ["One", "Two"]
    assert "truncated" in found.warnings


@pytest.mark.parametrize("after", ["<channel>", "<title>Pap", "<item><title>On"])
def test_a_feed_cut_before_its_first_entry_ends_is_an_error_and_no_empty_feed(after: str) -> None:
    with pytest.raises(ParseError) as caught:
        read(cut(rss("<title>One</title>"), after))
    assert caught.value.kind is ErrorKind.TRUNCATED


@pytest.mark.parametrize(
    "unclosed",
    [
        '<media:content url="http://paper.example/a.jpg" medium="image">',
        "<media:group><media:content url='http://paper.example/a.jpg'>",
        "<description>text",
        "<category>c",
        '<enclosure url="http://paper.example/a.mp3">',
        "<x:unknown>",
        "<guid>g1",
        "<description><b>bold",
    ],
)
def test_an_element_left_open_does_not_swallow_the_entries_after_it(unclosed: str) -> None:
    first = f"<title>First</title>{LINK.format(1)}{unclosed}"
    found = entries(rss(first, f"<title>Second</title>{LINK.format(2)}"))
    assert [(one.title, one.link) for one in found] == [
        ("First", "http://paper.example/1"),
        ("Second", "http://paper.example/2"),
    ]


@pytest.mark.parametrize(
    "unclosed",
    ['<media:content url="http://paper.example/a.jpg">', "<x:unknown a='1'>", "<x:a><x:b>", "<itunes:image/><x:a>"],
)
def test_what_follows_an_extension_left_open_is_the_entry_s_own(unclosed: str) -> None:
    first, second = entries(
        rss(f"{unclosed}<title>First</title>{LINK.format(1)}<guid>g</guid>", "<title>Second</title>")
    )
    assert (first.title, first.link, first.id, second.title) == ("First", "http://paper.example/1", "g", "Second")


def test_a_field_left_open_ends_where_the_next_begins() -> None:
    first = entry(rss("<title>Head<link>http://paper.example/1<pubDate>Mon, 06 May 2024 07:00:00 GMT<guid>g</guid>"))
    assert (first.title, first.link, first.id) == ("Head", "http://paper.example/1", "g")
    assert first.published is not None


def test_entries_left_open_end_where_the_next_begins() -> None:
    document = rss("@").replace(
        "<item>@</item>", "<item><title>One</title><item><title>Two</title><item><title>Three</title>"
    )
    assert titles(document) == ["One", "Two", "Three"]


@pytest.mark.parametrize(
    "title",
    ["Bad <b>nesting</i></b>", "Bad nesting</titel>", "Bad </i>nesting", "Bad <b>nest<i>ing</b></i>"],
)
def test_wrong_nesting_stays_inside_its_element(title: str) -> None:
    first, second = entries(rss(f"<title>{title}</title>{LINK.format(1)}", f"<title>Next</title>{LINK.format(2)}"))
    assert first.title == "Bad nesting"
    assert first.link == "http://paper.example/1"
    assert second.title == "Next"


@pytest.mark.parametrize("title", ["1 < 2", "a <3 b", "x <- y", "5 <= 6 & 7"])
def test_a_bare_less_than_is_one(title: str) -> None:
    assert titles(rss(f"<title>{title}</title>{LINK.format(1)}", "<title>Next</title>")) == [title, "Next"]


@pytest.mark.parametrize(
    "attributes",
    [
        'url=http://paper.example/1.mp3 type="audio/mpeg"',
        "url='http://paper.example/1.mp3' url='x' checked",
        'url="http://paper.example/1.mp3"type=""',
    ],
)
def test_attributes_are_read_however_they_are_written(attributes: str) -> None:
    item = f'<title>T & t</title><enclosure {attributes} length="5"/>'
    assert [one.url for one in entry(rss(item)).enclosures] == ["http://paper.example/1.mp3"]


def test_end_tags_match_whatever_their_case() -> None:
    assert titles(rss("<Title>One</TITLE>", "<title>Two & two</title>")) == ["One", "Two & two"]


@pytest.mark.parametrize(
    ("inside", "text"),
    [
        ("<![CDATA[a]]><![CDATA[b]]>", "ab"),
        ("one <![CDATA[two]]> three", "one two three"),
        ("<![CDATA[a <![CDATA[ b ]]> c ]]>", "a <![CDATA[ b c ]]>"),
        ("<![CDATA[]]>", None),
        ("<![cdata[a &amp; b]]>", "a & b"),
        ("<![CDATA[ x]]]]><![CDATA[>y]]>", "x]]>y"),
        ("a ]]> b", "a ]]> b"),
        ("<!-- c -->kept<!-- d -- e -->", "kept"),
        ("kept<?php echo 1 ?>", "kept"),
    ],
)
def test_cdata_and_comments_in_every_arrangement(inside: str, text: str | None) -> None:
    assert entry(rss(f"<title>{inside}</title>{LINK.format(1)}")).title == text


def test_a_cdata_section_that_lost_the_end_of_its_end_does_not_run_into_the_next() -> None:
    first, second = entries(
        rss(
            "<title><![CDATA[A & b]]</title><link>/1</link><description><![CDATA[text]]></description>",
            "<title><![CDATA[Next]]></title>",
        )
    )
    assert (first.title, first.link, first.summary) == ("A & b", "http://paper.example/1", "text")
    assert second.title == "Next"


@pytest.mark.parametrize("end", ["]] >", "]]", "]]\n"])
def test_a_cdata_section_that_is_never_ended_ends_with_its_element(end: str) -> None:
    assert titles(rss(f"<title><![CDATA[A & b{end}</title>", "<title>Next</title>")) == ["A & b", "Next"]


@pytest.mark.parametrize("declaration", ['<?xml version="1.0" encoding="UTF-8">', "<?XML version='1.0'?>"])
def test_a_declaration_may_be_written_wrongly(declaration: str) -> None:
    assert titles(rss("<title>Tëa</title>", declaration=declaration)) == ["Tëa"]


@pytest.mark.parametrize("between", ["", "\n", '\n<?xml version="1.0"?>\n', "<!-- cached --><br>"])
def test_documents_written_one_after_the_other_are_read_as_one(between: str) -> None:
    one, two = rss("<title>One</title>", "<title>Both</title>"), rss("<title>Both</title>", "<title>Two & 2</title>")
    assert titles(one + between + two) == ["One", "Both", "Both", "Two & 2"]


def test_an_empty_item_inside_an_item_is_nothing() -> None:
    document = rss("<title>Out</title><item/><link>http://paper.example/1</link>", "<item></item><title>Two</title>")
    assert [(one.title, one.link) for one in entries(document)] == [("Out", "http://paper.example/1"), ("Two", None)]


def test_an_entity_without_semicolon_stays_what_it_is_in_xml_and_is_read_by_html() -> None:
    first = entry(rss("<title>AT&T</title><description>a&nbsp b &lt;p&gt;c&amp;copy d&lt;/p&gt;</description>"))
    assert (first.title, first.summary) == ("AT&T", "a b c© d")


@pytest.mark.parametrize("body", [b"", b" \n\t ", b"\xef\xbb\xbf", b"\xff\xfe", b"\x00" * 10])
def test_an_empty_document_is_no_feed_without_entries(body: bytes) -> None:
    with pytest.raises(ParseError) as caught:
        read(body)
    assert caught.value.kind is ErrorKind.EMPTY_BODY


@pytest.mark.parametrize(
    "body",
    [
        "<!DOCTYPE html><html><head><title>Moment</title></head><body><rss></body></html>",
        "<html><body>Checking your browser</body></html>",
        "Just text",
        "<opml version='2.0'><body/></opml>",
        '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"/>',
        "\x89PNG\r\n\x1a\n\x00\x00",
        "\x1f\x8b\x08\x00",
        "<svg xmlns='http://www.w3.org/2000/svg'/>",
    ],
)
def test_what_is_no_feed_is_told_so(body: str) -> None:
    with pytest.raises(ParseError) as caught:
        read(body.encode("latin-1"))
    assert caught.value.kind is ErrorKind.NOT_A_FEED


def test_a_feed_without_entries_is_a_feed() -> None:
    assert read(rss()).entries == ()
    assert read("<rss version='2.0'/>").entries == ()


@pytest.mark.parametrize(
    "label", ["text/html; charset=utf-8", "text/plain", "application/octet-stream", "image/png", "nonsense", ""]
)
def test_a_feed_is_known_by_its_root_and_not_by_its_label(label: str) -> None:
    assert titles(rss("<title>Good</title>"), label) == ["Good"]


def test_the_address_is_not_needed() -> None:
    assert (
        entry(rss("<title>T</title><link>http://paper.example/1</link>"), None, None).link == "http://paper.example/1"
    )
    assert URL.startswith("http")
