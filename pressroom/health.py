"""How a service is doing: a pure verdict over what its consumers say, and a small server that tells it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app

from pressroom.consumer.loop import ConsumerHealth

PORTS_MAX = 16

TROUBLE_MAX = timedelta(seconds=60)
"""A lost connection that lasts longer than this is an outage, and not a reconnect."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Well, or why not; one line each, for a person."""

    service: str
    faults: tuple[str, ...]
    last_done_at: datetime | None = None

    @property
    def is_well(self) -> bool:
        return not self.faults

    def as_dict(self) -> dict[str, Any]:
        done_at = self.last_done_at.isoformat() if self.last_done_at else None
        return {"service": self.service, "well": self.is_well, "last_done_at": done_at, "faults": list(self.faults)}


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look at a consumer found."""

    topic: str
    health: ConsumerHealth
    troubled_since: datetime | None
    started_at: datetime


def faults(seen: Seen, now: datetime, healthy_age: timedelta) -> list[str]:
    """What is wrong with a consumer. One that has nothing to do is well, however long ago it did something:
    a standby, or a worker whose partitions others hold.
    """
    found = []
    if not seen.health.alive:
        found.append(f"{seen.topic}: its threads have ended; restart the service")
    if seen.troubled_since is not None and now - seen.troubled_since >= TROUBLE_MAX:
        found.append(f"{seen.topic}: receives nothing since {seen.troubled_since:%H:%M:%S} UTC: {seen.health.trouble}")
    if seen.health.overdue:
        found.append(f"{seen.topic}: {seen.health.overdue}")
    if seen.health.breaker_open:
        found.append(f"{seen.topic}: paused by its breaker: {seen.health.paused_because}")
    idle_since = seen.health.last_done_at or seen.started_at
    if seen.health.under_way and now - idle_since >= healthy_age:
        held = f"{seen.health.under_way} messages are under way"
        found.append(f"{seen.topic}: {held} and none was finished since {idle_since:%Y-%m-%d %H:%M:%S} UTC")
    return found


def slow(topic: str, lag_s: float, most_s: float) -> list[str]:
    """What is wrong when what there is to do has waited for so long."""
    if lag_s <= most_s:
        return []
    return [
        f"{topic}: its messages wait for up to {lag_s:.0f} s, promised are {most_s:.0f}; start more of this service"
    ]


def out_of_reach(down_s: float, trouble: str) -> list[str]:
    """What is wrong when every call to the store has failed for so long: a back end can do nothing then."""
    if down_s < TROUBLE_MAX.total_seconds():
        return []
    return [f"the store has answered nothing for {down_s:.0f} s: {trouble}"]


class Vitals:
    """Watches the consumers of one service."""

    def __init__(self, service: str, now: Callable[[], datetime], healthy_age_s: float) -> None:
        self.service = service
        self._now = now
        self._healthy_age = timedelta(seconds=healthy_age_s)
        self._watched: list[tuple[str, Callable[[], ConsumerHealth], datetime]] = []
        self._asked: list[Callable[[], Iterable[str]]] = []
        self._elsewhere: list[Callable[[], float]] = []
        self._troubled: dict[str, datetime] = {}

    def watch(self, topic: str, health: Callable[[], ConsumerHealth]) -> None:
        self._watched.append((topic, health, self._now()))

    def ask(self, faults_of: Callable[[], Iterable[str]]) -> None:
        """Something else that may be wrong with the service; called at each look."""
        self._asked.append(faults_of)

    def ask_trouble(self, troubled_s: Callable[[], float]) -> None:
        """Somebody else who listens to the queue: for how long in vain."""
        self._elsewhere.append(troubled_s)

    def healths(self) -> list[tuple[str, ConsumerHealth]]:
        """Each consumer as it is now, by its topic."""
        return [(topic, health_of()) for topic, health_of, _ in self._watched]

    def troubled_s(self) -> float:
        """For how long a consumer has received nothing; 0 while all do."""
        self.verdict()
        own = (max((self._now() - since).total_seconds(), 0.001) for since in list(self._troubled.values()))
        return max((*own, *(elsewhere() for elsewhere in self._elsewhere)), default=0.0)

    @property
    def last_done_at(self) -> datetime | None:
        """When a message was last finished."""
        done = [health.last_done_at for _, health in self.healths() if health.last_done_at is not None]
        return max(done, default=None)

    def verdict(self) -> Verdict:
        now = self._now()
        found: list[str] = []
        for topic, health_of, started_at in self._watched:
            health = health_of()
            if health.trouble is None:
                self._troubled.pop(topic, None)
            since = self._troubled.setdefault(topic, now) if health.trouble is not None else None
            found += faults(Seen(topic, health, since, started_at), now, self._healthy_age)
        for faults_of in self._asked:
            found += faults_of()
        return Verdict(self.service, tuple(found), self.last_done_at)


class _Quiet(WSGIRequestHandler):
    timeout = 10.0
    """A client that says nothing for so long is let go: each holds a thread."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Probes come every few seconds and say nothing new."""


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A probe that went away; the base class would print a trace of it."""


class HealthServer:
    """`/healthz` (alive), `/readyz` (well, else 503 with what is wrong), `/metrics`: for probes, never for readers."""

    def __init__(self, host: str, port: int, vitals: Iterable[Vitals], registry: CollectorRegistry) -> None:
        self._vitals = tuple(vitals)
        self._metrics = make_wsgi_app(registry)
        self._server = make_server(host, port, self._app, server_class=_Server, handler_class=_Quiet)

    @classmethod
    def on_free_port(
        cls, host: str, first: int, vitals: Iterable[Vitals], registry: CollectorRegistry
    ) -> HealthServer | None:
        """At `first` or one of the fifteen ports behind it: for workers that share their settings. None: all taken."""
        for port in range(first, first + PORTS_MAX):
            try:
                return cls(host, port, vitals, registry)
            except OSError:
                continue
        return None

    @property
    def port(self) -> int:
        return int(self._server.server_port)

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, name="health", daemon=True).start()

    def stop(self, timeout_s: float) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _app(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/metrics":
            return self._metrics(environ, start_response)  # type: ignore[no-any-return]
        if path == "/healthz":
            return _json(start_response, "200 OK", {"alive": True})
        if path != "/readyz":
            return _json(start_response, "404 Not Found", {"error": "try /healthz, /readyz or /metrics"})
        verdicts = [one.verdict() for one in self._vitals]
        status = "200 OK" if all(one.is_well for one in verdicts) else "503 Service Unavailable"
        return _json(start_response, status, {"services": [one.as_dict() for one in verdicts]})


def _json(start_response: Callable[..., Any], status: str, content: object) -> Iterable[bytes]:
    start_response(status, [("Content-Type", "application/json"), ("Cache-Control", "no-store")])
    return [json.dumps(content).encode()]
