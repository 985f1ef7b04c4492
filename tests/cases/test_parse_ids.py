"""Which id an entry gets, so that it stays the same entry and two entries never become one."""

from __future__ import annotations

from tests.fakes.feeds import atom, entries, entry, rss

LINK = "<link>http://paper.example/{}</link>"


def ids(document: str) -> list[str]:
    return [one.id for one in entries(document)]


def test_without_a_guid_the_link_is_the_identity_whatever_the_title() -> None:
    draft = ids(rss(f"<title>Gale (draft)</title>{LINK.format('gale')}"))
    final = ids(rss(f"<title>Gale</title>{LINK.format('gale')}"))
    assert draft == final == ["http://paper.example/gale"]


def test_the_identity_keeps_tracking_parameters_and_the_clean_link_does_not() -> None:
    found = entry(rss(f"<title>T</title>{LINK.format('1?id=3&amp;utm_source=rss&amp;fbclid=x#top')}"))
    assert found.id == found.link == "http://paper.example/1?id=3&utm_source=rss&fbclid=x#top"
    assert found.link_clean == "http://paper.example/1?id=3#top"


def test_an_id_stays_as_the_publisher_wrote_it() -> None:
    assert ids(
        rss(f"<title>T</title>{LINK.format(1)}<guid isPermaLink='false'> tag:x,2024:Ä/1?a=1&amp;utm_source=2 </guid>")
    ) == ["tag:x,2024:Ä/1?a=1&utm_source=2"]
    assert ids(atom("<id>/relative/id</id><title>T</title>", attributes=' xml:base="http://other.example/"')) == [
        "/relative/id"
    ]
    assert ids(rss(f"<title>T</title>{LINK.format(1)}<guid>/relative/guid</guid>")) == ["/relative/guid"]


def test_a_guid_repeated_with_different_links_is_not_trusted() -> None:
    found = ids(
        rss(*(f"<title>Part {n}</title>{LINK.format(n)}<guid isPermaLink='false'>none</guid>" for n in range(3)))
    )
    assert found == [f"http://paper.example/{n}" for n in range(3)]


def test_a_guid_repeated_with_one_link_is_told_apart_by_the_titles() -> None:
    found = ids(
        rss(*(f"<title>Part {n}</title>{LINK.format('all')}<guid isPermaLink='false'>same</guid>" for n in range(3)))
    )
    assert len(set(found)) == 3


def test_a_link_shared_by_all_entries_tells_nothing_apart() -> None:
    items = [f"<title>Episode {n}</title>{LINK.format('')}<guid isPermaLink='false'>e{n}</guid>" for n in range(2)]
    assert ids(rss(*items)) == ["e0", "e1"]
    assert len(set(ids(rss(*(f"<title>Episode {n}</title>{LINK.format('')}" for n in range(3)))))) == 3


def test_the_same_entry_twice_stays_one_identity() -> None:
    item = f"<title>Twice</title>{LINK.format(1)}<guid>http://paper.example/1</guid>"
    assert len(set(ids(rss(item, item)))) == 1


def test_an_entry_without_guid_link_and_title_neither_fails_the_feed_nor_loses_its_identity() -> None:
    document = rss(
        "<title>Good</title><guid>g1</guid>", "<description>orphan</description>", "<title>Also</title><guid>g2</guid>"
    )
    assert [one.title for one in entries(document)] == ["Good", None, "Also"]
    assert ids(document) == ids(document)
    assert len(set(ids(document))) == 3


def test_entries_of_titles_alone_have_identities_of_their_own() -> None:
    document = rss(
        "<title>A</title>", "<title>B</title>", "<title>A</title><pubDate>Mon, 06 May 2024 07:00:00 GMT</pubDate>"
    )
    assert len(set(ids(document))) == 3


def test_entries_of_texts_alone_have_identities_of_their_own() -> None:
    assert len(set(ids(rss("<description>one</description>", "<description>two</description>")))) == 2


def test_items_that_say_nothing_are_left_out() -> None:
    assert [one.title for one in entries(rss("", "<title>A</title>", "<pubDate>x</pubDate>", "<title/>"))] == ["A"]


def test_an_atom_id_outranks_a_guid_in_atom_and_yields_to_it_in_rss() -> None:
    assert ids(atom("<id>urn:1</id><guid>g</guid><title>T</title>")) == ["urn:1"]
    assert ids(rss("<atom:id>urn:1</atom:id><guid>g</guid><title>T</title>")) == ["g"]


def test_an_overlong_id_is_told_by_its_hash() -> None:
    found = ids(rss(f"<title>T</title><guid>{'x' * 5000}</guid>", f"<title>T</title><guid>{'x' * 5001}</guid>"))
    assert len(set(found)) == 2
    assert all(one.startswith("sha256:") for one in found)
