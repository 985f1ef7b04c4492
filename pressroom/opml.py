"""OPML 2.0 (opml.org/spec2.opml): lists of feeds, as feed readers exchange them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET

from pressroom.xml_text import clean, document

CHARS_MAX: Final = 900_000
_ENCODING: Final = re.compile(rb"""^<\?xml[^>]{0,200}?encoding=["']([A-Za-z0-9._-]{1,40})["']""")


class BadOpml(ValueError):
    """The text is no list of feeds. One line: what is wrong, where."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One feed of a list, as it stands there."""

    url: str
    title: str | None = None
    home: str | None = None


def read(text: str) -> list[Listed]:
    """Every outline with an address, in order, groups laid flat, each address once. Raises `BadOpml`."""
    if len(text) > CHARS_MAX:
        raise BadOpml(f"it has {len(text)} characters, more than {CHARS_MAX}")
    if "<!ENTITY" in text:
        raise BadOpml("it declares entities, which no list of feeds needs")
    try:
        root = ET.fromstring(text.lstrip("\ufeff \t\r\n"))  # noqa: S314 - without entities nothing can swell
    except ET.ParseError as error:
        raise BadOpml(f"it is no XML: {error}") from None
    if root.tag.lower() != "opml":
        raise BadOpml(f"it is no OPML: it begins with <{root.tag[:40]}>")
    found: dict[str, Listed] = {}
    for outline in root.iter("outline"):
        fields = {name.lower(): " ".join(value.split()) for name, value in outline.attrib.items()}
        url = _address(fields.get("xmlurl", ""))
        if url:
            title = fields.get("title") or fields.get("text") or None
            found.setdefault(url, Listed(url, title, fields.get("htmlurl") or None))
    return list(found.values())


def decoded(body: bytes) -> str:
    """A file's text: UTF-8, or what its first line says. Raises `BadOpml`."""
    declared = _ENCODING.match(body)
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return body.decode(declared[1].decode() if declared else "utf-8")
    except (UnicodeDecodeError, LookupError) as error:
        raise BadOpml(f"its characters cannot be read: {error}") from None


def written(title: str, groups: Iterable[tuple[str, Iterable[Listed]]]) -> bytes:
    """A list of feeds in groups, each with its name; that of a group without one is not indented."""
    root = ET.Element("opml", version="2.0")
    ET.SubElement(ET.SubElement(root, "head"), "title").text = clean(title)
    body = ET.SubElement(root, "body")
    for name, feeds in groups:
        place = ET.SubElement(body, "outline", text=clean(name), title=clean(name)) if name else body
        for one in feeds:
            shown = clean(one.title or one.url)
            outline = ET.SubElement(place, "outline", type="rss", text=shown, title=shown, xmlUrl=clean(one.url))
            if one.home:
                outline.set("htmlUrl", clean(one.home))
    return document(root)


def _address(text: str) -> str:
    """The scheme `feed:` means http, or stands before the real address."""
    if text.lower().startswith("feed:"):
        rest = text[len("feed:") :]
        return f"http:{rest}" if rest.startswith("//") else rest
    return text
