"""The table of crash points is what the code has."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from pressroom.crash import POINTS

ROOT = Path(__file__).parents[2]


def names_used() -> Counter[str]:
    found: Counter[str] = Counter()
    for folder in ("pressroom", "services"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "crash_point":
                    found[ast.literal_eval(node.args[0])] += 1
    return found


def run(code: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, check=False
    )


def test_every_crash_point_is_in_the_table_and_used_exactly_once() -> None:
    assert names_used() == Counter(dict.fromkeys(POINTS, 1))


def test_an_armed_crash_point_strikes_once_and_lets_the_next_process_pass(tmp_path: Path) -> None:
    code = "from pressroom.crash import crash_point as c; c('loop.before_settle'); c('loop.after_settle'); print('on')"
    armed = {"PRESSROOM_CRASH_AT": "loop.after_settle", "PRESSROOM_CRASH_MARKER": str(tmp_path / "struck")}
    first, second = run(code, **armed), run(code, **armed)

    assert (first.returncode, first.stdout) == (137, "")
    assert (second.returncode, second.stdout) == (0, "on\n")


def test_a_name_that_is_no_crash_point_is_refused_at_the_start() -> None:
    refused = run("import pressroom.crash", PRESSROOM_CRASH_AT="loop.after_settel")
    assert refused.returncode == 1
    assert "names no crash point: 'loop.after_settel'" in refused.stderr
