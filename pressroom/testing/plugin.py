"""pytest fixtures over one broker and one store a run: `pytest_plugins = ["pressroom.testing.plugin"]`.

Each test gets a virtual host and a bucket of its own, so tests may run side by side and leave anything behind.
Without Docker or an image a test is skipped with one line that names what is missing; with CI=true it fails.
"""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Iterator
from typing import TypeVar

import pytest

from pressroom.testing.engine import Missing
from pressroom.testing.rabbit import Broker, shared_broker
from pressroom.testing.run import this_run
from pressroom.testing.server import Server
from pressroom.testing.store import Store, shared_store

Kind = TypeVar("Kind", bound=Server)
_SERVERS = pytest.StashKey[list[Server]]()
_BEGAN_S = pytest.StashKey[float]()


def _watched(config: pytest.Config, server: Kind) -> Kind:
    """The server's log is shown when a test that uses it fails."""
    config.stash.setdefault(_SERVERS, []).append(server)
    return server


@pytest.fixture(scope="session")
def amqp_broker(pytestconfig: pytest.Config) -> Broker:
    """The run's RabbitMQ; whoever wants to stop or pause one takes `pressroom.testing.broker()`."""
    return _watched(pytestconfig, shared_broker())


@pytest.fixture(scope="session")
def amqp_url(amqp_broker: Broker) -> str:
    """The run's RabbitMQ with its common virtual host, as PRESSROOM_QUEUE_URL takes it."""
    return amqp_broker.amqp_url()


@pytest.fixture
def amqp_vhost_url(amqp_broker: Broker) -> Iterator[str]:
    """A fresh virtual host of the run's RabbitMQ."""
    with amqp_broker.vhost() as url:
        yield url


@pytest.fixture(scope="session")
def store_container(pytestconfig: pytest.Config) -> Store:
    """The run's SeaweedFS; whoever wants to stop or pause one takes `pressroom.testing.store()`."""
    return _watched(pytestconfig, shared_store())


@pytest.fixture
def store_container_url(store_container: Store) -> Iterator[str]:
    """A fresh bucket of the run's store, as PRESSROOM_OBJECTS_URL takes it."""
    with store_container.bucket() as url:
        yield url


def pytest_configure() -> None:
    """Begin the run before pytest-xdist starts its workers, so that they inherit it."""
    this_run()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    item.stash[_BEGAN_S] = time.time()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say in one line what is missing; show what the shared servers wrote while a test failed."""
    report = yield
    if call.excinfo is not None and isinstance(call.excinfo.value, Missing):
        _report_missing(report, item, call.excinfo.value)
    elif report.failed and {"amqp_broker", "store_container"} & set(getattr(item, "fixturenames", ())):
        for server in item.config.stash.get(_SERVERS, []):
            report.sections.append((server.name, server.log_tail(item.stash[_BEGAN_S])))
    return report


def _report_missing(report: pytest.TestReport, item: pytest.Item, missing: Missing) -> None:
    if os.environ.get("CI") == "true":
        report.longrepr = str(missing)
        return
    path, line, _ = item.location
    report.outcome = "skipped"
    report.longrepr = (path, line or 0, f"Skipped: {missing}")
