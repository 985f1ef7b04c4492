"""RabbitMQ for tests: one broker, shared or alone, and virtual hosts to keep tests apart."""

from __future__ import annotations

import base64
import contextlib
import json
import secrets
import socket
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

from pressroom.testing.images import BROKER
from pressroom.testing.server import Recipe, Server

AMQP_PORT = 5672
MANAGEMENT_PORT = 15672
_USER = "guest"
_PROTOCOL_HEADER = b"AMQP\x00\x00\x09\x01"
_METHOD_FRAME = b"\x01"
# Memory in figures of its own, not as a share of a laptop's; a disk that is never full; two schedulers that sleep.
_CONF = """\
loopback_users.guest = false
vm_memory_high_watermark.absolute = 512MiB
disk_free_limit.absolute = 50MB
log.console.level = info
"""
_ENV = {"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none"}


def recipe(kind: str, *, conf: str = "") -> Recipe:
    """A broker's recipe; `conf` is added to what a test's broker has in /etc/rabbitmq/conf.d."""
    return Recipe(
        kind=kind,
        image=BROKER,
        ports=(AMQP_PORT, MANAGEMENT_PORT),
        env=dict(_ENV),
        files={"/etc/rabbitmq/conf.d/90-test.conf": _CONF + conf},
    )


class Broker(Server):
    """One RabbitMQ node."""

    def is_ready(self) -> bool:
        # The proxy of a published port accepts before the broker listens, so only the broker's own answer counts.
        with contextlib.suppress(OSError), socket.create_connection(self.address(AMQP_PORT), timeout=2) as link:
            link.sendall(_PROTOCOL_HEADER)
            return link.recv(1) == _METHOD_FRAME
        return False

    def wait_ready(self) -> None:
        super().wait_ready()
        # The broker's own word costs half a second of CPU, so it is asked once the cheap sign is there.
        self.until(self._ports_answer, "reachable on all its ports", 30)

    def _ports_answer(self) -> bool:
        with contextlib.suppress(RuntimeError):
            self.run("rabbitmq-diagnostics", "-q", "check_port_connectivity")
            return True
        return False

    def amqp_url(self, vhost: str = "/") -> str:
        host, port = self.address(AMQP_PORT)
        return f"amqp://{_USER}:{_USER}@{host}:{port}/{quoted(vhost)}"

    @property
    def management_url(self) -> str:
        host, port = self.address(MANAGEMENT_PORT)
        return f"http://{host}:{port}"

    def manage(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Call the management API (`/api/...`); returns its JSON, None where it answers with nothing."""
        request = urllib.request.Request(  # noqa: S310
            f"{self.management_url}/api/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Content-Type": "application/json",
                "Authorization": "Basic " + base64.b64encode(f"{_USER}:{_USER}".encode()).decode(),
            },
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            text = answer.read()
        return json.loads(text) if text else None

    @contextlib.contextmanager
    def vhost(self) -> Iterator[str]:
        """A fresh virtual host, as an amqp URL; gone afterwards with all that it held."""
        name = f"test-{secrets.token_hex(4)}"
        self.manage("PUT", f"vhosts/{name}", {"default_queue_type": "quorum"})
        try:
            yield self.amqp_url(name)
        finally:
            self.manage("DELETE", f"vhosts/{name}")

    def keep_declarations(self) -> None:
        """Write down which quorum queues there are; to be called between declaring them and `kill`.

        RabbitMQ 4.0 does so half a second later by itself. Killed before that, it starts such a queue as a new
        one ("name_not_registered" in its log), without its messages and never with a leader.
        """
        self.run("rabbitmqctl", "-q", "eval", "[dets:sync(Table) || Table <- dets:all()].")

    def set_memory_limit(self, limit: str) -> None:
        """Above it the broker blocks whoever publishes: "1MiB" raises the alarm at once, "512MiB" ends it."""
        self.run("rabbitmqctl", "-q", "set_vm_memory_high_watermark", "absolute", limit)


@contextlib.contextmanager
def broker(*, conf: str = "") -> Iterator[Broker]:
    """A RabbitMQ of one's own, to be mistreated, e.g. paused or out of memory; removed afterwards."""
    with Broker.alone(recipe("broker-alone", conf=conf)) as server:
        yield server


def shared_broker() -> Broker:
    """The RabbitMQ that all tests of a run share, each in a virtual host of its own."""
    return Broker.shared(recipe("broker"))


def quoted(name: str) -> str:
    """A virtual host's or queue's name as one segment of a URL's path."""
    return urllib.parse.quote(name, safe="")
