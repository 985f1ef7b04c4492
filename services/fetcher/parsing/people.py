"""Authors, categories and languages as short plain texts."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Final

from services.fetcher.clean import text_of_html

AUTHORS_MAX: Final = 20
CATEGORIES_MAX: Final = 50
NAME_CHARS_MAX: Final = 200

_ADDRESS_THEN_NAME: Final = re.compile(r"\S{1,100}@\S{1,100}\s{1,5}\(([^()]{1,200})\)")
_NAME_THEN_ADDRESS: Final = re.compile(
    r"([^<>()]{1,200}?)\s{0,5}[<(]\s?(?:mailto:)?[^\s<>()]{1,100}@[^\s<>()]{1,100}\s?[>)]"
)
_TAG: Final = re.compile(r"<[A-Za-z/!][^<>@]*>")
"""Not "<jane@site.example>", which belongs to a name."""
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8}){0,4}")


def names_of(authors: list[str]) -> tuple[str, ...]:
    """Names once each, in order: of "jane@site.example (Jane)" and "Jane <jane@site.example>" the name."""
    return _once(authors, AUTHORS_MAX, _name)


def terms_of(categories: list[str]) -> tuple[str, ...]:
    return _once(categories, CATEGORIES_MAX, lambda term: term)


def _once(texts: list[str], count_max: int, read: Callable[[str], str]) -> tuple[str, ...]:
    if not texts:
        return ()
    found: dict[str, None] = {}
    for text in texts[: count_max * 4]:
        name = read(_plain(text))[:NAME_CHARS_MAX].strip()
        if name:
            found[name] = None
    return tuple(found)[:count_max]


def _plain(text: str) -> str:
    text = text[: NAME_CHARS_MAX * 5]
    if "&" in text:
        text = unescape(text)
    return text_of_html(text) if _TAG.search(text) else " ".join(text.split())


def _name(text: str) -> str:
    if "@" not in text:
        return text
    match = _ADDRESS_THEN_NAME.fullmatch(text) or _NAME_THEN_ADDRESS.fullmatch(text)
    return match[1].strip() if match else text


def language_of(text: str | None) -> str | None:
    """A language tag (RFC 5646) as written, with "-" between its parts; None for anything else."""
    text = (text or "").strip()
    return text.replace("_", "-") if _LANGUAGE.fullmatch(text) else None
