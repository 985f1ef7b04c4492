"""docker/images.sh keeps its order (there, pulled, built, missing), with an engine of our own making."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "docker" / "images.sh"

# An engine with the images named in $HAS; it pulls what $REGISTRY has, after $PULL_S seconds, and builds anything.
FAKE_DOCKER = """#!/bin/sh
echo "$*" >>"$CALLS"
case "$1 $2" in
    "version "*) exit "${ENGINE_EXIT:-0}" ;;
    "image inspect") for image in $HAS; do [ "$image" = "$3" ] && exit 0; done; exit 1 ;;
    "pull -q") sleep "${PULL_S:-0}"; for image in $REGISTRY; do [ "$image" = "$3" ] && exit 0; done
               echo "no such host" >&2; exit 1 ;;
    "build "*|"compose version"|"buildx version") exit 0 ;;
esac
"""
NO_ROOT = "#!/bin/sh\necho 1000\n"


class Machine:
    """A machine with a fake engine, and nobody who may build a base image unless `root`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls_file = folder / "calls"
        self.calls_file.touch()
        self.put("docker", FAKE_DOCKER)
        self.put("id", NO_ROOT)

    def put(self, name: str, text: str) -> None:
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o755)

    def images(self, *tags: str, **env: str) -> subprocess.CompletedProcess[str]:
        path = f"{self.folder}:{os.environ['PATH']}"
        known = {"PATH": path, "CALLS": str(self.calls_file), "TMPDIR": str(self.folder), "HAS": "", "REGISTRY": ""}
        return subprocess.run(
            [str(SCRIPT), *tags], env=known | env, capture_output=True, text=True, check=False, timeout=30
        )

    def asked(self, verb: str) -> list[str]:
        return [line for line in self.calls_file.read_text().splitlines() if line.split()[0] == verb]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_images_that_are_there_are_left_alone(machine):
    done = machine.images(HAS="debian:trixie-slim rabbitmq:4-management chrislusf/seaweedfs:4.48")
    assert done.returncode == 0
    assert [line.split()[-1] for line in done.stdout.splitlines()] == ["present"] * 4
    assert machine.asked("pull") == machine.asked("build") == []


def test_an_image_that_the_registry_has_is_pulled_and_not_built(machine):
    done = machine.images("rabbitmq:4-management", REGISTRY="rabbitmq:4-management")
    assert (done.returncode, done.stdout.split()) == (0, ["rabbitmq:4-management", "pull…", "pulled"])
    assert machine.asked("build") == []


def test_an_image_that_no_registry_gives_is_built_under_the_same_tag(machine):
    done = machine.images("rabbitmq:4-management", HAS="debian:trixie-slim")
    assert done.returncode == 0
    assert "built in" in done.stdout
    assert [call.split("-t ")[1] for call in machine.asked("build")] == ["rabbitmq:4-management standins/rabbitmq"]


def test_a_registry_that_refused_is_not_asked_again(machine):
    machine.images(HAS="debian:trixie-slim")
    assert len(machine.asked("pull")) == 1


def test_a_pull_that_hangs_is_given_up(machine):
    if not shutil.which("timeout"):
        pytest.skip("no `timeout` command here, so pulls are bounded by the engine alone")
    began = time.monotonic()
    done = machine.images("rabbitmq:4-management", HAS="debian:trixie-slim", PULL_S="20", PULL_TIMEOUT_S="1")
    assert done.returncode == 0
    assert time.monotonic() - began < 10


def test_what_cannot_be_had_is_named_in_one_line_and_fails(machine):
    done = machine.images("rabbitmq:4-management")
    assert done.returncode == 1
    (line,) = done.stdout.splitlines()
    assert line.startswith("rabbitmq:4-management")
    assert "MISSING: a local debian:trixie-slim needs root (debootstrap)" in line


def test_an_unknown_image_is_refused(machine):
    done = machine.images("postgres:17")
    assert done.returncode == 1
    assert "MISSING: no stand-in is known for postgres:17" in done.stdout


def test_without_an_engine_one_line_says_so(machine):
    done = machine.images(ENGINE_EXIT="1")
    assert done.returncode == 1
    assert done.stderr.startswith("docker: no engine answers")
    assert len(done.stderr.splitlines()) == 1


def test_no_file_names_a_package_mirror_or_index():
    """They come from the machine's own configuration, so that the same files work behind any mirror."""
    address = re.compile(r"https?://(?!\$|127\.|localhost)[a-z0-9.-]+\.[a-z]{2,}", re.IGNORECASE)
    named = {
        str(path.relative_to(ROOT)): address.findall(path.read_text())
        for path in (ROOT / "docker").rglob("*")
        if path.is_file()
    }
    assert {name: found for name, found in named.items() if found} == {}
