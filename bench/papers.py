"""The papers of a measurement: their server, and the sites' folder that names them."""

from __future__ import annotations

import contextlib
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bench.child import Child, child
from bench.origin import HOSTS

SITES: Final = 10
WARM_FEEDS: Final = 8


class Origin:
    """The papers' server and how to change what it does."""

    def __init__(self, server: Child, folder: Path) -> None:
        self.ports = server.said
        self.certificate = folder / "ca.pem"

    def version(self, number: int) -> None:
        self._tell(f"version/{number}")

    def close_after_answers(self, *, on: bool) -> None:
        self._tell(f"close/{int(on)}")

    def restless(self, *, on: bool) -> None:
        """Whoever has a feed's current version gets the next one, so that every refresh brings something new."""
        self._tell(f"restless/{int(on)}")

    def _tell(self, path: str) -> None:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports['plain']}/-/{path}", timeout=60):
            pass


@contextlib.contextmanager
def origin(feeds: int, folder: Path) -> Iterator[Origin]:
    folder.mkdir(parents=True, exist_ok=True)
    with child("bench.origin", str(feeds + WARM_FEEDS), str(folder)) as server:
        yield Origin(server, folder)


class Papers:
    """The sites' folder: first a small site to warm up with, then the real ones in its place."""

    def __init__(self, folder: Path, feeds: int, ports: dict[str, int]) -> None:
        self.feeds = feeds
        self._folder = folder
        self._ports = ports
        folder.mkdir(parents=True)
        self._site("warm", "http", range(feeds, feeds + WARM_FEEDS))

    def open(self, scheme: str = "http") -> None:
        """From the next tick on there are all feeds at addresses of this scheme, each of them new."""
        for site in range(SITES):
            self._site(f"bench{site}", scheme, range(site * self.feeds // SITES, (site + 1) * self.feeds // SITES))
        (self._folder / "warm.toml").unlink(missing_ok=True)

    def _site(self, name: str, scheme: str, numbers: range) -> None:
        port = self._ports["tls" if scheme == "https" else "plain"]
        urls = [f"{scheme}://{HOSTS[number % len(HOSTS)]}:{port}/feed/{number}" for number in numbers]
        lines = [f'title = "{name}"', *(f'[[feeds]]\nurl = "{url}"' for url in urls)]
        beside = self._folder / f"{name}.new"
        beside.write_text("\n".join(lines) + "\n", encoding="utf-8")
        beside.rename(self._folder / f"{name}.toml")
