"""Whoever stops a service waits for as long as the service takes at most, everywhere the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pressroom.queues.rabbitmq.consumer import LEAVE_TIMEOUT_S
from pressroom.queues.rabbitmq.queue import CLOSE_TIMEOUT_S
from pressroom.testing.process import STOP_TIMEOUT_S
from services.cli.serving import STOP_S

ROOT = Path(__file__).parents[2]
AT_MOST_S = STOP_S + 2 * LEAVE_TIMEOUT_S + CLOSE_TIMEOUT_S + 2
"""What was begun, what is sent anew and the leave itself, both connections, and two threads that are let go."""


def test_compose_waits_for_every_service() -> None:
    graces = [int(each) for each in re.findall(r"stop_grace_period: (\d+)s", (ROOT / "compose.yaml").read_text())]
    assert graces
    assert min(graces) > AT_MOST_S


@pytest.mark.parametrize("unit", ["pressroom@.service", "pressroom-web@.service"])
def test_systemd_waits_for_every_service(unit: str) -> None:
    found = re.search(r"^TimeoutStopSec=(\d+)$", (ROOT / "deploy" / "systemd" / unit).read_text(), re.MULTILINE)
    assert found
    assert int(found[1]) > AT_MOST_S


def test_so_do_the_tests() -> None:
    assert STOP_TIMEOUT_S > AT_MOST_S
