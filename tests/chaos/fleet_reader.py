"""A reader who asks a web node for the front page all the time, and wants an answer every time."""

from __future__ import annotations

import re
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

PAUSE_S = 0.1
PATIENCE_S = 10.0
_HEADLINE = re.compile(r"(paper-\d+) edition (\d+)\.")


class Reader:
    """`complaints`: every answer that was not 200, every refusal while the node was up, every older page."""

    def __init__(self, url: str) -> None:
        self.complaints: list[str] = []
        self.answers = 0
        self.shown: dict[str, int] = {}
        """The latest edition of each paper on the last page."""
        self._url = url
        self._away = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)

    @contextmanager
    def reading(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._stopping.set()
            self._thread.join(PATIENCE_S + 5)

    def node_goes_away(self) -> None:
        """The test takes the node away: until it answers again, no answer is expected, but a wrong one still is."""
        self._away.set()

    @property
    def misses_the_node(self) -> bool:
        return self._away.is_set()

    def _read(self) -> None:
        while not self._stopping.wait(PAUSE_S):
            away, began_s = self._away.is_set(), time.monotonic()
            try:
                page = self._get()
            except OSError as error:
                if not away and not self._away.is_set():
                    self.complaints.append(f"no answer after {time.monotonic() - began_s:.1f} s: {error}")
                continue
            if page is not None:
                self._take_in(page, was_away=away)

    def _get(self) -> str | None:
        try:
            with urllib.request.urlopen(self._url, timeout=PATIENCE_S) as answer:
                self.answers += 1
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            self.complaints.append(f"answered {error.code}: {error.read()[:200]!r}")
            return None

    def _take_in(self, page: str, *, was_away: bool) -> None:
        shown: Counter[str] = Counter()
        for name, edition in _HEADLINE.findall(page):
            shown[name] = max(shown[name], int(edition))
        older = [name for name, edition in self.shown.items() if shown[name] < edition]
        # A node that was started again begins with what it had kept on disk.
        if older and not was_away:
            self.complaints.append(f"an older page: {older} were at {self.shown}, are at {dict(shown)}")
        self.shown = dict(shown)
        if was_away:
            self._away.clear()
