"""Addresses: made absolute, only http and https let through, tracking parameters removed for comparing."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urljoin, urlsplit

URL_CHARS_MAX = 2000

# Nearly every link of a feed is of this shape and needs nothing done to it.
_PLAIN: Final = re.compile(r"https?://[A-Za-z0-9.-]+(?:[/?#][!#-;=?-\[\]^_a-z|~]*)?")
_ESCAPED_AMPERSAND: Final = re.compile(r"&(?:amp|#0{0,5}38|#[xX]0{0,5}26);")
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,30}):")
_WEB: Final = re.compile(r"(https?):[/\\]*", re.IGNORECASE)
_HOST_WITHOUT_SCHEME: Final = re.compile(r"www\.[\w-]{1,63}\.")
_PATH: Final = re.compile(r"[^?#]*")
_LINE_ENDS: Final = re.compile(r"[\t\r\n]")
_UNSAFE: Final = re.compile(r'[\x00-\x20"<>\\`{}\x7f-\xa0\ufeff]')
_C0_AND_SPACE: Final = "".join(map(chr, range(0x21))) + "\xa0\u200b\ufeff"
_SPACES: Final = re.compile(r"\s")

_TRACKER: Final = re.compile(
    r"utm_\w{1,30}|(?:fb|g|d|y|ms|tw|wbra|gbra)clid|gclsrc|mc_[ce]id|_hs(?:enc|mi)|mkt_tok|wt_?mc|wt\.mc_\w{1,10}|igshid"
    r"|xtor|at_(?:medium|campaign|custom\d|link_\w{1,10})|maca|cmpid|ns_(?:mchannel|source|campaign|linkname|fee)|oly_\w{1,8}_id"
    r"|vero_(?:id|conv)|spm|__twitter_impression",
    re.IGNORECASE,
)
_MAYBE_TRACKED: Final = re.compile(r"[?&#;](?:" + _TRACKER.pattern + r")(?:[=&#;]|$)", re.IGNORECASE)


def web_link(href: str | None, base: str | None) -> str | None:
    """`href` as an absolute http or https address, resolved against `base` (RFC 3986 section 5); None if it is none.

    An ampersand that was escaped twice is one. Surrounding white space and line ends inside never belong to an address
    (WHATWG URL, "basic URL parser"); blanks inside are percent-encoded. Over `URL_CHARS_MAX` characters it is no link:
    a cut one would lead astray.
    """
    if not href:
        return None
    if "&" in href:
        href = _ESCAPED_AMPERSAND.sub("&", href)
    if _PLAIN.fullmatch(href):
        return href if len(href) <= URL_CHARS_MAX else None
    try:
        return _resolved(href, base)
    except ValueError:  # brackets that are no IPv6 address, a port that is no number
        return None


def _resolved(href: str, base: str | None) -> str | None:
    href = _LINE_ENDS.sub("", href.strip(_C0_AND_SPACE))
    if not href or len(href) > URL_CHARS_MAX:
        return None
    if "\\" in href:  # in an address of the web a backslash is a slash, in a query it is itself
        href = _PATH.sub(lambda path: path[0].replace("\\", "/"), href, count=1)
    web = _WEB.match(href)
    if web:
        href = f"{web[1].lower()}://{href[web.end() :]}"
    elif _SCHEME.match(href):
        return None
    elif _HOST_WITHOUT_SCHEME.match(href):
        href = f"http://{href}"
    else:
        href = urljoin(base or "", href)
    parts = urlsplit(href)
    if parts.scheme not in {"http", "https"} or not parts.hostname or _SPACES.search(parts.netloc):
        return None
    if parts.port == 0:
        return None
    href = _UNSAFE.sub(_percent, href)
    return href if len(href) <= URL_CHARS_MAX else None


def _percent(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode())


def nested_base(base: str, inner: str | None) -> str:
    """The base in force inside an element that carries xml:base `inner` (RFC 4287 section 2, RFC 3986 section 5.1)."""
    if not inner:
        return base
    return web_link(inner, base) or base


def without_tracking(link: str | None) -> str | None:
    """The link without parameters that only say where the reader came from; for comparing, never as an identity."""
    if link is None or _MAYBE_TRACKED.search(link) is None:
        return link
    address, _, fragment = link.partition("#")
    path, _, query = address.partition("?")
    kept = "&".join(part for part in query.split("&") if not _tracks(part))
    fragment = "&".join(part for part in fragment.split("&") if not _tracks(part))
    return path + (f"?{kept}" if kept else "") + (f"#{fragment}" if fragment else "")


def _tracks(part: str) -> bool:
    return _TRACKER.fullmatch(part.partition("=")[0]) is not None
