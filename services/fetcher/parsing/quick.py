"""The quick reader: well-formed documents of the usual shapes, read by one walk over lxml's tree.

It reads what it understands without doubt and hands everything else over (`Doubt`) to the careful reader, whose
record it must equal: tests/stories/test_parse_equivalence.py holds the two together.
"""

from __future__ import annotations

from typing import Final

from lxml import etree

from services.fetcher.parsing.page import Doubt, Page, author_of, plain
from services.fetcher.parsing.quick_entry import is_doubtful, nothing_known_inside, read_entry
from services.fetcher.parsing.raw import RawFeed

_PARSER: Final = {
    "encoding": "utf-8",
    "resolve_entities": False,
    "no_network": True,
    "remove_comments": True,
    "remove_pis": True,
    "huge_tree": False,
}
_IMAGE_PARTS: Final = frozenset({"title", "link", "url", "description", "width", "height"})
_TEXT_INPUT_PARTS: Final = frozenset({"title", "link", "name", "description"})
_FACTS: Final = {
    "language": "language",
    "dc:language": "language",
    "ttl": "ttl",
    "sy:updateperiod": "update_period",
    "sy:updatefrequency": "update_frequency",
}
_OF_CHANNEL: Final = frozenset({"title", "link", "skiphours", "skipdays", *_FACTS})


def tree_of(xml: bytes) -> etree._Element | None:
    """The root of a well-formed document in UTF-8; None when it is not well-formed. Loads nothing, expands nothing."""
    try:
        return etree.fromstring(xml, etree.XMLParser(**_PARSER))  # type: ignore[arg-type]
    except etree.XMLSyntaxError:
        return None


def read_quickly(root: etree._Element, url: str | None, *, bases: bool, langs: bool, entries_max: int) -> RawFeed:
    """What the document says. `bases` and `langs` tell whether xml:base and xml:lang occur in it at all.

    Raises `Doubt` when something in it is not of the usual shape.
    """
    page = Page(root, url, bases=bases, langs=langs)
    match page.key(root):
        case "rss":
            channel = _only_channel(page, root)
            feed = RawFeed(atom=False)
            _read_channel(page, channel, feed, entries_max)
        case "rdf:rdf":
            feed = RawFeed(atom=False)
            _read_rdf(page, root, feed, entries_max)
        case "feed":
            feed = RawFeed(atom=True)
            page.atom = True
            page.atom_1 = root.tag == "{http://www.w3.org/2005/Atom}feed"
            _read_channel(page, root, feed, entries_max)
        case other:
            raise Doubt(f"root {other}")
    feed.language = feed.language or page.lang(root)
    return feed


def _only_channel(page: Page, root: etree._Element) -> etree._Element:
    if len(root) != 1 or page.key(root[0]) != "channel":
        raise Doubt("not one channel")
    return root[0]


def _read_rdf(page: Page, root: etree._Element, feed: RawFeed, entries_max: int) -> None:
    channels = 0
    for child in root:
        key = page.key(child)
        if key == "channel":
            channels += 1
            _read_channel(page, child, feed, entries_max)
        elif key == "item":
            _read_entry(page, child, feed, entries_max)
        elif key in _OF_CHANNEL:
            raise Doubt(f"{key} outside of the channel")
        else:
            _pass_over(page, child, key)
    if channels != 1:
        raise Doubt("not one channel")


def _read_channel(page: Page, channel: etree._Element, feed: RawFeed, entries_max: int) -> None:
    if "href" in channel.attrib or "lastmod" in channel.attrib:
        raise Doubt("attributes of CDF")
    for child in channel:
        key = page.key(child)
        if key in {"item", "entry"}:
            _read_entry(page, child, feed, entries_max)
        elif not _read_fact(page, child, key, feed):
            _pass_over(page, child, key)


def _read_entry(page: Page, element: etree._Element, feed: RawFeed, entries_max: int) -> None:
    if len(feed.entries) < entries_max:
        entry = read_entry(page, element)
        if entry is not None:
            feed.entries.append(entry)


def _read_fact(page: Page, element: etree._Element, key: str, feed: RawFeed) -> bool:
    """Take what a channel or feed says of itself; False when the element is nothing of the kind."""
    match key:
        case "title":
            if feed.title is not None:
                raise Doubt("two titles")
            feed.title = page.title(element)
        case "link":
            plain(element)
            feed.links.append(page.link(element))
        case "author" | "dc:creator" | "dc:author" | "itunes:author" | "managingeditor" if feed.atom:
            feed.authors.append(author_of(page, element))
        case _ if key in _FACTS:
            setattr(feed, _FACTS[key], page.text(element))
        case "skiphours":
            feed.skip_hours += _parts(page, element, "hour")
        case "skipdays":
            feed.skip_days += _parts(page, element, "day")
        case _:
            return False
    return True


def _parts(page: Page, element: etree._Element, wanted: str) -> list[str]:
    if any(page.key(part) != wanted for part in element):
        raise Doubt(f"not only {wanted}")
    return [plain(part) for part in element]


def _pass_over(page: Page, element: etree._Element, key: str) -> None:
    """Leave an element out, unless the careful reader might find something of the channel in it."""
    if key in {"image", "textinput"}:
        _only_parts(page, element, _IMAGE_PARTS if key == "image" else _TEXT_INPUT_PARTS)
    elif key in {"dc:title", "media:title", "source"} or is_doubtful(key):
        raise Doubt(f"{key} in a channel")
    elif len(element) and not _is_nested_category(page, element, key):
        nothing_known_inside(page, element)


def _is_nested_category(page: Page, element: etree._Element, key: str) -> bool:
    return key == "itunes:category" and all(page.key(one) == key for one in element.iterdescendants())


def _only_parts(page: Page, element: etree._Element, allowed: frozenset[str]) -> None:
    for part in element:
        if page.key(part) not in allowed or len(part):
            raise Doubt("more than an image or a text input")
