"""Waiting for the publisher to carry a command out: by the office's clock, with a bound."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, TypeVar

from pressroom.desk.office import Office

WAIT_S: Final = 10.0
LOOK_FIRST_S: Final = 0.03
LOOK_MOST_S: Final = 0.5

T = TypeVar("T")


def until(office: Office, look: Callable[[], T | None], wait_s: float = WAIT_S) -> T | None:
    """What `look` finds, looked for more and more seldom; None when there was nothing within `wait_s`."""
    never = threading.Event()
    deadline, pause_s = office.clock.monotonic() + wait_s, LOOK_FIRST_S
    while (found := look()) is None:
        left_s = deadline - office.clock.monotonic()
        if left_s <= 0:
            return None
        office.clock.wait(never, min(pause_s, left_s))
        pause_s = min(pause_s * 1.5, LOOK_MOST_S)
    return found
