"""The servers that `pressroom.testing` gives to tests: shared, mistreated, cleared away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pressroom.testing import Broker, NotReady, Store, broker, cluster, store
from pressroom.testing.engine import engine
from pressroom.testing.run import HOST_LABEL, LABEL, sweep

pytestmark = pytest.mark.containers
ROOT = Path(__file__).parents[2]

START_AND_WAIT = """
import sys
from pressroom.testing.store import shared_store
print(shared_store().container.id, flush=True)
sys.stdin.read()
"""


def another_process(code: str, **env: str) -> subprocess.Popen[str]:
    """A process of a run of its own, unless `env` names ours."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("PRESSROOM_TEST")}
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env=known | env,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def is_there(container_id: str) -> bool:
    return any(found.id == container_id for found in engine().containers.list(all=True))


def publish(broker: Broker, body: str) -> None:
    message = {"properties": {"delivery_mode": 2}, "routing_key": "kept", "payload": body, "payload_encoding": "string"}
    assert broker.manage("POST", "exchanges/%2F/amq.default/publish", message) == {"routed": True}


def take_all(broker: Broker) -> list[str]:
    wish = {"count": 100, "ackmode": "ack_requeue_false", "encoding": "auto"}
    return [message["payload"] for message in broker.manage("POST", "queues/%2F/kept/get", wish)]


@pytest.fixture(scope="module")
def own_broker(amqp_broker: Broker) -> Iterator[Broker]:
    """Mistreated by several tests, one after the other; asking for the shared one first skips where none can be."""
    with broker() as server:
        server.manage("PUT", "queues/%2F/kept", {"durable": True, "arguments": {"x-queue-type": "quorum"}})
        server.keep_declarations()
        yield server


def test_all_processes_of_a_run_share_one_server_and_a_run_that_ends_leaves_none(store_container: Store):
    run_id = store_container.container.labels[LABEL]
    sharing = [another_process(START_AND_WAIT, PRESSROOM_TEST_RUN=run_id) for _ in range(2)]
    own = another_process(START_AND_WAIT)
    ids = [process.stdout.readline().strip() for process in [*sharing, own]]
    for process in [*sharing, own]:
        process.communicate(timeout=30)
    assert ids[:2] == [store_container.container.id] * 2
    assert ids[2] != ids[0]
    assert is_there(ids[0])
    assert not is_there(ids[2])


def test_what_a_killed_run_left_behind_is_swept_away_and_nothing_else(store_container: Store):
    killed, living = another_process(START_AND_WAIT), another_process(START_AND_WAIT)
    killed_id, living_id = (process.stdout.readline().strip() for process in (killed, living))
    run_id = engine().containers.get(killed_id).labels[LABEL]
    killed.send_signal(signal.SIGKILL)
    killed.communicate(timeout=30)
    assert is_there(killed_id)

    assert run_id in sweep()

    assert not is_there(killed_id)
    assert is_there(living_id)
    assert is_there(store_container.container.id)
    living.communicate(timeout=30)


def test_containers_of_another_machine_on_the_same_engine_are_not_swept(store_container: Store):
    image = store_container.container.image.tags[0]
    foreign = engine().containers.create(image, labels={LABEL: "cafe", HOST_LABEL: "somewhere-else"})
    try:
        sweep()
        assert is_there(foreign.id)
    finally:
        foreign.remove()


@pytest.mark.long
@pytest.mark.xdist_group("own_broker")
def test_a_broker_comes_back_at_its_address_with_its_messages_however_it_went(own_broker: Broker):
    address = own_broker.amqp_url()
    publish(own_broker, "one")
    own_broker.kill()
    assert not own_broker.is_ready()
    own_broker.restart()
    publish(own_broker, "two")
    own_broker.pause()
    assert not own_broker.is_ready()
    own_broker.unpause()
    assert own_broker.is_ready()
    assert own_broker.amqp_url() == address
    assert take_all(own_broker) == ["one", "two"]


@pytest.mark.long
@pytest.mark.xdist_group("own_broker")
def test_a_broker_short_of_memory_says_so_until_it_has_enough(own_broker: Broker):
    own_broker.set_memory_limit("1MiB")
    with pytest.raises(RuntimeError, match="alarm"):
        own_broker.run("rabbitmq-diagnostics", "-q", "check_local_alarms")
    own_broker.set_memory_limit("512MiB")
    own_broker.run("rabbitmq-diagnostics", "-q", "check_local_alarms")


def test_a_virtual_host_is_gone_with_all_it_held(amqp_broker: Broker):
    with amqp_broker.vhost() as url:
        name = url.rpartition("/")[2]
        amqp_broker.manage("PUT", f"queues/{name}/q", {"durable": True})
        assert name in {vhost["name"] for vhost in amqp_broker.manage("GET", "vhosts")}
    assert name not in {vhost["name"] for vhost in amqp_broker.manage("GET", "vhosts")}


def test_what_fails_beside_a_server_of_ones_own_is_raised_with_its_log():
    with pytest.raises(NotReady) as raised, store() as server:
        server.until(lambda: False, "anything else", 0.1)
    assert f"log of {server.name}" in raised.value.__notes__[0]
    assert "S3 Endpoint" in raised.value.__notes__[0]


@pytest.mark.long
def test_a_cluster_goes_on_without_the_node_that_led_a_queue_and_takes_it_back():
    with cluster() as group:
        asked = group.nodes[1]
        asked.manage("PUT", "queues/%2F/kept", {"durable": True, "arguments": {"x-queue-type": "quorum"}})
        for node in group.nodes:
            node.keep_declarations()
        publish(asked, "before")
        lost = group.leader_of("kept")
        lost.kill()
        left = next(node for node in group.nodes if node is not lost)
        left.until(lambda: group.leader_of("kept") is not lost, "led by another node", 30)
        publish(left, "after")
        lost.restart()
        group.wait_ready()
        assert take_all(lost) == ["before", "after"]
