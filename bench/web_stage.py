"""What `bench.web` measures: nginx with a static file and nodes on their servers, each held to one core."""

from __future__ import annotations

import gzip
import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pressroom.testing.ports import free_ports
from tests.fakes.web_servers import COMMANDS, end, fill

SERVER_CORE, CLIENT_CORE = 0, 1
"""Where there are two: a server shares its core with no client."""

GZIP: Final = {"Accept-Encoding": "gzip"}
_START_S: Final = 30.0
_NGINX: Final = """pid {folder}/nginx.pid;
error_log stderr warn;
worker_processes 1;
{user}
events {{ worker_connections 1024; }}
http {{
    include /etc/nginx/mime.types;
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 100000000;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        root {folder}/www;
        gzip_static on;
{headers}
    }}
}}
"""
_NOT_NGINX: Final = frozenset(
    "content-type content-length content-encoding etag last-modified date server connection".split()
)
"""What nginx says by itself; all else that a node says with its page, it says too."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs. `pid` is its first process; what that has begun belongs to it."""

    name: str
    port: int
    pid: int

    def ask(self) -> Answer:
        """For the front page, gzipped."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        link.request("GET", "/", headers=GZIP)
        answer = link.getresponse()
        found = Answer(answer.status, {name.lower(): text for name, text in answer.getheaders()}, answer.read())
        link.close()
        return found

    def cpu_s(self) -> float:
        """CPU time of all its processes so far."""
        return sum(_cpu_s(pid) for pid in family(self.pid))

    def workers(self) -> list[int]:
        """Those that answer: on granian and gunicorn the children, but for a tracker of resources."""
        return [pid for pid in family(self.pid)[1:] if "resource_tracker" not in _command(pid)]


def family(pid: int) -> list[int]:
    found = [pid]
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text(encoding="ascii").split():
            found += family(int(child))
    return found


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")


def resident_mb(pid: int) -> dict[str, float]:
    """Resident, and what is left of it when pages that processes share are divided among them."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    found = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines[1:]}
    return {"resident": found["Rss"], "share": found["Pss"]}


@contextmanager
def node(kind: str, folder: Path, arguments: Sequence[str] = ()) -> Iterator[Served]:
    """A node with six sites on granian or gunicorn."""
    (port,) = free_ports(1)
    if not (folder / "objects").exists():
        fill(folder)
    env = {"PRESSROOM_DATA": str(folder), "PRESSROOM_PORT": str(port), "PRESSROOM_METRICS_PORT": "0"}
    with _running(kind, port, [*COMMANDS[kind], *arguments], env) as served:
        yield served


@contextmanager
def nginx(folder: Path, like: Served) -> Iterator[Served]:
    """nginx with the front page of a node as a file, compressed once, and with the node's headers."""
    page, (port,) = like.ask(), free_ports(1)
    www = folder / "www"
    www.mkdir(parents=True)
    (www / "index.html.gz").write_bytes(page.body)
    (www / "index.html").write_bytes(gzip.decompress(page.body))
    headers = "\n".join(
        f'        add_header {name} "{text}";' for name, text in page.headers.items() if name not in _NOT_NGINX
    )
    user = "user root;" if os.getuid() == 0 else ""
    config = folder / "nginx.conf"
    config.write_text(_NGINX.format(folder=folder, user=user, port=port, headers=headers), encoding="utf-8")
    path = {"PATH": os.environ["PATH"] + ":/usr/sbin"}
    with _running("nginx", port, ["nginx", "-e", "stderr", "-c", str(config), "-g", "daemon off;"], path) as served:
        yield served


@contextmanager
def _running(name: str, port: int, command: Sequence[str], env: Mapping[str, str]) -> Iterator[Served]:
    process = subprocess.Popen(
        ["taskset", "-c", str(SERVER_CORE), *command],
        env=os.environ | dict(env),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    served = Served(name, port, process.pid)
    try:
        _wait(served, process)
        yield served
    finally:
        end(process)


def _wait(served: Served, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if served.ask().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.02)
    sys.exit(f"{served.name} did not start")
