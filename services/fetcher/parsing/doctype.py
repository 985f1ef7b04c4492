"""A DOCTYPE and the entities it declares: plain ones are kept, dangerous ones end the reading, nothing is loaded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import Final

from schemas.errors import ErrorKind
from services.fetcher.parsing.model import ParseError

SUBSET_CHARS_MAX: Final = 50_000
ENTITIES_MAX: Final = 300
VALUE_CHARS_MAX: Final = 1000

_ENTITY: Final = re.compile(
    r"<!ENTITY\s{1,50}(%\s{1,50})?([A-Za-z_][\w.-]{0,100})\s{1,50}(?:\"([^\"]*)\"|'([^']*)'|(SYSTEM|PUBLIC)\b)",
    re.IGNORECASE,
)
_QUOTED_OR_END: Final = re.compile(r"\"[^\"]*\"|'[^']*'|<!--.*?-->|[\]>]", re.DOTALL)
_REFERENCE: Final = re.compile(r"&(?!#\d{1,7};|#[xX][0-9a-fA-F]{1,6};)|%[A-Za-z_]|<")


@dataclass(frozen=True, slots=True)
class Doctype:
    """Name → replacement text of the entities declared inside, and where the DOCTYPE ends (−1: never)."""

    entities: dict[str, str]
    end: int


def read_doctype(text: str, place: int) -> Doctype:
    """Read the DOCTYPE that starts at `place`. Raises `ParseError(UNSAFE_XML)`.

    A DTD outside is not loaded and not missed. Refused are entities that stand for files or addresses, and entities
    made of other entities or markup: no feed needs them, and they are how one reads files and fills memories.
    """
    bracket = text.find("[", place, place + 2000)
    close = text.find(">", place)
    if bracket < 0 or (0 <= close < bracket):
        return Doctype({}, close + 1 if close >= 0 else -1)
    subset_end = _subset_end(text, bracket + 1)
    if subset_end < 0:
        raise _unsafe("its DOCTYPE has no end")
    end = text.find(">", subset_end)
    return Doctype(_entities(text[bracket + 1 : subset_end]), end + 1 if end >= 0 else -1)


def _subset_end(text: str, place: int) -> int:
    for match in _QUOTED_OR_END.finditer(text, place, place + SUBSET_CHARS_MAX):
        if match[0] == "]":
            return match.start()
    return -1


def _entities(subset: str) -> dict[str, str]:
    entities: dict[str, str] = {}
    for match in _ENTITY.finditer(subset):
        parameter, name, outside = match[1], match[2], match[5]
        if parameter and outside:
            continue  # such as %HTMLlat1; the names in it are known without loading anything
        value = match[3] if match[3] is not None else match[4] or ""
        if parameter or outside:
            raise _unsafe(f"it declares the entity {name[:40]!r} as something outside of it")
        if _REFERENCE.search(value) or len(value) > VALUE_CHARS_MAX or len(entities) >= ENTITIES_MAX:
            raise _unsafe(f"its entity {name[:40]!r} is made of other entities or markup, or is very long")
        entities.setdefault(name, unescape(value))
    return entities


def _unsafe(why: str) -> ParseError:
    return ParseError(ErrorKind.UNSAFE_XML, f"the document was not read: {why}")
