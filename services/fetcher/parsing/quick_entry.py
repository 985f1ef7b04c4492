"""One entry for the quick reader: a table from the name of an element to what is taken from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from lxml import etree

from services.fetcher.parsing.names import is_foreign
from services.fetcher.parsing.page import Doubt, Page, author_of, plain
from services.fetcher.parsing.raw import Kind, RawEntry, RawLink, RawMedia, RawText

Take = Callable[[Page, RawEntry, etree._Element], None]


def _title(page: Page, entry: RawEntry, element: etree._Element) -> None:
    title = page.title(element)
    if entry.title is None or not entry.title.value:
        entry.title = title
    elif title.value not in {"", entry.title.value}:
        raise Doubt("two titles")


def _guid(page: Page, entry: RawEntry, element: etree._Element) -> None:
    entry.guid = page.text(element)
    flag = next((value for name, value in element.items() if str(name).lower() == "ispermalink"), "true")
    entry.guid_is_permalink = str(flag).strip().lower() != "false"


def _atom_id(page: Page, entry: RawEntry, element: etree._Element) -> None:
    entry.atom_id = page.text(element)


def _link(page: Page, entry: RawEntry, element: etree._Element) -> None:
    entry.links.append(page.link(element))
    for part in element:  # Atom of the BBC: the picture of an article stands inside the link to it
        if not page.key(part).startswith("media:"):
            raise Doubt("a link of other parts")
        _media(page, entry, part)


def _enclosure(page: Page, entry: RawEntry, element: etree._Element) -> None:
    plain(element)
    href = element.get("url") or element.get("uri") or element.get("href") or ""
    entry.links.append(RawLink(href, "enclosure", (element.get("type") or "").lower() or None, element.get("length")))


def _original_link(page: Page, entry: RawEntry, element: etree._Element) -> None:
    entry.original_link = page.text(element)


def _published(page: Page, entry: RawEntry, element: etree._Element) -> None:
    entry.published = page.text(element)


def _updated(page: Page, entry: RawEntry, element: etree._Element) -> None:
    entry.updated = page.text(element)


def _created(page: Page, entry: RawEntry, element: etree._Element) -> None:
    entry.created = page.text(element)


def _date(page: Page, entry: RawEntry, element: etree._Element) -> None:
    entry.date = page.text(element)


def _author(page: Page, entry: RawEntry, element: etree._Element) -> None:
    entry.authors.append(author_of(page, element))


def _category(page: Page, entry: RawEntry, element: etree._Element) -> None:
    _tag(page, entry, element, element.get("label") or element.get("term"))


def _itunes_category(page: Page, entry: RawEntry, element: etree._Element) -> None:
    for one in element.iter():
        if page.key(one) != "itunes:category" or (one.text or "").strip():
            raise Doubt("an itunes:category of other parts")
        if one.get("text"):
            entry.categories.append(str(one.get("text")))


def _tag(page: Page, entry: RawEntry, element: etree._Element, attribute: str | None) -> None:
    for term in (attribute, page.text(element)):
        if term:
            entry.categories.append(term)


def _keywords(page: Page, entry: RawEntry, element: etree._Element) -> None:
    entry.categories += [term.strip() for term in page.text(element).split(",") if term.strip()]


def _text(name: str, in_rss: Kind, in_atom: Kind) -> Take:
    def take(page: Page, entry: RawEntry, element: etree._Element) -> None:
        entry.texts[name] = page.typed(element, in_atom if page.atom else in_rss)

    return take


def _html(name: str) -> Take:
    def take(page: Page, entry: RawEntry, element: etree._Element) -> None:
        if "type" in element.attrib or "mode" in element.attrib:
            raise Doubt(f"a type on {element.tag}")
        entry.texts[name] = RawText(page.text(element), "html", page.base(element))

    return take


def _media(page: Page, entry: RawEntry, element: etree._Element) -> None:
    """media:content and media:group with what they hold."""
    _media_part(page, entry, element)
    for part in element.iterdescendants():
        key = page.key(part)
        if key in {"media:title", "media:description", "media:category", "media:keywords"}:
            ENTRY[key](page, entry, part)
        elif not _media_part(page, entry, part) and (key in ENTRY or is_doubtful(key)):
            raise Doubt(f"{key} in media")


def _media_part(page: Page, entry: RawEntry, element: etree._Element) -> bool:
    match page.key(element):
        case "media:content":
            kind, medium = element.get("type"), element.get("medium")
            entry.media.append(
                RawMedia(element.get("url") or "", (kind or "").lower() or None, medium, element.get("fileSize"))
            )
        case "media:thumbnail":
            _thumbnail(page, entry, element)
        case "media:group":
            pass
        case _:
            return False
    return True


def _thumbnail(page: Page, entry: RawEntry, element: etree._Element) -> None:
    entry.thumbnails.append(element.get("url") or page.text(element))


def _media_title(page: Page, entry: RawEntry, element: etree._Element) -> None:
    entry.media_title = _media_text(page, element, entry.media_title)


def _media_description(page: Page, entry: RawEntry, element: etree._Element) -> None:
    before = entry.texts.get("media_description")
    entry.texts["media_description"] = _media_text(page, element, before)


def _media_text(page: Page, element: etree._Element, before: RawText | None) -> RawText:
    if element.get("type", "plain") not in {"plain", "html"} or "mode" in element.attrib:
        raise Doubt("a media text of another type")
    text = RawText(page.text(element), "either", page.base(element))
    if before is not None and before != text:
        raise Doubt("two media texts")
    return text


def _itunes_image(page: Page, entry: RawEntry, element: etree._Element) -> None:
    plain(element)
    entry.itunes_image = element.get("href") or element.get("url") or entry.itunes_image


def _image(page: Page, entry: RawEntry, element: etree._Element) -> None:
    """RSS 1.0 and some 2.0 feeds: a picture of the entry by its url, or by the text of the element."""
    parts = {page.key(part): part for part in element}
    if len(parts) != len(element) or not parts.keys() <= {"url", "link", "title", "width", "height"}:
        raise Doubt("an image of other parts")
    if "title" in parts and not (entry.title and entry.title.value):
        raise Doubt("an image with a title in an entry without one")
    picture = page.text(parts["url"]) if "url" in parts else (element.text or "").strip()
    entry.picture = picture or entry.picture
    for part in element:
        plain(part)


def _language(page: Page, entry: RawEntry, element: etree._Element) -> None:
    entry.language = page.text(element)


def _source(page: Page, entry: RawEntry, element: etree._Element) -> None:
    """Where the entry came from is no part of it, with all that is inside."""
    for part in element.iterdescendants():
        if is_doubtful(page.key(part)) or page.key(part) == "source":
            raise Doubt("a source of other parts")


def _contributor(page: Page, entry: RawEntry, element: etree._Element) -> None:
    """People who helped are not its authors."""
    author_of(page, element)


ENTRY: Final[dict[str, Take]] = {
    "title": _title,
    "dc:title": _title,
    "guid": _guid,
    "id": _atom_id,
    "link": _link,
    "enclosure": _enclosure,
    "feedburner:origlink": _original_link,
    "pubdate": _published,
    "published": _published,
    "issued": _published,
    "dcterms:issued": _published,
    "updated": _updated,
    "modified": _updated,
    "lastbuilddate": _updated,
    "dc:date": _updated,
    "dcterms:modified": _updated,
    "created": _created,
    "dcterms:created": _created,
    "date": _date,
    "author": _author,
    "managingeditor": _author,
    "dc:creator": _author,
    "dc:author": _author,
    "itunes:author": _author,
    "category": _category,
    "keywords": _category,
    "dc:subject": _category,
    "media:category": _category,
    "itunes:category": _itunes_category,
    "itunes:keywords": _keywords,
    "media:keywords": _keywords,
    "content:encoded": _html("encoded"),
    "body": _html("body"),
    "content": _text("content", "either", "text"),
    "description": _html("description"),
    "dc:description": _html("dc_description"),
    "summary": _text("summary", "either", "text"),
    "itunes:summary": _text("itunes_summary", "either", "text"),
    "media:content": _media,
    "media:group": _media,
    "media:thumbnail": _thumbnail,
    "media:title": _media_title,
    "media:description": _media_description,
    "itunes:image": _itunes_image,
    "image": _image,
    "language": _language,
    "dc:language": _language,
    "source": _source,
    "contributor": _contributor,
    "dc:contributor": _contributor,
}
"""Name of an element → what is taken from it, for entries of every format."""

_DOUBTFUL: Final = frozenset({
    "rss", "feed", "channel", "item", "entry", "textinput", "abstract", "xhtml:body", "fullitem", "tags",
    "authors", "links", "html", "head", "div", "hour", "day",
})  # fmt: skip
"""Names that mean structure, or that feedparser reads in ways of its own."""


def read_entry(page: Page, element: etree._Element) -> RawEntry | None:
    """The entry; None for an element that holds nothing. Raises `Doubt`."""
    if "href" in element.attrib or "lastmod" in element.attrib:
        raise Doubt("attributes of CDF")
    if not len(element):
        return None
    entry = RawEntry()
    for child in element:
        key = page.key(child)
        take = ENTRY.get(key)
        if take is not None:
            take(page, entry, child)
        else:
            _pass_over(page, child, key)
    entry.language = entry.language or page.lang(element)
    return entry


def _pass_over(page: Page, element: etree._Element, key: str) -> None:
    if key in {"item", "entry"} and not len(element) and not (element.text or "").strip():
        return  # an empty item inside an item is nothing; what follows belongs to the outer one
    if is_doubtful(key):
        raise Doubt(f"{key} in an entry")
    if len(element) and not is_foreign(key):
        nothing_known_inside(page, element)


def nothing_known_inside(page: Page, element: etree._Element) -> None:
    """Raise `Doubt` when an element that is left out holds one that the careful reader would take."""
    for inner in element.iterdescendants():
        key = page.key(inner)
        if key in ENTRY or is_doubtful(key):
            raise Doubt(f"{key} inside {element.tag}")


def is_doubtful(key: str) -> bool:
    return key in _DOUBTFUL or key[0] == "?"
