"""The test run that containers belong to, and the clearing away of runs that died.

A run is the process that asks first and everything it starts (pytest-xdist's workers, services under test): they
inherit its id. The first process holds a file lock as long as it lives, however it ends, so that a later run can
tell a dead one by its released lock and remove what it left, by label.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import functools
import os
import platform
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import IO, Any

from pressroom.testing.engine import APIError, NotFound, engine

LABEL = "org.pressroom.test"
HOST_LABEL = "org.pressroom.test.host"
KIND_LABEL = "org.pressroom.test.kind"
_PREFIX = "pressroom-test-"
_RUN_VARIABLE = "PRESSROOM_TEST_RUN"


@dataclass(frozen=True)
class Run:
    """One test run; only its first process (`owner_pid`) holds the lock and clears up at the end."""

    run_id: str
    owner_pid: int | None = None
    _alive: IO[str] | None = field(default=None, repr=False)

    def labels(self, kind: str) -> dict[str, str]:
        """The labels of whatever is started now, after what dead runs left has been swept away."""
        _sweep_once()
        _path(self.run_id, "started").touch()
        return {LABEL: self.run_id, HOST_LABEL: platform.node(), KIND_LABEL: kind}

    def find(self, kind: str) -> Any | None:
        """The running container of this run and kind, if one of its processes has started it."""
        wanted = [f"{LABEL}={self.run_id}", f"{KIND_LABEL}={kind}"]
        return next(iter(engine().containers.list(filters={"label": wanted})), None)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """One process of the run at a time: for "is it there? else start it"."""
        with _path(self.run_id, "lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def end(self) -> None:
        """Remove what the run started; in any process but its first, nothing."""
        if self.owner_pid != os.getpid() or self._alive is None or self._alive.closed:
            return
        if _path(self.run_id, "started").exists():
            _remove_all(self.run_id)
        self._alive.close()
        _forget(self.run_id)


@functools.cache
def this_run() -> Run:
    """The run of this process, begun by the first call of all; asks nothing of Docker."""
    inherited = os.environ.get(_RUN_VARIABLE)
    if inherited:
        return Run(inherited)
    run_id = secrets.token_hex(6)
    # Named only once it is locked, so that nobody takes a run that begins for one that died.
    alive = _path(run_id, "begins").open("w")
    fcntl.flock(alive, fcntl.LOCK_EX)
    _path(run_id, "begins").rename(_path(run_id, "alive"))
    os.environ[_RUN_VARIABLE] = run_id
    run = Run(run_id, os.getpid(), alive)
    atexit.register(run.end)
    return run


def sweep() -> list[str]:
    """Remove what dead runs of this machine left on the engine; returns the ids of those runs."""
    mine = {"label": [LABEL, f"{HOST_LABEL}={platform.node()}"]}
    containers = engine().containers.list(all=True, filters=mine, ignore_removed=True)
    seen = {container.labels[LABEL] for container in containers}
    seen |= {network.attrs["Labels"][LABEL] for network in engine().networks.list(filters=mine)}
    seen |= {path.stem.removeprefix(_PREFIX) for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*.alive")}
    dead = sorted(run_id for run_id in seen if not _is_alive(run_id))
    for run_id in dead:
        _remove_all(run_id)
    return dead


@functools.cache
def _sweep_once() -> None:
    sweep()


def _path(run_id: str, what: str) -> Path:
    return Path(tempfile.gettempdir()) / f"{_PREFIX}{run_id}.{what}"


def _is_alive(run_id: str) -> bool:
    try:
        with _path(run_id, "alive").open("r+") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def remove_container(container: Any) -> None:
    """Remove a container and its volumes, whatever state it is in; somebody else may be quicker."""
    try:
        container.remove(force=True, v=True)
    except APIError as error:
        if error.status_code not in (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT):
            raise


def _remove_all(run_id: str) -> None:
    belongs = {"label": f"{LABEL}={run_id}"}
    for container in engine().containers.list(all=True, filters=belongs, ignore_removed=True):
        remove_container(container)
    for thing in [*engine().networks.list(filters=belongs), *engine().volumes.list(filters=belongs)]:
        with contextlib.suppress(NotFound):
            thing.remove()
    _forget(run_id)


def _forget(run_id: str) -> None:
    for what in ("alive", "lock", "started"):
        _path(run_id, what).unlink(missing_ok=True)
