"""robots.txt: may this address be fetched, and for how long is the answer good? Pure; RFC 9309.

The stdlib's parser knows no wildcards and lets the first matching rule win; both are against the RFC.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, unquote_to_bytes, urlsplit

from pressroom.http.answer import FetchError, Response
from pressroom.http.times import fresh_s
from schemas.errors import ErrorKind

BYTES_MAX = 512 * 1024
"""RFC 9309 section 2.5 asks for 500 KiB at least; what follows is not read."""
TRUSTED_S = 86_400.0
TRUSTED_S_MIN = 3600.0
UNREACHABLE_S = 3600.0

ALLOW_ALL = b""
DISALLOW_ALL = b"User-agent: *\nDisallow: /\n"

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_ESCAPES = re.compile(r"%[0-9A-Fa-f]{2}|[^\x21-\x7e]")


@dataclass(frozen=True, slots=True)
class Standing:
    """A host's robots.txt, or what stands for it, and for how many seconds it may be kept."""

    body: bytes
    trusted_s: float


def standing(answer: Response | FetchError, now: datetime) -> Standing:
    """What an attempt to read robots.txt amounts to (RFC 9309 sections 2.3.1 and 2.4).

    None there (4xx), or too many redirects to it: everything is allowed. Out of reach: nothing is, until it answers.
    """
    if isinstance(answer, FetchError):
        lost_on_the_way = answer.kind in {ErrorKind.REDIRECT_LOOP, ErrorKind.BAD_REDIRECT}
        return Standing(ALLOW_ALL, TRUSTED_S) if lost_on_the_way else Standing(DISALLOW_ALL, UNREACHABLE_S)
    if answer.status == 200:
        wished_s = fresh_s(answer.headers, now)
        trusted_s = TRUSTED_S if wished_s is None else min(max(wished_s, TRUSTED_S_MIN), TRUSTED_S)
        return Standing(answer.body[:BYTES_MAX], trusted_s)
    if 400 <= answer.status < 500 and answer.status != 429:
        return Standing(ALLOW_ALL, TRUSTED_S)
    return Standing(DISALLOW_ALL, UNREACHABLE_S)


def allowed(robots: bytes, user_agent: str, url: str) -> bool:
    """Whether `user_agent` (its first word counts) may fetch `url`. The longest rule wins, of equals the kind one."""
    parts = urlsplit(url)
    target = _canonical(f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}")
    matching = [
        (len(pattern), kind) for kind, pattern in _rules_for(_product(user_agent), robots) if _matches(pattern, target)
    ]
    return max(matching, default=(0, True))[1]


def _product(user_agent: str) -> str:
    found = re.match(r"[A-Za-z_-]+", user_agent.strip())
    return found[0].lower() if found else ""


def _rules_for(product: str, robots: bytes) -> list[tuple[bool, str]]:
    """The rules (allow?, pattern) of every group that names `product`, else of those for everybody."""
    rules: dict[str, list[tuple[bool, str]]] = {"*": []}
    agents: list[str] = []
    in_rules = False
    for field, value in _lines(robots):
        if field == "user-agent":
            agents = [*([] if in_rules else agents), value if value == "*" else _product(value)]
            in_rules = False
            rules.setdefault(agents[-1], [])
        elif field in {"allow", "disallow"}:
            in_rules = True
            if value:
                for agent in agents:
                    rules[agent].append((field == "allow", _canonical(value)))
    return rules.get(product, rules["*"])


def _lines(robots: bytes) -> Iterator[tuple[str, str]]:
    for line in robots[:BYTES_MAX].decode("utf-8-sig", "replace").splitlines():
        field, colon, value = line.partition("#")[0].partition(":")
        if colon:
            yield field.strip().lower(), value.strip()


def _canonical(path: str) -> str:
    """One spelling of percent-escapes, so that rule and address are compared octet for octet (section 2.2.2)."""

    def spelled(found: re.Match[str]) -> str:
        octet = unquote_to_bytes(found[0])
        return octet.decode("ascii") if len(octet) == 1 and octet[0] in _UNRESERVED else quote(octet, safe="")

    return _ESCAPES.sub(spelled, path)


def _matches(pattern: str, target: str) -> bool:
    """`*` stands for anything, a last `$` for the end. One pass, whatever the pattern."""
    anchored = pattern.endswith("$")
    first, *rest = pattern.removesuffix("$").split("*")
    if not target.startswith(first):
        return False
    at = len(first)
    for piece in rest[:-1] if anchored else rest:
        at = target.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    if not anchored:
        return True
    return len(target) - at >= len(rest[-1]) and target.endswith(rest[-1]) if rest else at == len(target)
