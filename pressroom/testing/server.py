"""One server in a container: started once for a run or for one test alone, and mistreated on demand."""

from __future__ import annotations

import contextlib
import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Self

from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network

from pressroom.testing.engine import APIError, Missing, published_at, published_on
from pressroom.testing.images import need
from pressroom.testing.ports import free_ports
from pressroom.testing.run import remove_container, this_run

_START_TRIES = 3
_LOG_TAIL_LINES = 60


class NotReady(Exception):
    """A server did not become what was awaited in time; carries the end of its log."""


@dataclass(frozen=True)
class Recipe:
    """How to start a server: `ports` are published on loopback, `files` are put into the container before."""

    kind: str
    image: str
    ports: tuple[int, ...]
    command: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    network: Network | None = None
    hostname: str | None = None


class Server(ABC):
    """A container that tests may pause, kill, restart and read the log of. Its addresses survive a restart."""

    ready_timeout_s = 90.0

    def __init__(self, container: Any) -> None:
        self.container = container

    @classmethod
    def start(cls, recipe: Recipe) -> Self:
        """Start a container of this run's and wait until it is ready. Missing when it cannot be had here."""
        server = cls.launch(recipe)
        try:
            server.wait_ready()
        except BaseException:
            server.remove()
            raise
        return server

    @classmethod
    def launch(cls, recipe: Recipe) -> Self:
        """Start a container without waiting for it."""
        return cls(_launch(recipe))

    @classmethod
    def shared(cls, recipe: Recipe) -> Self:
        """The run's one server of this recipe: the first process that asks starts it, the run's end removes it."""
        run = this_run()
        with run.alone():
            running = run.find(recipe.kind)
            return cls(running) if running else cls.start(recipe)

    @classmethod
    @contextlib.contextmanager
    def alone(cls, recipe: Recipe) -> Iterator[Self]:
        """A server for one purpose, removed afterwards; what fails meanwhile is raised with the server's log."""
        server = cls.start(recipe)
        try:
            yield server
        except BaseException as error:
            error.add_note(server.log_tail())
            raise
        finally:
            server.remove()

    @abstractmethod
    def is_ready(self) -> bool:
        """Whether clients are served now; cheap enough to be asked ten times a second."""

    def wait_ready(self) -> None:
        self.until(self.is_ready, "ready", self.ready_timeout_s)

    def until(self, condition: Callable[[], bool], what: str, timeout_s: float) -> None:
        """Wait for `condition`; NotReady with the server's log when it takes longer or the container ends."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            self.container.reload()
            if self.container.status == "exited" or time.monotonic() > deadline:
                raise NotReady(f"{self.name} ({self.container.status}) is not {what}\n{self.log_tail()}")
            time.sleep(0.1)

    @property
    def name(self) -> str:
        return str(self.container.name)

    def address(self, port: int) -> tuple[str, int]:
        """Host and port that lead to `port` inside the container; told of a stopped one too."""
        bindings = self.container.attrs["HostConfig"]["PortBindings"]
        return published_at(), int(bindings[f"{port}/tcp"][0]["HostPort"])

    def run(self, *argv: str) -> str:
        """Run a command inside; its output, or RuntimeError with it."""
        code, output = self.container.exec_run(list(argv))
        text = str(output.decode(errors="replace"))
        if code != 0:
            raise RuntimeError(f"{self.name}: {' '.join(argv)} ended with {code}: {text}")
        return text

    def log_tail(self, since_s: float | None = None) -> str:
        """The last lines that the server wrote, of those since the wall time `since_s` if one is given."""
        lines = self.container.logs(tail=_LOG_TAIL_LINES, since=since_s).decode(errors="replace")
        return f"--- log of {self.name}\n{lines}"

    def pause(self) -> None:
        """Freeze it: connections stay open and silent."""
        self.container.pause()

    def unpause(self) -> None:
        self.container.unpause()

    def kill(self) -> None:
        """Kill -9; `restart` brings it back with its data."""
        self.container.kill()
        self.container.wait()

    def stop(self) -> None:
        """An orderly stop; `restart` brings it back with its data."""
        self.container.stop(timeout=30)

    def start_again(self) -> None:
        """Start it again without waiting for it."""
        self.container.start()

    def restart(self) -> None:
        """Start it again, after an orderly stop if it runs, and wait until it is ready."""
        self.container.restart(timeout=30)
        self.wait_ready()

    def remove(self) -> None:
        remove_container(self.container)


def _launch(recipe: Recipe) -> Any:
    need(recipe.image)
    for attempt in range(_START_TRIES):
        container = _prepare(recipe)
        try:
            return container.start().get_wrapped_container()
        except APIError as error:
            container.stop()
            # Another process may have taken the port since it was found free.
            if attempt == _START_TRIES - 1 or "port is already allocated" not in str(error):
                raise Missing(f"{recipe.image}: does not start: {error}") from error
    raise AssertionError("the loop returns or raises")


def _prepare(recipe: Recipe) -> DockerContainer:
    name = f"pressroom-test-{recipe.kind}-{secrets.token_hex(3)}"
    container = DockerContainer(recipe.image, name=name, env=dict(recipe.env))
    container.with_kwargs(labels=this_run().labels(recipe.kind), hostname=recipe.hostname)
    if recipe.network and recipe.hostname:
        container.with_network(recipe.network).with_network_aliases(recipe.hostname)
    if recipe.command:
        container.with_command(list(recipe.command))
    for port in recipe.ports:
        # A port of our own choice, so that a restarted container has the same address again.
        container.ports[str(port)] = (published_on(), free_ports(host=published_on())[0])  # type: ignore[assignment]
    for path, text in recipe.files.items():
        container.with_copy_into_container(text.encode(), path)
    return container
