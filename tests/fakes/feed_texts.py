"""hypothesis strategies for feeds: composed ones with every element in any order, and mutated ones of the corpus."""

# ruff: noqa: E501  # lists of things to draw from

from __future__ import annotations

from hypothesis import strategies as st

from tests.fakes.feed_documents import BROKEN, WELL_FORMED

TEXTS = (
    "plain words", "", "  padded\n text ", "a &amp; b", "5 &lt; 6", "&lt;b&gt;bold&lt;/b&gt; text", "&amp;amp; twice",
    "<![CDATA[<p>in <i>CDATA</i></p>]]>", "caf&#233; – ü", "Ã©tÃ©", "quote&#146;s", "日本語 &#128512;",
    "https://paper.example/x?a=1&amp;b=2", "/rel/path", "Mon, 06 May 2024 07:00:00 GMT", "2024-05-06T07:00:00Z",
    "yesterday", "5", "&lt;img src=&quot;/i.png&quot;&gt;", "&lt;script&gt;x&lt;/script&gt;y", "name@paper.example (Name)",
    "one, two,, three", "<!-- note -->after", "x<!-- in -->y", "true", "\u00a0", "&lt;p&gt;a&lt;br&gt;b",
)  # fmt: skip
CHILDREN = (
    "<b>inner</b>", "<div xmlns='http://www.w3.org/1999/xhtml'><p>x &lt; y<br/>z</p></div>", "<item/>", "<title>t</title>",
    "<name>N</name>", "<name>N</name><email>e@x.example</email>", "<x:y>z</x:y>", "<media:thumbnail url='/t.png'/>",
    "<url>/u.png</url>", "<media:content url='/m.png' medium='image'/><media:title>mt</media:title>", "<p>a</p>b<i>c</i>",
    "<link href='/inner'/>", "<hour>3</hour>", "<rdf:li/>",
)  # fmt: skip
NAMES = (
    "title", "link", "guid", "id", "pubDate", "published", "updated", "issued", "modified", "created", "date", "author",
    "contributor", "category", "keywords", "description", "summary", "content", "source", "enclosure", "comments", "image",
    "language", "dc:title", "dc:date", "dc:creator", "dc:subject", "dc:language", "dc:description", "content:encoded",
    "media:content", "media:group", "media:thumbnail", "media:title", "media:description", "media:keywords",
    "media:category", "itunes:image", "itunes:summary", "itunes:author", "itunes:category", "itunes:keywords",
    "feedburner:origLink", "x:title", "x:other", "atom:link", "atom:updated", "body", "item", "PubDate", "Title", "tags",
)  # fmt: skip
FEED_NAMES = (
    "title", "link", "language", "ttl", "skipHours", "skipDays", "image", "textinput", "author", "managingEditor",
    "category", "sy:updatePeriod", "sy:updateFrequency", "dc:title", "dc:language", "atom:link", "tagline", "id", "updated",
    "itunes:image", "itunes:owner", "itunes:category", "description", "x:other", "generator", "subtitle", "cloud",
)  # fmt: skip
ATTRIBUTES = (
    'type="html"', 'type="text"', 'type="xhtml"', 'type="text/plain"', 'mode="escaped"', 'href="/h"',
    'href="https://paper.example/h"', 'rel="alternate"', 'rel="self"', 'rel="enclosure"', 'rel="related"',
    'isPermaLink="false"', 'url="/file.mp3"', 'length="12"', 'term="T"', 'label="L"', 'domain="D"', 'text="X"',
    'xml:base="sub/"', 'xml:base="https://base.example/b/"', 'xml:lang="fr"', 'xml:lang=""', 'medium="image"',
    'rdf:about="https://paper.example/about"', 'src="/s"', 'x:extra="1"', 'type="audio/mpeg"', 'type="image/png"',
)  # fmt: skip
SPACES = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    ' xmlns:media="http://search.yahoo.com/mrss/" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
    ' xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0" xmlns:x="urn:x" xmlns:atom="http://www.w3.org/2005/Atom"'
    ' xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
)
SHAPES = (
    (f'<rss version="2.0" {SPACES}><channel>', "item", "</channel></rss>"),
    (f'<feed xmlns="http://www.w3.org/2005/Atom" {SPACES}>', "entry", "</feed>"),
    (f'<feed version="0.3" xmlns="http://purl.org/atom/ns#" {SPACES}>', "entry", "</feed>"),
    (f'<rdf:RDF xmlns="http://purl.org/rss/1.0/" {SPACES}><channel><title>c</title></channel>', "item", "</rdf:RDF>"),
)
FRAGMENTS = (
    *(
        "<",
        ">",
        "&",
        "]]>",
        "<![CDATA[",
        "<!--",
        "-->",
        "&nbsp;",
        "&#0;",
        "&#55357;",
        "&#x1F600;",
        "\x00",
        "\x0b",
        "</item>",
    ),
    *(
        "<item>",
        "<item/>",
        "</channel>",
        "<title>",
        "</title>",
        "<b>",
        '="',
        "<?x",
        "?>",
        "é",
        "<x:y>",
        "</x:y>",
    ),
    *(
        "<link/>",
        '<link href="',
        "<entry>",
        "</entry>",
        "<guid>",
        "xmlns",
        ' a="1" a="2"',
        "<!DOCTYPE rss [",
        "]>",
        "\ufeff",
    ),
)


@st.composite
def elements(draw: st.DrawFn, names: tuple[str, ...]) -> str:
    name = draw(st.sampled_from(names))
    attributes = "".join(f" {one}" for one in draw(st.lists(st.sampled_from(ATTRIBUTES), max_size=3, unique_by=_name)))
    inside = draw(st.sampled_from(TEXTS))
    if draw(st.integers(0, 7)) == 0:
        inside += draw(st.sampled_from(CHILDREN))
    return f"<{name}{attributes}>{inside}</{name}>"


def _name(attribute: str) -> str:
    return attribute.partition("=")[0]


@st.composite
def composed_feeds(draw: st.DrawFn) -> str:
    """A well-formed document of one of the formats, with likely and unlikely elements in any order."""
    start, entry, end = draw(st.sampled_from(SHAPES))
    facts = draw(st.lists(elements(FEED_NAMES), max_size=4))
    entries = draw(st.lists(st.lists(elements(NAMES), max_size=7), min_size=1, max_size=3))
    bodies = [f"<{entry}>{''.join(parts)}</{entry}>" for parts in entries]
    return start + "".join(facts) + "".join(bodies) + end


@st.composite
def mutated_feeds(draw: st.DrawFn) -> str:
    """A document of the corpus after a few accidents: pieces lost, doubled, moved, strange ones put in."""
    text = draw(st.sampled_from((*WELL_FORMED, BROKEN)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        end = min(len(text), at + draw(st.integers(0, 60)))
        to = draw(st.integers(0, len(text)))
        kind = draw(st.integers(0, 3))
        if kind == 0:
            text = text[:at] + text[end:]
        elif kind == 1:
            text = text[:at] + text[at:end] + text[at:]
        elif kind == 2:
            text = text[:to] + text[at:end] + text[to:]
        else:
            text = text[:at] + draw(st.sampled_from(FRAGMENTS)) + text[at:]
    return text
