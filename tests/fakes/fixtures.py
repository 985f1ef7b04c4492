"""Fixtures for every test; loaded once, by tests/conftest.py."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pressroom.places import Places
from pressroom.testing.gazetteer import lay_gazetteer
from tests.fakes.faultserver import FaultServer


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    """The real gazetteer, whose index is made once a machine."""
    folder = tmp_path_factory.mktemp("places")
    lay_gazetteer(folder)
    places = Places(folder / "places.sqlite")
    places.make_ready()
    return places


@pytest.fixture
def faultserver() -> Iterator[FaultServer]:
    """A scriptable HTTP server on 127.0.0.1, stopped after the test."""
    with FaultServer() as server:
        yield server
