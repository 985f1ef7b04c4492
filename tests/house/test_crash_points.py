"""Every crash point has one place in the code, and the code names none that is not listed."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from pressroom.crash import POINTS

ROOT = Path(__file__).parents[2]


def test_each_named_crash_point_is_used_exactly_once():
    used: Counter[str] = Counter()
    for room in ("pressroom", "services"):
        for path in (ROOT / room).rglob("*.py"):
            used.update(re.findall(r'crash_point\("([^"]+)"\)', path.read_text()))
    assert set(used) == set(POINTS)
    # One point, two engines: what is emitted and not yet acknowledged.
    assert {name for name, count in used.items() if count > 1} <= {"queue.after_emits"}
