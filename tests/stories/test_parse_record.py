"""What a record holds besides the essentials: people, categories, pictures, files, languages, wishes."""

# ruff: noqa: E501  # documents, kept in one piece

from __future__ import annotations

import pytest

from services.fetcher.parse import normal_form
from tests.fakes.feeds import atom, entry, read, rss

CHANNEL = "<title>P</title><link>http://paper.example/</link>"


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("<author>kim@paper.example (Kim Lee)</author>", ("Kim Lee",)),
        ("<author>Kim Lee &lt;kim@paper.example&gt;</author>", ("Kim Lee",)),
        ("<author>Kim Lee (kim@paper.example)</author>", ("Kim Lee",)),
        ("<author>kim@paper.example</author>", ("kim@paper.example",)),
        ("<dc:creator><![CDATA[ Kim  Lee ]]></dc:creator>", ("Kim Lee",)),
        ("<dc:creator>Kim</dc:creator><dc:creator>Lee</dc:creator><dc:creator>Kim</dc:creator>", ("Kim", "Lee")),
        ("<dc:creator>Kim &amp;amp; Lee</dc:creator>", ("Kim & Lee",)),
        ("<atom:author><atom:name>Kim</atom:name><atom:email>k@p.example</atom:email></atom:author>", ("Kim",)),
        ("<dc:creator/>", ()),
        ("<dc:creator>&lt;a href='x'&gt;Kim&lt;/a&gt;</dc:creator>", ("Kim",)),
    ],
)
def test_authors_are_names_once_each(written: str, names: tuple[str, ...]) -> None:
    assert entry(rss(f"<title>T</title>{written}")).authors == names


def test_a_feed_s_authors_stand_for_atom_entries_without_any() -> None:
    feed = "<title>P</title><author><name>All</name></author>"
    assert entry(atom("<id>1</id><title>T</title>", feed=feed)).authors == ("All",)
    assert entry(atom("<id>1</id><title>T</title><author><name>One</name></author>", feed=feed)).authors == ("One",)
    assert entry(rss("<title>T</title>", channel=f"{CHANNEL}<managingEditor>Boss</managingEditor>")).authors == ()


@pytest.mark.parametrize(
    ("written", "terms"),
    [
        ("<category>A</category><category domain='x'>B &amp;amp; C</category><category>A</category>", ("A", "B & C")),
        ("<atom:category term='t' label='Label'/><atom:category term='only'/>", ("Label", "only")),
        ("<dc:subject>S</dc:subject><itunes:keywords>one, two ,,</itunes:keywords>", ("S", "one", "two")),
        ("<itunes:category text='Arts'><itunes:category text='Books'/></itunes:category>", ("Arts", "Books")),
        ("<category/>", ()),
    ],
)
def test_categories_come_from_every_element_that_has_some(written: str, terms: tuple[str, ...]) -> None:
    assert entry(rss(f"<title>T</title>{written}")).categories == terms


@pytest.mark.parametrize(
    ("written", "image"),
    [
        ("<media:content url='/m.jpg' medium='image'/><media:thumbnail url='/t.jpg'/>", "http://paper.example/m.jpg"),
        ("<media:group><media:content url='/v.mp4' type='video/mp4'/><media:thumbnail url='/t.jpg'/></media:group>", "http://paper.example/t.jpg"),
        ("<media:content url='/m.png' type='image/png'/>", "http://paper.example/m.png"),
        ("<enclosure url='/e.jpg' type='image/jpeg' length='1'/>", "http://paper.example/e.jpg"),
        ("<enclosure url='/e.mp3' type='audio/mpeg'/><itunes:image href='/i.jpg'/>", "http://paper.example/i.jpg"),
        ("<image><url>/n.jpg</url></image>", "http://paper.example/n.jpg"),
        ("<image>/n.jpg</image>", "http://paper.example/n.jpg"),
        ("<description>&lt;img src='/p.gif' width='1' height='1'&gt;&lt;img src='/c.jpg' width='600'&gt;</description>", "http://paper.example/c.jpg"),
        ("<description>&lt;img src='/smile.gif' width='16'&gt;&lt;img src='http://feeds.feedburner.example/x'&gt;</description>", None),
        ("<description>&lt;img alt='a &gt; b' src='/q.jpg'&gt;</description>", "http://paper.example/q.jpg"),
        ("<description>no picture</description>", None),
    ],
)  # fmt: skip
def test_the_picture_is_what_the_feed_names_else_the_first_fitting_one(written: str, image: str | None) -> None:
    assert entry(rss(f"<title>T</title>{written}", channel=CHANNEL)).image == image


def test_enclosures_have_address_type_and_length() -> None:
    found = entry(
        rss(
            "<title>T</title><enclosure url='/a.mp3' type='audio/mpeg' length='123'/><enclosure url='/a.mp3'/>"
            "<enclosure url='/b.pdf' length='about 5'/><enclosure type='x'/><atom:link rel='enclosure' href='/c.ogg' type='audio/ogg'/>"
        )
    )
    assert [(one.url, one.type, one.length_bytes) for one in found.enclosures] == [
        ("http://paper.example/a.mp3", "audio/mpeg", 123),
        ("http://paper.example/b.pdf", None, None),
        ("http://paper.example/c.ogg", "audio/ogg", None),
    ]


def test_languages_are_tags_or_nothing() -> None:
    found = read(
        rss("<title>T</title><dc:language>pt_BR</dc:language>", channel=f"{CHANNEL}<language> en-gb </language>")
    )
    assert (found.source.language, found.entries[0].language) == ("en-gb", "pt-BR")
    assert read(rss(channel=f"{CHANNEL}<language>English, mostly</language>")).source.language is None
    in_atom = read(atom("<id>1</id><title>T</title>", attributes=' xml:lang="fr"'))
    assert (in_atom.source.language, in_atom.entries[0].language) == ("fr", "fr")


def test_a_feed_s_wishes_are_read() -> None:
    found = read(
        rss(
            channel=f"{CHANNEL}<ttl> 45 </ttl><sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>"
            "<skipHours><hour>0</hour><hour>24</hour><hour>5</hour><hour>x</hour><hour>99</hour></skipHours>"
            "<skipDays><day>Saturday</day><day>sunday</day><day>Holiday</day></skipDays>"
        )
    )
    assert found.hints.model_dump(exclude_none=True) == {
        "ttl_s": 2700.0,
        "update_period_s": 21_600.0,
        "skip_hours": (0, 5),
        "skip_days": (5, 6),
    }


@pytest.mark.parametrize("ttl", ["", "0", "-5", "soon", "1e9", "9" * 30])
def test_a_wish_that_makes_no_sense_is_none(ttl: str) -> None:
    assert read(rss(channel=f"{CHANNEL}<ttl>{ttl}</ttl>")).hints.ttl_s is None


def test_the_normal_form_is_what_the_conventions_name() -> None:
    found = read(
        rss("<title>T</title><link>/1</link><pubDate>Mon, 06 May 2024 09:00:00 +0200</pubDate>", channel=CHANNEL)
    )
    assert normal_form(found) == {
        "feed": {"title": "P", "link": "http://paper.example/"},
        "entries": [
            {
                "id": "http://paper.example/1",
                "title": "T",
                "link": "http://paper.example/1",
                "published": "2024-05-06T07:00:00Z",
                "summary": None,
                "content_html": None,
            }
        ],
        "warnings": [],
    }
