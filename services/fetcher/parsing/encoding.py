"""Which encoding a feed is in, decided from byte order mark, Content-Type, XML declaration and the bytes themselves.

Order: a byte order mark, the charset of the Content-Type, the XML declaration, UTF-8 (RFC 7303 section 3). Labels mean
what browsers take them to mean (WHATWG Encoding: iso-8859-1 is windows-1252, gb2312 is gb18030). Two observations
overrule a label: bytes that are valid UTF-8 beyond chance are UTF-8, and a label that cannot be true (utf-16 before
ASCII bytes) is passed over.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Final

from services.fetcher.parsing.labels import codec_of

_DECLARATION: Final = re.compile(rb"<\?xml\s[^>]{0,200}?encoding\s*=\s*[\"']\s*([A-Za-z0-9._:\-]{1,40})\s*[\"']")
_DECLARED_WITHIN: Final = 4_000
"""Junk before a declaration (white space, a comment, a script's complaint) makes it no less true."""
_CHARSET: Final = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9._:\-]{1,40})", re.IGNORECASE)
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# XML 1.0 appendix F: how "<" (or white space, or "{") begins in encodings wider than a byte.
_WIDE: Final = (
    (re.compile(rb"[<{\s]\0\0\0"), "utf-32-le"),
    (re.compile(rb"\0\0\0[<{\s]"), "utf-32-be"),
    (re.compile(rb"[<{\s]\0[^\0]\0"), "utf-16-le"),
    (re.compile(rb"\0[<{\s]\0[^\0]"), "utf-16-be"),
)
_MULTIBYTE: Final = frozenset({"gb18030", "big5hkscs", "cp932", "euc_jp", "cp949", "iso2022_jp"})
_PROOF_CHARS: Final = 6
"""So many characters in a row of valid UTF-8 are no accident in a Chinese, Japanese or Korean encoding (p < 10⁻⁵)."""
_ESCAPE: Final = b"\x1b"
"""ISO-2022-JP shifts with escape characters and is all ASCII bytes, so being valid UTF-8 proves nothing there."""
_BAD: Final = "\ufffd"


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text without its byte order mark; `replaced` when some bytes fitted no encoding."""

    text: str
    codec: str
    replaced: bool


def decode(body: bytes, content_type: str | None) -> Decoded:
    """The text of `body`. Never fails: what cannot be decoded becomes U+FFFD."""
    wide = _by_first_bytes(body)
    if wide:
        bom_bytes, codec = wide
        return _replacing(body[bom_bytes:], codec)
    header = _header_codec(content_type)
    labelled = [codec for codec in (header, _declared_codec(body)) if codec]
    if labelled[:1] in ([], ["utf-8"]) or _ESCAPE not in body:
        utf8 = _strict(body, "utf-8")
        if utf8 and _is_utf8_beyond_chance(utf8.text, labelled):
            return utf8
    return _by_labels(body, labelled)


def _by_first_bytes(body: bytes) -> tuple[int, str] | None:
    for bom, codec in _BOMS:
        if body.startswith(bom):
            return len(bom), codec
    if b"\0" in body[:8]:
        for start, codec in _WIDE:
            if start.match(body):
                return 0, codec
    return None


def _header_codec(content_type: str | None) -> str | None:
    match = _CHARSET.search(content_type[:500]) if content_type else None
    return _narrow(match[1]) if match else None


def _declared_codec(body: bytes) -> str | None:
    match = _DECLARATION.search(body, 0, _DECLARED_WITHIN)
    return _narrow(match[1].decode("ascii")) if match else None


def _narrow(label: str) -> str | None:
    """The codec of a label, unless it is a wide one: those were recognised by their first bytes, or it lies."""
    codec = codec_of(label)
    return None if codec is None or codec.startswith(("utf-16", "utf-32")) else codec


def _by_labels(body: bytes, labelled: list[str]) -> Decoded:
    legacy = [codec for codec in labelled if codec != "utf-8"]
    if labelled[:1] == ["utf-8"] and _mostly_utf8(body):
        return _replacing(body, "utf-8")
    for codec in (*legacy, "utf-8"):
        found = _strict(body, codec)
        if found:
            return found
    if _mostly_utf8(body):
        return _replacing(body, "utf-8")
    if legacy:
        return _replacing(body, legacy[0])
    return Decoded(_replacing(body, "cp1252").text, "cp1252", replaced=True)


def _strict(body: bytes, codec: str) -> Decoded | None:
    try:
        return Decoded(body.decode(codec), codec, replaced=False)
    except UnicodeDecodeError:
        return None


def _replacing(body: bytes, codec: str) -> Decoded:
    text = body.decode(codec, "replace")
    if text.startswith("\ufeff"):
        text = text[1:]
    genuine = body.count(_BAD.encode()) if codec == "utf-8" else 0
    return Decoded(text, codec, replaced=text.count(_BAD) > genuine)


def _is_utf8_beyond_chance(text: str, labelled: list[str]) -> bool:
    """One-byte encodings never form UTF-8 sequences by chance in words; two-byte ones may, in a short title."""
    if text.isascii() or not _MULTIBYTE.intersection(labelled[:1]):
        return True
    return sum(1 for char in text[:100_000] if char > "\x7f") >= _PROOF_CHARS


def _mostly_utf8(body: bytes) -> bool:
    """More sequences of valid UTF-8 than broken ones: single bad bytes in a UTF-8 text, not a text in another code."""
    text = body[:1_000_000].decode("utf-8", "replace")
    bad = text.count(_BAD)
    good = sum(1 for char in text if char > "\x7f") - bad
    return good >= bad
