"""The two worlds that the pipeline's stories are told in: one process with nothing but Python, and the real engines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.fakes.faultserver import FaultServer
from tests.pipeline.world import World

ADDRESSES = tuple(f"127.0.0.{number}" for number in range(1, 9))

CONTAINERS = pytest.param("containers", marks=[pytest.mark.containers, pytest.mark.xdist_group("real-engines")])
BOTH = ["embedded", CONTAINERS]


@contextmanager
def world_of(kind: str, folder: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    """An origin and empty engines; a test writes its sites and starts the services it wants."""
    with ExitStack() as things:
        engines = {}
        if kind == "containers":
            broker, store = request.getfixturevalue("amqp_broker"), request.getfixturevalue("store_container")
            engines = {
                "queue_url": things.enter_context(broker.vhost()),
                "objects_url": things.enter_context(store.bucket()),
                "s3_access_key": "test",
                "s3_secret_key": "test",
            }
        origin = things.enter_context(FaultServer(ADDRESSES))
        world = World(folder, origin, engines)
        things.callback(world.close)
        yield world


@pytest.fixture(params=BOTH)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A world of the test's own."""
    with world_of(request.param, tmp_path, request) as world:
        yield world


@pytest.fixture(scope="module", params=BOTH)
def shared_world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One world for the tests of a file, which keep out of each other's way."""
    with world_of(request.param, tmp_path_factory.mktemp(request.param), request) as world:
        yield world
