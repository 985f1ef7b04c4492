"""Where an entry leads: the right one of several addresses, absolute, and only http or https."""

# ruff: noqa: E501  # documents, kept in one piece

from __future__ import annotations

import pytest

from tests.fakes.feeds import URL, atom, entry, read, rss


def rss_link(inside: str, channel: str = "<title>Paper</title>", url: str = URL) -> str | None:
    return entry(rss(f"<title>T</title>{inside}", channel=channel), url=url).link


def atom_link(inside: str, attributes: str = "", url: str = URL) -> str | None:
    return entry(atom(f"<id>urn:1</id><title>T</title>{inside}", attributes=attributes), url=url).link


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("http://paper.example/1", "http://paper.example/1"),
        ("\n   http://paper.example/1\n\t ", "http://paper.example/1"),
        ("http://paper.example/a\n   b", "http://paper.example/a%20%20%20b"),
        ("<![CDATA[http://paper.example/1?a=1&b=2]]>", "http://paper.example/1?a=1&b=2"),
        ("http://paper.example/1?a=1&amp;amp;b=2", "http://paper.example/1?a=1&b=2"),
        ("http://paper.example/1?a=1&amp;#038;b=2&amp;#x26;c=3", "http://paper.example/1?a=1&b=2&c=3"),
        ("HTTP://paper.example/1", "http://paper.example/1"),
        ("//cdn.example/1", "http://cdn.example/1"),
        ("/1", "http://paper.example/1"),
        ("post/1", "http://paper.example/blog/post/1"),
        ("../1", "http://paper.example/1"),
        ("?p=1", "http://paper.example/blog/feed.xml?p=1"),
        ("www.paper.example/1", "http://www.paper.example/1"),
        ("http:/paper.example/1", "http://paper.example/1"),
        ("http://paper.example/ä ö", "http://paper.example/ä%20ö"),
        ("http://bücher.example/1", "http://bücher.example/1"),
        ("http://[2001:db8::1]/1", "http://[2001:db8::1]/1"),
        ("http:\\\\paper.example\\news\\1?a=\\", "http://paper.example/news/1?a=%5C"),
        ("\\news\\1", "http://paper.example/news/1"),
        ("javascript:alert(1)", None),
        (" JaVa\tScRiPt:alert(1)", None),
        ("data:text/html,x", None),
        ("file:///etc/passwd", None),
        ("mailto:desk@paper.example", None),
        ("ftp://paper.example/1", None),
        ("http://", None),
        ("http://[1/", None),
        ("http://paper.example:99999/", None),
        ("", None),
        ("http://paper.example/" + "x" * 3000, None),
    ],
)
def test_an_address_is_made_absolute_or_refused(written: str, expected: str | None) -> None:
    assert rss_link(f"<link>{written}</link>") == expected


def test_relative_addresses_of_rss_follow_the_site_when_it_gives_its_own() -> None:
    assert rss_link("<link>a/1</link>", "<link>http://site.example/news/</link>") == "http://site.example/news/a/1"
    assert rss_link("<link>a/1</link>", "<link>/news/</link>") == "http://paper.example/news/a/1"


def test_xml_base_nests_and_starts_from_the_address_of_the_document() -> None:
    link = '<link href="single"/><link rel="replies" href="single#c"/>'
    document = atom("<id>1</id>" + link).replace("<entry>", '<entry xml:base="2024/05/">')
    assert entry(document).link == "http://paper.example/blog/2024/05/single"
    nested = document.replace("<feed ", '<feed xml:base="http://base.example/x/y" ')
    assert entry(nested).link == "http://base.example/x/2024/05/single"
    assert entry(atom('<id>1</id><link xml:base="/deep/" href="q"/>')).link == "http://paper.example/deep/q"


def test_xml_base_counts_in_rss_too() -> None:
    assert rss_link('<link xml:base="http://base.example/a/">1</link>') == "http://base.example/a/1"


@pytest.mark.parametrize("base", ["javascript:x", "file:///", "", "::", "data:,"])
def test_a_base_that_is_no_web_address_is_passed_over(base: str) -> None:
    assert atom_link('<link href="1"/>', f' xml:base="{base}"') == "http://paper.example/blog/1"


def test_a_guid_is_the_link_unless_it_says_not() -> None:
    assert rss_link("<guid>http://paper.example/42</guid>") == "http://paper.example/42"
    assert rss_link("<guid isPermaLink='true'>http://paper.example/42</guid>") == "http://paper.example/42"
    assert rss_link("<guid isPermaLink='FALSE'>http://paper.example/42</guid>") is None
    assert rss_link("<guid>42</guid>") is None
    assert rss_link("<guid>/blog/42</guid>") == "http://paper.example/blog/42"
    assert rss_link("<link/><guid>http://paper.example/42</guid>") == "http://paper.example/42"
    assert (
        rss_link("<guid>http://paper.example/g</guid><link>http://paper.example/l</link>") == "http://paper.example/l"
    )
    assert rss_link("<link>javascript:x</link><guid>http://paper.example/g</guid>") == "http://paper.example/g"


@pytest.mark.parametrize("rel", ["related", "self", "replies", "enclosure", "via", "edit", "http://x.example/rel"])
@pytest.mark.parametrize("order", [1, -1])
def test_only_an_alternate_is_the_entry_s_own_address(rel: str, order: int) -> None:
    links = ["<link>http://paper.example/own</link>", f'<atom:link rel="{rel}" href="http://paper.example/other"/>'][
        ::order
    ]
    assert rss_link("".join(links)) == "http://paper.example/own"
    links = ['<link href="http://paper.example/own"/>', f'<link rel="{rel}" href="http://paper.example/other"/>'][
        ::order
    ]
    assert atom_link("".join(links)) == "http://paper.example/own"


def test_the_item_s_own_link_outranks_an_atom_alternate_beside_it() -> None:
    atom_first = '<atom:link href="http://paper.example/amp"/><link>http://paper.example/own</link>'
    assert rss_link(atom_first) == "http://paper.example/own"
    assert rss_link('<atom:link href="http://paper.example/only"/>') == "http://paper.example/only"


@pytest.mark.parametrize("rel", ["ALTERNATE", " alternate ", "http://www.iana.org/assignments/relation/alternate"])
def test_a_role_is_known_however_it_is_written(rel: str) -> None:
    assert atom_link(f'<link rel="self" href="/feed"/><link rel="{rel}" href="/1"/>') == "http://paper.example/1"


def test_of_several_alternates_the_page_is_preferred() -> None:
    links = '<link type="video/mp4" href="/v.mp4"/><link rel="alternate" type="text/html" href="/page"/><link href="/second"/>'
    assert atom_link(links) == "http://paper.example/page"
    assert atom_link('<link type="video/mp4" href="/v.mp4"/>') == "http://paper.example/v.mp4"


def test_an_atom_id_is_never_a_link() -> None:
    assert entry(atom("<id>http://paper.example/id</id><title>T</title>")).link is None


def test_the_original_link_outranks_a_proxy_s() -> None:
    proxy = "<link>http://proxy.example/~r/1</link>"
    assert (
        rss_link(f"{proxy}<feedburner:origLink>http://paper.example/1</feedburner:origLink>")
        == "http://paper.example/1"
    )
    assert rss_link(f"{proxy}<feedburner:origLink> </feedburner:origLink>") == "http://proxy.example/~r/1"
    assert rss_link(f"{proxy}<feedburner:origLink>javascript:1</feedburner:origLink>") == "http://proxy.example/~r/1"


def test_a_feed_s_home_is_its_own_link_and_never_its_self() -> None:
    channel = (
        '<atom:link rel="self" href="http://paper.example/feed"/><title>P</title><link>http://paper.example/</link>'
    )
    found = read(rss(channel=channel))
    assert (found.source.home, found.self_url) == ("http://paper.example/", "http://paper.example/feed")
    assert read(atom(feed='<link rel="self" href="/feed"/><link href="/"/>')).source.home == "http://paper.example/"
    assert read(rss(channel="<link>javascript:x</link>")).source.home is None


@pytest.mark.parametrize(
    ("link", "clean"),
    [
        ("http://a.example/?utm_source=x&amp;id=1&amp;UTM_Medium=y", "http://a.example/?id=1"),
        ("http://a.example/?gclid=1", "http://a.example/"),
        ("http://a.example/p#utm_source=rss", "http://a.example/p"),
        ("http://a.example/p?q=utm_source", "http://a.example/p?q=utm_source"),
        ("http://a.example/p#section", "http://a.example/p#section"),
        ("http://a.example/p?mc_cid=1&amp;mc_eid=2&amp;page=2", "http://a.example/p?page=2"),
    ],
)
def test_tracking_parameters_are_removed_for_comparing(link: str, clean: str) -> None:
    assert entry(rss(f"<title>T</title><link>{link}</link>")).link_clean == clean
