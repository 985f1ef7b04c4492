"""`pressroom` on a machine whose clock is wrong by PRESSROOM_TEST_SHIFT_S seconds (ahead; behind when negative)."""

from __future__ import annotations

import os
from datetime import datetime, timedelta

from pressroom.clock import SystemClock
from services.cli import main

SHIFT = "PRESSROOM_TEST_SHIFT_S"

if __name__ == "__main__":
    shift = timedelta(seconds=float(os.environ.get(SHIFT, "0")))
    right = SystemClock.now

    def wrong(clock: SystemClock) -> datetime:
        return right(clock) + shift

    SystemClock.now = wrong  # type: ignore[method-assign]
    main()
