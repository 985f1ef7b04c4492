"""A web node as a server's worker process: built from the settings, started once a process."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Iterable

from pressroom import settings as settings_module
from pressroom.clock import SystemClock
from pressroom.places import Places
from pressroom.settings import Settings
from pressroom.wiring import queue_of, store_of
from services.web.cells import cell_finder
from services.web.gate import Environ, StartResponse
from services.web.node import WebNode
from services.web.serve import listen


class Worker:
    """WSGI. A server may import this before it forks (gunicorn's preload): threads and connections would not survive
    that, so the node starts in the process that answers, at its first request or when `start` is called there.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._node: WebNode | None = None
        self._process = 0

    def start(self) -> WebNode:
        """The node of this process. Raises `BadSettings`, `StoreMisconfigured`."""
        with self._lock:
            if self._node is None or self._process != os.getpid():
                self._node, self._process = start_node(settings_module.load()), os.getpid()
                atexit.register(self._node.stop)
            return self._node

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        node = self._node if self._process == os.getpid() else None
        return (node or self.start()).wsgi(environ, start_response)


def start_node(settings: Settings) -> WebNode:
    clock = SystemClock()
    places = Places(settings.data / "places.sqlite")
    node = WebNode(
        store_of(settings, clock),
        queue_of(settings, clock),
        clock,
        settings,
        cell_of=cell_finder(places),
        places=places,
    )
    node.start()
    return node


app = Worker()


def started() -> Worker:
    """For servers that load an application in the process that serves it: ready before the first request."""
    app.start()
    return app


def serve(settings: Settings) -> None:
    """Run a node on granian until SIGTERM or SIGINT. Raises `PortTaken`.

    Two or more blocking threads: with one, a slow request would hold up cached pages.
    """
    from granian import Granian  # noqa: PLC0415 - only real nodes need it
    from granian.constants import Interfaces  # noqa: PLC0415

    listen(settings.host, settings.port).close()
    Granian(
        "services.web.worker:started",
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        blocking_threads=max(2, settings.web_threads),
        websockets=False,
        log_access=False,
        workers_kill_timeout=5,
    ).serve()
