"""The cookies of one GET. Some sites set one and send back to where one came from until it is shown (miniflux/v2#1512,
encode/httpx#821): they are sent along on the way there, and forgotten with the answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from pressroom.http.urls import Url

COOKIES_MAX: Final = 20
COOKIE_CHARS_MAX: Final = 4096
_COOKIE: Final = re.compile(r"\s*([!#-'*+\-.0-9A-Z^-z|~]+)\s*=\s*([!-+\--:<-\[\]-~]*)\s*(?:;(.*))?", re.DOTALL)
_DOMAIN: Final = re.compile(r"(?:^|;)\s*domain\s*=\s*\.?([a-z0-9.-]+\.[a-z0-9-]+)\s*(?:;|$)", re.IGNORECASE)


class Cookies:
    """What is kept of RFC 6265: name, value, host or domain. Paths and ages mean nothing within seconds."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, bool, str], str] = {}

    def take(self, url: Url, lines: Iterable[str]) -> bool:
        """Keep what the answer of `url` sets. True when that changes what will be sent."""
        before = dict(self._kept)
        for line in lines:
            match = _COOKIE.fullmatch(line) if len(line) <= COOKIE_CHARS_MAX else None
            if match is not None and len(self._kept) < COOKIES_MAX:
                domain = _DOMAIN.search(match[3] or "")
                where = domain[1].lower() if domain is not None else url.host
                if _is_within(url.host, where):
                    self._kept[where, domain is not None, match[1]] = match[2]
        return self._kept != before

    def field(self, url: Url) -> str:
        """The Cookie field for `url`; "" for none."""
        return "; ".join(
            f"{name}={value}"
            for (where, wide, name), value in self._kept.items()
            if url.host == where or (wide and _is_within(url.host, where))
        )


def _is_within(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")
