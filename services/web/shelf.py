"""Copies on disk: what a restarted node serves while broker and store are down."""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from schemas.base import Instant, Key, Model, Name
from schemas.codec import explain
from schemas.keys import short_hash

log = logging.getLogger(__name__)
_SUFFIX: Final = ".copy"


class Label(Model):
    """The first line of a copy's file: whose bytes follow, and how many."""

    key: Key
    etag: Name
    fetched_at: Instant
    body_bytes: int


@dataclass(frozen=True, slots=True)
class Shelved:
    key: str
    etag: str
    fetched_at: datetime
    body: bytes


class Shelf:
    """A folder of copies, one file a key, written whole or not at all; several processes may share it.

    Nothing here is precious: a file that cannot be read is dropped and fetched again, and a disk that is full
    costs the next cold start, never an answer.
    """

    def __init__(self, folder: Path, bytes_max: int) -> None:
        self._folder = folder
        self._bytes_max = bytes_max
        folder.mkdir(parents=True, exist_ok=True)

    def put(self, copy: Shelved) -> None:
        label = Label(key=copy.key, etag=copy.etag, fetched_at=copy.fetched_at, body_bytes=len(copy.body))
        path = self._path(copy.key)
        try:
            self._write(path, label.model_dump_json().encode() + b"\n" + copy.body)
        except OSError as error:
            log.warning("copy of %s is not on disk: %s: %s", copy.key, path, error.strerror)

    def get(self, key: str) -> Shelved | None:
        path = self._path(key)
        try:
            first, _, body = path.read_bytes().partition(b"\n")
        except FileNotFoundError:
            return None
        except OSError as error:
            log.warning("copy of %s cannot be read: %s: %s", key, path, error.strerror)
            return None
        try:
            label = Label.model_validate_json(first)
        except ValidationError as error:
            log.warning("copy of %s is dropped: %s", key, explain(error, str(path)))
            return None
        if label.key != key or label.body_bytes != len(body):
            log.warning("copy of %s is dropped: %s holds %d bytes of %s", key, path, len(body), label.key)
            return None
        return Shelved(key, label.etag, label.fetched_at, body)

    def trim(self, keep: Iterable[str]) -> int:
        """Delete the oldest copies nobody wants until the folder fits its bound; returns how many went."""
        kept = {self._path(key).name for key in keep}
        files = sorted(self._sizes(), key=lambda file: (file[0].name in kept, file[1]))
        excess = sum(size for _, _, size in files) - self._bytes_max
        gone = 0
        for path, _, size in files:
            if excess <= 0:
                break
            path.unlink(missing_ok=True)
            excess -= size
            gone += 1
        return gone

    def _sizes(self) -> list[tuple[Path, float, int]]:
        sizes = []
        for path in self._folder.glob(f"*{_SUFFIX}"):
            with contextlib.suppress(FileNotFoundError):
                stat = path.stat()
                sizes.append((path, stat.st_mtime, stat.st_size))
        return sizes

    def _path(self, key: str) -> Path:
        return self._folder / f"{short_hash(key, 32)}{_SUFFIX}"

    def _write(self, path: Path, content: bytes) -> None:
        # No fsync: after a power cut the label's length tells a torn file, and the store has the content.
        handle, name = tempfile.mkstemp(dir=self._folder, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
