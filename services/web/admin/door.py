"""Who may come in: by a form and its cookie, or with each JSON call by HTTP Basic. Knows nothing of Flask."""

from __future__ import annotations

import hashlib
import hmac
import math
import secrets
import threading
from typing import Final

from cachetools import TTLCache

from pressroom.clock import Clock
from services.web.admin.passwords import is_right
from services.web.admin.sessions import Session, Sessions
from services.web.admin.throttle import Throttle
from services.web.limits import address_class

REMEMBERED_S: Final = 300.0
REMEMBERED_MAX: Final = 64


class Wrong(Exception):
    """Not the password."""


class TooOften(Exception):
    """Too many wrong passwords from there; `wait_s` until the next may be tried."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"too many wrong passwords; wait {math.ceil(wait_s)} s")
        self.wait_s = math.ceil(wait_s)


class Door:
    """`password_hash` empty: there is no door."""

    def __init__(self, password_hash: str, clock: Clock, session_s: float) -> None:
        self._hash = password_hash
        self.sessions = Sessions(password_hash, clock, session_s)
        self._throttle = Throttle(clock)
        # A script that sends its password with each call pays for argon2 once in a while only.
        self._pepper = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._remembered: TTLCache[bytes, bool] = TTLCache(REMEMBERED_MAX, REMEMBERED_S, timer=clock.monotonic)

    @property
    def is_there(self) -> bool:
        return bool(self._hash)

    def sign_in(self, by: str, password: str, address: str | None, before: Session | None) -> Session:
        """A new session. `address` None: this machine; `before`: what this browser's cookie says. Raises `Wrong`,
        `TooOften`.
        """
        self._try(password, address, before)
        return self.sessions.begin(by, before)

    def call(self, by: str, password: str, address: str | None) -> Session:
        """A session for one JSON call, with the password in it. Raises as `sign_in`."""
        digest = hmac.new(self._pepper, password.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()
        with self._lock:
            is_known = digest in self._remembered
        if not is_known:
            self._try(password, address, None)
            with self._lock:
                self._remembered[digest] = True
        return self.sessions.begin(by)

    def _try(self, password: str, address: str | None, before: Session | None) -> None:
        name = f"browser {before.browser}" if before else address_class(address) if address else "this machine"
        stranger = before is None and address is not None
        wait_s = self._throttle.wait_s(name, stranger=stranger)
        if wait_s > 0:
            raise TooOften(wait_s)
        if not is_right(password, self._hash):
            raise Wrong("that is not the password")
        self._throttle.was_right(name, stranger=stranger)
