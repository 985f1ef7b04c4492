"""Fixtures for every test; loaded once, by tests/conftest.py."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.faultserver import FaultServer


@pytest.fixture
def faultserver() -> Iterator[FaultServer]:
    """A scriptable HTTP server on 127.0.0.1, stopped after the test."""
    with FaultServer() as server:
        yield server
