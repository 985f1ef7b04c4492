"""The plain text of titles and names, whichever way their format says or leaves open."""

from __future__ import annotations

import re
from html import entities, unescape
from typing import Final

from services.fetcher.clean import join_surrogates, text_of_html
from services.fetcher.parsing.raw import RawText

_REFERENCE: Final = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_TAG_NAME: Final = re.compile(r"</?([A-Za-z][A-Za-z0-9]{0,20})(?=[\s/>])")
_CLOSING: Final = re.compile(r"</[A-Za-z][A-Za-z0-9]{0,20}\s?>|<(?:br|wbr|hr|img)\b[^<>]*>", re.IGNORECASE)
_OF_HTML: Final = frozenset({
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "blockquote", "br", "center", "cite", "code", "dd", "del",
    "dfn", "div", "dl", "dt", "em", "font", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd",
    "li", "mark", "nobr", "ol", "p", "pre", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup",
    "table", "tbody", "td", "tfoot", "th", "thead", "time", "tr", "tt", "u", "ul", "var", "wbr",
})  # fmt: skip


_CODE: Final = ("script", "style")


def headline(raw: RawText | None, chars_max: int) -> str | None:
    """The title as people read it: no markup, white space collapsed; None when nothing is left."""
    if raw is None or not raw.value:
        return None
    return shortened(_plain(raw).replace("\ufeff", ""), chars_max) or None


def _plain(raw: RawText) -> str:
    value = raw.value
    if ("<" not in value and "&" not in value) or raw.kind == "text":
        return " ".join(value.split())
    if raw.kind == "html" or looks_like_html(value):
        return text_of_html(value)
    return " ".join(_REFERENCE.sub(_meant, join_surrogates(value)).split())


def looks_like_html(value: str) -> bool:
    """Whether text of a format that does not say is HTML: an element is closed in it, and all its tags are HTML's.

    So "11.1 < 11.13" and "When to use <pre>" keep their signs and "<b>Tea</b>" does not; the rule is feedparser's.
    """
    if "<" not in value or _CLOSING.search(value) is None:
        return False
    return _holds_code(value.lower()) or all(name.lower() in _OF_HTML for name in _TAG_NAME.findall(value))


def _holds_code(lowered: str) -> bool:
    """A whole script or style, which no headline talks about at such length; in time proportional to the text."""
    return any((at := lowered.find(f"<{name}")) >= 0 and lowered.find(f"</{name}", at) > 0 for name in _CODE)


def _meant(match: re.Match[str]) -> str:
    reference = match[0]
    known = reference[1] == "#" or reference[1:] in entities.html5
    return unescape(reference) if known else reference


def shortened(text: str, chars_max: int) -> str:
    """Cut at a word where there is one near, with an ellipsis."""
    if len(text) <= chars_max:
        return text
    cut = text[: chars_max - 1]
    word = cut.rfind(" ")
    return (cut[:word] if word > chars_max * 3 // 4 else cut).rstrip() + "…"
