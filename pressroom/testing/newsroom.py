"""A newsroom of real processes: `pressroom serve …`, one for each name, on engines of its own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pressroom.settings import Settings, load, variable
from pressroom.testing.gazetteer import lay_gazetteer
from pressroom.testing.ports import free_ports
from pressroom.testing.process import Process
from pressroom.testing.rabbit import shared_broker
from pressroom.testing.store import shared_store

SERVICES = ("scheduler+fetcher+weather+publisher", "web")
"""Two processes: one with all that works in the back, and a web node."""

PRESSROOM = (sys.executable, "-c", "from services.cli import main; main()")
READY_TIMEOUT_S = 30.0

_HURRIED = {
    "fetch_allow_networks": "127.0.0.0/8,::1/128",
    "fetch_host_spacing_s": 0.0,
    "status_interval_s": 0.0,
    "partitions": 2,
    "log_level": "WARNING",
    "s3_access_key": "test",
    "s3_secret_key": "test",
}
"""Settings of a newsroom that nobody but a test waits for."""


class Fleet:
    """Processes that share a queue, a store and a folder of sites.

    `settings` are named as in docs/settings.md, without the prefix and in lower case. `program` is run instead of
    `pressroom`, with the same arguments.
    """

    def __init__(self, folder: Path, settings: dict[str, Any], program: Sequence[str] = PRESSROOM) -> None:
        self.folder = folder
        self.sites = folder / "sites"
        self.processes: list[Process] = []
        self.pages: list[str] = []
        """The addresses of the web nodes, in the order they were started."""
        self._program = tuple(program)
        self._settings = {**_HURRIED, "data": folder / "data", "sites": self.sites, **settings}
        self.sites.mkdir(parents=True, exist_ok=True)

    def environment(self, **more: Any) -> dict[str, str]:
        """What a process of this newsroom gets; `more` are settings of its own."""
        named = {variable(name): str(value) for name, value in {**self._settings, **more}.items()}
        others = {name: value for name, value in os.environ.items() if name not in named}
        return others | named

    def settings(self) -> Settings:
        """For tests that open the queue or the store themselves, with `pressroom.wiring`."""
        return load(**self._settings)

    def add_site(self, name: str, urls: Sequence[str], **fields: str) -> None:
        """Write a site that shows these feeds. A running newsroom notices within a second."""
        lines = [f"{field} = {json.dumps(text)}" for field, text in {"title": name, **fields}.items()]
        lines += [f"[[feeds]]\nurl = {json.dumps(url)}" for url in urls]
        beside = self.sites / f"{name}.new"
        beside.write_text("\n".join(lines) + "\n", encoding="utf-8")
        beside.rename(self.sites / f"{name}.toml")

    def start(self, services: str, env: dict[str, str] | None = None) -> Process:
        """Start one process: a service, or several joined by "+"; `env` is added to its environment."""
        number = len(self.processes)
        more: dict[str, Any] = {}
        if services == "web":
            port = free_ports()[0]
            self.pages.append(f"http://127.0.0.1:{port}")
            # A node keeps its copies on disk for itself.
            more = {"port": port, "data": self.folder / f"data-{number}"} if self._is_a_fleet else {"port": port}
        lay_gazetteer(Path(more.get("data", self._settings["data"])))
        argv = [*self._program, "serve", *services.split("+")]
        log = self.folder / f"{number}-{services}.log"
        process = Process(services, argv, self.environment(**more) | (env or {}), log)
        self.processes.append(process)
        return process

    @property
    def _is_a_fleet(self) -> bool:
        return bool(self._settings.get("queue_url"))

    def run(self, *argv: str, timeout_s: float = 30.0) -> str:
        """Run another verb beside the newsroom, as an operator does; what it printed. Raises CalledProcessError."""
        done = subprocess.run(  # noqa: S603
            [*PRESSROOM, *argv], env=self.environment(), capture_output=True, text=True, check=True, timeout=timeout_s
        )
        return done.stdout

    def get(self, path: str, node: int = 0) -> tuple[int, str]:
        """Status and body that a web node answers with. Raises OSError when it cannot be reached."""
        try:
            with urllib.request.urlopen(self.pages[node] + path, timeout=5) as answer:  # noqa: S310
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def wait_for_page(self, path: str, words: str, within_s: float = READY_TIMEOUT_S) -> str:
        """The page, as soon as it holds `words`. Raises TimeoutError with what it held last."""
        deadline = time.monotonic() + within_s
        seen: tuple[int, str] | str = ""
        while time.monotonic() < deadline:
            try:
                seen = self.get(path)
            except OSError as error:
                seen = str(error)
            else:
                if seen[0] == 200 and words in seen[1]:
                    return seen[1]
            time.sleep(0.05)
        raise TimeoutError(f"{path} does not say {words!r} within {within_s:g} s; it says {seen}")

    def stop(self) -> None:
        """All at once, in order; what takes too long is killed."""
        for process in self.processes:
            process.ask_to_stop()
        for process in self.processes:
            process.stop()

    def kill(self) -> None:
        for process in self.processes:
            process.kill()

    def logs(self) -> str:
        return "\n".join(process.log_tail() for process in self.processes)


@contextlib.contextmanager
def newsroom(
    services: Sequence[str] = SERVICES,
    *,
    queue_url: str | None = None,
    objects_url: str | None = None,
    program: Sequence[str] = PRESSROOM,
    **settings: Any,
) -> Iterator[Fleet]:
    """Start a process for each of `services` and end them all afterwards; what fails meanwhile comes with their logs.

    Without addresses: a virtual host and a bucket of its own on the run's shared broker and store (raises `Missing`
    where there is no Docker). With empty ones: sqlite and a directory.
    """
    with contextlib.ExitStack() as things:
        folder = Path(tempfile.mkdtemp(prefix="pressroom-newsroom-"))
        things.callback(shutil.rmtree, folder, ignore_errors=True)
        engines = {
            "queue_url": things.enter_context(shared_broker().vhost()) if queue_url is None else queue_url,
            "objects_url": things.enter_context(shared_store().bucket()) if objects_url is None else objects_url,
        }
        fleet = Fleet(folder, {**engines, **settings}, program)
        things.callback(fleet.kill)
        try:
            for names in services:
                fleet.start(names)
            yield fleet
            fleet.stop()
        except BaseException as error:
            error.add_note(fleet.logs())
            raise
