"""The newsroom on RabbitMQ and SeaweedFS: `make bench B=engine`. Three to four minutes on a quiet machine.

Messages of 40 KB through our consumer loop; feeds a second with 1, 2 and 4 fetchers, and what each service spends on
one; the time from a feed's answer to a web node's having its copy, at 50 changes a second; resident memory of each
service. `--only messages` (or rates, delay, memory) measures one of them; the others stay in the kept results as they
were, each with the machine and the hour that it was measured on.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from bench import relay
from bench.child import child
from bench.engines import Engines, newsroom_env, rabbit_and_s3
from bench.feeds import KINDS, Run, bound_of, measured
from bench.machine import Figure, described, keep_part, machine, say, table
from bench.resident import resident_mb
from pressroom.clock import SystemClock
from pressroom.outcomes import Emit
from pressroom.sender import Sender
from pressroom.settings import load
from pressroom.testing import Missing
from pressroom.wiring import queue_of
from schemas import keys

MESSAGES: Final = 4000
RELAYS: Final = 2
CHANGES_A_SECOND: Final = 50
DELAY_S: Final = 20
FETCHERS: Final = (1, 2, 4)
BEHIND: Final = {"scheduler": ("scheduler",), "publisher": ("publisher",), "web": ("web",)}

Measured = tuple[list[Figure], dict[str, Any]]


def messages(engines: Engines, _: int) -> Measured:
    """As many as `MESSAGES` lie ready; the clock runs from the relays' first to their last."""
    with tempfile.TemporaryDirectory(prefix="pressroom-bench-") as name, ExitStack() as things:
        env = newsroom_env(engines, Path(name), {"none": 1})
        clock = SystemClock()
        queue = queue_of(load(**_settings(engines, Path(name))), clock)
        things.callback(queue.close)
        size = _lay_ready(Sender(queue, clock, "bench"))
        relays = [things.enter_context(child("bench.relay", env=env)) for _ in range(RELAYS)]
        servers, spent_s = engines.cpu_s(), sum(one.ask("report")["cpu_s"] for one in relays)
        began = time.monotonic()
        for one in relays:
            one.ask("go")
        while queue.depth(relay.SENT_TO).total < MESSAGES:
            time.sleep(0.05)
        seconds = time.monotonic() - began
        ours_ms = (sum(one.ask("report")["cpu_s"] for one in relays) - spent_s) * 1000 / MESSAGES
        broker_ms = (engines.cpu_s()["RabbitMQ"] - servers["RabbitMQ"]) * 1000 / MESSAGES
    cores = os.cpu_count() or 1
    bound = (
        f"a message takes {ours_ms:.2f} ms of ours and {broker_ms:.2f} ms of the broker's, so {cores} cores that do"
        f" nothing else could pass on {cores * 1000 / (ours_ms + broker_ms):.0f}/s; load {os.getloadavg()[0]:.1f}"
    )
    rate = Figure(
        f"messages of {size / 1000:.0f} KB a second, in and out, {RELAYS} consumers",
        MESSAGES / seconds,
        "/s",
        2000.0,
        at_most=False,
        bound=bound,
    )
    return [rate], {"seconds": seconds, "ours_ms": ours_ms, "broker_ms": broker_ms}


def _settings(engines: Engines, folder: Path) -> dict[str, Any]:
    named = {name.removeprefix("PRESSROOM_").lower(): value for name, value in engines.env.items()}
    return named | {"data": folder}


def _lay_ready(sender: Sender) -> float:
    records = [relay.record(number) for number in range(relay.KEYS)]
    for start in range(0, MESSAGES, relay.KEYS):
        some = records[: min(relay.KEYS, MESSAGES - start)]
        sender.send([Emit(relay.TAKEN_FROM, keys.head(one.feed), one) for one in some])
    return statistics.mean(len(one.as_json()) for one in records)


def rates(engines: Engines, feeds: int) -> Measured:
    """Feeds a second end to end by number of fetchers; with one, what each service spends on a feed."""
    figures, details = [], {}
    for count in FETCHERS:
        fetchers = {f"fetcher {number + 1}": ("fetcher",) for number in range(count)}
        with measured(engines, {**BEHIND, **fetchers}, feeds, rounds=2) as room:
            run = room.run(KINDS[:2])
        details[f"{count} fetchers"] = {kind: [one.by_process_s for one in run.rounds[kind]] for kind in run.rounds}
        figures += [_rate(run, kind, count) for kind in run.rounds]
        if count == 1:
            figures += [one for kind in run.rounds for one in _by_service(run, kind)]
    return figures, details


def _rate(run: Run, kind: str, count: int) -> Figure:
    say(f"{count} fetchers, {kind}: {run.best(kind).per_second:.0f}/s; {bound_of(run, kind)}")
    return Figure(f"{kind} feeds a second, {count} fetchers", run.best(kind).per_second, "/s")


def _by_service(run: Run, kind: str) -> list[Figure]:
    spent = run.middle(kind)
    return [
        Figure(f"CPU a {kind} feed: {name.partition(' ')[0]}", spent.ms_each(cpu_s), "ms")
        for name, cpu_s in spent.by_process_s.items()
    ]


def delay(engines: Engines, feeds: int) -> Measured:
    """Every refresh brings something new; wishes go out evenly, ten times a second."""
    members = {**BEHIND, "fetcher 1": ("fetcher",), "fetcher 2": ("fetcher",)}
    with measured(engines, members, feeds, rounds=1) as room:
        seen = room.delays_ms(CHANGES_A_SECOND, DELAY_S)
    waits = sorted(seen)
    if not waits:
        raise RuntimeError("no copy came")
    p50, p99 = waits[len(waits) // 2], waits[min(len(waits) - 1, int(len(waits) * 0.99))]
    rate = len(waits) / DELAY_S
    what = f"fetch to a web node's copy at {CHANGES_A_SECOND} changes a second"
    load = os.getloadavg()[0]
    bound = f"{rate:.0f} copies a second came; two cores carry broker, store and five processes; load {load:.1f}"
    return [
        Figure(f"{what}, p50", p50, "ms"),
        Figure(f"{what}, p99", p99, "ms", 500.0, bound=bound),
    ], {"copies": len(waits), "waits_ms": [round(wait) for wait in waits]}


def memory(engines: Engines, feeds: int) -> Measured:
    """Resident memory of each process of `pressroom serve`, a web node's parent apart from its worker."""
    held = resident_mb(engines, feeds)
    bound = "docs/decisions.md, Measured: Python, pydantic, pika, boto3 and its client take 70 MB before any work"
    return [Figure(f"resident memory: {name}", mb, "MB", 80.0, bound=bound) for name, mb in held.items()], {}


PARTS: Final[dict[str, Callable[[Engines, int], Measured]]] = {
    "messages": messages,
    "rates": rates,
    "delay": delay,
    "memory": memory,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=int, default=300)
    parser.add_argument("--only", choices=PARTS)
    options = parser.parse_args()
    names = [options.only] if options.only else list(PARTS)
    for name in names:
        on = machine()
        say(f"{name}: {described(on)}")
        try:
            # Each on servers of its own: what one leaves behind is no business of the next.
            with rabbit_and_s3() as engines:
                figures, details = PARTS[name](engines, options.feeds)
        except Missing as error:
            say(f"left out: {error}")
            return
        say(f"{table(figures)}\nkept in {keep_part('engine', name, on, figures, details)}\n")


if __name__ == "__main__":
    main()
