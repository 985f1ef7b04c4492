"""How often one address class may ask for what costs a node work. Pages that are made ahead are not counted."""

from __future__ import annotations

import ipaddress
import re
import threading
from collections.abc import Mapping
from typing import Any, Final

from cachetools import TTLCache

from pressroom.clock import Clock

WINDOW_S: Final = 60.0
CLASSES_MAX: Final = 20_000
_BOT: Final = re.compile(r"bot\b|crawler|spider|slurp|archiver|python-requests|curl/|wget/|scrapy", re.IGNORECASE)


class Limits:
    """Counts requests by address class for a minute, from the first one on."""

    def __init__(self, clock: Clock, readers_minute: int, bots_minute: int) -> None:
        self._readers = readers_minute
        self._bots = bots_minute
        self._lock = threading.Lock()
        self._counts: TTLCache[tuple[str, bool], list[int]] = TTLCache(CLASSES_MAX, WINDOW_S, timer=clock.monotonic)

    def allows(self, address: str | None, user_agent: str) -> bool:
        """Counts this request. None, an address of this machine, is never refused."""
        if address is None:
            return True
        bot = is_bot(user_agent)
        with self._lock:
            # A list is counted up in place: putting a new value would start the minute again.
            count = self._counts.setdefault((address_class(address), bot), [0])
            count[0] += 1
            return count[0] <= (self._bots if bot else self._readers)


def is_bot(user_agent: str) -> bool:
    """As far as bots say so."""
    return bool(_BOT.search(user_agent))


def address_class(address: str) -> str:
    """A /24 of IPv4 or a /48 of IPv6: about one network, and not one person."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "unreadable"
    return str(ipaddress.ip_network(f"{ip}/{24 if ip.version == 4 else 48}", strict=False))


def address_of(environ: Mapping[str, Any]) -> str | None:
    """Who asks; None for this machine itself. Only a proxy on a private address may speak for somebody else."""
    forwarded = forwarded_for(environ)
    if forwarded:
        return forwarded
    peer = str(environ.get("REMOTE_ADDR", ""))
    try:
        return None if ipaddress.ip_address(peer).is_loopback else peer
    except ValueError:
        return peer


def forwarded_for(environ: Mapping[str, Any]) -> str:
    """For whom a proxy of ours asks; empty when none does."""
    forwarded = str(environ.get("HTTP_X_FORWARDED_FOR", "")).rsplit(",", 1)[-1].strip()
    try:
        return forwarded if forwarded and ipaddress.ip_address(str(environ.get("REMOTE_ADDR", ""))).is_private else ""
    except ValueError:
        return ""
