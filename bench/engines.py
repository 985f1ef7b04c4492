"""The two worlds a newsroom is measured in, and what the servers of the second one cost beside it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pressroom.settings import variable
from pressroom.testing import broker, store
from pressroom.testing.server import Server

_ROOM = "vm_memory_high_watermark.absolute = 4GiB\n"
"""A test's broker has half a GB, which thousands of messages that lie ready would fill."""


@dataclass(frozen=True, slots=True)
class Engines:
    """Queue and store: as environment variables, and the servers behind them (none in the embedded world)."""

    name: str
    env: Mapping[str, str]
    servers: Mapping[str, Server] = field(default_factory=dict)

    def cpu_s(self) -> dict[str, float]:
        """CPU seconds that each server has used."""
        return {name: _cpu_s(server) for name, server in self.servers.items()}


def _cpu_s(server: Server) -> float:
    told: dict[str, Any] = server.container.stats(stream=False, one_shot=True)
    return float(told["cpu_stats"]["cpu_usage"]["total_usage"]) / 1e9


@contextlib.contextmanager
def embedded() -> Iterator[Engines]:
    """sqlite and a directory, which cost our own processes."""
    yield Engines("embedded", {})


@contextlib.contextmanager
def rabbit_and_s3() -> Iterator[Engines]:
    """RabbitMQ and SeaweedFS in containers of their own, removed afterwards. Raises `Missing` without Docker."""
    with broker(conf=_ROOM) as queue, store() as objects:
        names = {"queue_url": queue.amqp_url(), "objects_url": objects.s3_url()}
        keys = {"s3_access_key": "bench", "s3_secret_key": "bench"}
        env = {variable(name): value for name, value in (names | keys).items()}
        yield Engines("RabbitMQ + S3", env, {"RabbitMQ": queue, "SeaweedFS": objects})


def newsroom_env(engines: Engines, folder: Path, ports: Mapping[str, int], **more: Any) -> dict[str, str]:
    """Settings of a newsroom that asks its papers without spacing, with `more` by their names in docs/settings.md."""
    settings = {
        "data": folder / "data",
        "sites": folder / "sites",
        "fetch_allow_networks": "127.0.0.0/8",
        "fetch_ports": ",".join(str(port) for port in ports.values()),
        "fetch_host_spacing_s": 0,
        **more,
    }
    named = {variable(name): str(value) for name, value in settings.items()}
    return {**engines.env, **named, "SSL_CERT_FILE": str(folder / "papers" / "ca.pem")}
