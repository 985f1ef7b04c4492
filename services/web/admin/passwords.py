"""The desk's password: kept only as an argon2 hash, in a setting."""

from __future__ import annotations

import threading
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

PASSWORD_CHARS_MIN: Final = 10
PASSWORD_CHARS_MAX: Final = 1000

# 19 MiB and two rounds, as OWASP's password storage page has it: a small node must be able to afford it.
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_ONE_AT_A_TIME: Final = threading.Lock()


def hash_of(password: str) -> str:
    return _HASHER.hash(password)


def is_right(password: str, hashed: str) -> bool:
    """About 20 ms and 19 MiB, never twice at once in a process. Raises nothing, whatever the texts are."""
    if len(password) > PASSWORD_CHARS_MAX:
        return False
    with _ONE_AT_A_TIME:
        try:
            return _HASHER.verify(hashed, password.encode("utf-8", "surrogatepass"))
        except (VerificationError, InvalidHashError):
            return False
