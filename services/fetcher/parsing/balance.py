"""Broken markup made well-formed: every element closed in its place, every stray sign escaped, the cut end marked.

What a feed's elements are is known, and that decides where a forgotten end tag belongs: an entry ends where the next
begins, a title ends where another field begins. Runs in time proportional to the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import Final
from xml.sax.saxutils import escape

from services.fetcher.parsing.model import Limits

DEPTH_MAX: Final = 100
"""Elements nested deeper are left out, their text is kept."""

_NAME: Final = r"[A-Za-z_][A-Za-z0-9_.-]*(?::[A-Za-z_][A-Za-z0-9_.-]*)?"
_TOKEN: Final = re.compile(
    rf"<!\[CDATA\[|<(/?)({_NAME})(\s(?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*|/)?>"
    rf"|<(/?)({_NAME})(\s[^<>]*|/)?>|<"
)
_ATTRIBUTE: Final = re.compile(rf"({_NAME})(?:\s{{0,10}}=\s{{0,10}}(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+)))?")
_EMPTY_ELEMENT: Final = re.compile(r"\s*</\s{0,5}(?:item|entry)\s{0,5}>", re.IGNORECASE)

_RESERVED: Final = frozenset({"http://www.w3.org/XML/1998/namespace", "http://www.w3.org/2000/xmlns/"})
_ENTRIES: Final = frozenset({"item", "entry"})
_CONTAINERS: Final = frozenset({"rss", "rdf", "feed", "channel"})
_HOLDS_TEXT: Final = frozenset({
    "title", "link", "guid", "pubdate", "comments", "category", "updated", "published", "id", "issued",
    "modified", "created", "description", "summary", "creator", "date", "subject", "encoded", "origlink",
})  # fmt: skip
_FIELDS: Final = _HOLDS_TEXT | frozenset({"author", "enclosure", "source", "content", "rights", "contributor"})
_STRUCTURE: Final = _FIELDS | _ENTRIES | _CONTAINERS


@dataclass(frozen=True, slots=True)
class Balanced:
    """`xml` is well-formed; `cut` when the text ended inside an entry, which is left out, or before the root's end."""

    xml: str
    cut: bool
    entries: int


@dataclass(slots=True)
class _Open:
    name: str
    local: str
    piece: int
    """Where in the output the element begins."""


def balanced(xml: str, limits: Limits) -> Balanced:
    """Make `xml`, whose small faults are repaired already, well-formed."""
    return _Balancing(xml, limits).run()


class _Balancing:
    def __init__(self, xml: str, limits: Limits) -> None:
        self._xml = xml[: limits.repair_chars_max]
        self._cut = len(self._xml) < len(xml)
        self._limits = limits
        self._pieces: list[str] = []
        self._stack: list[_Open] = []
        self._entries = self._tokens = 0
        self._over = False
        self._last_tag_end = self._xml.rfind(">")

    def run(self) -> Balanced:
        place = 0
        while not self._over and (match := _TOKEN.search(self._xml, place)):
            self._text(self._xml[place : match.start()])
            place = self._token(match)
        if not self._over:
            self._text(self._xml[place:])
        self._finish()
        return Balanced("".join(self._pieces), self._cut, self._entries)

    def _token(self, match: re.Match[str]) -> int:
        self._tokens += 1
        if self._tokens > self._limits.tags_careful_max:
            self._cut = self._over = True
            return len(self._xml)
        if match[0] == "<![CDATA[":
            return self._cdata(match)
        closing, name, attributes = (match[1], match[2], match[3]) if match[2] else (match[4], match[5], match[6])
        if not name:
            return self._stray(match)
        if closing:
            self._close(name)
        else:
            return self._start(name, attributes or "", match.end())
        return match.end()

    def _cdata(self, match: re.Match[str]) -> int:
        end = self._xml.find("]]>", match.end())
        if end < 0:
            self._cut = self._over = True
            return len(self._xml)
        if self._stack:
            self._pieces.append(self._xml[match.start() : end + 3])
        return end + 3

    def _stray(self, match: re.Match[str]) -> int:
        """A "<" that begins no tag is text; at the very end it is a tag cut off."""
        if match.end() > self._last_tag_end:
            self._cut = self._over = True
            return len(self._xml)
        self._text("&lt;")
        return match.end()

    def _text(self, text: str) -> None:
        if self._stack and text:
            self._pieces.append(text)

    def _start(self, name: str, attributes: str, place: int) -> int:
        name = name.replace("xmlns:", "xmlns_")
        local = name.rpartition(":")[2].lower()
        is_empty = attributes.endswith("/")
        if local in _ENTRIES and self._inside(_ENTRIES):
            nothing = _EMPTY_ELEMENT.match(self._xml, place)
            if is_empty or nothing:  # an empty entry inside an entry is nothing
                return nothing.end() if nothing and not is_empty else place
            self._close_entry()
        elif self._stack and local in _FIELDS and self._stack[-1].local in _HOLDS_TEXT:
            self._pop()
        if self._over or len(self._stack) >= DEPTH_MAX:
            return place
        self._open(name, local, attributes.rstrip("/"), is_empty=is_empty)
        return place

    def _open(self, name: str, local: str, attributes: str, *, is_empty: bool) -> None:
        begin = len(self._pieces)
        self._pieces.append(f"<{name}{_attributes(attributes)}{'/' if is_empty else ''}>")
        if not is_empty:
            self._stack.append(_Open(name, local, begin))

    def _close(self, name: str) -> None:
        """Close the element and all that was left open in it; an end tag that nothing in reach waits for goes."""
        local = name.rpartition(":")[2].lower()
        for depth in range(len(self._stack) - 1, -1, -1):
            one = self._stack[depth]
            if one.name.lower() == name.lower():
                while len(self._stack) > depth:
                    self._pop(forgotten=len(self._stack) > depth + 1)
                return
            if one.local in _ENTRIES and local not in _CONTAINERS:
                return

    def _close_entry(self) -> None:
        while self._stack:
            was_entry = self._stack[-1].local in _ENTRIES
            self._pop()
            if was_entry:
                return

    def _pop(self, *, forgotten: bool = True) -> None:
        """End the innermost element; `forgotten`: without an end tag of its own."""
        one = self._stack.pop()
        if forgotten and ":" in one.name and one.local not in _STRUCTURE:
            # What follows an extension's start tag was hardly meant to be inside of it.
            self._pieces[one.piece] = f"{self._pieces[one.piece][:-1]}/>"
        else:
            self._pieces.append(f"</{one.name}>")
        if one.local in _ENTRIES:
            self._entries += 1
            self._over = self._over or self._entries >= self._limits.entries_max
        elif not self._stack:
            self._over = True

    def _inside(self, names: frozenset[str]) -> bool:
        return any(one.local in names for one in self._stack)

    def _finish(self) -> None:
        """Leave out the entry that was cut off, close what is open."""
        enough = self._entries >= self._limits.entries_max
        if self._stack and not enough:
            self._cut = True
        for depth, one in enumerate(self._stack):
            if one.local in _ENTRIES:
                del self._pieces[one.piece :]
                del self._stack[depth:]
                break
        self._pieces += [f"</{one.name}>" for one in reversed(self._stack)]


def _namespace(name: str, value: str) -> str | None:
    """A namespace that may be declared (Namespaces in XML 1.0 section 3) in place of `value`; None to leave it out."""
    prefix = name.partition(":")[2]
    value = escape("".join(unescape(value).split()), {'"': "&quot;"})
    if prefix in {"xml", "xmlns"}:
        return None
    if value in _RESERVED or (prefix and not value):
        return f"urn:undeclared:{prefix}"
    return value


def _attributes(text: str) -> str:
    """Each attribute once, quoted; references in the values are right already, only quotes and "<" could break out."""
    found: dict[str, str] = {}
    value: str | None
    for name, double, single, bare in _ATTRIBUTE.findall(text):
        value = (double or single or bare).replace('"', "&quot;").replace("<", "&lt;")
        if name.startswith("xmlns"):
            value = _namespace(name, value)
        if value is not None:
            found.setdefault(name, value)
    return "".join(f' {name}="{value}"' for name, value in found.items())
