"""Starts and watches a node's workers: a process that serves nothing itself and imports nothing of what they need."""

from __future__ import annotations

from granian import Granian
from granian.constants import Interfaces

from pressroom.settings import Settings
from services.web.serve import listen


def serve(settings: Settings) -> None:
    """Run a node on granian until SIGTERM or SIGINT. Raises `PortTaken`.

    Two or more blocking threads: with one, a slow request would hold up cached pages. A worker that dies, or grows
    beyond its limit, is replaced.
    """
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
        workers=settings.web_workers,
        respawn_failed_workers=True,
        workers_max_rss=max(1, settings.web_worker_bytes_max >> 20),
        workers_kill_timeout=5,
    ).serve()
