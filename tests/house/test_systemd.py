"""deploy/systemd/: units that systemd takes, with settings that exist and few rights."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pressroom.settings import Settings, variable
from services import SERVICES

UNITS = Path(__file__).parents[2] / "deploy" / "systemd"
BACK_ENDS = [name for name in SERVICES if name != "web"]
STARTED = [
    *(f"pressroom@{name}.service" for name in BACK_ENDS),
    *(f"pressroom-health@{name}.{kind}" for name in BACK_ENDS for kind in ("service", "timer")),
    "pressroom-web@8081.service",
    "pressroom-edge.service",
    "pressroom-files.service",
    "pressroom-files.timer",
    "pressroom-backup.service",
    "pressroom-backup.timer",
    "pressroom.target",
]
PROGRAMS = ("/opt/pressroom/bin/pressroom", "/opt/pressroom/edge/edge.sh")

needs_systemd = pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed (Debian: systemd)"
)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units as on a machine where the programs they start are there."""
    for path in UNITS.iterdir():
        text = path.read_text()
        for program in PROGRAMS:
            text = text.replace(program, "/bin/true")
        (tmp_path / path.name).write_text(text)
    return tmp_path


def analyze(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["systemd-analyze", "--no-pager", *arguments]
    env = {"SYSTEMD_UNIT_PATH": f"{folder}:", "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, check=False, timeout=60)


@needs_systemd
def test_systemd_takes_every_unit(installed):
    done = analyze(installed, "verify", "--man=no", *STARTED)
    assert (done.returncode, done.stderr) == (0, "")


@needs_systemd
def test_a_unit_with_a_mistake_would_be_noticed(installed):
    path = installed / "pressroom.target"
    path.write_text(path.read_text() + "Wanted=nothing\n")
    assert "Wanted" in analyze(installed, "verify", "--man=no", path.name).stderr


@needs_systemd
@pytest.mark.parametrize("unit", sorted(path.name for path in UNITS.glob("*.service")))
def test_units_are_little_exposed(installed, unit):
    """systemd's own score from 0 (locked up) to 10 (may do anything); most services of a system have 9."""
    done = analyze(installed, "security", "--offline=true", str(installed / unit))
    score = re.search(r"Overall exposure level for .*: (\d+\.\d)", done.stdout)
    assert score, done.stdout + done.stderr
    assert float(score[1]) <= 2.0


def test_every_variable_is_a_setting():
    known = {variable(name) for name in Settings.model_fields}
    given = {
        name for path in UNITS.iterdir() for name in re.findall(r"Environment=(PRESSROOM_\w+?)=", path.read_text())
    }
    assert {name.removesuffix("_FILE") for name in given} - known == set()
    assert "PRESSROOM_QUEUE_URL_FILE" in given


def test_every_credential_is_handed_over_as_the_file_of_a_setting():
    for name in ("pressroom@.service", "pressroom-web@.service", "pressroom-files.service", "pressroom-backup.service"):
        text = (UNITS / name).read_text()
        loaded = re.findall(r"LoadCredential=(\w+):/etc/pressroom/secrets/\1$", text, re.MULTILINE)
        assert loaded
        assert set(re.findall(r"_FILE=%d/(\w+)$", text, re.MULTILINE)) == set(loaded)


@needs_systemd
def test_files_are_synchronised_at_five_minutes_past_every_hour():
    when = re.search(r"OnCalendar=(.*)", (UNITS / "pressroom-files.timer").read_text())
    assert when
    shown = analyze(UNITS, "calendar", "--iterations=3", "--base-time=2026-11-20 12:30:00 UTC", when[1]).stdout
    assert re.findall(r"(\d\d:\d\d:\d\d) UTC", shown)
    assert {time[3:] for time in re.findall(r"\d\d:\d\d:\d\d", shown)} == {"05:00"}


def test_every_night_the_store_is_copied_and_then_the_copy_is_read():
    """A copy that was never read is a hope. A failure of the first leaves the second undone, and the unit failed."""
    text = (UNITS / "pressroom-backup.service").read_text()
    assert [line.split()[1:] for line in re.findall(r"ExecStart=(.*)", text)] == [["backup"], ["restore", "--check"]]
    assert "Type=oneshot" in text
    assert "OnCalendar=*-*-* " in (UNITS / "pressroom-backup.timer").read_text()


def test_every_back_end_is_asked_how_it_is_every_30_seconds():
    assert re.search(r"^OnUnitActiveSec=30$", (UNITS / "pressroom-health@.timer").read_text(), re.MULTILINE)
    asked = re.findall(r"^ExecStart=\S+ (.*)$", (UNITS / "pressroom-health@.service").read_text(), re.MULTILINE)
    assert asked == ["health"]
