"""Objects as files below one directory, for several processes of one machine.

A write locks, compares, writes a spare file, syncs it and renames it over the object, so a reader needs no
lock and sees the old file or the new one.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from pressroom.objects.files import LOCK_WAITS_S, Files, Locked, keys_below
from pressroom.objects.port import (
    BODY_BYTES_MAX,
    AlreadyThere,
    BadKey,
    Conflict,
    Listed,
    NotModified,
    Stored,
    StoreMisconfigured,
    TooLarge,
    Unavailable,
    check_body,
    check_key,
    check_prefix,
    check_write_id,
)

_REMEMBERED_MAX = 8192

_Signature = tuple[int, int, int]


class DirectoryStore:
    """An ObjectStore in `root`. Creates it when missing; StoreMisconfigured when it can't be written."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self._etags = _EtagMemory()
        with self._named_errors("the directory"):
            try:
                self._files = Files(self.root)
            except (NotADirectoryError, FileExistsError) as error:
                raise StoreMisconfigured(f"{self.name}: that is no directory") from error

    @property
    def name(self) -> str:
        return f"object directory {self.root}"

    def get(self, key: str, *, if_none_match: str | None = None) -> Stored | NotModified | None:
        path = self._path(check_key(key))
        with self._named_errors(key):
            if if_none_match is not None and self._remembered_etag(path) == if_none_match:
                return NotModified(if_none_match)
            stored = self._read(path)
        if stored is not None and stored.etag == if_none_match:
            return NotModified(stored.etag)
        return stored

    def create(
        self, key: str, body: bytes, *, content_type: str = "application/json", cache_control: str | None = None
    ) -> str:
        """As the port says; a directory has no place for `content_type` and `cache_control`."""
        check_body(check_key(key), body)
        with self._named_errors(key), self._files.locked(key) as lock:
            found = self._etag_of(self._path(key))
            if found is not None:
                conflict = AlreadyThere if found == _etag(body) else Conflict
                raise conflict(key, "no object", found)
            return self._replace(key, body, lock)

    def swap(self, key: str, body: bytes, *, etag: str | None, write_id: str) -> str:
        """As the port says; the write id has no use here, where no answer gets lost."""
        check_body(check_key(key), body)
        check_write_id(write_id)
        with self._named_errors(key), self._files.locked(key) as lock:
            found = self._etag_of(self._path(key))
            if found != etag:
                raise Conflict(key, etag or "no object", found)
            return self._replace(key, body, lock)

    def delete(self, key: str) -> None:
        check_key(key)
        with self._named_errors(key), self._files.locked(key):
            self._files.remove(key)

    def list(self, prefix: str, *, after: str = "", limit: int) -> Iterator[Listed]:
        folder = check_prefix(prefix).rpartition("/")[0]
        start = f"{folder}/" if folder else ""
        with self._named_errors(prefix or "the directory"):
            for key in keys_below(self.root / folder, start, prefix, after):
                if limit <= 0:
                    return
                listed = self._listed(key)
                if listed is not None:
                    yield listed
                    limit -= 1

    def _listed(self, key: str) -> Listed | None:
        """None when the object was deleted since its name was read."""
        path = self._path(key)
        found = _stat(path)
        if found is None:
            return None
        etag = self._etags.get(path, _signature(found))
        if etag is not None:
            return Listed(key, etag, found.st_size, _modified(found))
        stored = self._read(path)
        if stored is None:
            return None
        return Listed(key, stored.etag, len(stored.body), stored.modified)

    def _path(self, key: str) -> str:
        """A string: what happens a thousand times a second is not worth a Path each."""
        return f"{self.root}/{key}"

    def _read(self, path: str) -> Stored | None:
        try:
            with open(path, "rb", buffering=0) as file:  # noqa: PTH123
                found = os.fstat(file.fileno())
                if found.st_size > BODY_BYTES_MAX:
                    raise TooLarge(f"{path}: {found.st_size} bytes, more than an object may have")
                body = file.readall()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        etag = _etag(body)
        self._etags.put(path, _signature(found), etag)
        return Stored(body, etag, _modified(found))

    def _remembered_etag(self, path: str) -> str | None:
        """The ETag without reading the body, if this process has seen this very file before."""
        found = _stat(path)
        return self._etags.get(path, _signature(found)) if found is not None else None

    def _etag_of(self, path: str) -> str | None:
        found = _stat(path)
        if found is None:
            return None
        remembered = self._etags.get(path, _signature(found))
        if remembered is not None:
            return remembered
        stored = self._read(path)
        return stored.etag if stored is not None else None

    def _replace(self, key: str, body: bytes, lock: int) -> str:
        found = self._files.replace(key, body, lock)
        etag = _etag(body)
        self._etags.put(self._path(key), _signature(found), etag)
        return etag

    @contextlib.contextmanager
    def _named_errors(self, what: str) -> Iterator[None]:
        try:
            yield
        except Locked as error:
            raise Unavailable(
                self.name, f"another process holds the lock of {what}", "busy", sum(LOCK_WAITS_S)
            ) from error
        except (NotADirectoryError, IsADirectoryError, FileExistsError) as error:
            raise BadKey(f"{self.name}: {what}: a file and a folder can't have the same name") from error
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise Unavailable(self.name, f"no space left for {what}", "full") from error
            if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
                raise StoreMisconfigured(f"{self.name}: {error.strerror}: {error.filename or what}") from error
            raise


class _EtagMemory:
    """The ETags of files seen lately, valid while the file's signature is the same; bounded, oldest out."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[_Signature, str]] = {}
        self._lock = threading.Lock()

    def get(self, path: str, signature: _Signature) -> str | None:
        known = self._known.get(path)
        return known[1] if known is not None and known[0] == signature else None

    def put(self, path: str, signature: _Signature, etag: str) -> None:
        with self._lock:
            self._known.pop(path, None)
            self._known[path] = (signature, etag)
            if len(self._known) > _REMEMBERED_MAX:
                del self._known[next(iter(self._known))]


def _etag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)  # noqa: PTH116
    except (FileNotFoundError, NotADirectoryError):
        return None


def _signature(found: os.stat_result) -> _Signature:
    return found.st_ino, found.st_mtime_ns, found.st_size


def _modified(found: os.stat_result) -> datetime:
    return datetime.fromtimestamp(found.st_mtime, UTC)
