"""Recognises markup that costs an HTML parser more than its size: found before it is parsed, at the cost of one look.

Browsers' rules reopen every unclosed formatting element in each new paragraph, so 64 KB of "<b id=1><p><b id=2><p>…"
become 100 MB; and thousands of open blocks make each further tag a walk through all of them.
"""

from __future__ import annotations

import re
from typing import Final

TAGS_ALWAYS_FINE = 64
"""With so few tags nothing can grow; nearly all entries have fewer and are not looked at further."""
DEPTH_MAX = 200
REOPENED_MAX = 5000

_TAG: Final = re.compile(r"<(/?)([A-Za-z][^\s/>]{0,20})")
_FORMATTING: Final = frozenset(
    ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"]
)
_CLOSED_BY_THEMSELVES: Final = frozenset({
    "area", "base", "br", "col", "dd", "dt", "embed", "hr", "img", "input", "li", "link", "meta", "optgroup",
    "option", "p", "param", "source", "tbody", "td", "tfoot", "th", "thead", "tr",
    "track", "wbr",
})  # fmt: skip


def is_too_deep(html: str) -> bool:
    """Whether too many elements are open at once, or too many formatting elements would be reopened."""
    if html.count("<") <= TAGS_ALWAYS_FINE:
        return False
    opened: dict[str, int] = {}
    depth = formatting = reopened = 0
    for closing, name in _TAG.findall(html):
        tag = name.lower()
        step = -1 if closing else 1
        if tag in _CLOSED_BY_THEMSELVES or opened.get(tag, 0) + step < 0:
            reopened += formatting
        else:
            opened[tag] = opened.get(tag, 0) + step
            depth += step
            if tag in _FORMATTING:
                formatting += step
            else:
                reopened += formatting
        if depth > DEPTH_MAX or reopened > REOPENED_MAX:
            return True
    return False
