"""What the directory store does to the file system: lock, write a spare file, sync, rename, walk.

Every key belongs to one of 256 stripes. Who holds a stripe's lock owns its spare file, so a killed writer
leaves at most that file, and the next writer of the stripe starts it afresh.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

# Keys never start with a dot, so this room of ours can't meet an object.
_OWN_ROOM = ".pressroom"
# About 10 s in all: a lock is held for one compare and one synced write.
LOCK_WAITS_S = (0.0005, 0.001, 0.002, 0.004, 0.008, *[0.016] * 620)
# Another process may remove the empty folder that a write is about to rename into.
_RENAME_TRIES = 8


class Locked(Exception):
    """Another process or thread sat on the lock for as long as LOCK_WAITS_S."""


class Files:
    """The locks and spare files of one root. Making it creates its folders and removes what died writers left."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._locks = root / _OWN_ROOM / "locks"
        self._spares = root / _OWN_ROOM / "spares"
        for folder in (self._locks, self._spares):
            folder.mkdir(parents=True, exist_ok=True)
        self._sweep()

    @contextlib.contextmanager
    def locked(self, key: str) -> Iterator[int]:
        """Hold the lock of the key's stripe, against other threads and processes; raises Locked."""
        with self._opened_lock(stripe_of(key)) as lock:
            if not _flocked_after(lock, LOCK_WAITS_S):
                raise Locked(key)
            yield lock

    def replace(self, key: str, body: bytes, lock: int) -> os.stat_result:
        """Make the file of `key` hold `body`, durably and at once; only while its lock is held."""
        spare = f"{self._spares}/{stripe_of(key)}"
        try:
            found = _write_spare(spare, body, lock)
            self._rename(spare, f"{self._root}/{key}")
        except BaseException:
            Path(spare).unlink(missing_ok=True)
            raise
        return found

    def remove(self, key: str) -> None:
        """Remove the file of `key`, if there is one, and the folders that it leaves empty; while locked."""
        path = self._root / key
        try:
            path.unlink()
        except (FileNotFoundError, NotADirectoryError):
            return
        _sync_folder(path.parent)
        for folder in path.parents[: _depth(key)]:
            try:
                folder.rmdir()
            except OSError:
                return

    def _rename(self, spare: str, path: str) -> None:
        folder = path.rpartition("/")[0]
        for attempt in range(_RENAME_TRIES):
            try:
                os.rename(spare, path)  # noqa: PTH104 - as Path.replace, without a path's price
                break
            except FileNotFoundError:
                if attempt == _RENAME_TRIES - 1:
                    raise
                with contextlib.suppress(FileNotFoundError):
                    self._make_folder(Path(folder))
        _sync_folder(folder)

    def _make_folder(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for parent in folder.parents:
            _sync_folder(parent)
            if parent == self._root:
                return

    def _sweep(self) -> None:
        """Remove the spare files of writers that died; one whose stripe is locked belongs to the living."""
        for spare in self._spares.iterdir():
            with self._opened_lock(spare.name) as lock:
                if _flocked_after(lock, ()):
                    spare.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _opened_lock(self, stripe: str) -> Iterator[int]:
        lock = os.open(f"{self._locks}/{stripe}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            yield lock
        finally:
            os.close(lock)


def _write_spare(spare: str, body: bytes, lock: int) -> os.stat_result:
    """Write and sync the spare file, with a time stamp later than any other of its stripe.

    A file system's clock is coarse (4 ms), and inodes are used again: two versions of the same size
    written in one tick would look the same to `stat`. The stamp of the lock file keeps count instead.
    """
    file = os.open(spare, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    try:
        rest = memoryview(body)
        while rest:
            rest = rest[os.write(file, rest) :]
        stamp_ns = max(os.fstat(file).st_mtime_ns, os.fstat(lock).st_mtime_ns + 1)
        os.utime(file, ns=(stamp_ns, stamp_ns))
        os.utime(lock, ns=(stamp_ns, stamp_ns))
        os.fsync(file)
        return os.fstat(file)
    finally:
        os.close(file)


def keys_below(folder: Path, start: str, prefix: str, after: str) -> Iterator[str]:
    """The keys of files in `folder` (whose own key is `start`) that begin with `prefix` and come after `after`.

    In byte order: a folder sorts by its name and the "/" behind it, as it does in whole keys.
    """
    try:
        with os.scandir(folder) as entries:
            names = sorted(
                entry.name + "/" if entry.is_dir() else entry.name
                for entry in entries
                if not entry.name.startswith(".")
            )
    except FileNotFoundError:
        return
    for name in names:
        key = start + name
        if not name.endswith("/"):
            if key.startswith(prefix) and key > after:
                yield key
        elif _may_hold(key, prefix, after):
            yield from keys_below(folder / name, key, prefix, after)


def _may_hold(folder_key: str, prefix: str, after: str) -> bool:
    matches = folder_key.startswith(prefix) or prefix.startswith(folder_key)
    return matches and (folder_key > after or after.startswith(folder_key))


def stripe_of(key: str) -> str:
    """The two digits that name the lock and the spare file of a key."""
    return hashlib.sha256(key.encode()).hexdigest()[:2]


def _depth(key: str) -> int:
    """How many folders below the root the key has."""
    return key.count("/")


def _flocked_after(lock: int, waits_s: tuple[float, ...]) -> bool:
    """Whether the lock was had, at once or after some of the waits."""
    for wait_s in waits_s:
        if _flocked(lock):
            return True
        # Real time passes whatever clock a test has set: the holder may be another process.
        threading.Event().wait(wait_s)
    return _flocked(lock)


def _flocked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sync_folder(folder: str | Path) -> None:
    """Make the names in a folder durable; nothing to do when another process has removed it."""
    with contextlib.suppress(FileNotFoundError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
