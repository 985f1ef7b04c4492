"""compose.yaml and the Dockerfile: what every service must have, and the whole fleet once (`make test-all`)."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import secrets
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from pressroom.settings import Settings, variable
from pressroom.testing import images
from pressroom.testing.run import this_run
from services.cli.demo import HURRIED
from services.embedded import SERVICES
from services.origin.papers import PAPERS

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "docker" / "Dockerfile").read_text()
KNOWN = {variable(name) for name in Settings.model_fields}


def compose(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = ["docker", "compose", "--ansi", "never", "--progress", "plain", *arguments]
    return subprocess.run(command, cwd=ROOT, env=os.environ | env, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def config() -> dict[str, Any]:
    """compose.yaml as compose understands it, with the demo."""
    if not shutil.which("docker") or compose("version").returncode != 0:
        pytest.skip("docker compose: not on this machine; docker/plugins.sh")
    subprocess.run([ROOT / "docker" / "secrets.sh"], check=True)
    done = compose("--profile", "demo", "config", "--format", "json")
    assert done.returncode == 0, done.stderr
    parsed: dict[str, Any] = json.loads(done.stdout)
    return parsed


@pytest.fixture(scope="module")
def services(config) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = config["services"]
    return found


def lacking(services: dict[str, Any], holds: Callable[[dict[str, Any]], bool]) -> list[str]:
    return [name for name, service in services.items() if not holds(service)]


def test_the_fleet_has_two_of_each_service_an_edge_and_the_engines(services):
    twice = {name for name, service in services.items() if service.get("scale") == 2}
    assert twice == set(SERVICES)
    assert set(services) == {*SERVICES, "broker", "store", "edge", "origin"}


@pytest.mark.parametrize(
    "what",
    ["healthcheck", "stop_grace_period", "restart", "read_only", "user", "mem_limit", "pids_limit", "logging"],
)
def test_every_service_says(services, what):
    assert lacking(services, lambda service: bool(service.get(what))) == []


def test_no_service_has_rights_it_does_not_need(services):
    assert lacking(services, lambda service: service["cap_drop"] == ["ALL"]) == []
    assert lacking(services, lambda service: service["security_opt"] == ["no-new-privileges:true"]) == []
    assert lacking(services, lambda service: service["user"].split(":")[0] not in {"root", "0"}) == []


def test_only_the_edge_is_open_to_other_machines(services):
    open_ports = {
        name: [port["target"] for port in service.get("ports", []) if port.get("host_ip") != "127.0.0.1"]
        for name, service in services.items()
    }
    assert {name: ports for name, ports in open_ports.items() if ports} == {"edge": [8080]}


def test_images_are_pinned_and_the_foreign_ones_are_those_of_the_tests(services):
    tags = {service["image"] for service in services.values()}
    assert tags == {images.BROKER, images.STORE, "pressroom:local", "pressroom-edge:local"}
    assert all(":" in tag and not tag.endswith(":latest") for tag in tags)


def test_secrets_are_files_and_not_in_anybodys_environment(services):
    values = [path.read_text().strip() for path in (ROOT / ".state" / "secrets").iterdir()]
    shown = json.dumps({name: service.get("environment", {}) for name, service in services.items()})
    assert [value for value in values if len(value) > 12 and value in shown] == []
    for name in SERVICES:
        assert services[name]["environment"]["PRESSROOM_QUEUE_URL_FILE"] == "/run/secrets/queue_url"


def test_every_secret_is_made_for_this_installation(config):
    made = {path.name for path in (ROOT / ".state" / "secrets").iterdir()} | {"admin_password_hash"}
    assert {Path(secret["file"]).name for secret in config["secrets"].values()} - made == set()
    assert "admin_password_hash" in (ROOT / "docker" / "desk.sh").read_text()


def test_only_web_nodes_hold_the_desks_hash(services):
    holders = {name for name, service in services.items() if "admin_password_hash" in json.dumps(service)}
    assert holders == {"web"}


def test_every_variable_is_a_setting(services):
    given = {name for service in services.values() for name in service.get("environment") or {}}
    for path in ("docker/pressroom.env", "docker/demo.env"):
        given |= set(re.findall(r"^(PRESSROOM_\w+)=", (ROOT / path).read_text(), re.MULTILINE))
    ours = {name.removesuffix("_FILE") for name in given if name.startswith("PRESSROOM_")}
    assert ours - KNOWN == set()


def test_the_demo_is_in_the_same_hurry_as_the_embedded_one():
    lines = dict(re.findall(r"^(PRESSROOM_\w+)=(.*)$", (ROOT / "docker" / "demo.env").read_text(), re.MULTILINE))
    numbers = {name: value for name, value in HURRIED.items() if isinstance(value, float)}
    assert {name: float(lines[variable(name)]) for name in numbers} == numbers


def test_every_sample_paper_has_its_host(services):
    assert services["origin"]["networks"]["default"]["aliases"] == sorted(f"{paper.name}.origin" for paper in PAPERS)


def test_the_dockerfile_needs_no_particular_builder():
    assert "# syntax" not in DOCKERFILE
    assert "--mount" not in DOCKERFILE
    assert "<<" not in DOCKERFILE


def test_every_stage_that_is_run_ends_as_nobody_special():
    stages = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]
    run = [stage for stage in stages if "ENTRYPOINT" in stage]
    assert len(run) == 2
    assert all("USER 10001:10001" in stage for stage in run)


def test_python_packages_come_from_the_lock_file_with_their_hashes():
    assert "--require-hashes -r /src/requirements/all.lock" in DOCKERFILE
    assert "!requirements/all.lock" in (ROOT / ".dockerignore").read_text().splitlines()


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_a_container_is_healthy_when_it_is_told_so_and_says_why_when_not(status, code):
    class Told(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.end_headers()
            self.wfile.write(f"{self.path}: the store is away".encode())

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Told) as server:
        threading.Thread(target=server.handle_request).start()
        asked = [ROOT / "docker" / "healthy.sh", str(server.server_port), "/readyz"]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (code, "/readyz: the store is away\n")
    assert subprocess.run(asked, capture_output=True, check=False).returncode == 1


class Fleet:
    """The demo's fleet under a project name of its own."""

    def __init__(self, folder: Path) -> None:
        self.port, self.management_port = 18_000 + secrets.randbelow(900), 19_000 + secrets.randbelow(900)
        self.told = ""
        """What starting it said."""
        self._labels = folder / "labels.json"
        self._env = {
            "COMPOSE_PROJECT_NAME": f"pressroom-test-{secrets.token_hex(3)}",
            "COMPOSE_FILE": f"{ROOT / 'compose.yaml'}:{self._labels}",
            "COMPOSE_PROFILES": "demo",
            "PRESSROOM_ENV_FILE": "docker/demo.env",
            "SECRETS": str(folder / "secrets"),
            "PORT": str(self.port),
            "MANAGEMENT_PORT": str(self.management_port),
        }

    def label(self, config: dict[str, Any]) -> None:
        """So that what a killed test leaves behind is swept away like any test's container."""
        labelled = {"labels": this_run().labels("fleet")}
        parts = {part: dict.fromkeys(config[part], labelled) for part in ("services", "volumes")}
        self._labels.write_text(json.dumps(parts | {"networks": {"default": labelled}}))

    def up(self) -> str:
        """As `make up DEMO=1` does it."""
        env = os.environ | self._env | {"DEMO": "1", "COMPOSE_PROGRESS": "plain"}
        done = subprocess.run([ROOT / "docker" / "up.sh"], env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def __call__(self, *arguments: str) -> str:
        done = compose(*arguments, **self._env)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def page(self, path: str = "/s/linux") -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as answer:
            return str(answer.read().decode())

    def desk(self, password: str) -> int:
        """The status that the desk's API answers with, asked through the edge."""
        pair = base64.b64encode(f"me:{password}".encode()).decode()
        wish = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/admin/api/failures/causes", headers={"Authorization": f"Basic {pair}"}
        )
        try:
            with urllib.request.urlopen(wish, timeout=20) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def containers(self, service: str) -> list[str]:
        return self("ps", "-q", service).split()

    def is_well(self, service: str) -> bool:
        verb = ["health", "web"] if service == "web" else ["health"]
        return compose("exec", "-T", service, "pressroom", *verb, **self._env).returncode == 0

    def until(self, condition: Callable[[], bool], what: str, timeout_s: float = 120) -> None:
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline, f"not {what} after {timeout_s:.0f} s\n" + self("logs", "--tail", "40")
            time.sleep(1)


def shows_headlines(fleet: Fleet) -> bool:
    """Three of the sample papers are never well, by design."""
    with contextlib.suppress(OSError):
        told = re.search(r"(\d+) sources, (\d+) not well", fleet.page())
        return told is not None and int(told[2]) <= 3
    return False


def docker(verb: str, container: str) -> str:
    done = subprocess.run(["docker", verb, container], check=True, capture_output=True, text=True)
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def fleet(config, tmp_path_factory, amqp_broker) -> Iterator[Fleet]:
    """Asking for the shared broker first skips (or fails) where containers are not to be had."""
    images.need("debian:trixie-slim")
    made = Fleet(tmp_path_factory.mktemp("fleet"))
    made.label(config)
    try:
        made.told = made.up()
        yield made
    finally:
        made("down", "-v", "--timeout", "20")


@pytest.mark.long
@pytest.mark.containers
@pytest.mark.xdist_group("fleet")
class TestFleet:
    def test_headlines_are_seen_through_the_edge(self, fleet):
        fleet.until(lambda: shows_headlines(fleet), "full of headlines")

    def test_the_desk_opens_to_the_password_that_is_told_once(self, fleet):
        (password,) = re.findall(r"desk's password, .*: (\w{24})$", fleet.told, re.MULTILINE)
        assert (fleet.desk(password), fleet.desk("password" * 3)) == (200, 401)
        assert "password" not in fleet.up()
        assert fleet.desk(password) == 200

    def test_readers_notice_nothing_when_a_web_node_is_killed(self, fleet):
        killed = fleet.containers("web")[0]
        docker("kill", killed)
        for number in range(20):
            assert fleet.page(f"/s/linux?{number}")
        docker("start", killed)

    def test_another_scheduler_leads_when_the_leading_one_stops(self, fleet):
        def leaders() -> list[str]:
            return [one for one in fleet.containers("scheduler") if '"leading: ' in docker("logs", one)]

        (first,) = leaders()
        docker("stop", first)
        fleet.until(lambda: any(one != first for one in leaders()), "led by the other scheduler")
        docker("start", first)

    def test_without_its_broker_a_back_end_is_not_well_and_web_nodes_are(self, fleet):
        fleet("stop", "broker")
        fleet.until(lambda: not fleet.is_well("fetcher"), "unwell")
        assert fleet.is_well("web")
        assert fleet.page()
        fleet("start", "broker")
        fleet.until(lambda: fleet.is_well("fetcher"), "well again")

    def test_all_stop_in_order_and_in_time(self, fleet):
        began = time.monotonic()
        fleet("stop")
        assert time.monotonic() - began < 60
        ended = [json.loads(line) for line in fleet("ps", "-a", "--format", "json").splitlines()]
        assert {entry["Name"]: entry["ExitCode"] for entry in ended if entry["ExitCode"] != 0} == {}
