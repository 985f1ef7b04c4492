"""deploy/nginx/ as a process, and nodes before which it stands that answer with a web node's headers."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

EDGE = Path(__file__).parents[2] / "deploy" / "nginx" / "edge.sh"
CACHING = {"/version/": "public, max-age=2", "/assets/": "public, max-age=31536000, immutable"}

needs_nginx = pytest.mark.skipif(
    not shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin"), reason="nginx is not installed"
)


@dataclass
class Seen:
    path: str
    headers: dict[str, str]
    status: int


@dataclass
class Node:
    """A web node: its content, what it was asked, and whether it is well."""

    server: ThreadingHTTPServer
    content: str = "one"
    status: int = 200
    keep_s: int = 30
    failing_path: str | None = None
    seen: list[Seen] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server.server_port}"

    def stop(self) -> None:
        """As a dead machine: the connections that the edge keeps end, too."""
        self.server.stopped = True
        self.server.shutdown()
        self.server.server_close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if getattr(self.server, "stopped", False):
            self.close_connection = True
            return
        node: Node = self.server.node
        coding = self.headers.get("Accept-Encoding", "")
        chosen = self.headers.get("Cookie", "")
        etag = f'"{node.content}-{coding}"'
        now = 503 if node.failing_path is not None and self.path.startswith(node.failing_path) else node.status
        status = 304 if now == 200 and self.headers.get("If-None-Match") == etag else now
        node.seen.append(Seen(self.path, dict(self.headers), status))
        body = f"{node.content} {coding} {chosen}".encode() if status != 304 else b""
        self.send_response(status)
        caching = next((text for start, text in CACHING.items() if self.path.startswith(start)), None)
        pages = f"public, max-age=0, s-maxage={node.keep_s}"
        self.send_header("Cache-Control", "private, no-cache" if chosen else caching or pages)
        self.send_header("Vary", "Accept-Encoding, Cookie")
        self.send_header("ETag", etag)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_HEAD = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


class Answer:
    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.text = response.read().decode("utf-8", "replace")
        self.cache = self.headers.get("x-cache", "")


class Edge:
    def __init__(self, port: int) -> None:
        self.port = port

    def get(self, path: str = "/", method: str = "GET", **headers: str) -> Answer:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(link):
            link.putrequest(method, path, skip_accept_encoding=True)
            for name, value in headers.items():
                link.putheader(name.replace("_", "-"), value)
            link.endheaders()
            return Answer(link.getresponse())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Callable[[], bool], timeout_s: float = 10) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


@contextlib.contextmanager
def running(folder: Path, addresses: Sequence[str], port: int | None = None) -> Iterator[Edge]:
    """An edge before nodes at these addresses, host:port each."""
    port = port or free_port()
    env = {
        "PATH": os.environ["PATH"] + ":/usr/sbin",
        "LISTEN": f"127.0.0.1:{port}",
        "NODES": " ".join(addresses),
        "RUN": str(folder),
        "ACCESS_LOG": str(folder / "access.log"),
    }
    process = subprocess.Popen([str(EDGE)], env=env)
    edge = Edge(port)

    def answers() -> bool:
        with contextlib.suppress(OSError):
            return edge.get("/edge/healthz").text == "ok\n"
        return False

    try:
        until(answers)
        yield edge
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0


def fake_node() -> Node:
    """A node that answers; `stop` ends it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.node = Node(server)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    return server.node
