"""Processes of ours that are told what to do on stdin, a word a line, and answer with a line of JSON."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any


class Child:
    """`python -m MODULE ARGUMENTS…`; `said` is its first line."""

    def __init__(self, module: str, *arguments: str, env: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | dict(env or {}),
            text=True,
        )
        self.said = self._line()

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, question: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(question + "\n")
        self._process.stdin.flush()
        return self._line()

    def _line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args!r} ended with {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


@contextlib.contextmanager
def child(module: str, *arguments: str, env: Mapping[str, str] | None = None) -> Iterator[Child]:
    process = Child(module, *arguments, env=env)
    try:
        yield process
    finally:
        process.close()
