"""A folder of parts on disk: `DIR/<site>/<name>.html`, and `DIR/.pressroom.json`, which remembers what it saw.

Reading follows no link and takes nothing that is not what it should be; writing is whole or not at all.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from pressroom.desk.office import Refused
from schemas import keys
from schemas.parts import PART_CHARS_MAX, PART_NAMES

STATE: Final = ".pressroom.json"
SUFFIX: Final = ".html"
THEIRS: Final = ".theirs"
BYTES_MAX: Final = 4 * PART_CHARS_MAX
_PATHS_IN_SITE: Final = {f"{name}{SUFFIX}": name for name in PART_NAMES}


@dataclass(frozen=True, slots=True)
class Local:
    """A file as it is here."""

    text: str
    sha256: str


class Seen(BaseModel):
    """What was in step once: version `number` there, these bytes here (None: no file). `shown`: a version that
    nobody here had seen, laid beside the file to be merged.
    """

    model_config = ConfigDict(frozen=True)

    number: int = 0
    sha256: str | None = None
    shown: int | None = None


class State(BaseModel):
    """The folder's memory: of which store, and of each `site/name`."""

    format: Literal[1] = 1
    store: str
    files: dict[str, Seen] = {}


@dataclass(slots=True)
class Found:
    """What a folder holds. What is in `refused` is nobody's business: neither sent nor taken as deleted."""

    files: dict[str, Local] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    def is_refused(self, path: str) -> bool:
        return path in self.refused or path.partition("/")[0] in self.refused


class Folder:
    """One folder. Raises OSError as the system does."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """No two synchronise one folder at a time. Raises `Refused`."""
        try:
            here = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise Refused(f"{self.root}: {error.strerror}") from None
        try:
            _lock(here, self.root)
            yield
        finally:
            os.close(here)

    def state(self, store: str) -> State:
        """Raises `Refused` for a folder of another store: what it remembers means nothing here."""
        try:
            text = (self.root / STATE).read_text(encoding="utf-8")
        except FileNotFoundError:
            return State(store=store)
        try:
            found = State.model_validate_json(text)
        except ValidationError:
            raise Refused(f"{self.root / STATE} cannot be read; remove it to begin anew, then pull") from None
        if found.store != store:
            raise Refused(
                f"{self.root} belongs to {found.store}, this is {store}; take another folder, or remove "
                f"{self.root / STATE} to begin anew"
            )
        return found

    def remember(self, state: State) -> None:
        self._write(self.root / STATE, state.model_dump_json(indent=1, exclude_none=True) + "\n")

    def read(self) -> Found:
        found = Found()
        for entry in sorted(os.scandir(self.root), key=lambda one: one.name):
            if entry.name.startswith("."):
                continue
            name = _shown(entry.name)
            if entry.is_symlink():
                found.refused[name] = "a symbolic link; only folders and files count"
            elif not entry.is_dir():
                found.refused[name] = "no folder of a site"
            elif not keys.is_site_id(entry.name):
                found.refused[name] = "no site has such a name"
            else:
                self._read_site(entry, found)
        return found

    def _read_site(self, site: os.DirEntry[str], found: Found) -> None:
        for entry in sorted(os.scandir(site.path), key=lambda one: one.name):
            if entry.name.startswith(".") or entry.name.endswith(THEIRS):
                continue
            name = _PATHS_IN_SITE.get(entry.name)
            if name is None:
                wanted = ", ".join(_PATHS_IN_SITE)
                found.refused[f"{site.name}/{_shown(entry.name)}"] = f"no part has such a name; there are {wanted}"
                continue
            path = f"{site.name}/{name}"
            try:
                found.files[path] = _read(Path(entry.path))
            except (Refused, OSError) as error:
                found.refused[path] = str(error)

    def write(self, path: str, text: str, before: Local | None) -> Local:
        """Put `text` there. Raises `Refused` when the file is not what it was when it was read."""
        target = self._still(path, before)
        target.parent.mkdir(exist_ok=True)
        self._write(target, f"{text}\n")
        return _read(target)

    def remove(self, path: str, before: Local) -> None:
        target = self._still(path, before)
        target.unlink()
        with contextlib.suppress(OSError):
            target.parent.rmdir()

    def lay_beside(self, path: str, text: str | None) -> Path | None:
        """`….theirs`, for whoever merges; None takes it away."""
        target = self._file(path)
        beside = target.with_name(target.name + THEIRS)
        if text is None:
            beside.unlink(missing_ok=True)
            return None
        beside.parent.mkdir(exist_ok=True)
        self._write(beside, f"{text}\n")
        return beside

    def _file(self, path: str) -> Path:
        site, _, name = path.partition("/")
        if not keys.is_site_id(site) or (self.root / site).is_symlink():
            raise Refused(f"{path}: {site} cannot be a folder here")
        return self.root / site / f"{name}{SUFFIX}"

    def _still(self, path: str, before: Local | None) -> Path:
        target = self._file(path)
        now = _read(target) if os.path.lexists(target) else None
        if now != before:
            raise Refused("was changed in this moment; run it again")
        return target

    def _write(self, target: Path, text: str) -> None:
        beside = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            with beside.open("w", encoding="utf-8", newline="") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)


def _lock(descriptor: int, root: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Refused(f"{root} is being synchronised by another process; wait for it") from None


def _read(path: Path) -> Local:
    """Raises `Refused` for what is no text of ours, and OSError."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise Refused("a symbolic link" if path.is_symlink() else f"{error.strerror}") from None
    with open(number, "rb") as file:  # noqa: PTH123 - by its descriptor
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise Refused("no regular file")
        body = file.read(BYTES_MAX + 1)
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(f"not UTF-8 at byte {error.start}") from None
    if len(text) > PART_CHARS_MAX:
        raise Refused(f"more than {PART_CHARS_MAX} characters")
    return Local(text, hashlib.sha256(body).hexdigest())


def _shown(name: str) -> str:
    """A name as it can be printed, whatever bytes it has."""
    return name.encode("utf-8", "backslashreplace").decode()
