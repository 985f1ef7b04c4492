"""What processes hold in memory that they do not need."""

from __future__ import annotations

import subprocess
import sys

import pytest


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_what_is_imported_is_left_alone_by_the_collector_and_its_rounds_are_rare() -> None:
    told = run(
        "import gc; from pressroom import memory; memory.settle(); print(gc.get_freeze_count(), *gc.get_threshold())"
    )
    frozen, first, *_ = map(int, told.split())
    assert frozen > 1000
    assert first >= 10_000


@pytest.mark.parametrize("module", ["flask", "jinja2", "boto3", "pika", "lxml", "requests", "services.web.node"])
def test_the_process_that_starts_a_nodes_workers_holds_nothing_of_theirs(module: str) -> None:
    assert run(f"import sys, services.cli.serve, services.web.parent; print({module!r} in sys.modules)") == "False"
