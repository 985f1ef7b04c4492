"""A program under test in a process of its own: stopped in order, killed, asked for what it said."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

STOP_TIMEOUT_S = 30.0
"""As compose and systemd allow."""
_LOG_TAIL_BYTES = 4000
# Leads the program's process group and ends it when its standard input ends: so also when the tests are killed.
_GUARD = ("/bin/sh", "-c", "read -r _; kill -9 0")


class Process:
    """Runs from its making on; what it says goes to the end of `log`. `name` is for people."""

    def __init__(self, name: str, argv: Sequence[str], env: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        self._guard = subprocess.Popen(_GUARD, stdin=subprocess.PIPE, process_group=0)  # noqa: S603
        with log.open("ab") as said:
            self._program = subprocess.Popen(  # noqa: S603
                argv,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                process_group=self._guard.pid,
            )

    @property
    def is_running(self) -> bool:
        return self.code is None

    @property
    def code(self) -> int | None:
        """How it ended, as `subprocess` tells it: negative after a signal. None while it runs."""
        return self._program.poll()

    def wait(self, timeout_s: float) -> int:
        """Until it has ended by itself; its code. Raises TimeoutExpired."""
        code = self._program.wait(timeout_s)
        self._clear_up()
        return code

    def ask_to_stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Tell it to stop in order, and don't wait for that."""
        with contextlib.suppress(ProcessLookupError):
            self._program.send_signal(number)

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> int:
        """An orderly stop; its code. One that takes longer is killed, and TimeoutExpired raised."""
        self.ask_to_stop()
        try:
            return self.wait(timeout_s)
        finally:
            self.kill()

    def kill(self) -> None:
        """End it and all that it started, as kill -9 does; does nothing when it has ended."""
        self._clear_up()
        self._program.wait()

    def log_tail(self) -> str:
        text = self.log.read_bytes()[-_LOG_TAIL_BYTES:].decode(errors="replace")
        return f"--- log of {self.name} ({'running' if self.is_running else f'ended with {self.code}'})\n{text}"

    def _clear_up(self) -> None:
        if self._guard.poll() is None:
            os.killpg(self._guard.pid, signal.SIGKILL)
            self._guard.communicate()
