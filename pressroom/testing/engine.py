"""The way to the Docker engine, and the address at which what it publishes is reached from here."""

from __future__ import annotations

import functools
import ipaddress
import os
import platform
from typing import Any

# mypy takes the folder docker/ beside this package for the SDK, which has no types anyway.
from docker.errors import APIError, DockerException, ImageNotFound, NotFound  # type: ignore[import-not-found]
from testcontainers.core.config import testcontainers_config
from testcontainers.core.docker_client import DockerClient

__all__ = ["APIError", "Missing", "NotFound", "engine", "has_image", "published_at", "published_on"]


class Missing(Exception):
    """Docker or an image is not to be had here: one line that says which. Tests skip on it, CI fails on it."""


@functools.cache
def _client() -> DockerClient:
    try:
        client = DockerClient()
        client.client.ping()
    except DockerException as error:
        raise Missing("docker: no engine answers; start it, or see docs/integration-tests.md") from error
    if "TESTCONTAINERS_RYUK_DISABLED" not in os.environ:
        # Its image is not to be had everywhere; `pressroom.testing.run` clears up by label in any case.
        testcontainers_config.ryuk_disabled = not has_image(testcontainers_config.ryuk_image, client.client)
    return client


def engine() -> Any:
    """The Docker SDK's client; Missing when no engine answers."""
    return _client().client


def has_image(tag: str, client: Any | None = None) -> bool:
    try:
        (client or engine()).images.get(tag)
    except ImageNotFound:
        return False
    return True


@functools.cache
def published_at() -> str:
    """The host name or address of published ports; TESTCONTAINERS_HOST_OVERRIDE has the last word."""
    override = os.environ.get("TESTCONTAINERS_HOST_OVERRIDE")
    if override:
        return override
    if engine().info()["Name"] == platform.node():
        # testcontainers takes a host with a /.dockerenv for a container, and would go by the gateway's address.
        return "127.0.0.1"
    return _client().host()


def published_on() -> str:
    """The address to publish on: nobody else's business, unless the engine is on another machine."""
    try:
        local = ipaddress.ip_address(published_at()).is_loopback
    except ValueError:
        local = published_at() == "localhost"
    return "127.0.0.1" if local else "0.0.0.0"  # noqa: S104
