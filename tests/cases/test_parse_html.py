"""Markup in titles and texts: what is meant as markup, what is meant as signs."""

# ruff: noqa: E501  # documents, kept in one piece

from __future__ import annotations

import pytest

from tests.fakes.feeds import atom, atom_title, entry, rss, rss_title


@pytest.mark.parametrize(
    ("kind", "written", "title"),
    [
        ("html", "&lt;em&gt;Rye&lt;/em&gt; &amp;amp; oats", "Rye & oats"),
        ("html", "&lt;![CDATA[x]]&gt;A&lt;br&gt;B", "A B"),
        ("html", "<![CDATA[<b>Rye</b> &mdash; bread]]>", "Rye — bread"),
        ("html", "5 &amp;lt; 6 &amp;amp;amp; 7", "5 < 6 &amp; 7"),
        ("html", "&lt;script&gt;x()&lt;/script&gt;Safe", "Safe"),
        ("text/html", "&lt;i&gt;Old&lt;/i&gt; type", "Old type"),
        ("text", "When to use &lt;pre&gt; tags", "When to use <pre> tags"),
        ("text", "&lt;b&gt;literal&lt;/b&gt; &amp;amp; so", "<b>literal</b> &amp; so"),
        ("text", "a &lt; b &gt; c", "a < b > c"),
        ("xhtml", "<div xmlns='http://www.w3.org/1999/xhtml'>More: <em> &gt; </em> less</div>", "More: > less"),
        ("xhtml", "<x:div xmlns:x='http://www.w3.org/1999/xhtml'>P<x:b>re</x:b>fixed</x:div>", "Prefixed"),
        ("xhtml", "<div xmlns='http://www.w3.org/1999/xhtml'>A &lt;b&gt; &amp;amp;<br/>C</div>", "A <b> &amp; C"),
    ],
)
def test_an_atom_title_is_read_as_its_type_says(kind: str, written: str, title: str) -> None:
    assert atom_title(kind, written) == title


def test_an_atom_title_without_a_type_is_text() -> None:
    found = entry(atom("<id>1</id><title>The &lt;table&gt; element &amp;amp; you</title>"))
    assert found.title == "The <table> element &amp; you"


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("Fish &amp;amp; chips &amp;quot;to go&amp;quot;", 'Fish & chips "to go"'),
        ("Fish &amp; chips", "Fish & chips"),
        ("<![CDATA[Fish &amp; chips]]>", "Fish & chips"),
        ("<![CDATA[Fish & chips]]>", "Fish & chips"),
        ("It&amp;#8217;s &amp;hellip;", "It’s …"),
        ("&lt;b&gt;Sale&lt;/b&gt; today", "Sale today"),
        ("<![CDATA[<i>Moby</i> &ndash; whale<br/>song]]>", "Moby – whale song"),
        ("Version 1.1 &lt; 1.13 or 2.x &lt; 2.4", "Version 1.1 < 1.13 or 2.x < 2.4"),
        ("I &lt;3 you", "I <3 you"),
        ("When to use &lt;pre&gt; tags", "When to use <pre> tags"),
        ("std::vector&lt;int&gt; &amp;amp; friends", "std::vector<int> & friends"),
        ("x &lt; y &amp;amp;&amp;amp; y &gt; z", "x < y && y > z"),
        ("&amp;lt;b&amp;gt; in HTML", "<b> in HTML"),
        ("&lt;script&gt;track('x')&lt;/script&gt;Open day", "Open day"),
        ("<![CDATA[<style>b{}</style>Open <wow>day</wow>]]>", "Open day"),
        ("Where &lt;script&gt; belongs", "Where <script> belongs"),
        ("AT&amp;T &amp;copy 2024", "AT&T &copy 2024"),
        ("  Two\n   lines\u00a0here ", "Two lines here"),
        ("&amp;nbsp;", None),
        ("", None),
    ],
)
def test_an_rss_title_is_decoded_once_and_signs_stay_signs(written: str, title: str | None) -> None:
    assert entry(rss(f"<title>{written}</title><link>http://paper.example/1</link>")).title == title


def test_real_markup_inside_an_rss_title_is_markup() -> None:
    assert rss_title("Big <b>bold</b> &amp; <i>new</i>") == "Big bold & new"


def test_xhtml_content_keeps_escaped_signs_and_loses_its_wrapper() -> None:
    div = '<div xmlns="http://www.w3.org/1999/xhtml">'
    found = entry(atom(f'<id>1</id><content type="xhtml">{div}<p>type &lt;i&gt; for italics<br/>x</p></div></content>'))
    assert found.content_html == "<p>type &lt;i&gt; for italics<br>x</p>"
    assert found.summary == "type <i> for italics x"
    two = entry(atom(f'<id>1</id><content type="xhtml">{div}a</div>{div}b</div></content>'))
    assert two.content_html == "<div>a</div><div>b</div>"


@pytest.mark.parametrize("tag", ["summary", "title", "link", "source", "name", "content", "item"])
def test_an_element_of_html_that_feeds_know_too_is_markup_inside_content(tag: str) -> None:
    body = f'<div xmlns="http://www.w3.org/1999/xhtml"><p>a</p><{tag}>b</{tag}><p>c</p></div>'
    found = entry(atom(f'<id>1</id><title>T</title><content type="xhtml">{body}</content><summary>S</summary>'))
    assert (found.title, found.summary) == ("T", "S")
    assert found.content_html is not None
    assert "<p>a</p>" in found.content_html
    assert "<p>c</p>" in found.content_html


@pytest.mark.parametrize(
    ("description", "html", "text"),
    [
        ("&lt;p&gt;One&lt;/p&gt;&lt;p&gt;Two&lt;/p&gt;", "<p>One</p><p>Two</p>", "One Two"),
        ("<![CDATA[One<br>Two &amp; three]]>", "One<br>Two &amp; three", "One Two & three"),
        ("<p>One <b>real</b> element</p>", "<p>One <b>real</b> element</p>", "One real element"),
        ("Plain 5 &lt; 6 words", "Plain 5 &lt; 6 words", "Plain 5 < 6 words"),
        ("&lt;b&gt;unclosed", "<b>unclosed</b>", "unclosed"),
        (
            "&lt;a href='x'&gt;in&lt;/a&gt;line",
            '<a href="http://paper.example/x" rel="noopener noreferrer">in</a>line',
            "inline",
        ),
    ],
)
def test_a_description_is_html(description: str, html: str, text: str) -> None:
    found = entry(rss(f"<title>T</title><description>{description}</description>"))
    assert (found.content_html, found.summary) == (html, text)


def test_plain_content_is_escaped_and_not_interpreted() -> None:
    found = entry(atom('<id>1</id><content type="text">if a &lt;b&gt; then &amp;amp;</content>'))
    assert (found.content_html, found.summary) == ("if a &lt;b&gt; then &amp;amp;", "if a <b> then &amp;")


def test_atom_03_modes_are_understood() -> None:
    feed = '<feed version="0.3" xmlns="http://purl.org/atom/ns#"><entry><id>1</id><title mode="escaped" type="{}">{}</title></entry></feed>'
    assert entry(feed.format("text/html", "&lt;b&gt;Old&lt;/b&gt; &amp;amp; good")).title == "Old & good"
    assert entry(feed.format("application/xhtml+xml", "&lt;b&gt;Old&lt;/b&gt; one")).title == "Old one"


def test_addresses_in_content_follow_xml_base_then_the_article_then_the_feed() -> None:
    html = "&lt;img src=&quot;p.png&quot;&gt;"
    with_base = atom(
        f'<id>1</id><link href="/x/y"/><content type="html" xml:base="http://b.example/d/">{html}</content>'
    )
    assert entry(with_base).content_html == '<img src="http://b.example/d/p.png">'
    of_article = rss(f"<link>http://paper.example/2024/story</link><description>{html}</description>")
    assert entry(of_article).content_html == '<img src="http://paper.example/2024/p.png">'
    alone = rss(f"<title>T</title><description>{html}</description>", channel="<title>P</title>")
    assert entry(alone).content_html == '<img src="http://paper.example/blog/p.png">'
    assert entry(alone, url=None).content_html is None
