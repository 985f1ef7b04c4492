"""What the machine says of this process: CPU, memory, disk."""

from __future__ import annotations

import os
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path

from prometheus_client import CollectorRegistry, ProcessCollector

from pressroom.metrics.read_off import PLAIN, Reading, ReadOff
from pressroom.wiring import VERSION

WINDOW_S = 300.0


class CpuShare:
    """The share of one core used lately. Told by whoever asks: each question leaves a mark to measure from."""

    def __init__(
        self, monotonic: Callable[[], float] = time.monotonic, cpu: Callable[[], float] = time.process_time
    ) -> None:
        self._monotonic = monotonic
        self._cpu = cpu
        self._marks: deque[tuple[float, float]] = deque([(monotonic(), cpu())])

    def ratio(self) -> float:
        """Over the last five minutes, or since the start when that is shorter ago."""
        now = self._monotonic(), self._cpu()
        while len(self._marks) > 1 and now[0] - self._marks[1][0] >= WINDOW_S:
            self._marks.popleft()
        first = self._marks[0]
        if now[0] - self._marks[-1][0] >= WINDOW_S / 10:
            self._marks.append(now)
        passed_s = now[0] - first[0]
        return (now[1] - first[1]) / passed_s if passed_s > 0 else 0.0


def memory_bytes() -> int:
    """Resident memory; 0 where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def process_metrics(registry: CollectorRegistry, services: Iterable[str], data: Path, share: CpuShare) -> None:
    """CPU, memory, disk, version."""
    ProcessCollector(registry=registry)
    version: tuple[str, ...] = (VERSION, "+".join(sorted(services)))

    def read() -> Reading:
        reading: Reading = {"pressroom_info": {version: 1.0}, "pressroom_cpu_ratio": {PLAIN: share.ratio()}}
        try:
            disk = shutil.disk_usage(data)
        except OSError:
            return reading
        return {**reading, "pressroom_disk_free_ratio": {PLAIN: disk.free / disk.total}}

    registry.register(ReadOff(["pressroom_info", "pressroom_cpu_ratio", "pressroom_disk_free_ratio"], read))
