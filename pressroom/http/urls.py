"""Addresses as people and feeds write them → one form that goes on the wire, or a refusal. No I/O.

Hosts become lower-case ASCII (UTS #46 without transitional rules, as browsers do), paths and queries are
percent-encoded UTF-8 (RFC 3987 section 3.1), the fragment and outer blanks go, escapes that are there stay.
"""

from __future__ import annotations

import ipaddress
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, urljoin

import idna

from pressroom.http.answer import FetchError
from schemas.errors import ErrorKind

URL_CHARS_MAX = 2000
HOST_CHARS_MAX = 253
DEFAULT_PORTS = {"http": 80, "https": 443}

_OUTER = "".join(map(chr, range(0x21))) + "\u00a0\u3000\ufeff"
_PARTS = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):(?://([^/?#]*))?([^?#]*)(\?[^#]*)?(?:#.*)?", re.DOTALL)
_LABEL = r"[a-z0-9_](?:[a-z0-9_\-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"(?=.{{1,{HOST_CHARS_MAX}}}$)(?:{_LABEL}\.)*{_LABEL}")
_TO_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~!$&'()*+,;=:@/?%]")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


@dataclass(frozen=True, slots=True)
class Url:
    """An address taken apart. `host` is ASCII without brackets; `target` is path and query, escaped."""

    scheme: str
    host: str
    port: int
    target: str
    text: str
    """The whole, in its one form; the default port is left out."""
    user: bool = False
    """It named a user. Whether that is refused is the caller's to say; the name itself is never kept."""

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port


def normalise_url(text: str) -> str:
    """The form of an address that goes on the wire.

    Raises `FetchError` of kind `bad_url`, or `blocked_address` for a host that is an IP address in disguise.
    """
    url = parse_url(text)
    if url.user:
        raise named_user()
    return url.text


def named_user() -> FetchError:
    return FetchError(ErrorKind.BAD_URL, "the address names a user; credentials in addresses are not used")


@lru_cache(maxsize=4096)
def parse_url(text: str) -> Url:
    """Take an address apart. Raises as `normalise_url` does, but lets a user's name pass."""
    parts = _PARTS.fullmatch(re.sub(r"[\t\r\n]", "", text.strip(_OUTER)))
    if parts is None:
        raise _bad("it has no scheme; http:// or https:// is needed")
    scheme, authority, path, query = parts[1].lower(), parts[2], parts[3], parts[4] or ""
    if scheme not in DEFAULT_PORTS:
        raise _bad(f"its scheme is {scheme}, and only http and https are fetched")
    _, at, rest = (authority or "").rpartition("@")
    host, port = _host_and_port(rest, DEFAULT_PORTS[scheme])
    target = _without_dots(_escaped(path.replace("\\", "/")) or "/") + _escaped(query)
    shown = f"[{host}]" if ":" in host else host
    where = shown if port == DEFAULT_PORTS[scheme] else f"{shown}:{port}"
    whole = f"{scheme}://{where}{target}"
    if len(whole) > URL_CHARS_MAX:
        raise _bad(f"it is longer than {URL_CHARS_MAX} characters")
    return Url(scheme, host, port, target, whole, user=bool(at))


def follow(base: Url, location: str) -> Url:
    """Where a Location field leads. Raw UTF-8 in it, which header fields carry as latin-1, is understood."""
    with suppress(UnicodeError):  # else it is latin-1 indeed
        location = location.encode("latin-1").decode("utf-8")
    location = location.strip(_OUTER)
    if _PARTS.fullmatch(location):  # whole, whatever it is: urljoin would mend "http://" and "http:x"
        return parse_url(location)
    try:
        return parse_url(urljoin(base.text, location))
    except ValueError as error:  # urljoin on "//[broken"
        raise _bad("it cannot be read") from error


def ip_of(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The IP address that a parsed host is, or None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _host_and_port(authority: str, default: int) -> tuple[str, int]:
    parts = re.fullmatch(r"(\[[^\[\]]*\]|[^:\[\]]*)(?::([0-9]{0,5}))?", authority, re.ASCII)
    if parts is None:
        raise _bad("its host or port cannot be read")
    port = int(parts[2] or default)
    if not 0 < port < 65_536:
        raise _bad(f"there is no port {port}")
    return _ipv6(parts[1][1:-1]) if parts[1].startswith("[") else _host(parts[1]), port


def _ipv6(text: str) -> str:
    if "%" in text:
        raise FetchError(ErrorKind.BLOCKED_ADDRESS, "an address with a zone is a neighbour on this machine's links")
    try:
        return ipaddress.IPv6Address(text).compressed
    except ValueError:
        raise _bad("its IPv6 address cannot be read") from None


def _host(text: str) -> str:
    host = text.lower() if text.isascii() else _ascii(text)
    if not _HOST.fullmatch(host.removesuffix(".")):
        raise _bad("its host is missing or has characters that no host has")
    if _NUMBER.fullmatch(host.removesuffix(".").rpartition(".")[2]):
        return _ipv4(host)
    return host


def _ipv4(host: str) -> str:
    """A host whose last label is a number is an IPv4 address, or a disguise of one (WHATWG URL, "ends in a number")."""
    try:
        return ipaddress.IPv4Address(host).compressed
    except ValueError:
        message = "its host is an IP address in a disguise (decimal, octal, hexadecimal or short)"
        raise FetchError(ErrorKind.BLOCKED_ADDRESS, message) from None


def _ascii(text: str) -> str:
    """UTS #46 ToASCII without the IDNA 2008 letter check, so that names that browsers open are opened."""
    if len(text) > HOST_CHARS_MAX:  # before punycode, whose cost grows with the square
        raise _bad("its host is too long")
    try:
        mapped = idna.uts46_remap(text, std3_rules=False, transitional=False)
        return ".".join(_label(label) for label in mapped.split("."))
    except (idna.IDNAError, UnicodeError) as error:
        raise _bad(f"its host is no international name ({error})") from None


def _label(label: str) -> str:
    return label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii")


def _escaped(text: str) -> str:
    try:
        return _TO_ESCAPE.sub(lambda found: quote(found[0], safe=""), text)
    except UnicodeEncodeError:
        raise _bad("it has half a character (a lone surrogate) in it") from None


def _without_dots(path: str) -> str:
    """RFC 3986 section 5.2.4, for absolute paths."""
    if "/." not in path:
        return path
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in {".", ".."}:
        kept.append("")
    return "/" + "/".join(kept)


def _bad(why: str) -> FetchError:
    return FetchError(ErrorKind.BAD_URL, f"the address cannot be used: {why}")
