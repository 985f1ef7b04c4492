"""A fleet on a cluster of three brokers, one of which is lost with the queues that it leads."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pressroom.testing import Cluster, cluster
from tests.chaos.fleet import Scene, Stage
from tests.chaos.fleet_stage import playing, store_for_fleets

pytestmark = [pytest.mark.containers, pytest.mark.long, pytest.mark.xdist_group("chaos-fleet")]


@pytest.fixture
def nodes() -> Iterator[Cluster]:
    with cluster() as nodes:
        yield nodes


@pytest.fixture
def scene(nodes: Cluster) -> Iterator[Scene]:
    with nodes.nodes[0].vhost() as url:
        vhost = url.rpartition("/")[2]
        urls = ",".join(nodes.amqp_urls(vhost))
        with playing(Stage(nodes.nodes[0], store_for_fleets(), urls, vhost)) as scene:
            yield scene


def test_the_loss_of_a_queues_leader_loses_nothing(nodes: Cluster, scene: Scene) -> None:
    for queue in ("schedule", "record.publish.0-of-4"):
        leader = nodes.leader_of(queue, scene.stage.vhost)
        leader.kill()
        scene.goes_on()
        leader.restart()
        nodes.wait_ready()
    scene.goes_on()
    scene.check()
