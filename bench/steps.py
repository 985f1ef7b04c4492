"""Where the time goes: the CPU time of single steps, taken by wrapping the functions that do them.

Only for the table of steps; what the rounds cost is measured without it. A step within a step is its own, not the
outer one's.
"""

from __future__ import annotations

import functools
import importlib
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

PLACES: Final[dict[str, tuple[str, ...]]] = {
    "fetch: ask and receive": ("pressroom.http.client:Client.get",),
    "fetch: read the XML": (
        "services.fetcher.parse:decode",
        "services.fetcher.parse:prepare",
        "services.fetcher.parse:read",
    ),
    "fetch: clean the HTML": ("services.fetcher.parsing.finish:clean_html",),
    "fetch: the rest of the record": ("services.fetcher.parse:finish",),
    "fetch: digest": ("services.fetcher.story:digest",),
    "fetch: keep the raw answer": ("services.fetcher.story:Fetcher._keep",),
    "fetch: the rest": ("services.fetcher.story:Fetcher.handle",),
    "messages: decode": ("pressroom.consumer.judge:decode",),
    "messages: encode": ("pressroom.sender:encode",),
    "messages: settle, caller's part": ("pressroom.consumer.settler:Settler.settle",),
    "publish: judge": ("services.publisher.story:judge",),
    "publish: dump": ("services.publisher.shelf:dump", "services.publisher.story:dump"),
    "publish: store the version": ("pressroom.objects.directory:DirectoryStore.create",),
    "publish: swap the head": ("pressroom.objects.directory:DirectoryStore.swap",),
    "publish: notice": ("pressroom.notices:Notices.changed",),
    "publish: tidy": ("services.publisher.keeping:Keeping.tidy",),
    "publish: the rest": ("services.publisher.story:Publisher.handle",),
    "schedule: save the ledger": ("services.scheduler.ledger:Ledger.save",),
    "schedule: the rest": ("services.scheduler.story:Scheduler.handle",),
}

_spent: Counter[str] = Counter()
_calls: Counter[str] = Counter()
_lock = threading.Lock()
_here = threading.local()


def spent() -> dict[str, float]:
    """Step → CPU seconds so far."""
    with _lock:
        return dict(_spent)


def calls() -> dict[str, int]:
    """Step → how often it was done."""
    with _lock:
        return dict(_calls)


def wrap() -> None:
    """Once, before anything is built from the functions."""
    for step, places in PLACES.items():
        for place in places:
            module, _, path = place.partition(":")
            *outer, name = path.split(".")
            owner: Any = functools.reduce(getattr, outer, importlib.import_module(module))
            setattr(owner, name, _timed(step, getattr(owner, name)))


def _timed(step: str, work: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(work)
    def run(*args: Any, **kwargs: Any) -> Any:
        outer, _here.inner = getattr(_here, "inner", 0.0), 0.0
        began = time.thread_time()
        try:
            return work(*args, **kwargs)
        finally:
            whole = time.thread_time() - began
            with _lock:
                _spent[step] += whole - _here.inner
                _calls[step] += 1
            _here.inner = outer + whole

    return run
