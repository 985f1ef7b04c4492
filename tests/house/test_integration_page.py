"""The example of docs/integration-tests.md is run as it stands there, and the page names what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import pressroom.testing
from pressroom.testing import Broker, Cluster, Store
from pressroom.testing import plugin as fixtures
from pressroom.testing.run import LABEL
from tests.house.test_plugin import run_test

PAGE = (Path(__file__).parents[2] / "docs" / "integration-tests.md").read_text()
(EXAMPLE,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.containers
def test_the_example_passes(tmp_path, amqp_broker: Broker):
    said = run_test(tmp_path, EXAMPLE, PRESSROOM_TEST_RUN=amqp_broker.container.labels[LABEL])
    assert "1 passed" in said, said


def test_the_example_has_twenty_lines_at_most():
    assert len(EXAMPLE.splitlines()) <= 20


def test_what_the_page_names_is_there():
    offered = {*pressroom.testing.__all__, *vars(fixtures), *dir(Broker), *dir(Cluster), *dir(Store)}
    table = PAGE.partition("## What there is")[2].partition("\n\n")[2].partition("\n\n")[0]
    named = set(re.findall(r"`(?:with )?([a-z_]+)\(", table)) | set(re.findall(r"fixture `(\w+)`", table))
    assert len(named) > 10
    assert named - offered == set()
