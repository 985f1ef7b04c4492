"""feedparser, made to read one prepared document and nothing else: imported by the careful reader when it is needed.

feedparser.parse() is not called: it would detect the encoding again, clean HTML its own way at ten times the cost, and
take a string that looks like an address for one. Its strict reader is used directly, and where it merges what we keep
apart (guid and id, the many kinds of summaries), the elements get fields of their own, named "pressroom_…".
"""

from __future__ import annotations

import io
import xml.sax
from contextlib import suppress
from typing import Any, Final, cast
from xml.sax.handler import feature_external_ges, feature_external_pes, feature_namespaces
from xml.sax.xmlreader import AttributesNSImpl

from feedparser.api import StrictFeedParser

from services.fetcher.parsing.characters import mended
from services.fetcher.parsing.links import nested_base
from services.fetcher.parsing.names import PREFIX_OF, is_foreign

_XHTML: Final = "application/xhtml+xml"
_OWN_FAULTS: Final = (KeyError, IndexError, TypeError, ValueError)
"""What feedparser's handlers raise on elements that lack what they expect (a psc:chapter without its start)."""
_ATTRIBUTES_OF: Final = frozenset({*PREFIX_OF, "http://www.w3.org/xml/1998/namespace"})
_SCOPED: Final = frozenset({"xml:base", "base", "lang"})


class Reference(StrictFeedParser):  # type: ignore[misc]
    """The event handler. After `read`, `feeddata`, `entries` and `version` hold what it found."""

    baseuri: str
    sanitize_html = False
    resolve_relative_uris = False
    can_be_relative_uri: frozenset[str] = frozenset()

    def __init__(self, url: str | None) -> None:
        self._url = url or ""
        self._inside_an_item: list[bool] = []
        self._inner_elements = 0
        self._foreign_elements = 0
        super().__init__(self._url, None, "utf-8")

    def startElementNS(self, name: Any, qname: str | None, attrs: AttributesNSImpl) -> None:  # noqa: N802 - SAX's name
        """An attribute of a vocabulary that no reader knows (`t:type`) is not the element's own."""
        own = {key: value for key, value in attrs.items() if not key[0] or key[0].lower() in _ATTRIBUTES_OF}
        if len(own) < len(attrs):
            attrs = AttributesNSImpl(own, {key: attrs.getQNameByName(key) for key in own})
        super().startElementNS(name, qname, attrs)

    def unknown_starttag(self, tag: str, attrs: list[tuple[str, str]]) -> None:
        """xml:base is followed our way (nested, http only); a bare base or lang attribute means nothing in a feed."""
        if self.incontent:
            self._inner_elements += 1
            self.contentparams["type"] = _XHTML  # whatever it said: there are elements in it
            self.handle_data(f"<{tag.rpartition(':')[2]}{self.strattrs(attrs)}>", escape=0)
            return
        if self._foreign_elements or (self.inentry and is_foreign(tag)):
            self._foreign_elements += 1
            return
        for name, value in attrs:
            if name == "xml:base":
                self.baseuri = nested_base(self.baseuri, value)
        with suppress(*_OWN_FAULTS):
            super().unknown_starttag(tag, [(name, value) for name, value in attrs if name not in _SCOPED])

    def unknown_endtag(self, tag: str) -> None:
        """An end inside a content is markup, even of an element that would mean something outside (HTML's summary)."""
        if self._inner_elements:
            self._inner_elements -= 1
            self.handle_data(f"</{tag.rpartition(':')[2]}>", escape=0)
            return
        if self._foreign_elements:
            self._foreign_elements -= 1
            return
        depth = self.depth
        try:
            super().unknown_endtag(tag)
        except _OWN_FAULTS:
            self._leave_scope(depth)

    def handle_data(self, text: str, escape: int = 1) -> None:
        if not self._foreign_elements:
            super().handle_data(text, escape)

    def _leave_scope(self, depth: int) -> None:
        """What feedparser does at every end, where its handler of the element failed before it came to that."""
        self.depth = depth - 1
        for stack in (self.basestack, self.langstack):
            if stack:
                stack.pop()
        self.baseuri = self.basestack[-1] if self.basestack else self._url
        self.lang = self.langstack[-1] if self.langstack else None

    def _start_textinput(self, attrs_d: dict[str, str]) -> None:
        self.feeddata.setdefault("textinput", {})
        super()._start_textinput(attrs_d)

    def resolve_uri(self, uri: str) -> str:
        """Resolve against xml:base only; what the document's own address means is decided once, after reading."""
        return uri if self.baseuri == self._url or not uri else nested_base(self.baseuri, uri)

    def push_content(self, tag: str, attrs_d: dict[str, str], default_content_type: str, expecting_text: int) -> None:
        if attrs_d.get("mode") == "escaped" and self.map_content_type(attrs_d.get("type", "")) == _XHTML:
            attrs_d = {**attrs_d, "type": "text/html"}
        super().push_content(tag, attrs_d, default_content_type, expecting_text)

    def _start_item(self, attrs_d: dict[str, str]) -> None:
        self._inside_an_item.append(bool(self.inentry))
        super()._start_item({name: value for name, value in attrs_d.items() if name != "rdf:about"})
        self.entries[-1]["pressroom_lang"] = self.lang

    _start_entry = _start_item

    def _end_item(self) -> None:
        """An empty item inside an item is nothing; the outer one goes on."""
        super()._end_item()
        was_inside = self._inside_an_item.pop() if self._inside_an_item else False
        if was_inside and not self.entries[-1].keys() - {"pressroom_lang"}:
            del self.entries[-1]
            self.inentry = 1

    _end_entry = _end_item

    def _end_image(self) -> None:
        self._picture(self.pop("image"))
        self.inimage = 0

    def _end_url(self) -> None:
        if self.inimage and self.inentry:
            self._picture(self.pop("href"))
        else:
            super()._end_url()

    def _picture(self, address: str | None) -> None:
        if address and self.inentry and not self.insource:
            self.entries[-1]["pressroom_image"] = address

    def _start_link(self, attrs_d: dict[str, str]) -> None:
        if not attrs_d.keys() & {"href", "url", "uri"}:
            attrs_d["pressroom_own"] = "1"
        super()._start_link(attrs_d)

    def _end_link(self) -> None:
        """The text of a link as it is: feedparser would mend references in it that were mended already."""
        is_text = bool(self.elementstack) and self.elementstack[-1][0] == "link"
        text = "".join(self.elementstack[-1][2]).strip() if is_text else ""
        super()._end_link()
        links = self._get_context().get("links")
        if is_text and isinstance(links, list) and links and "pressroom_own" in links[-1]:
            links[-1]["href"] = self.resolve_uri(mended(text))

    def _start_guid(self, attrs_d: dict[str, str]) -> None:
        self._get_context()["pressroom_permalink"] = attrs_d.get("ispermalink", "true")
        self.push("pressroom_guid", 1)

    def _end_guid(self) -> None:
        self.pop("pressroom_guid")

    def _start_id(self, attrs_d: dict[str, str]) -> None:
        self.push("id", 1)

    def _end_id(self) -> None:
        self.pop("id")

    def _end_author(self) -> None:
        text = self.pop("author")
        self.inauthor = 0
        if text:
            self._get_context()["authors"][-1].setdefault("name", text)

    _end_managingeditor = _end_author

    def _sync_author_detail(self, key: str = "author") -> None:
        """Names are taken apart after reading; the pattern used here takes quadratic time on hostile names."""

    def _add_tag(self, term: str | None, scheme: str | None, label: str | None) -> None:
        if label or term:
            self._get_context().setdefault("pressroom_terms", []).append(label or term)

    def _end_category(self) -> None:
        self._add_tag(self.pop("category"), None, None)

    _end_keywords = _end_category

    def _start_date(self, attrs_d: dict[str, str]) -> None:
        self.push("pressroom_date", 1)

    def _end_date(self) -> None:
        self.pop("pressroom_date")

    def _end_hour(self) -> None:
        self.feeddata.setdefault("pressroom_hours", []).append(self.pop("hour"))

    def _start_hour(self, attrs_d: dict[str, str]) -> None:
        self.push("hour", 0)

    def _end_day(self) -> None:
        self.feeddata.setdefault("pressroom_days", []).append(self.pop("day"))

    def _start_day(self, attrs_d: dict[str, str]) -> None:
        self.push("day", 0)


def _date(element: str) -> Any:
    """Dates are read after all is collected, by our own rules."""

    def end(self: Reference) -> None:
        self.pop(element)

    return end


def _content(field: str, default_type: str) -> tuple[Any, Any]:
    """A text with a field of its own, so that the order of elements decides nothing."""

    def start(self: Reference, attrs_d: dict[str, str]) -> None:
        self.push_content(field, attrs_d, default_type, 1)

    def end(self: Reference) -> None:
        self.pop_content(field)

    return start, end


def _text_start(element: str) -> Any:
    """By default an element without a method of its own loses its text when it has attributes."""

    def start(self: Reference, attrs_d: dict[str, str]) -> None:
        self.push(element, 1)

    return start


for _name in (
    "ttl",
    "sy_updateperiod",
    "sy_updatefrequency",
    "feedburner_origlink",
    "media_keywords",
    "itunes_keywords",
):
    setattr(Reference, f"_start_{_name}", _text_start(_name))

for _names, _element in (
    (("published", "issued", "pubdate"), "published"),
    (("updated", "modified", "lastbuilddate"), "updated"),
    (("created",), "created"),
    (("expirationdate",), "expired"),
):
    for _name in _names:
        setattr(Reference, f"_end_{_name}", _date(_element))

TEXTS: Final = {
    "content_encoded": ("encoded", "text/html"),
    "content": ("content", "text/plain"),
    "body": ("body", "text/html"),
    "xhtml_body": ("xhtml_body", _XHTML),
    "description": ("description", "text/html"),
    "dc_description": ("dc_description", "text/html"),
    "summary": ("summary", "text/plain"),
    "itunes_summary": ("itunes_summary", "text/plain"),
    "media_description": ("media_description", "text/plain"),
    "media_title": ("media_title", "text/plain"),
}
"""feedparser's name of an element → our field, and the type it has without saying one."""

for _name, (_field, _type) in TEXTS.items():
    _start, _end = _content(f"pressroom_{_field}", _type)
    setattr(Reference, f"_start_{_name}", _start)
    setattr(Reference, f"_end_{_name}", _end)


def read(xml_bytes: bytes, url: str | None) -> Reference:
    """Run the reader over a well-formed document in UTF-8. Raises xml.sax.SAXException when it is not."""
    handler = Reference(url)
    parser = cast("Any", xml.sax.make_parser())  # noqa: S317  # no DOCTYPE ever comes here: prologue.py takes it off
    parser.setFeature(feature_namespaces, 1)
    parser.setFeature(feature_external_ges, 0)
    parser.setFeature(feature_external_pes, 0)
    parser.setContentHandler(handler)
    parser.setErrorHandler(handler)
    source = xml.sax.xmlreader.InputSource()
    source.setByteStream(io.BytesIO(xml_bytes))
    source.setEncoding("utf-8")
    parser.parse(source)
    return handler
