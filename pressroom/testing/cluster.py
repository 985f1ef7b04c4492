"""A RabbitMQ cluster of three, for tests of what happens when one node is lost."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace

from testcontainers.core.network import Network

from pressroom.testing.rabbit import Broker, quoted, recipe
from pressroom.testing.run import this_run
from pressroom.testing.server import Recipe

_NAMES = ("node1", "node2", "node3")
_CONF = """\
cluster_formation.peer_discovery_backend = classic_config
cluster_formation.target_cluster_size_hint = 3
cluster_partition_handling = pause_minority
""" + "".join(f"cluster_formation.classic_config.nodes.{i} = rabbit@{name}\n" for i, name in enumerate(_NAMES, 1))


@dataclass(frozen=True)
class Cluster:
    """Three RabbitMQ nodes that know each other as rabbit@node1, rabbit@node2 and rabbit@node3."""

    nodes: tuple[Broker, ...]

    def amqp_urls(self, vhost: str = "/") -> list[str]:
        return [node.amqp_url(vhost) for node in self.nodes]

    def leader_of(self, queue: str, vhost: str = "/") -> Broker:
        """The node that leads a quorum queue, as the first node that answers tells it."""
        for node in self.nodes:
            with contextlib.suppress(OSError):
                told = node.manage("GET", f"queues/{quoted(vhost)}/{quoted(queue)}")
                return self.nodes[_NAMES.index(told["leader"].removeprefix("rabbit@"))]
        raise RuntimeError(f"no node tells who leads {queue}")

    def wait_ready(self) -> None:
        """Wait until every node serves clients and has met the other two."""
        for node in self.nodes:
            node.wait_ready()
        first = self.nodes[0]
        first.until(lambda: _running(first) == len(_NAMES), "one of three", first.ready_timeout_s)


@contextlib.contextmanager
def cluster() -> Iterator[Cluster]:
    """Three RabbitMQ nodes on a network of their own; removed afterwards."""
    with contextlib.ExitStack() as things:
        network = things.enter_context(Network(docker_network_kw={"labels": this_run().labels("cluster")}))
        cookie = secrets.token_hex(16)
        nodes = []
        for name in _NAMES:
            nodes.append(Broker.launch(_node(name, network, cookie)))
            things.callback(nodes[-1].remove)
        group = Cluster(tuple(nodes))
        try:
            group.wait_ready()
            yield group
        except BaseException as error:
            error.add_note("\n".join(node.log_tail() for node in nodes))
            raise


def _node(name: str, network: Network, cookie: str) -> Recipe:
    plain = recipe("cluster", conf=_CONF)
    env = plain.env | {"RABBITMQ_ERLANG_COOKIE": cookie}
    return replace(plain, env=env, network=network, hostname=name)


def _running(node: Broker) -> int:
    """How many nodes of the cluster are up, as `node` sees it."""
    return sum(1 for seen in node.manage("GET", "nodes") if seen["running"])
