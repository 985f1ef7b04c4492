"""What a refresh costs, as CPU of all our services together, and how many there are a second: `make bench B=feeds`.

500 feeds of 30 entries and 70 KB on 50 loopback addresses, no spacing; embedded, then on RabbitMQ and S3. Start-up is
left out: the processes have started, refreshed a small site and then all feeds once before the first round counts.
Each kind of round is done several times; costs are the median, rates the best. Four minutes on a quiet machine;
`--feeds 100 --rounds 1 --world embedded` is a quick look.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from bench.engines import Engines, embedded, newsroom_env, rabbit_and_s3
from bench.fleet import Fleet, Spent, fleet
from bench.machine import Figure, described, keep, machine, say, table
from bench.papers import WARM_FEEDS, Origin, Papers, origin
from pressroom.testing import Missing

KINDS: Final = ("changed", "unchanged", "unchanged, new TLS connection")
SERVICES: Final = ("scheduler", "fetcher", "weather", "publisher", "web")
ALONE: Final = {"newsroom": SERVICES}
TWO_FETCHERS: Final = {
    "scheduler": ("scheduler",),
    "fetcher 1": ("fetcher",),
    "fetcher 2": ("fetcher",),
    "publisher": ("publisher",),
    "web": ("web",),
}
GOAL_MS: Final = {
    ("embedded", "changed"): 10.0,
    ("RabbitMQ + S3", "changed"): 13.0,
    ("embedded", "unchanged"): 1.5,
    ("RabbitMQ + S3", "unchanged"): 1.5,
    ("embedded", "unchanged, new TLS connection"): 3.0,
    ("RabbitMQ + S3", "unchanged, new TLS connection"): 3.0,
}
GOAL_PER_SECOND: Final = {"changed": 150.0, "unchanged": 600.0}


@dataclass(frozen=True, slots=True)
class Run:
    """Rounds of one fleet by kind; `servers_s` is CPU of the queue's and the store's own servers meanwhile."""

    world: str
    rounds: dict[str, list[Spent]]
    servers_s: dict[str, dict[str, float]]

    def middle(self, kind: str) -> Spent:
        """The round of median cost."""
        by_cost = sorted(self.rounds[kind], key=Spent.ms_each)
        return by_cost[len(by_cost) // 2]

    def ms_each(self, kind: str) -> float:
        return statistics.median(spent.ms_each() for spent in self.rounds[kind])

    def best(self, kind: str) -> Spent:
        """The quickest round: other work on the machine only ever makes one slower."""
        return max(self.rounds[kind], key=lambda spent: spent.per_second)


class Measured:
    """One fleet with its papers, driven through its rounds."""

    def __init__(self, engines: Engines, room: Fleet, server: Origin, papers: Papers, rounds: int) -> None:
        self._engines = engines
        self._room = room
        self._server = server
        self._papers = papers
        self._rounds = rounds
        self._version = 0

    def warm(self) -> None:
        """Every import done and every path walked before anything counts; then all feeds are known."""
        self._room.round(WARM_FEEDS)
        for _ in range(2):
            self._turn()
            self._room.round(WARM_FEEDS)
        self._room.round(self._papers.feeds, self._papers.open)

    def run(self, kinds: Sequence[str]) -> Run:
        work: dict[str, Callable[[], Spent]] = {
            KINDS[0]: self._changed,
            KINDS[1]: self._unchanged,
            KINDS[2]: self._unchanged,
        }
        rounds, servers = {}, {}
        for kind in kinds:
            if kind == KINDS[2]:
                self._server.close_after_answers(on=True)
                self._room.round(self._papers.feeds, lambda: self._papers.open("https"))
            before = self._engines.cpu_s()
            rounds[kind] = [self._checked(work[kind](), kind) for _ in range(self._rounds)]
            spent = {name: cpu_s - before[name] for name, cpu_s in self._engines.cpu_s().items()}
            servers[kind] = {name: cpu_s / self._rounds for name, cpu_s in spent.items()}
        return Run(self._engines.name, rounds, servers)

    def delays_ms(self, changes_a_second: int, seconds: int) -> list[float]:
        """How long after its fetch each copy came to the web node, under an even stream of changes."""
        self._server.restless(on=True)
        before = self._room.rooms["web"].ask("copies")
        feeds, size = list(before), changes_a_second // 10
        steps = [feeds[start : start + size] for start in range(0, len(feeds), size)]
        seen: dict[tuple[str, int], float] = {}
        began = time.monotonic()
        for number in range(seconds * 10):
            time.sleep(max(0.0, began + number / 10 - time.monotonic()))
            self._room.rooms["scheduler"].ask(f"wish {' '.join(steps[number % len(steps)])}")
            if number % 20 == 19:
                seen |= self._copies()
        self._room.settle()
        seen |= self._copies()
        return [wait_ms for (feed, turn), wait_ms in seen.items() if turn > before[feed][0]]

    def _copies(self) -> dict[tuple[str, int], float]:
        held = self._room.rooms["web"].ask("copies").items()
        return {(feed, turn): wait_ms for feed, (turn, wait_ms) in held}

    def _turn(self) -> None:
        self._version += 1
        self._server.version(self._version)

    def _changed(self) -> Spent:
        self._turn()
        return self._room.round(self._papers.feeds)

    def _unchanged(self) -> Spent:
        return self._room.round(self._papers.feeds)

    def _checked(self, spent: Spent, kind: str) -> Spent:
        """A round that did other work than it says must not become a figure."""
        wanted = {"stored" if kind == "changed" else "unchanged": self._papers.feeds}
        got = {result: count for result, count in spent.checks.items() if count}
        if got != wanted:
            raise RuntimeError(f"a round of {kind} feeds ended with the checks {got}")
        return spent


@contextlib.contextmanager
def measured(engines: Engines, members: Mapping[str, Sequence[str]], feeds: int, rounds: int) -> Iterator[Measured]:
    """A fleet of `members` (process → its arguments, the scheduler's first) with its papers, warmed up."""
    with tempfile.TemporaryDirectory(prefix="pressroom-bench-") as name, contextlib.ExitStack() as things:
        folder = Path(name)
        server = things.enter_context(origin(feeds, folder / "papers"))
        papers = Papers(folder / "sites", feeds, server.ports)
        env = newsroom_env(engines, folder, server.ports)
        room = things.enter_context(fleet(members, env))
        one = Measured(engines, room, server, papers, rounds)
        one.warm()
        yield one


def cost_figures(run: Run) -> list[Figure]:
    return [
        Figure(
            f"{run.world}: CPU a feed, {kind}",
            run.ms_each(kind),
            "ms",
            GOAL_MS[run.world, kind],
            bound=costs_of(run.middle(kind)),
        )
        for kind in run.rounds
    ]


def costs_of(spent: Spent) -> str:
    """What most of a round's CPU time went into, and how slow the machine was meanwhile."""
    ranked = sorted(spent.by_thread_s.items(), key=lambda part: -part[1])[:4]
    parts = ", ".join(f"{name} {spent.ms_each(cpu_s):.1f}" for name, cpu_s in ranked)
    kernel_ms, waits = spent.ms_each(spent.usage["kernel_s"]), spent.usage["waits"] / spent.refreshes
    return (
        f"{parts}; {kernel_ms:.1f} of all that is the kernel's, threads gave way to others {waits:.0f} times a feed;"
        f" reading one feed alone took {spent.pace_ms:.1f} ms meanwhile, load {spent.load:.1f}"
    )


def rate_figures(run: Run) -> list[Figure]:
    """Feeds a second with two fetchers, and what the two cores did meanwhile."""
    return [
        Figure(
            f"{run.world}: {kind} feeds a second, 2 fetchers",
            run.best(kind).per_second,
            "/s",
            GOAL_PER_SECOND[kind],
            at_most=False,
            bound=bound_of(run, kind),
        )
        for kind in GOAL_PER_SECOND
    ]


def bound_of(run: Run, kind: str) -> str:
    """Where the machine's CPU time went in the quickest round."""
    best = run.best(kind)
    has_ms = os.cpu_count() or 1
    ours = best.ms_each()
    servers = {name: cpu_s * 1000 / best.refreshes for name, cpu_s in run.servers_s[kind].items()}
    parts = ", ".join(f"{name} {ms:.1f}" for name, ms in servers.items())
    limit = has_ms * 1000 / (ours + sum(servers.values()))
    return (
        f"{has_ms} cores have {has_ms * 1000 / best.per_second:.1f} ms a feed at this rate; ours take {ours:.1f}"
        f"{', ' + parts if parts else ''}, so {limit:.0f}/s would be all they could do; load {best.load:.1f}"
    )


def told(run: Run) -> str:
    """Where the time goes: by process, by thread, by step, a feed."""
    lines = []
    for kind in run.rounds:
        spent = run.middle(kind)
        lines.append(
            f"{run.world}, {kind}: {spent.ms_each():.2f} ms a feed, {spent.per_second:.0f} feeds/s,"
            f" pace {spent.pace_ms:.1f} ms, load {spent.load:.1f}"
        )
        for title, parts in (
            ("processes", spent.by_process_s),
            ("threads", spent.by_thread_s),
            ("steps (timing them costs a little more)", spent.by_step_s),
            ("servers, not ours", run.servers_s[kind]),
        ):
            lines += _ranked(title, parts, spent)
    return "\n".join(lines)


def _ranked(title: str, parts: Mapping[str, float], spent: Spent) -> list[str]:
    ranked = sorted(parts.items(), key=lambda part: -part[1])
    shown = [
        f"      {name:44}{spent.ms_each(cpu_s):>8.2f} ms" for name, cpu_s in ranked if spent.ms_each(cpu_s) > 0.005
    ]
    return [f"    {title}", *shown] if shown else []


def details(run: Run) -> dict[str, Any]:
    rounds = {kind: [asdict(spent) for spent in these] for kind, these in run.rounds.items()}
    return {"world": run.world, "rounds": rounds, "servers_s": run.servers_s}


def _world(engines: Engines, feeds: int, rounds: int) -> tuple[list[Figure], list[Run]]:
    """Costs and rates. In the embedded world costs are those of one process, rates those of a process a service."""
    wanted: list[tuple[Mapping[str, Sequence[str]], Sequence[str], int, int]]
    wanted = [(TWO_FETCHERS, KINDS, feeds, rounds)]
    if not engines.servers:
        timed = {name: ("--steps", *these) for name, these in ALONE.items()}
        wanted = [
            (ALONE, KINDS, feeds, rounds),
            (timed, KINDS[:2], feeds // 4, 1),
            (TWO_FETCHERS, KINDS[:2], feeds, rounds),
        ]
    runs = []
    for members, kinds, count, times in wanted:
        with measured(engines, members, count, times) as room:
            runs.append(room.run(kinds))
        say(told(runs[-1]))
    return cost_figures(runs[0]) + rate_figures(runs[-1]), runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=2, help="of each kind")
    parser.add_argument("--world", choices=("embedded", "fleet", "both"), default="both")
    options = parser.parse_args()
    worlds = {"embedded": (embedded,), "fleet": (rabbit_and_s3,), "both": (embedded, rabbit_and_s3)}[options.world]
    on = machine()
    say(described(on))
    figures: list[Figure] = []
    runs: list[Run] = []
    for world in worlds:
        try:
            with world() as engines:
                some, more = _world(engines, options.feeds, options.rounds)
        except Missing as error:
            say(f"left out: {error}")
            continue
        figures += some
        runs += more
    say(table(figures))
    if (options.feeds, options.world) == (500, "both"):
        say(f"kept in {keep('feeds', on, figures, {'runs': [details(run) for run in runs]})}")


if __name__ == "__main__":
    main()
