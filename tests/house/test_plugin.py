"""What the fixtures of `pressroom.testing.plugin` do for a test that fails and where Docker is not to be had."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pressroom.testing import Broker
from pressroom.testing.run import LABEL

ROOT = Path(__file__).parents[2]
A_TEST = "def test_one(amqp_vhost_url): assert not amqp_vhost_url, 'seen'\n"


def run_test(folder: Path, text: str, **env: str) -> str:
    """What pytest says of a test file in a session of its own."""
    path = folder / "test_it.py"
    path.write_text(text)
    known = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    options = ["-p", "pressroom.testing.plugin", "-p", "no:cacheprovider", "-c", os.devnull, "-rs"]
    command = [sys.executable, "-m", "pytest", *options, f"--rootdir={folder}", str(path)]
    done = subprocess.run(command, cwd=ROOT, env=known | env, capture_output=True, text=True, check=False, timeout=120)
    return done.stdout + done.stderr


def test_without_an_engine_tests_are_skipped_with_one_line_that_says_why(tmp_path):
    said = run_test(tmp_path, A_TEST, DOCKER_HOST="unix:///nowhere.sock", CI="")
    assert "1 skipped" in said
    assert "docker: no engine answers" in said


def test_what_a_test_asks_for_by_itself_is_missed_in_the_same_way(tmp_path):
    text = "from pressroom.testing import broker\ndef test_one():\n    with broker(): pass\n"
    said = run_test(tmp_path, text, DOCKER_HOST="unix:///nowhere.sock", CI="")
    assert "1 skipped" in said
    assert "docker: no engine answers" in said


def test_without_an_engine_a_build_fails(tmp_path):
    said = run_test(tmp_path, A_TEST, DOCKER_HOST="unix:///nowhere.sock", CI="true")
    assert "1 error" in said
    assert "docker: no engine answers" in said
    assert "Traceback" not in said


@pytest.mark.containers
def test_a_failing_test_shows_what_the_broker_wrote_meanwhile(tmp_path, amqp_broker: Broker):
    said = run_test(tmp_path, A_TEST, PRESSROOM_TEST_RUN=amqp_broker.container.labels[LABEL])
    assert "1 failed" in said
    assert f"log of {amqp_broker.name}" in said
    assert "Adding vhost 'test-" in said
