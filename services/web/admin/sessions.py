"""Sign-ins: a signed cookie that every node accepts, since its key comes from the password's hash.

No node keeps a list of sessions, so another password is what ends them all before their time.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Any, Final

from itsdangerous import BadData, URLSafeSerializer

from pressroom.clock import Clock

COOKIE: Final = "pressroom_admin"
BY_CHARS_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Session:
    """Who signed in, in which browser (a random name), until when (epoch seconds)."""

    by: str
    browser: str
    until: int


class Sessions:
    """Writes and reads the cookie. One that has ended still tells that its browser was signed in once."""

    def __init__(self, password_hash: str, clock: Clock, session_s: float) -> None:
        self._key = hmac.digest(password_hash.encode(), b"pressroom desk", "sha256")
        self._clock = clock
        self._session_s = session_s
        self._serializer = URLSafeSerializer(
            self._key, salt="sign-in", signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256}
        )

    def begin(self, by: str, before: Session | None = None) -> Session:
        browser = before.browser if before else secrets.token_hex(8)
        return Session(by[:BY_CHARS_MAX], browser, int(self._clock.now().timestamp() + self._session_s))

    def ended(self, session: Session) -> Session:
        return Session("", session.browser, 0)

    def is_on(self, session: Session | None) -> bool:
        return session is not None and self._clock.now().timestamp() < session.until

    def written(self, session: Session) -> str:
        return str(self._serializer.dumps([session.by, session.browser, session.until]))

    def read(self, text: str) -> Session | None:
        """None for anything that was not signed here, or under another password."""
        try:
            by, browser, until = self._serializer.loads(text)
        except (BadData, ValueError, TypeError):
            return None
        return Session(str(by), str(browser), int(until))

    def token(self, session: Session) -> str:
        """What a form of this session must bring along: no other site can know it."""
        said = f"form {session.browser} {session.until} {session.by}"
        return hmac.new(self._key, said.encode(), hashlib.sha256).hexdigest()

    def is_token(self, session: Session, given: Any) -> bool:
        return isinstance(given, str) and hmac.compare_digest(self.token(session).encode(), given.encode())
