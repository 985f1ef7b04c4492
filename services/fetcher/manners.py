"""Asking as a guest: who we are, how many feeds we serve, and (by a setting) what robots.txt allows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from cachetools import LRUCache

from pressroom.clock import Clock
from pressroom.http.answer import FetchError, Response
from schemas.errors import ErrorKind
from services.fetcher.robots import Standing, allowed, standing

HOSTS_REMEMBERED_MAX = 2000

Get = Callable[[str, Mapping[str, str]], Response]
"""Ask for an address with these header fields; raises `FetchError`."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What the User-Agent says: the project, its version, the page that tells publishers what we do."""

    version: str
    contact: str

    def user_agent(self, feeds_served: int = 0) -> str:
        feeds = f"; {feeds_served} feeds" if feeds_served else ""
        return f"Pressroom/{self.version} ({self.contact}{feeds})"


class Pace:
    """The spacing of a host for what the scheduler does not space itself: pages, looks ahead."""

    def __init__(self, clock: Clock, spacing_s: float) -> None:
        self._clock = clock
        self._spacing_s = spacing_s
        self._lock = threading.Lock()
        self._free_at: LRUCache[str, float] = LRUCache(HOSTS_REMEMBERED_MAX)

    def wait_s(self, host: str) -> float:
        """0: go ahead, and the host is taken for the spacing. All that is asked of a host comes to one worker."""
        now = self._clock.monotonic()
        with self._lock:
            free_at = self._free_at.get(host, now)
            if free_at > now:
                return free_at - now
            self._free_at[host] = now + self._spacing_s
            return 0.0


class RobotsRule:
    """robots.txt of each host, read through the same guarded client and remembered for as long as it allows."""

    def __init__(self, get: Get, clock: Clock, user_agent: str) -> None:
        self._get = get
        self._clock = clock
        self._user_agent = user_agent
        self._lock = threading.Lock()
        self._known: LRUCache[str, tuple[float, Standing]] = LRUCache(HOSTS_REMEMBERED_MAX)

    def check(self, url: str) -> None:
        """Raises `FetchError` (robots) when the site does not want this address fetched."""
        if not allowed(self._standing(url).body, self._user_agent, url):
            raise FetchError(ErrorKind.ROBOTS, "robots.txt does not allow this address to be fetched", url)

    def _standing(self, url: str) -> Standing:
        parts = urlsplit(url)
        site = f"{parts.scheme}://{parts.netloc}"
        now = self._clock.monotonic()
        with self._lock:
            known = self._known.get(site)
        if known is not None and now < known[0]:
            return known[1]
        try:
            answer: Response | FetchError = self._get(f"{site}/robots.txt", {})
        except FetchError as error:
            answer = error
        found = standing(answer, self._clock.now())
        with self._lock:
            self._known[site] = (now + found.trusted_s, found)
        return found
