"""Small faults of an XML text put right: characters, references, comments, prefixes. Markup is not touched.

Only what has one sensible reading: a bare "&" is an ampersand, "&nbsp;" is HTML's, a control character is nothing.
"""

from __future__ import annotations

import re
from html import entities as html_entities
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from schemas.errors import ErrorKind
from services.fetcher.parsing.characters import FORBIDDEN
from services.fetcher.parsing.model import ParseError
from services.fetcher.parsing.names import URI_OF

EXPANDED_CHARS_MAX: Final = 100_000
PREFIXES_MAX: Final = 50

_POINT: Final = re.compile(
    r"<!\[(?i:CDATA)\[|<!--|<\?|\]\]>|&(?:#(?:\d{1,10}|[xX][0-9a-fA-F]{1,8});|[A-Za-z][A-Za-z0-9]{0,31};)?"
)
_LOW_SURROGATE: Final = re.compile(r"&#(?:x([dD][c-fC-F][0-9a-fA-F]{2})|(5[67]\d{3}));")
_PREDEFINED: Final = frozenset({"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"})
_USED: Final = re.compile(
    r"<([A-Za-z_][\w.-]{0,40}):[A-Za-z_]"
    r"|\s([A-Za-z_][\w.-]{0,40}):[A-Za-z_][\w.-]{0,60}\s{0,5}=\s{0,5}[\"']"
)
_DECLARED: Final = re.compile(r"xmlns:([A-Za-z_][\w.-]{0,40})\s{0,5}=")
_CDATA_UNFINISHED: Final = re.compile(r"\]\](?:\s{1,5}>)?(?=\s{0,5}</)")
_BAD: Final = "\ufffd"


def repaired(xml: str, entities: dict[str, str]) -> str:
    """`xml` with its small faults put right; `entities` are those that its DOCTYPE declares.

    Raises `ParseError(UNSAFE_XML)` when the entities would make the document swell.
    """
    if FORBIDDEN.search(xml):
        xml = FORBIDDEN.sub("", xml)
    return with_prefixes(_Mending(xml, entities).run())


def joined(xml: str, root: str) -> str:
    """Documents that were written one after the other, as one: what stands between two roots goes."""
    if xml.count(f"</{root}") < 2:
        return xml
    name = re.escape(root)
    between = rf"</{name}\s{{0,9}}>(?:[^<]|<(?!/?{name}[\s>])){{0,2000}}<{name}(?:\s[^<>]*)?>"
    return re.sub(between, "", xml)


class _Mending:
    """One pass from point to point; what lies between is copied."""

    def __init__(self, xml: str, entities: dict[str, str]) -> None:
        self._xml = xml
        self._entities = entities
        self._expanded_chars = 0
        self._pieces: list[str] = []
        self._cdata_end = -1
        self._no_comment_end = self._no_instruction_end = False

    def run(self) -> str:
        place = 0
        while match := _POINT.search(self._xml, place):
            self._pieces.append(self._xml[place : match.start()])
            place = self._at(match)
        self._pieces.append(self._xml[place:])
        return "".join(self._pieces)

    def _at(self, match: re.Match[str]) -> int:
        """Put the mended form of what stands at `match` among the pieces; where to go on."""
        found = match[0]
        if found[0] == "&":
            return self._reference(match)
        if found.startswith("<!["):
            return self._cdata(match.end())
        if found == "]]>":
            self._pieces.append("]]&gt;")
            return match.end()
        return self._left_out(match, "-->" if found == "<!--" else "?>")

    def _cdata(self, begin: int) -> int:
        """A CDATA section; one that was ended by "]]</" or "]] ></" and runs into the next one, or into the end of the
        document, ends there.
        """
        if self._cdata_end < begin:  # else the end found before is still ahead, and need not be looked for again
            found = self._xml.find("]]>", begin)
            self._cdata_end = len(self._xml) if found < 0 else found + 3
        end = self._cdata_end
        unfinished = _CDATA_UNFINISHED.search(self._xml, begin, end)
        is_endless = not self._xml.endswith("]]>", begin, end)
        if unfinished and (is_endless or self._xml.find("<![CDATA[", unfinished.end(), end) >= 0):
            self._pieces += ["<![CDATA[", self._xml[begin : unfinished.start()], "]]>"]
            return unfinished.end()
        self._pieces += ["<![CDATA[", self._xml[begin:end]]
        return end

    def _left_out(self, match: re.Match[str], closing: str) -> int:
        """Comments and instructions go; one without an end is text (and the search for its end is not repeated)."""
        is_comment = closing == "-->"
        known_endless = self._no_comment_end if is_comment else self._no_instruction_end
        end = -1 if known_endless else self._xml.find(closing, match.end())
        if end >= 0:
            return end + len(closing)
        if is_comment:
            self._no_comment_end = True
        else:
            self._no_instruction_end = True
        self._pieces.append(escape(match[0]))
        return match.end()

    def _reference(self, match: re.Match[str]) -> int:
        found = match[0]
        if found in _PREDEFINED:
            self._pieces.append(found)
        elif found == "&":
            self._pieces.append("&amp;")
        elif found[1] == "#":
            return self._number(match)
        else:
            self._pieces.append(self._name(found[1:]))
        return match.end()

    def _number(self, match: re.Match[str]) -> int:
        code = _code(match[0])
        end = match.end()
        if 0xD800 <= code < 0xDC00 and (low := _LOW_SURROGATE.match(self._xml, end)):
            code = 0x10000 + (code - 0xD800) * 0x400 + _code(low[0]) - 0xDC00
            end = low.end()
        self._pieces.append(_reference_to(code))
        return end

    def _name(self, name: str) -> str:
        """`name` ends with its semicolon."""
        value = self._entities.get(name[:-1])
        if value is None:
            value = html_entities.html5.get(name)
            return f"&amp;{name}" if value is None else _escaped(value)
        self._expanded_chars += len(value)
        if self._expanded_chars > EXPANDED_CHARS_MAX:
            raise ParseError(ErrorKind.UNSAFE_XML, "the document was not read: its entities make it swell")
        return _escaped(FORBIDDEN.sub("", value))


def _code(reference: str) -> int:
    digits = reference[2:-1]
    return int(digits[1:], 16) if digits[0] in "xX" else int(digits)


def _reference_to(code: int) -> str:
    if code > 0x10FFFF or 0xD800 <= code < 0xE000:
        return _BAD
    return "" if FORBIDDEN.match(chr(code)) else f"&#{code};"


def _escaped(value: str) -> str:
    return escape(value, {'"': "&quot;", "'": "&apos;"})


def with_prefixes(xml: str) -> str:
    """Declare, at the root, the prefixes that are used and not declared there, by their conventional meaning."""
    tag_end = xml.find(">")
    if tag_end < 0:
        return xml
    declared = set(_DECLARED.findall(xml, 0, tag_end)) | {"xml", "xmlns"}
    used = {one or other for one, other in _USED.findall(xml)} - declared
    if not used or len(used) > PREFIXES_MAX:
        return xml
    meant = {one: URI_OF.get(one.lower(), f"urn:undeclared:{one}") for one in sorted(used)}
    names = "".join(f" xmlns:{one}={quoteattr(uri)}" for one, uri in meant.items())
    at = tag_end - 1 if xml[tag_end - 1] == "/" else tag_end
    return xml[:at] + names + xml[at:]
