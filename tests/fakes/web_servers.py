"""Real servers with a node on them: granian, and gunicorn by the profile."""

from __future__ import annotations

import errno
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pressroom.clock import SystemClock
from pressroom.settings import Settings
from pressroom.wiring import store_of
from schemas import keys
from schemas.base import Model
from tests.fakes.web_newsroom import Newsroom

GRANIAN = [
    sys.executable,
    "-c",
    "from pressroom.settings import load; from services.web.parent import serve; serve(load())",
]
GUNICORN = [sys.executable, "-m", "gunicorn", "-c", str(Path(__file__).parents[2] / "deploy" / "gunicorn.conf.py")]
# Three workers take turns by chance: that one of them took none of so many is less likely than one in a million.
ANSWERS_IN_A_ROW = 40
COMMANDS = {"granian": GRANIAN, "gunicorn": GUNICORN}


class DirectoryNews:
    """Takes what the newsroom writes to where a node of these settings looks for it."""

    def __init__(self, settings: Settings) -> None:
        self._store = store_of(settings, SystemClock())

    def put(self, key: str, content: Model | bytes) -> str:
        body = content if isinstance(content, bytes) else content.model_dump_json().encode()
        return self._store.create(key, body)


def fill(folder: Path) -> None:
    """Lay six sites where a node with this data folder looks for them."""
    Newsroom(DirectoryNews(Settings(data=folder)), datetime.now(UTC)).fill()  # type: ignore[arg-type]


@contextmanager
def serving(command: list[str], folder: Path, port: int, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """A node with news, ready, whose settings are the defaults but for these."""
    fill(folder)
    environ = os.environ | {"PRESSROOM_DATA": str(folder), "PRESSROOM_PORT": str(port)} | settings
    with subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_until_ready(process, port)
            yield process
        finally:
            end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM, so that its workers go too; SIGKILL for whoever does not listen."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()


def wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    """Until all its workers have pages: whichever of them takes a connection answers with the page."""
    deadline, in_a_row = time.monotonic() + 60, 0
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server gave up"
        status = 0
        with suppress(OSError, http.client.BadStatusLine):
            status = ask(http.client.HTTPConnection("127.0.0.1", port, timeout=5), "GET", "/")[0]
        in_a_row = in_a_row + 1 if status == 200 else 0
        if in_a_row == ANSWERS_IN_A_ROW:
            return
        if status != 200:
            time.sleep(0.05)
    pytest.fail("the server never became ready")


def ask(
    connection: http.client.HTTPConnection, method: str, path: str, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    connection.request(method, path, headers=headers or {})
    answer = connection.getresponse()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


@contextmanager
def dripping(port: int, clients: int) -> Iterator[None]:
    """So many clients that send a byte a second and never end: half of them heads, half of them bodies of forms."""
    head = b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: "
    form = (
        b"POST /s/linux/settings HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    )
    ended = threading.Event()
    links = [socket.create_connection(("127.0.0.1", port)) for _ in range(clients)]

    def drip() -> None:
        while not ended.wait(1.0):
            for link in links:
                with suppress(OSError):
                    link.send(b"a")

    for number, link in enumerate(links):
        link.sendall(form if number % 2 else head)
    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        for link in links:
            link.close()


@contextmanager
def slow_day(folder: Path, port: int, day: date) -> Iterator[None]:
    """A reader asks for an archive that the store does not hand out: its file is a pipe that nobody writes to."""
    pipe = folder / "objects" / keys.site_archive("linux", day)
    pipe.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(pipe)
    link = socket.create_connection(("127.0.0.1", port))
    link.sendall(f"GET /s/linux/archive/{day} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    writer = _opened(pipe)
    try:
        yield
    finally:
        os.close(writer)
        link.close()


def _opened(pipe: Path) -> int:
    """Its other end, as soon as somebody waits at it: the request has begun."""
    deadline = time.monotonic() + 20
    while True:
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def answered_meanwhile(port: int) -> float:
    """The longest of fifty readers, each on a new connection, in seconds; all must get the page."""
    longest = 0.0
    for _ in range(50):
        began = time.perf_counter()
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        assert ask(link, "GET", "/")[0] == 200
        link.close()
        longest = max(longest, time.perf_counter() - began)
    return longest
