"""What was measured on, and where figures are kept: a table with the goals beside them, and JSON in bench/results/."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from bench.corpus import feed
from services.fetcher.parse import parse

RESULTS: Final = Path(__file__).parent / "results"
_PACE_BODY: Final = feed(0, 0)
_PACE_ROUNDS: Final = 4
_LIBRARIES: Final = ("pydantic", "lxml", "nh3", "requests", "urllib3", "pika", "boto3")


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `at_most` tells on which side of the goal is good; `bound` what holds a poor one back."""

    what: str
    value: float
    unit: str
    goal: float | None = None
    at_most: bool = True
    bound: str = ""

    @property
    def is_met(self) -> bool | None:
        """None where nothing was promised."""
        if self.goal is None:
            return None
        return self.value <= self.goal if self.at_most else self.value >= self.goal


def machine() -> dict[str, Any]:
    """The machine and what runs on it, for people who compare figures."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in _LIBRARIES},
        "load_at_start": round(os.getloadavg()[0], 2),
        "pace_at_start_ms": round(min(pace_ms() for _ in range(5)), 2),
    }


def pace_ms() -> float:
    """CPU milliseconds of a fixed piece of work now. Virtual cores may share a real one: with the others busy, the same
    work takes more CPU time, here and in what is measured meanwhile; figures compare only at the same pace.
    """
    began = time.thread_time()
    for _ in range(_PACE_ROUNDS):
        parse(_PACE_BODY, content_type="application/xml", url="https://paper.example/")
    return (time.thread_time() - began) * 1000 / _PACE_ROUNDS


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _commit() -> str:
    told = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return told.stdout.strip()


def described(on: dict[str, Any]) -> str:
    """One line of `machine()`'s answer."""
    return (
        f"{on['processor']}, {on['cores']} cores, {on['memory_gb']} GB, {on['system']}, Python {on['python']},"
        f" commit {on['commit']}, load before {on['load_at_start']}, pace {on['pace_at_start_ms']} ms"
    )


def table(figures: Sequence[Figure]) -> str:
    """The figures with their goals, and whether each is kept."""
    lines = [f"{'':60}{'measured':>12}{'goal':>12}"]
    for one in figures:
        goal = "" if one.goal is None else f"{'≤' if one.at_most else '≥'} {one.goal:g}"
        verdict = {None: "", True: "  kept", False: "  MISSED"}[one.is_met]
        lines.append(f"{one.what:60}{one.value:>12,.2f}{goal:>12} {one.unit}{verdict}")
        if one.bound and one.is_met is False:
            lines.append(f"    bound by: {one.bound}")
    return "\n".join(lines)


def keep(name: str, on: dict[str, Any], figures: Sequence[Figure], details: dict[str, Any]) -> Path:
    """Write `bench/results/NAME.json`: the latest run, in full."""
    return _write(name, _told(on, figures, details))


def keep_part(name: str, part: str, on: dict[str, Any], figures: Sequence[Figure], details: dict[str, Any]) -> Path:
    """Write the latest run of one part into `bench/results/NAME.json`, beside the latest of the others."""
    path = RESULTS / f"{name}.json"
    parts = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return _write(name, parts | {part: _told(on, figures, details)})


def _told(on: dict[str, Any], figures: Sequence[Figure], details: dict[str, Any]) -> dict[str, Any]:
    return {"machine": on, "figures": [asdict(one) | {"kept": one.is_met} for one in figures], "details": details}


def _write(name: str, told: dict[str, Any]) -> Path:
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def say(text: str) -> None:
    """Print at once, also into a pipe: a round takes seconds."""
    print(text, file=sys.stdout, flush=True)
