"""A store in memory that counts what it is asked, and can be slow, down, or hold rubbish."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

from pressroom.objects.port import Listed, NotModified, Stored, Unavailable
from schemas.base import Model


class MemoryStore:
    """The reading half of `ObjectStore`; tests fill it with `put`."""

    name = "memory"

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.answered_whole: Counter[str] = Counter()
        self.down = False
        self.gate: threading.Event | None = None
        """While set to an unset event, every `get` waits for it."""
        self._objects: dict[str, Stored] = {}
        self._lock = threading.Lock()

    def put(self, key: str, content: Model | bytes) -> str:
        body = content if isinstance(content, bytes) else content.model_dump_json().encode()
        stored = Stored(body, hashlib.sha256(body).hexdigest()[:16], datetime.now(UTC))
        with self._lock:
            self._objects[key] = stored
        return stored.etag

    def get(self, key: str, *, if_none_match: str | None = None) -> Stored | NotModified | None:
        with self._lock:
            self.asked[key] += 1
        if self.gate is not None:
            self.gate.wait(10)
        if self.down:
            raise Unavailable(self.name, "does not answer", "connect")
        with self._lock:
            stored = self._objects.get(key)
            if stored is not None and stored.etag == if_none_match:
                return NotModified(stored.etag)
            if stored is not None:
                self.answered_whole[key] += 1
            return stored

    def remove(self, key: str) -> None:
        with self._lock:
            del self._objects[key]

    def create(
        self, key: str, body: bytes, *, content_type: str = "application/json", cache_control: str | None = None
    ) -> str:
        return self.put(key, body)

    def swap(self, key: str, body: bytes, *, etag: str | None, write_id: str) -> str:
        raise AssertionError(f"a web node never changes {key}")

    def delete(self, key: str) -> None:
        raise AssertionError(f"a web node never deletes {key}")

    def list(self, prefix: str, *, after: str = "", limit: int) -> Iterator[Listed]:
        raise AssertionError(f"a web node never lists {prefix}")
