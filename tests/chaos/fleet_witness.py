"""A proxy before the store that sees every write: by whom, on what condition, with what result.

Each process of the fleet signs with an access key of its own, its name. What the store answered is known here even
where the writer never hears it.
"""

from __future__ import annotations

import http.client
import json
import re
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from hashlib import md5
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.chaos.fleet_source import edition_of
from tests.fakes.s3_faults import FaultProxy
from tests.fakes.s3_http import Answer, Request

_SIGNER = re.compile(r"Credential=([\w-]+)/")
MUTABLE = ("feeds/", "weather/", "sites/", "failures/", "ledger/")


@dataclass(frozen=True)
class Write:
    """A PUT that reached the store, or may have (`status` 0). `parent`: the ETag it replaces, "" when it creates,
    None when it says no condition. `order` is a head's (turn, revision, latest edition)."""

    key: str
    worker: str
    parent: str | None
    etag: str
    status: int
    began_s: float
    ended_s: float
    order: tuple[int, int, int] | None = None


class Witness(FaultProxy):
    """What was stored so far: `editions` by feed, `checked` by feed, weather `cells`; `writes` of all mutable keys."""

    def __init__(self, upstream: str) -> None:
        self.writes: list[Write] = []
        self.editions: dict[str, int] = {}
        self.checked: dict[str, datetime] = {}
        self.cells: set[str] = set()
        self._noting = threading.Lock()
        super().__init__(upstream)

    def _forward(self, request: Request) -> Answer:
        if request.method != "PUT":
            return self._asked_upstream(request)
        began_s, status = time.monotonic(), 0
        try:
            answer = self._asked_upstream(request)
            status = answer.status
            return answer
        finally:
            self._note(request, status, began_s)

    def _asked_upstream(self, request: Request) -> Answer:
        try:
            return super()._forward(request)
        except http.client.HTTPException as error:
            raise ConnectionError(str(error)) from error

    def _note(self, request: Request, status: int, began_s: float) -> None:
        _, _, key = unquote(urlsplit(request.path).path).lstrip("/").partition("/")
        if not key.startswith(MUTABLE):
            return
        headers = {name.lower(): value for name, value in request.headers.items()}
        parent = "" if headers.get("if-none-match") == "*" else headers.get("if-match")
        signer = _SIGNER.search(headers.get("authorization", ""))
        document = json.loads(request.body)
        write = Write(
            key=key,
            worker=signer[1] if signer else "?",
            parent=parent,
            etag=f'"{md5(request.body).hexdigest()}"',
            status=status,
            began_s=began_s,
            ended_s=time.monotonic(),
            order=_order(document) if key.startswith("feeds/") else None,
        )
        with self._noting:
            self.writes.append(write)
            if status == 200:
                self._take_in(write, document)

    def _take_in(self, write: Write, document: Any) -> None:
        if write.order is not None:
            self.editions[document["feed"]] = max(self.editions.get(document["feed"], 0), write.order[2])
        elif write.key.startswith("weather/"):
            self.cells.add(document["cell"])
        elif write.key.endswith("/status.json"):
            for one in document["feeds"]:
                if "checked_at" in one:
                    self.checked[one["feed"]] = datetime.fromisoformat(one["checked_at"])


def _order(head: Any) -> tuple[int, int, int]:
    titles = " ".join(entry.get("title", "") for entry in head["document"]["entries"])
    return head["turn"], head.get("revision", 0), edition_of(titles)
