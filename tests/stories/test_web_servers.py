"""The servers that real nodes run on: granian by default, gunicorn by profile."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pressroom.clock import SystemClock
from pressroom.settings import Settings
from pressroom.wiring import store_of
from schemas.base import Model
from services.web.serve import listen
from tests.fakes.web_newsroom import Newsroom

GRANIAN = [
    sys.executable,
    "-c",
    "from pressroom.settings import load; from services.web.worker import serve; serve(load())",
]
GUNICORN = [
    sys.executable,
    "-m",
    "gunicorn",
    "services.web:app",
    "--worker-class=gthread",
    "--preload",
    "--workers=2",
    "--threads=4",
    "--graceful-timeout=5",
]


class DirectoryNews:
    """Takes what the newsroom writes to where a node of these settings looks for it."""

    def __init__(self, settings: Settings) -> None:
        self._store = store_of(settings, SystemClock())

    def put(self, key: str, content: Model | bytes) -> str:
        body = content if isinstance(content, bytes) else content.model_dump_json().encode()
        return self._store.create(key, body)


@pytest.fixture
def port() -> int:
    sock = listen("127.0.0.1", 0)
    number: int = sock.getsockname()[1]
    sock.close()
    return number


@pytest.fixture(params=["granian", "gunicorn"])
def server(request: pytest.FixtureRequest, tmp_path: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    Newsroom(DirectoryNews(Settings(data=tmp_path)), datetime.now(UTC)).fill()  # type: ignore[arg-type]
    command = GRANIAN if request.param == "granian" else [*GUNICORN, f"--bind=127.0.0.1:{port}"]
    environ = os.environ | {"PRESSROOM_DATA": str(tmp_path), "PRESSROOM_PORT": str(port)}
    with subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_until_ready(process, port)
            yield process
        finally:
            process.kill()


def wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server gave up"
        try:
            if ask(http.client.HTTPConnection("127.0.0.1", port, timeout=5), "GET", "/readyz")[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.05)
    pytest.fail("the server never became ready")


def ask(
    connection: http.client.HTTPConnection, method: str, path: str, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    connection.request(method, path, headers=headers or {})
    answer = connection.getresponse()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


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


def test_a_taken_port_ends_a_start_with_one_clear_line(tmp_path: Path) -> None:
    with listen("127.0.0.1", 0) as taken:
        number = taken.getsockname()[1]
        environ = os.environ | {"PRESSROOM_DATA": str(tmp_path), "PRESSROOM_PORT": str(number)}
        ended = subprocess.run(GRANIAN, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode != 0
    assert f"cannot listen on 127.0.0.1:{number}" in ended.stderr.strip().splitlines()[-1]
