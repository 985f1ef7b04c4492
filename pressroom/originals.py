"""The message inside a failure."""

from __future__ import annotations

import base64
from typing import Any

from schemas.codec import TooNew, Undecodable, decode
from schemas.documents import Failure
from schemas.envelope import Envelope


def read_original(body: str, is_base64: bool) -> Envelope[Any] | None:
    """The message that was given up; None when it is none of ours, or not yet."""
    try:
        return decode(base64.b64decode(body) if is_base64 else body.encode())
    except (Undecodable, TooNew, ValueError):
        return None


def original_of(failure: Failure) -> Envelope[Any] | None:
    """The same; None too for a streak of trouble, which has none."""
    return read_original(failure.original, failure.original_base64) if failure.original is not None else None
