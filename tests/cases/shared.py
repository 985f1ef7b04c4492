"""A file of cases that is kept outside the project: named by the environment variable PRESSROOM_CASES, if at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

Case = dict[str, Any]


def shared_cases(*kinds: str) -> list[Case]:
    """The cases of these kinds, or of all; none when no file is named."""
    path = os.environ.get("PRESSROOM_CASES")
    if not path:
        return []
    cases: list[Case] = json.loads(Path(path).read_text(encoding="utf-8"))["cases"]
    return [case for case in cases if not kinds or case["kind"] in kinds]
