"""A document that the quick reader walks: names, bases, languages and texts of its elements."""

from __future__ import annotations

from typing import Final
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from services.fetcher.parsing.characters import mended
from services.fetcher.parsing.links import nested_base
from services.fetcher.parsing.names import XML, key_of
from services.fetcher.parsing.raw import Kind, RawLink, RawText, rel_of

_PLAIN_TYPES: Final = frozenset({"text", "plain", "text/plain"})
_HTML_TYPES: Final = frozenset({"html", "text/html"})
_XHTML_TYPES: Final = frozenset({"xhtml", "application/xhtml+xml"})


class Doubt(Exception):
    """The document is not of a shape that this reader knows for certain; the careful one decides. The text says why."""


def plain(element: etree._Element) -> str:
    """The text of an element that holds nothing but text."""
    if len(element):
        raise Doubt(f"elements inside {element.tag}")
    return (element.text or "").strip()


class Page:
    """A document being read: the names of its elements, its bases and languages, and how its texts are typed."""

    def __init__(self, root: etree._Element, url: str | None, *, bases: bool, langs: bool) -> None:
        self.atom = False
        self.atom_1 = False
        self._url = url or ""
        self._bases = bases
        self._langs = langs
        self._keys: dict[object, str] = {}
        self._prefixes = dict(root.nsmap)

    def key(self, element: etree._Element) -> str:
        return self._keys.get(element.tag) or self._new_key(element)

    def _new_key(self, element: etree._Element) -> str:
        if not isinstance(element.tag, str):  # an entity that nobody declared
            raise Doubt("something that is no element")
        prefix, spaces = element.prefix, element.nsmap
        if prefix and self._prefixes.setdefault(prefix, spaces[prefix]) != spaces[prefix]:
            raise Doubt("a prefix with two meanings")
        key = self._keys[element.tag] = key_of(element.tag, prefix)
        return key

    def text(self, element: etree._Element) -> str:
        return mended(plain(element))

    def base(self, element: etree._Element) -> str | None:
        """The xml:base in force at `element`; None where the document sets none."""
        if not self._bases:
            return None
        base = self._url
        for one in (*reversed(list(element.iterancestors())), element):
            base = nested_base(base, one.get(f"{XML}base"))
        return base if base != self._url else None

    def lang(self, element: etree._Element) -> str | None:
        if self._langs:
            for one in (element, *element.iterancestors()):
                lang = one.get(f"{XML}lang")
                if lang is not None:
                    return lang or None
        return None

    def title(self, element: etree._Element) -> RawText:
        return self.typed(element, "text" if self.atom else "either")

    def typed(self, element: etree._Element, untyped: Kind) -> RawText:
        """A text construct (RFC 4287 section 3.1, and Atom 0.3's modes); `untyped` is how it reads without a type."""
        declared = element.get("type")
        named = declared.lower() if declared else None
        if element.get("mode") not in {None, "escaped", "xml"}:
            raise Doubt("a text in base64")
        if named in _XHTML_TYPES and element.get("mode") != "escaped":
            return RawText(mended(_inner_html(element, self.atom_1)), "html", self.base(element))
        if named is None:
            kind = untyped
        elif named in _HTML_TYPES or named in _XHTML_TYPES:
            kind = "html" if self.atom else untyped
        elif named in _PLAIN_TYPES:
            kind = "text" if self.atom else untyped
        else:
            raise Doubt(f"a text of type {declared}")
        return RawText(self.text(element), kind, self.base(element))

    def link(self, element: etree._Element) -> RawLink:
        """An Atom link by its attributes or an RSS link by its text."""
        attributes = element.attrib
        if "url" in attributes or "uri" in attributes:
            raise Doubt("a link by another attribute")
        rel = rel_of(element.get("rel"))
        kind = (element.get("type") or ("application/atom+xml" if rel == "self" else "text/html")).lower()
        own = "href" not in attributes
        href = self.text(element) if own else (element.get("href") or "")
        if href and self._bases and self.base(element):
            href = nested_base(self.base(element) or "", href)
        return RawLink(href, rel, kind, element.get("length"), own)


def _inner_html(element: etree._Element, unwrap: bool) -> str:
    """The markup inside an xhtml text; the div around it is no part of it (RFC 4287 section 3.1.1.3)."""
    inner = element
    if unwrap and len(element) == 1 and not (element.text or "").strip() and not (element[0].tail or "").strip():
        inner = element[0] if _local(element[0]) == "div" else element
    pieces = [escape(inner.text or "")]
    for event, node in etree.iterwalk(inner, events=("start", "end")):
        if node is inner:
            continue
        name = _local(node)
        if event == "start":
            attributes = "".join(f" {k.lower()}={quoteattr(str(v))}" for k, v in node.items() if str(k)[0] != "{")
            pieces.append(f"<{name}{attributes}>{escape(node.text or '')}")
        else:
            # "</br>" would be read as a second line break.
            pieces.append(("" if name == "br" else f"</{name}>") + escape(node.tail or ""))
    return "".join(pieces).strip()


def _local(element: etree._Element) -> str:
    if not isinstance(element.tag, str):
        raise Doubt("something that is no element")
    return element.tag.rpartition("}")[2].lower()


def author_of(page: Page, element: etree._Element) -> str:
    """A name, or an address where there is no name: Atom's in parts, RSS's as one text."""
    if not len(element):
        return page.text(element)
    parts = {page.key(part).removeprefix("itunes:"): part for part in element}
    if len(parts) != len(element) or not parts.keys() <= {"name", "email", "uri", "url"}:
        raise Doubt("an author of other parts")
    if (element.text or "").strip() or any((part.tail or "").strip() for part in element):
        raise Doubt("an author of text and parts")
    texts = {name: plain(part) for name, part in parts.items()}
    return texts.get("name") or texts.get("email") or ""
