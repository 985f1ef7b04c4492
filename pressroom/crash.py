"""Named crash points: where a test may kill a process, to show that nothing is lost there.

`PRESSROOM_CRASH_AT=name` ends the process at that point as kill -9 would (no clean-up, exit code 137), once: the
marker file `PRESSROOM_CRASH_MARKER` is made first, and a restarted process that finds it goes on.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

POINTS: Final[dict[str, str]] = {
    "loop.before_handler": "a message was handed out, nothing was done",
    "loop.after_handler": "the handler has ended, nothing was emitted",
    "queue.after_emits": "what follows is safe in the queue, its cause is not acknowledged",
    "loop.before_settle": "what follows is known, nothing of it is with the queue",
    "loop.after_settle": "the message is acknowledged",
    "sqlite.before_commit": "what follows and the end of its cause are written, nothing of it holds yet",
    "sqlite.after_commit": "both hold, nobody has been told",
    "scheduler.after_save": "the ledger says 'sending', nothing is sent",
    "fetcher.after_raw": "the answer is kept as it came, nothing was emitted",
    "publisher.before_version": "a record was judged, nothing is stored",
    "publisher.after_version": "the version is stored, the head still shows the old one",
    "publisher.after_head": "the head is new, no node was told",
    "publisher.after_notice": "nodes were told, the scheduler was not",
    "publisher.after_part": "the edited part is stored, no node was told",
    "publisher.after_failure": "the failure is stored, its dead letter is not acknowledged",
    "publisher.after_act": "the failure says 'replaying', its time will not be told",
    "publisher.after_send": "the failure says 'replayed', nothing was sent again",
}
"""Every point and what is true there. A test holds that each is used exactly once and that each can be hit."""


_ARMED = os.environ.get("PRESSROOM_CRASH_AT")
if _ARMED and _ARMED not in POINTS:
    raise ValueError(f"PRESSROOM_CRASH_AT names no crash point: {_ARMED!r}; there are {', '.join(POINTS)}")


def crash_point(name: str) -> None:
    """Do nothing, unless the environment named this point when the process began."""
    if name != _ARMED:
        return
    marker = os.environ.get("PRESSROOM_CRASH_MARKER")
    if marker is not None:
        try:
            Path(marker).touch(exist_ok=False)
        except FileExistsError:
            return
    os._exit(137)
