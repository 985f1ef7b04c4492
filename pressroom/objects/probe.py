"""Does this store really honour conditional writes, also when they race? Asked once, at the publisher's start.

Some stores ignore the conditions silently, and some check them but let others write in between: asking one
after the other finds only the first kind. So 8 writers try at once, on keys of the probe's own.
"""

from __future__ import annotations

import contextlib
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from pressroom.clock import Clock
from pressroom.objects.port import Conflict, ObjectStore, Stored, StoreError, Unavailable

RACERS = 8
FOLDER = "probe/"
_FIRST_WAIT_S = 0.5
_WAIT_S_MAX = 15.0
# What a killed probe left; no living one takes that long.
_LITTER_AGE = timedelta(hours=1)
_LITTER_MAX = 1000


@dataclass(frozen=True, slots=True)
class Probe:
    """What was seen. `faults` has a sentence for each way in which writes could be lost; empty is good."""

    store: str
    faults: tuple[str, ...]

    @property
    def is_safe(self) -> bool:
        return not self.faults

    def __str__(self) -> str:
        return f"{self.store}: {'; '.join(self.faults) or 'conditional writes are honoured, also when they race'}"


def probe_when_there(
    store: ObjectStore, clock: Clock, stop: threading.Event, on_wait: Callable[[Unavailable], None]
) -> Probe | None:
    """Wait for the store, then probe it; None when `stop` was set first.

    `on_wait` is told each time why there is still something to wait for. Raises StoreMisconfigured.
    """
    wait_s = _FIRST_WAIT_S
    while not stop.is_set():
        try:
            return probe(store)
        except Unavailable as error:
            on_wait(error)
        clock.wait(stop, wait_s)
        wait_s = min(2 * wait_s, _WAIT_S_MAX)
    return None


def probe(store: ObjectStore) -> Probe:
    """Let 8 create one object and 8 swap one ETag, each at once; exactly one of each may win.

    Some 50 requests. Raises Unavailable and StoreMisconfigured, and leaves nothing behind unless it does.
    """
    key = f"{FOLDER}{uuid.uuid4().hex}.json"
    created = _race(lambda n: store.create(key, _body("create", n)), lambda: store.get(key))
    first = store.get(key)
    if not isinstance(first, Stored):
        return Probe(store.name, ("an object that was just created can't be read",))
    swapped = _race(
        lambda n: store.swap(key, _body("swap", n), etag=first.etag, write_id=f"{key}.{n}"), lambda: store.get(key)
    )
    last = store.get(key)
    late_create = _won(lambda: store.create(key, _body("late create", 0)))
    late_swap = _won(lambda: store.swap(key, _body("late swap", 0), etag=first.etag, write_id=f"{key}.late"))
    store.delete(key)
    _remove_litter(store, first)
    return Probe(
        store.name,
        (
            *_faults("creates of one object", "If-None-Match", created, late_create),
            *_faults("swaps of one ETag", "If-Match", swapped, late_swap),
            *_unread("create", created, first),
            *_unread("swap", swapped, last),
        ),
    )


def _faults(what: str, header: str, winners: list[int], late_won: bool) -> list[str]:
    """Whether the condition is ignored, or only not held while others write."""
    if late_won:
        return [f"{header} is ignored"]
    if len(winners) != 1:
        return [f"{len(winners)} of {RACERS} {what} succeeded at once, so {header} does not hold in a race"]
    return []


def _unread(what: str, winners: list[int], found: object) -> list[str]:
    """Whether the only winner's bytes are there."""
    if len(winners) == 1 and not (isinstance(found, Stored) and found.body == _body(what, winners[0])):
        return [f"a {what} succeeded, but something else is read"]
    return []


def _race(act: Callable[[int], str], warm_up: Callable[[], object]) -> list[int]:
    """The numbers of the racers who won. All have a connection before they start together."""
    gate = threading.Barrier(RACERS)

    def run(number: int) -> bool:
        try:
            warm_up()
            gate.wait()
        except BaseException:
            gate.abort()
            raise
        return _won(lambda: act(number))

    with ThreadPoolExecutor(RACERS, thread_name_prefix="probe") as pool:
        running = [pool.submit(run, number) for number in range(RACERS)]
    _raise_first([error for one in running if (error := one.exception()) is not None])
    return [number for number, one in enumerate(running) if one.result()]


def _raise_first(errors: list[BaseException]) -> None:
    """Raise what went wrong rather than the broken gate of those who waited for it."""
    for error in sorted(errors, key=lambda error: isinstance(error, threading.BrokenBarrierError)):
        raise error


def _won(attempt: Callable[[], str]) -> bool:
    try:
        attempt()
    except Conflict:
        return False
    except Unavailable as error:
        # Told "try again" each time: lost, too.
        if error.kind != "busy":
            raise
        return False
    return True


def _body(what: str, number: int) -> bytes:
    return f'{{"probe": "{what} {number}"}}'.encode()


def _remove_litter(store: ObjectStore, own: Stored) -> None:
    """Remove what killed probes left long ago, both times being the store's."""
    with contextlib.suppress(StoreError):
        for one in store.list(FOLDER, limit=_LITTER_MAX):
            if own.modified - one.modified > _LITTER_AGE:
                store.delete(one.key)
