"""A file of cases that is kept outside the project: where PRESSROOM_CASES says, else beside the project, if at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final

Case = dict[str, Any]
_BESIDE: Final = Path(__file__).parents[2].parent / "shared" / "cases" / "public.json"


def shared_cases(*kinds: str) -> list[Case]:
    """The cases of these kinds, or of all; none where there is no such file."""
    path = Path(os.environ.get("PRESSROOM_CASES") or _BESIDE)
    if not path.is_file():
        return []
    cases: list[Case] = json.loads(path.read_text(encoding="utf-8"))["cases"]
    return [case for case in cases if not kinds or case["kind"] in kinds]
