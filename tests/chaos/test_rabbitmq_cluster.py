"""Three brokers, one of which is lost with the queues it led: the flow goes on with the other two."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pressroom.testing import Cluster, cluster
from tests.chaos.rabbitmq_flow import FIRST, Flow
from tests.contracts.queue_tools import eventually
from tests.contracts.rabbitmq_tools import alone

pytestmark = [pytest.mark.containers, pytest.mark.long, pytest.mark.xdist_group("rabbitmq-cluster")]


@pytest.fixture(scope="module")
def nodes() -> Iterator[Cluster]:
    with alone(cluster) as nodes:
        yield nodes


def test_the_loss_of_a_queues_leader_loses_nothing(nodes: Cluster) -> None:
    with Flow(",".join(nodes.amqp_urls())) as flow:
        for _ in range(2):
            leader = nodes.leader_of(f"{FIRST}.0-of-4")
            leader.kill()
            flow.wait_for_more(120)
            leader.restart()
            nodes.wait_ready()
            flow.wait_for_more(120)
        flow.check_that_nothing_was_lost()


def test_a_node_that_is_silent_is_left_for_another(nodes: Cluster) -> None:
    with Flow(",".join(nodes.amqp_urls()), heartbeat_s=1) as flow:
        silent = nodes.leader_of(f"{FIRST}.0-of-4")
        silent.pause()
        try:
            flow.wait_for_more(120)
        finally:
            silent.unpause()
        # A node that was cut off from the others does not find its way back by itself.
        silent.restart()
        nodes.wait_ready()
        flow.wait_for_more(120)
        flow.check_that_nothing_was_lost()


def test_without_a_majority_nothing_is_accepted_and_with_one_again_all_goes_on(nodes: Cluster) -> None:
    with Flow(",".join(nodes.amqp_urls())) as flow:
        lost = nodes.nodes[1:]
        for node in lost:
            node.kill()
        eventually(flow.refuses, "what is sent is refused with the reason", 60)
        for node in lost:
            node.start_again()
        nodes.wait_ready()
        flow.wait_for_more(120)
        flow.check_that_nothing_was_lost()
