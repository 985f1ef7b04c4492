"""A writer that kills itself before its n-th call into the system, for each n until a write gets through.

Run as a program with the store's directory; prints one line of JSON a round.
"""

from __future__ import annotations

import itertools
import json
import os
import pathlib
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from pressroom.objects.directory import DirectoryStore

KEY = "feeds/deep/a.json"
CALLS = [(os, name) for name in ("open", "fstat", "utime", "fsync", "rmdir", "mkdir")]
CALLS += [(pathlib.Path, name) for name in ("open", "replace", "mkdir", "unlink")]


def crash_before(call_number: int) -> None:
    left = itertools.count(call_number, -1)

    def doomed(real: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **named: object) -> object:
            if next(left) == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **named)

        return call

    for owner, name in CALLS:
        setattr(owner, name, doomed(getattr(owner, name)))


def one_round(root: Path, call_number: int) -> int:
    store = DirectoryStore(root)
    store.delete(KEY)
    etag = store.create(KEY, b"old" * 100_000)
    child = os.fork()
    if child == 0:
        crash_before(call_number)
        store.swap(KEY, b"new" * 150_000, etag=etag, write_id="w")
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main() -> None:
    root = Path(sys.argv[1])
    whole = {b"old" * 100_000: "old", b"new" * 150_000: "new"}
    for call_number in itertools.count():
        ended = one_round(root, call_number)
        found = DirectoryStore(root).get(KEY)
        print(json.dumps({"ended": ended, "found": whole.get(found.body, "torn")}))
        if ended == 0:
            return


if __name__ == "__main__":
    main()
