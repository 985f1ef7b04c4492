"""deploy/nginx/: a real nginx before nodes of our own making that answer with a web node's headers."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

EDGE = Path(__file__).parents[2] / "deploy" / "nginx" / "edge.sh"
BROWSER = "gzip, deflate, br, zstd"
CACHING = {"/version/": "public, max-age=2", "/assets/": "public, max-age=31536000, immutable"}

pytestmark = pytest.mark.skipif(
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
        status = 304 if node.status == 200 and self.headers.get("If-None-Match") == etag else node.status
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


@pytest.fixture
def nodes() -> Iterator[list[Node]]:
    made = []
    for _ in range(2):
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.node = Node(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        made.append(server.node)
    yield made
    for node in made:
        with contextlib.suppress(OSError):
            node.stop()


class Answer:
    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.text = response.read().decode()
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
def running(folder: Path, nodes: list[Node]) -> Iterator[Edge]:
    port = free_port()
    env = {
        "PATH": os.environ["PATH"] + ":/usr/sbin",
        "LISTEN": f"127.0.0.1:{port}",
        "NODES": " ".join(node.address for node in nodes),
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


@pytest.fixture
def edge(tmp_path: Path, nodes: list[Node]) -> Iterator[Edge]:
    with running(tmp_path, nodes) as started:
        yield started


def asked(nodes: list[Node]) -> list[Seen]:
    return [seen for node in nodes for seen in node.seen]


def test_a_page_is_asked_for_once_and_kept(edge, nodes):
    assert [edge.get("/", Accept_Encoding=BROWSER).cache for _ in range(3)] == ["MISS", "HIT", "HIT"]
    assert len(asked(nodes)) == 1


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        (BROWSER, "br"),
        ("gzip, deflate, zstd", "zstd"),
        ("deflate, gzip;q=1.0, *;q=0.5", "gzip"),
        ("x-gzip", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("br; q=0.000 , zstd;q=0,gzip ; q=0.3", "gzip"),
        ("br;q=0.8", "br"),
        ("broken, sdch", "identity"),
        ("", "identity"),
    ],
)
def test_the_many_ways_to_accept_codings_are_four(edge, header, coding):
    assert edge.get("/", Accept_Encoding=header).text.split() == ["one", coding]


def test_each_coding_is_kept_by_itself(edge, nodes):
    for header in ("gzip", "br", "gzip, deflate", "br, gzip"):
        edge.get("/", Accept_Encoding=header)
    assert sorted(seen.headers["Accept-Encoding"] for seen in asked(nodes)) == ["br", "gzip"]


@pytest.mark.parametrize("cookie", ["pressroom_settings=a", "pressroom_admin=b; x=1", "x=1; pressroom_layout=c"])
def test_a_page_that_a_cookie_chose_goes_through_and_is_never_kept(edge, nodes, cookie):
    edge.get("/")
    mine = [edge.get("/", Cookie=cookie) for _ in range(2)]
    assert [(answer.cache, answer.text) for answer in mine] == [("BYPASS", f"one identity {cookie}")] * 2
    assert edge.get("/").text.split() == ["one", "identity"]


def test_a_strangers_cookie_costs_nothing_and_reaches_no_node(edge, nodes):
    edge.get("/")
    assert edge.get("/", Cookie="tracker=1").cache == "HIT"
    assert "Cookie" not in asked(nodes)[0].headers


def test_a_reader_who_has_the_page_gets_a_304_from_the_edge(edge, nodes):
    etag = edge.get("/").headers["etag"]
    assert edge.get("/", If_None_Match=etag).status == 304
    assert edge.get("/", "HEAD").status == 200
    assert len(asked(nodes)) == 1


def test_an_old_page_is_served_at_once_and_renewed_by_its_etag_behind_the_readers_back(edge, nodes):
    for node in nodes:
        node.keep_s = 1
    edge.get("/")
    until(lambda: edge.get("/").cache == "STALE")
    until(lambda: len(asked(nodes)) == 2)
    (renewal,) = (seen for seen in asked(nodes) if "If-None-Match" in seen.headers)
    assert (renewal.headers["If-None-Match"], renewal.status) == ('"one-identity"', 304)
    until(lambda: edge.get("/").cache == "HIT")


def test_new_content_is_seen_once_the_old_has_had_its_time(edge, nodes):
    for node in nodes:
        node.keep_s = 1
    edge.get("/")
    for node in nodes:
        node.content = "two"
    until(lambda: edge.get("/").text.startswith("two"), timeout_s=5)


def test_a_version_is_never_older_than_two_seconds(edge, nodes):
    edge.get("/version/news")
    for node in nodes:
        node.content = "two"
    began = time.monotonic()
    until(lambda: edge.get("/version/news").cache != "HIT")
    assert time.monotonic() - began < 3.5
    assert edge.get("/version/news").text.startswith("two")


def test_while_all_nodes_fail_readers_get_what_is_kept(edge, nodes):
    for node in nodes:
        node.keep_s = 1
    edge.get("/")
    edge.get("/version/news")
    for node in nodes:
        node.stop()
    until(lambda: all(edge.get(path).cache in {"STALE", "UPDATING"} for path in ("/", "/version/news")))
    answers = [edge.get(path) for path in ("/", "/version/news") for _ in range(3)]
    assert {answer.status for answer in answers} == {200}
    assert {answer.text for answer in answers} == {"one identity "}


def test_while_all_nodes_fail_an_unknown_page_is_a_calm_503(edge, nodes):
    for node in nodes:
        node.stop()
    answer = edge.get("/never/seen")
    assert (answer.status, answer.headers["cache-control"]) == (503, "no-store")
    assert "Try again in a few seconds" in answer.text
    assert edge.get("/edge/healthz").status == 200


def test_a_node_that_fails_is_left_alone_and_no_reader_notices(edge, nodes):
    nodes[0].status = 503
    paths = (f"/s/{number}" for number in itertools.count())
    assert {edge.get(next(paths)).status for _ in range(20)} == {200}
    assert len(nodes[0].seen) == 2
    assert len(nodes[1].seen) == 20


def test_what_a_client_claims_about_earlier_hops_is_not_passed_on(edge, nodes):
    edge.get("/", X_Forwarded_For="6.6.6.6", Forwarded="for=6.6.6.6", X_Forwarded_Host="evil.example")
    headers = asked(nodes)[0].headers
    assert (headers["X-Forwarded-For"], headers["X-Forwarded-Host"]) == ("127.0.0.1", "127.0.0.1")
    assert "Forwarded" not in headers


def test_forms_and_the_desk_are_never_kept(edge, nodes):
    for method, path in [("POST", "/"), ("GET", "/admin/"), ("GET", "/settings")]:
        for _ in range(2):
            edge.get(path, method, Content_Length="0")
    assert len(asked(nodes)) == 6


def test_assets_stay_for_a_year(edge):
    edge.get("/assets/front-1234.css")
    answer = edge.get("/assets/front-1234.css")
    assert (answer.cache, answer.headers["cache-control"]) == ("HIT", "public, max-age=31536000, immutable")


def test_metrics_of_a_node_are_not_for_the_street(edge, nodes):
    assert edge.get("/metrics").status == 404
    assert asked(nodes) == []


def test_the_log_names_neither_readers_nor_what_they_search(edge, tmp_path):
    edge.get("/s/news/search?q=secret", X_Forwarded_For="6.6.6.6")
    until(lambda: "/s/news/search" in (tmp_path / "access.log").read_text())
    text = (tmp_path / "access.log").read_text()
    assert "secret" not in text
    assert "6.6.6.6" not in text


def test_what_is_kept_survives_a_restart_of_the_edge(tmp_path, nodes):
    with running(tmp_path, nodes) as first:
        first.get("/")
    for node in nodes:
        node.stop()
    with running(tmp_path, nodes) as second:
        until(lambda: second.get("/").text == "one identity ")
