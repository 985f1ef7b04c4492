"""The servers that real nodes run on: granian by default, gunicorn by profile."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest

from services.web.serve import listen
from tests.fakes.web_servers import COMMANDS, GRANIAN, GUNICORN, answered_meanwhile, ask, dripping, serving, slow_day

THREADS = 4


@pytest.fixture
def port() -> int:
    sock = listen("127.0.0.1", 0)
    number: int = sock.getsockname()[1]
    sock.close()
    return number


@pytest.fixture(params=list(COMMANDS))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(kind: str, tmp_path: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    with serving(COMMANDS[kind], tmp_path, port) as process:
        yield process


def test_a_server_answers_whole_conditional_and_head_requests_on_one_connection_and_stops_when_asked(
    server: subprocess.Popen[bytes], port: int
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    status, headers, body = ask(connection, "GET", "/", {"Accept-Encoding": "gzip"})
    assert status == 200
    assert headers["content-encoding"] == "gzip"
    assert int(headers["content-length"]) == len(body)
    socket_before = connection.sock
    status, seen, body = ask(connection, "GET", "/", {"Accept-Encoding": "gzip", "If-None-Match": headers["etag"]})
    assert (status, body) == (304, b"")
    assert seen["etag"] == headers["etag"]
    status, seen, body = ask(connection, "HEAD", "/", {"Accept-Encoding": "gzip"})
    assert (status, body) == (200, b"")
    assert seen["content-length"] == headers["content-length"]
    assert ask(connection, "GET", "/nothing")[0] == 404
    assert ask(connection, "GET", "/s/linux/all")[0] == 200
    assert connection.sock is socket_before, "the connection was kept alive all along"
    connection.close()
    server.send_signal(signal.SIGTERM)
    assert server.wait(15) == 0


def workers(process: subprocess.Popen[bytes]) -> set[int]:
    """The processes that the server has begun and that answer (granian keeps a tracker of resources besides)."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").split()
    return {int(child) for child in children if b"resource_tracker" not in _command(child)}


def listening(process: subprocess.Popen[bytes], port: int) -> set[int]:
    """Those of them that hold a socket which listens on the port."""
    rows = [row.split() for row in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    sockets = {f"socket:[{row[9]}]" for row in rows if row[3] == "0A" and row[1].endswith(f":{port:04X}")}
    return {pid for pid in workers(process) if sockets & _files(pid)}


def _files(pid: int) -> set[str]:
    with suppress(OSError):
        return {str(file.readlink()) for file in Path(f"/proc/{pid}/fd").iterdir() if file.is_symlink()}
    return set()


def _command(pid: str) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def asking_until(port: int, holds: Callable[[], bool]) -> list[int]:
    """Asks for the page, each time on a new connection, until it holds; the statuses that were answered."""
    seen, deadline = [], time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, "it never came about"
        with suppress(ConnectionError, http.client.BadStatusLine):
            # A connection that a dying worker had taken is lost with it; what is answered must be right.
            seen.append(ask(http.client.HTTPConnection("127.0.0.1", port, timeout=10), "GET", "/")[0])
    return seen


@pytest.mark.parametrize("kind", list(COMMANDS), indirect=True)
def test_a_worker_that_is_killed_is_replaced_while_the_others_answer(kind: str, tmp_path: Path, port: int) -> None:
    with serving(COMMANDS[kind], tmp_path, port, PRESSROOM_WEB_WORKERS="2") as process:
        asking_until(port, lambda: len(workers(process)) >= 2 and listening(process, port) == workers(process))
        before = workers(process)
        killed = min(before)
        os.kill(killed, signal.SIGKILL)
        statuses = asking_until(port, lambda: len(listening(process, port) - {killed}) == len(before))
        assert set(statuses) <= {200}
        assert ask(http.client.HTTPConnection("127.0.0.1", port, timeout=10), "GET", "/")[0] == 200


def test_workers_whose_parent_was_killed_end_and_free_the_port(tmp_path: Path, port: int) -> None:
    with serving(GRANIAN, tmp_path, port, PRESSROOM_WEB_WORKERS="2") as process:
        asking_until(port, lambda: len(listening(process, port)) == 2)
        process.kill()
        process.wait()
        deadline = time.monotonic() + 10
        while not is_free(port):
            assert time.monotonic() < deadline, "a worker is left over"
            time.sleep(0.05)


def is_free(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) != 0


def test_gunicorn_has_three_workers_that_start_their_nodes_after_the_fork(tmp_path: Path, port: int) -> None:
    with serving(GUNICORN, tmp_path, port) as process:
        # Each has the threads of a node, and the master none.
        asking_until(port, lambda: [tasks(pid) > THREADS for pid in workers(process)] == [True] * 3)
        assert tasks(process.pid) <= THREADS


def tasks(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


def test_gunicorn_replaces_workers_that_have_answered_enough_and_nobody_waits(tmp_path: Path, port: int) -> None:
    few = [*GUNICORN, "--max-requests=20", "--max-requests-jitter=5"]
    with serving(few, tmp_path, port) as process:
        before = workers(process)
        statuses = asking_until(port, lambda: not before & workers(process))
        assert set(statuses) == {200}


def test_gunicorn_replaces_workers_that_have_grown_too_large(tmp_path: Path, port: int) -> None:
    with serving(GUNICORN, tmp_path, port, PRESSROOM_WEB_WORKER_BYTES_MAX="1000000") as process:
        before = workers(process)
        statuses = asking_until(port, lambda: not before & workers(process))
        assert set(statuses) <= {200}


def test_two_hundred_dripping_clients_and_slow_answers_hold_up_no_cached_page(tmp_path: Path, port: int) -> None:
    """On gunicorn this is the edge's business: tests/pipeline/test_edge.py."""
    with (
        serving(GRANIAN, tmp_path, port),
        dripping(port, 200),
        slow_day(tmp_path, port, date(2026, 1, 1)),
        slow_day(tmp_path, port, date(2026, 1, 2)),
    ):
        assert answered_meanwhile(port) < 1.0
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        assert ask(link, "GET", "/s/linux/search?q=kernel")[0] == 200
        assert ask(link, "POST", "/s/linux/settings")[0] == 503, "a form that comes now is asked to come again"


def test_a_taken_port_ends_a_start_with_one_clear_line(tmp_path: Path) -> None:
    with listen("127.0.0.1", 0) as taken:
        number = taken.getsockname()[1]
        environ = os.environ | {"PRESSROOM_DATA": str(tmp_path), "PRESSROOM_PORT": str(number)}
        ended = subprocess.run(GRANIAN, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode != 0
    assert f"cannot listen on 127.0.0.1:{number}" in ended.stderr.strip().splitlines()[-1]


def test_servers_find_the_application_by_its_name_however_they_import_it() -> None:
    """mod_wsgi runs a script that says `from services.web import app`; no module of that name may come between."""
    program = "import services.web.node; from services.web import app; assert callable(app), app"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert told.returncode == 0, told.stderr
