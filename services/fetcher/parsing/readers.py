"""An XML document prepared for the two readers, and the choice between them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from xml.sax import SAXException

from lxml import etree

from schemas.errors import ErrorKind
from services.fetcher.parsing.balance import balanced
from services.fetcher.parsing.careful import read_carefully
from services.fetcher.parsing.model import MALFORMED_XML, TRUNCATED, Limits, ParseError, Reader
from services.fetcher.parsing.page import Doubt
from services.fetcher.parsing.prologue import Document
from services.fetcher.parsing.quick import read_quickly, tree_of
from services.fetcher.parsing.raw import RawFeed
from services.fetcher.parsing.repair import joined, repaired


@dataclass(frozen=True, slots=True)
class Prepared:
    """Well-formed XML. `root` is its tree when small repairs were enough; None when its markup had to be balanced."""

    xml: str
    root: etree._Element | None
    warnings: frozenset[str]


def prepare(document: Document, limits: Limits) -> Prepared:
    """Make `document` well-formed, doing as little to it as that takes. Raises `ParseError`."""
    warnings = {MALFORMED_XML} if document.junk else set()
    xml = document.xml
    root = None if document.entities else _tree(xml, document, limits)
    if root is None:
        document = _with_few_faults(document, limits)
        xml = repaired(joined(document.xml, document.root), document.entities)
        root = _tree(xml, document, limits)
        if root is None or not document.entities:
            warnings.add(MALFORMED_XML)
    if root is None:
        xml = _balanced(xml, limits, warnings)
    return Prepared(xml, root, frozenset(warnings))


def read(prepared: Prepared, url: str | None, limits: Limits) -> tuple[RawFeed, Reader]:
    """By the quick reader where the document leaves no doubt, else by the careful one. Raises `ParseError`."""
    if prepared.root is not None:
        try:
            return quickly(prepared, prepared.root, url, limits), "quick"
        except Doubt:
            pass
    return carefully(prepared, url, limits), "careful"


def quickly(prepared: Prepared, root: etree._Element, url: str | None, limits: Limits) -> RawFeed:
    """Raises `Doubt`."""
    xml = prepared.xml
    return read_quickly(root, url, bases="xml:base" in xml, langs="xml:lang" in xml, entries_max=limits.entries_max)


def carefully(prepared: Prepared, url: str | None, limits: Limits) -> RawFeed:
    """Raises `ParseError`."""
    xml = prepared.xml
    if xml.count("<") <= limits.tags_careful_max:
        # expat refuses some names that lxml takes, and its Python side namespaces with blanks in them.
        with suppress(SAXException, ValueError):
            return read_carefully(xml.encode(), url, limits.entries_max)
    try:
        return read_carefully(balanced(xml, limits).xml.encode(), url, limits.entries_max)
    except SAXException as error:
        raise ParseError(ErrorKind.MALFORMED, f"the document is too broken to read: {error}"[:300]) from None


def _with_few_faults(document: Document, limits: Limits) -> Document:
    faults = sum(document.xml.count(sign) for sign in ("&", "<!", "<?", "]]>"))
    if faults <= limits.faults_max or len(document.xml) <= limits.repair_chars_max:
        return document
    return replace(document, xml=document.xml[: limits.repair_chars_max], closed=False)


def _tree(xml: str, document: Document, limits: Limits) -> etree._Element | None:
    if not document.closed or xml.count("<") > limits.tags_quick_max:
        return None
    return tree_of(xml.encode())


def _balanced(xml: str, limits: Limits, warnings: set[str]) -> str:
    result = balanced(xml, limits)
    if result.cut:
        warnings.add(TRUNCATED)
        if result.entries == 0:
            raise ParseError(ErrorKind.TRUNCATED, "the document ends before its first entry does")
    return result.xml
