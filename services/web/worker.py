"""A web node as a server's worker process: built from the settings, started once a process."""

from __future__ import annotations

import atexit
import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterable

from prometheus_client import CollectorRegistry

from pressroom import memory
from pressroom import settings as settings_module
from pressroom.clock import SystemClock
from pressroom.health import PORTS_MAX, HealthServer, Vitals
from pressroom.metrics.loop import vitals_metrics
from pressroom.metrics.measured import MeasuredQueue, MeasuredStore
from pressroom.metrics.process import CpuShare, process_metrics
from pressroom.places import Places
from pressroom.pulse import Body, Pulse
from pressroom.sender import Sender
from pressroom.settings import Settings
from pressroom.wiring import queue_of, store_of
from services.web.cells import cell_finder
from services.web.gate import Environ, StartResponse
from services.web.node import WebNode
from services.web.waiters import senders_of

log = logging.getLogger(__name__)

PAGES_WAIT_S = 2.0
SWITCH_S = 0.0005
"""How long a reader's request waits for the interpreter while pages are being rendered: Python's own 5 ms, twice for a
request, would be felt; it costs a switch more each time somebody waits.
"""
PARENT_LOOK_S = 1.0
END_WITHIN_S = 5.0


class Worker:
    """WSGI. A server may import this before it forks (gunicorn's preload): threads and connections would not survive
    that, so the node starts in the process that answers, at its first request or when `start` is called there.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._node: WebNode | None = None
        self._process = 0

    def start(self) -> WebNode:
        """The node of this process, with pages if they are to be had at once: a worker that joins others shall not
        answer 503 where they have what is asked for. Raises `BadSettings`, `StoreMisconfigured`.
        """
        with self._lock:
            if self._node is None or self._process != os.getpid():
                memory.settle()
                sys.setswitchinterval(SWITCH_S)
                self._node, self._process = start_node(settings_module.load()), os.getpid()
                atexit.register(self._node.stop)
                wait_for_pages(self._node)
            return self._node

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        node = self._node if self._process == os.getpid() else None
        return (node or self.start()).wsgi(environ, start_response)


def wait_for_pages(node: WebNode) -> None:
    clock, never = SystemClock(), threading.Event()
    give_up_s = clock.monotonic() + PAGES_WAIT_S
    while node.table.get("/") is None and clock.monotonic() < give_up_s:
        clock.wait(never, 0.02)


def start_node(settings: Settings) -> WebNode:
    """A node that runs, tells its metrics and says that it is alive."""
    clock = SystemClock()
    registry = CollectorRegistry()
    places = Places(settings.data / "places.sqlite")
    queue = MeasuredQueue(queue_of(settings, clock), registry)
    node = WebNode(
        MeasuredStore(store_of(settings, clock), registry),
        queue,
        clock,
        settings,
        cell_of=cell_finder(places),
        places=places,
        registry=registry,
        senders=senders_of(settings.web_threads),
    )
    node.start()
    vitals = Vitals("web", clock.now, settings.healthy_age_s)
    node.tell(vitals)
    share = CpuShare()
    vitals_metrics(registry, [vitals])
    process_metrics(registry, ["web"], settings.data, share)
    if settings.metrics_port:
        _tell(settings.metrics_port, vitals, registry)
    body = Body(["web"], lambda: [vitals], registry, clock, share, node.metrics.lag_s)
    Pulse(Sender(queue, clock, "web"), clock, body).start()
    return node


def _tell(port: int, vitals: Vitals, registry: CollectorRegistry) -> None:
    server = HealthServer.on_free_port("0.0.0.0", port, [vitals], registry)  # noqa: S104 - probes come from outside
    if server is None:
        log.error("no metrics: port %d and the %d behind it are taken", port, PORTS_MAX - 1)
        return
    server.start()


app = Worker()


def started() -> Worker:
    """For servers that load an application in the process that serves it: ready before the first request."""
    parent = multiprocessing.parent_process()
    if parent is not None and parent.pid is not None:
        threading.Thread(target=end_with, args=(parent.pid,), name="parent", daemon=True).start()
    app.start()
    return app


def end_with(parent: int) -> None:
    """End this process once its parent has died without a word: nobody would replace it or stop it any more, and it
    would keep the port from whoever is started next.
    """
    clock, never = SystemClock(), threading.Event()
    while os.getppid() == parent:
        clock.wait(never, PARENT_LOOK_S)
    log.error("the server of this worker has died; the worker ends too")
    os.kill(os.getpid(), signal.SIGTERM)
    clock.wait(never, END_WITHIN_S)
    os._exit(1)
