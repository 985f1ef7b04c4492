"""The test on docs/integration-tests.md is what it says it is: short, and one that passes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def printed_test() -> str:
    page = (ROOT / "docs" / "integration-tests.md").read_text(encoding="utf-8")
    found = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert found
    return found[1]


def test_the_printed_test_has_no_more_than_twenty_lines() -> None:
    assert len(printed_test().strip().splitlines()) <= 20


@pytest.mark.containers
def test_the_printed_test_passes(amqp_url: str, store_container: object, tmp_path: Path) -> None:
    path = tmp_path / "test_printed.py"
    path.write_text(printed_test(), encoding="utf-8")
    options = ["-q", "-p", "pressroom.testing.plugin", "-p", "no:cacheprovider", f"--rootdir={tmp_path}"]
    marks = ["-c", "/dev/null", "-W", "ignore::pytest.PytestUnknownMarkWarning"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *marks, str(path)], cwd=ROOT, capture_output=True, text=True
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr
