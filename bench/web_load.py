"""Readers before a server: wrk as many as it can, or one who asks every few milliseconds and writes down the time."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bench.web_stage import CLIENT_CORE, Served

CONNECTIONS: Final = 32
EVERY_S: Final = 0.004
_UNITS: Final = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


@dataclass(frozen=True, slots=True)
class Round:
    """`a_core_s`: requests for each second of CPU that the server spent, which is its rate when it has a core to itself
    and the client is no slower; `rate` is what came out on this machine, with all that ran on it.
    """

    rate: float
    a_core_s: float
    busy: float
    p99_ms: float


def full_load(server: Served, seconds: int, *, known: bool) -> Round:
    """wrk with 32 connections; `known`: every request is conditional and its answer a 304."""
    headers = ["-H", "Accept-Encoding: gzip"]
    if known:
        headers += ["-H", f"If-None-Match: {server.ask().headers['etag']}"]
    program = shutil.which("wrk") or sys.exit("bench.web: wrk is missing (apt-get install wrk)")
    command = ["taskset", "-c", str(CLIENT_CORE), program, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency"]
    spent_s = server.cpu_s()
    told = subprocess.run(
        [*command, *headers, f"http://127.0.0.1:{server.port}/"], capture_output=True, text=True, check=True
    ).stdout
    spent_s = server.cpu_s() - spent_s
    assert "Non-2xx" not in told, told
    assert "Socket errors" not in told, told
    requests = int(_found(r"(\d+) requests in", told)[0])
    took, unit = _found(r"99%\s+([\d.]+)(\w+)", told)
    return Round(
        rate=float(_found(r"Requests/sec:\s+([\d.]+)", told)[0]),
        a_core_s=requests / spent_s,
        busy=spent_s / seconds,
        p99_ms=float(took) * _UNITS[unit],
    )


def _found(pattern: str, text: str) -> tuple[str, ...]:
    found = re.search(pattern, text)
    assert found is not None, text
    return found.groups()


def sampled_ms(server: Served, seconds: float) -> list[float]:
    """A reader on one kept connection who asks for the page every 4 ms, whatever the last answer took: each answer's
    time, from when it was due. Sorted.
    """
    request = b"GET / HTTP/1.1\r\nHost: bench\r\nAccept-Encoding: gzip\r\n\r\n"
    times = []
    with socket.create_connection(("127.0.0.1", server.port)) as link:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        due, end = time.perf_counter(), time.perf_counter() + seconds
        while due < end:
            time.sleep(max(0.0, due - time.perf_counter()))
            link.sendall(request)
            _take_answer(link)
            times.append((time.perf_counter() - due) * 1000)
            due += EVERY_S
    return sorted(times)


def _take_answer(link: socket.socket) -> None:
    got = b""
    while b"\r\n\r\n" not in got:
        got += link.recv(65_536)
    head, _, body = got.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    length = int(_found(r"content-length: (\d+)", head.decode().lower())[0])
    while len(body) < length:
        body += link.recv(65_536)


def quantile(times: list[float], share: float) -> float:
    """Of sorted times."""
    return times[min(len(times) - 1, int(len(times) * share))]


class Beside:
    """Does something `a_second` times in a thread of its own, for as long as the block lasts."""

    def __init__(self, do: Callable[[int], None], a_second: float) -> None:
        self._do = do
        self._pause_s = 1 / a_second
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.done = 0

    def _run(self) -> None:
        while not self._ended.wait(self._pause_s):
            self._do(self.done)
            self.done += 1

    def __enter__(self) -> Beside:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
