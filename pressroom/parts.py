"""HTML that people write for their own pages → what may stand there. The list of what may stand is here, only here;
docs/operating.md prints it, and a test holds it to that.

Nothing here can run, look like another part of the page, or have a reader's browser ask another origin for anything:
no scripts, styles, classes, names, forms, frames or media, and images only from this newsroom's own addresses.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Final

import nh3

from pressroom.nesting import is_too_deep
from schemas.parts import PART_CHARS_MAX

TAGS: Final = frozenset({
    "a", "abbr", "b", "bdi", "bdo", "blockquote", "br", "caption", "cite", "code", "dd", "del", "details", "dfn", "div",
    "dl", "dt", "em", "figcaption", "figure", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li",
    "mark", "ol", "p", "pre", "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strong", "sub", "summary", "sup",
    "table", "tbody", "td", "tfoot", "th", "thead", "time", "tr", "u", "ul", "var", "wbr",
})  # fmt: skip
ATTRIBUTES: Final = {
    "*": {"dir", "lang", "title"},
    "a": {"href"},
    "img": {"alt", "height", "src", "width"},
    "li": {"value"},
    "ol": {"reversed", "start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "time": {"datetime"},
}
SCHEMES: Final = frozenset({"http", "https", "mailto"})
DROPPED_WHOLE: Final = frozenset({
    "applet", "audio", "canvas", "embed", "iframe", "math", "noembed", "noframes", "noscript", "object", "plaintext",
    "script", "select", "style", "svg", "template", "textarea", "title", "video", "xmp",
})  # fmt: skip
"""Elements whose inside is code, another document or a control: it goes with them."""

DROPPED_LINES_MAX: Final = 30
_OWN: Final = re.compile(r"/(?![/\\])[^\s\\]*")
# nh3 writes every attribute in double quotes and escapes quotes inside, so neither can be misled by a value.
_IMAGE: Final = re.compile(r'<img(?:[^>"]*(?:"[^"]*"[^>"]*)*)>')


class BadPart(ValueError):
    """A text that cannot become a part at all; one line that says why."""


def clean_part(html: str, images_from: str = "") -> str:
    """`html` with only what the lists name. May be empty. Raises `BadPart`.

    Links are http, https, mailto or a path of this newsroom; images a path, or an address under `images_from`.
    """
    _bounded(html, "it")
    if is_too_deep(html):
        raise BadPart("too many elements are open at once; close them")
    base = images_from.rstrip("/") + "/" if images_from else None

    def attribute(tag: str, name: str, value: str) -> str | None:
        if (tag, name) == ("img", "src") and not (_OWN.fullmatch(value) or (base and value.startswith(base))):
            return None
        return value

    cleaner = nh3.Cleaner(
        tags=set(TAGS),
        attributes=ATTRIBUTES,
        clean_content_tags=set(DROPPED_WHOLE),
        url_schemes=set(SCHEMES),
        url_relative=lambda address: address if _OWN.fullmatch(address) else None,
        attribute_filter=attribute,
        link_rel="noopener noreferrer",
    )
    cleaned = _IMAGE.sub(lambda tag: tag[0] if ' src="' in tag[0] else "", cleaner.clean(html)).strip()
    return _bounded(cleaned, "cleaned, it")


def dropped(html: str, cleaned: str) -> tuple[str, ...]:
    """What `clean_part` made of `html` leaves out, one line a kind: "2 × <script>", "1 × style of <p>"."""
    lost = Counter(_pieces(html))
    lost.subtract(_pieces(cleaned))
    lines = [f"{count} × {what}" for what, count in lost.items() if count > 0]
    more = len(lines) - DROPPED_LINES_MAX
    return (*lines[:DROPPED_LINES_MAX], *([f"{more} other kinds"] if more > 0 else []))


def _bounded(text: str, what: str) -> str:
    if len(text) > PART_CHARS_MAX:
        raise BadPart(f"{what} has {len(text)} characters; a part has at most {PART_CHARS_MAX}")
    return text


def _pieces(html: str) -> Iterator[str]:
    found: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append(f"<{tag}>")
            found.extend(f"{name} of <{tag}>" for name, _ in attrs if tag in TAGS)

        def handle_comment(self, data: str) -> None:
            found.append("comment")

    reader = Reader(convert_charrefs=True)
    reader.feed(html)
    reader.close()
    return iter(found)
