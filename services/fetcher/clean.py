"""HTML of strangers → HTML that may stand on a page, and its plain text. The list of what may stand is here, only here.

nh3 (ammonia, html5ever) parses as browsers do and keeps what the list names; all else goes, the text of unknown
elements stays. Addresses are http, https or mailto; relative ones are resolved, or go when they cannot be.
"""

from __future__ import annotations

import re
import threading
from functools import cache
from html import unescape
from typing import Final

import nh3

from pressroom.nesting import is_too_deep
from services.fetcher.parsing.links import web_link

TAGS: Final = frozenset({
    "a", "abbr", "b", "bdi", "bdo", "blockquote", "br", "caption", "cite", "code", "dd", "del", "details",
    "dfn", "div", "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i",
    "img", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "rp", "rt", "ruby", "s", "samp", "small", "span",
    "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "time", "tr", "u", "ul",
    "var", "wbr", "audio", "video", "source",
})  # fmt: skip
ATTRIBUTES: Final = {
    "a": {"href", "title"},
    "abbr": {"title"},
    "audio": {"src", "controls"},
    "bdo": {"dir"},
    "img": {"src", "alt", "title", "width", "height"},
    "li": {"value"},
    "ol": {"start", "reversed"},
    "source": {"src", "type"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "time": {"datetime"},
    "video": {"src", "controls", "width", "height"},
    "p": {"dir", "lang"},
    "div": {"dir", "lang"},
    "span": {"dir", "lang"},
}
SCHEMES: Final = frozenset({"http", "https", "mailto"})
DROPPED_WHOLE: Final = frozenset({
    "applet", "canvas", "embed", "iframe", "math", "noembed", "noframes", "noscript", "object", "plaintext",
    "script", "select", "style", "svg", "template", "textarea", "title", "xmp",
})  # fmt: skip
"""Elements whose inside is code, another document or a control: it goes with them."""

_BLOCKS: Final = (
    "address article aside blockquote br caption center dd details div dl dt fieldset figcaption figure footer form h1"
    " h2 h3 h4 h5 h6 header hr li main nav ol p pre section summary table tbody td tfoot th thead tr ul"
)
# nh3 writes every attribute in double quotes, so these two cannot be misled by a ">" in a value.
_BLOCK_TAG: Final = re.compile(rf'</?(?:{_BLOCKS.replace(" ", "|")})(?=[\s>])[^>"]*(?:"[^"]*"[^>"]*)*>')
_TAG: Final = re.compile(r'<[^>"]*(?:"[^"]*"[^>"]*)*>')
_PIXEL: Final = re.compile(
    r'<img(?=[^>"]*(?:"[^"]*"[^>"]*)*>)(?=[^>]*\s(?:width|height)="[01](?:px)?")[^>"]*(?:"[^"]*"[^>"]*)*>'
)
_ANY_TAG: Final = re.compile(r"<[^<>]*>")
_SURROGATES: Final = re.compile(
    r"&#(?:x[dD][89abAB][0-9a-fA-F]{2}|5[56]\d{3});&#(?:x[dD][c-fC-F][0-9a-fA-F]{2}|5[67]\d{3});"
)

_here = threading.local()


def clean_html(html: str, base: str | None) -> str:
    """`html` with only what `TAGS` and `ATTRIBUTES` name; addresses absolute, resolved against `base`. May be empty."""
    html = _bounded_work(html)
    _here.base = base
    cleaned = _cleaner().clean(html).strip().replace("<img>", "")
    return _PIXEL.sub("", cleaned) if '="1"' in cleaned or '="0"' in cleaned or '="1px"' in cleaned else cleaned


def text_of_html(html: str) -> str:
    """The text a reader of `html` sees, white space collapsed."""
    if "<" not in html and "&" not in html:
        return " ".join(html.split())
    return text_of_clean(_text_cleaner().clean(_bounded_work(html)))


def text_of_clean(html: str) -> str:
    """The same for what `clean_html` gave: no second pass through the parser."""
    if "<" in html:
        html = _TAG.sub("", _BLOCK_TAG.sub(" ", html))
    return " ".join((unescape(html) if "&" in html else html).split())


def join_surrogates(html: str) -> str:
    """An emoji written as the two numbers of its UTF-16 form becomes the one character that was meant."""
    return _SURROGATES.sub(_joined, html) if "&#" in html else html


def _joined(match: re.Match[str]) -> str:
    high, low = (int(f"0{n}", 16) if n[0] == "x" else int(n) for n in match[0][2:-1].split(";&#"))
    if not (0xD800 <= high < 0xDC00 <= low < 0xE000):
        return match[0]
    return chr(0x10000 + (high - 0xD800) * 0x400 + low - 0xDC00)


def _bounded_work(html: str) -> str:
    html = join_surrogates(html)
    return _ANY_TAG.sub(" ", html) if is_too_deep(html) else html


def _absolute(address: str) -> str | None:
    """Called by nh3 for relative addresses only, so that the usual absolute ones never leave Rust."""
    return web_link(address, _here.base)


@cache
def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(TAGS),
        attributes=ATTRIBUTES,
        clean_content_tags=set(DROPPED_WHOLE),
        url_schemes=set(SCHEMES),
        url_relative=_absolute,
        link_rel="noopener noreferrer",
    )


@cache
def _text_cleaner() -> nh3.Cleaner:
    """Keeps blocks alone, so that the words on both sides of one do not run together."""
    blocks = set(_BLOCKS.split())
    return nh3.Cleaner(tags=blocks, attributes={}, clean_content_tags=set(DROPPED_WHOLE), link_rel=None)
