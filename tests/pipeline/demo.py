"""`pressroom run` as a person starts it: a process with an address, found in what it says."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from pressroom.testing import Process
from pressroom.testing.newsroom import PRESSROOM
from tests.pipeline.frontpage import FrontPage, read_page
from tests.pipeline.waiting import eventually

ADDRESS = re.compile(r"Pressroom is at (http://\S+)")


def environment(data: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "PRESSROOM_DATA": str(data), "PRESSROOM_LOG_LEVEL": "WARNING", **more}


class Run:
    """`pressroom run …` with these arguments, in the folder that its relative paths begin at."""

    def __init__(self, folder: Path, *argv: str, env: dict[str, str]) -> None:
        self._before = (folder / "run.log").stat().st_size if (folder / "run.log").exists() else 0
        self.process = Process("run", [*PRESSROOM, "run", *argv], env, folder / "run.log")
        self.address = eventually(self._address, within_s=30.0)
        self.told_at_s = time.monotonic()

    def _address(self) -> str:
        assert self.process.is_running, self.process.log_tail()
        found = ADDRESS.search(self.said())
        return found[1] if found else ""

    def said(self) -> str:
        """What this run has said, not those before it."""
        return self.process.log.read_bytes()[self._before :].decode(errors="replace")

    def page(self, site: str) -> FrontPage:
        try:
            with urllib.request.urlopen(f"{self.address}/s/{site}", timeout=5) as answer:
                return read_page(answer.status, answer.read().decode())
        except urllib.error.HTTPError as error:
            return FrontPage(error.code)

    def press_ctrl_c(self) -> tuple[int, float]:
        """Its exit code and how long stopping took, in seconds."""
        began = time.monotonic()
        self.process.ask_to_stop(signal.SIGINT)
        return self.process.wait(20), time.monotonic() - began


def run_once(folder: Path, **settings: str) -> Any:
    """One round over the sites in `folder`/sites with its data in `folder`/data: the summary that machines read."""
    env = environment(
        folder / "data",
        PRESSROOM_SITES=str(folder / "sites"),
        PRESSROOM_FETCH_ALLOW_NETWORKS="127.0.0.0/8",
        PRESSROOM_FETCH_HOST_SPACING_S="0",
        **settings,
    )
    done = pressroom(env, "run", "--once", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def pressroom(env: dict[str, str], *argv: str) -> subprocess.CompletedProcess[str]:
    """Another verb, in a process beside it."""
    return subprocess.run([*PRESSROOM, *argv], env=env, capture_output=True, text=True, timeout=120)
