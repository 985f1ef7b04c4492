"""The formats and their modules under every prefix, in every order, declared or not."""

# ruff: noqa: E501  # documents, kept in one piece

from __future__ import annotations

import pytest

from tests.fakes.feeds import atom, entries, entry, read, rss

FULL = "<content:encoded><![CDATA[<p>LONG</p>]]></content:encoded>"
SHORT = "<description>BRIEF</description>"


@pytest.mark.parametrize("order", [FULL + SHORT, SHORT + FULL, f"{FULL}<itunes:summary>OTHER</itunes:summary>{SHORT}"])
def test_full_text_and_summary_keep_their_places_in_any_order(order: str) -> None:
    found = entry(rss(f"<title>T</title>{order}"))
    assert (found.summary, found.content_html) == ("BRIEF", "<p>LONG</p>")


def test_a_full_text_alone_gives_the_summary_too() -> None:
    found = entry(rss(f"<title>T</title>{FULL}"))
    assert (found.summary, found.content_html) == ("LONG", "<p>LONG</p>")


def test_a_description_alone_gives_the_content_too() -> None:
    found = entry(rss(f"<title>T</title>{SHORT}"))
    assert (found.summary, found.content_html) == ("BRIEF", "BRIEF")


@pytest.mark.parametrize(
    ("item", "field", "value"),
    [
        (FULL, "content_html", "<p>LONG</p>"),
        ("<dc:creator>Kim</dc:creator>", "authors", ("Kim",)),
        ("<dc:date>2024-05-06</dc:date>", "published", "2024-05-06 00:00:00+00:00"),
        ("<media:thumbnail url='http://p.example/t.png'/>", "image", "http://p.example/t.png"),
        ("<itunes:author>Kim</itunes:author>", "authors", ("Kim",)),
        ("<feedburner:origLink>http://p.example/o</feedburner:origLink>", "link", "http://p.example/o"),
        ("<unknown:thing>x</unknown:thing>", "title", "T"),
    ],
)
def test_a_prefix_used_without_a_declaration_means_what_it_always_means(item: str, field: str, value: object) -> None:
    document = f'<rss version="2.0"><channel><title>P</title><item><title>T</title>{item}</item><item><title>Next</title></item></channel></rss>'
    first, second = entries(document)
    got = getattr(first, field)
    assert got == value or str(got) == value
    assert second.title == "Next"


def test_a_prefix_declared_on_one_item_only_is_known_in_the_others() -> None:
    one = '<dc:creator xmlns:dc="http://purl.org/dc/elements/1.1/">A</dc:creator>'
    document = f"<rss><channel><item><title>1</title>{one}</item><item><title>2</title><dc:creator>B</dc:creator></item></channel></rss>"
    assert [found.authors for found in entries(document)] == [("A",), ("B",)]


@pytest.mark.parametrize("prefix", ["c", "CONTENT", "full-text", "dc"])
def test_a_namespace_counts_and_not_its_prefix(prefix: str) -> None:
    document = (
        f'<rss xmlns:{prefix}="http://purl.org/rss/1.0/modules/content/"><channel><item><title>T</title>'
        f"<{prefix}:encoded>LONG</{prefix}:encoded>{SHORT}</item></channel></rss>"
    )
    assert entry(document).content_html == "LONG"


@pytest.mark.parametrize(
    "namespace",
    [
        "http://backend.userland.com/rss2",
        "http://blogs.law.harvard.edu/tech/rss",
        "http://purl.org/rss/1.0/",
        "http://my.netscape.com/rdf/simple/0.9/",
        "http://unknown.example/ns",
    ],
)
def test_an_rss_feed_may_have_a_default_namespace(namespace: str) -> None:
    document = (
        f'<rss version="2.0" xmlns="{namespace}"><channel><title>P</title><item><title>T</title></item></channel></rss>'
    )
    assert (read(document).source.title, entry(document).title) == ("P", "T")


@pytest.mark.parametrize(
    "start",
    [
        '<feed xmlns="http://www.w3.org/2005/Atom">',
        '<feed xmlns="https://www.w3.org/2005/Atom">',
        '<feed xmlns="http://www.w3.org/2005/atom">',
        '<feed version="0.3" xmlns="http://purl.org/atom/ns#">',
        "<feed>",
        '<FEED xmlns="http://www.w3.org/2005/Atom">',
    ],
)
def test_atom_is_known_with_and_without_its_namespace(start: str) -> None:
    end = "</" + start[1:5] + ">"
    found = read(
        f'{start}<title>P</title><entry><title>T</title><id>urn:1</id><link href="http://p.example/1"/></entry>{end}'
    )
    assert found.source.title == "P"
    assert [(one.title, one.id, one.link) for one in found.entries] == [("T", "urn:1", "http://p.example/1")]


def test_atom_with_a_prefix_on_everything_is_atom() -> None:
    found = read(
        '<atom:feed xmlns:atom="http://www.w3.org/2005/Atom"><atom:title>P</atom:title><atom:entry><atom:title type="html">'
        '&lt;b&gt;T&lt;/b&gt;</atom:title><atom:id>1</atom:id><atom:link href="/1"/></atom:entry></atom:feed>'
    )
    assert (found.source.title, found.entries[0].title) == ("P", "T")
    assert found.entries[0].link == "http://paper.example/1"


def test_rss_1_0_keeps_its_items_outside_of_the_channel() -> None:
    found = read(
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
        '<channel rdf:about="http://p.example/"><title>P</title><link>http://p.example/</link></channel>'
        "<image><title>No title of the feed</title><url>http://p.example/i.png</url></image>"
        '<item rdf:about="http://p.example/1"><title>T</title><link>http://p.example/1</link></item>'
        "<textinput><title>Nor this</title><name>q</name></textinput></rdf:RDF>"
    )
    assert found.source.title == "P"
    assert [(one.title, one.id) for one in found.entries] == [("T", "http://p.example/1")]


@pytest.mark.parametrize("version", ["0.91", "0.92", "2.0", "2.1", "", "x"])
def test_the_version_of_rss_decides_nothing(version: str) -> None:
    assert entry(f'<rss version="{version}"><channel><item><title>T</title></item></channel></rss>').title == "T"


def test_names_are_known_in_any_case() -> None:
    found = entry(
        rss("<Title>T</Title><PUBDATE>Mon, 06 May 2024 07:00:00 GMT</PUBDATE><GUID isPermaLink='false'>g</GUID>")
    )
    assert (found.title, found.id) == ("T", "g")
    assert found.published is not None


def test_titles_of_media_and_images_are_not_the_entry_s() -> None:
    media = '<media:group><media:title>Clip</media:title><media:content url="/c.mp4"/></media:group>'
    assert entry(rss(f"{media}<title>T</title>")).title == "T"
    assert entry(rss(f"<title>T</title>{media}")).title == "T"
    assert entry(rss(media.replace("<media:group>", "<link>/1</link><media:group>"))).title == "Clip"
    channel = "<image><title>Logo</title><url>/l.png</url></image><title>P</title>"
    assert read(rss(channel=channel)).source.title == "P"


@pytest.mark.parametrize("name", ["activity:object", "yandex:related", "undeclared:thing"])
@pytest.mark.parametrize(
    "careful", ["", "<psc:chapters xmlns:psc='http://podlove.org/simple-chapters'><title/></psc:chapters>"]
)
def test_what_stands_inside_an_element_that_no_reader_knows_is_not_the_entry_s(name: str, careful: str) -> None:
    """kurtmckee/feedparser#134: links to related articles; Activity Streams: the thing that something was done to."""
    prefix = name.partition(":")[0]
    declared = "" if prefix == "undeclared" else f" xmlns:{prefix}='http://{prefix}.example/'"
    inside = (
        "<title>Thing</title><id>urn:thing</id><link href='http://e.example/'/><published>2001-01-01</published>text"
    )
    foreign = f"<{name}{declared}>{inside}</{name}>"
    own = '<title>Own</title><id>urn:own</id><link href="http://p.example/1"/>'
    for entry_text in (foreign + own, own + foreign):
        found = entry(f'<feed xmlns="http://www.w3.org/2005/Atom"><entry>{entry_text}{careful}</entry></feed>')
        assert (found.title, found.id, found.link) == ("Own", "urn:own", "http://p.example/1")
        assert found.published is None


@pytest.mark.parametrize("careful", ["", "<title>Own</title>"])
def test_an_attribute_of_another_vocabulary_is_not_the_element_s_own(careful: str) -> None:
    item = '<title>Own</title><guid x:isPermaLink="false">http://p.example/1</guid><enclosure x:url="/2" url="/3"/>'
    found = entry(
        rss(f"{item}{careful}<abstract/>" if careful else item).replace("<rss", "<rss xmlns:x='http://x.example/'")
    )
    assert (found.link, [one.url for one in found.enclosures]) == ("http://p.example/1", ["http://paper.example/3"])
    summary = '<summary x:type="html" xmlns:x="http://x.example/">a &lt;b></summary>'
    assert entry(atom(f"<id>1</id><title>Own</title>{careful}{summary}")).summary == "a <b>"


def test_the_source_of_an_entry_is_not_the_entry() -> None:
    source = "<source><title>Elsewhere</title><id>urn:e</id><link href='http://e.example/'/><updated>2001-01-01T00:00:00Z</updated></source>"
    document = f'<feed xmlns="http://www.w3.org/2005/Atom"><entry>{source}<title>T</title><id>urn:1</id></entry></feed>'
    found = entry(document)
    assert (found.title, found.id, found.link, found.published) == ("T", "urn:1", None, None)
