"""How a process knows that another one died: by its lock file, which the kernel unlocks, and not by a clock."""

from __future__ import annotations

import fcntl
import os
import secrets
from pathlib import Path


class ProcessLock:
    """One process's sign of life, held from the first subscription until `release`."""

    def __init__(self, queue_path: Path) -> None:
        self._folder = queue_path.with_name(f"{queue_path.name}.processes")
        self.token = f"{os.getpid()}-{secrets.token_hex(6)}"
        self._fd: int | None = None

    def acquire(self) -> None:
        """Before the token is written anywhere, so that nobody finds it unlocked."""
        if self._fd is not None:
            return
        self._folder.mkdir(exist_ok=True)
        fd = os.open(self._folder / self.token, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        fcntl.flock(fd, fcntl.LOCK_EX)
        self._fd = fd

    def release(self) -> None:
        if self._fd is None:
            return
        (self._folder / self.token).unlink(missing_ok=True)
        os.close(self._fd)
        self._fd = None

    def is_dead(self, token: str) -> bool:
        """True when the process of that token is gone. Its file stays until `bury`, for others who look."""
        try:
            fd = os.open(self._folder / token, os.O_RDWR)
        except FileNotFoundError:
            return True
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(fd)
        return True

    def bury(self, token: str) -> None:
        (self._folder / token).unlink(missing_ok=True)
