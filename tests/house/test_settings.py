"""Settings: one variable each, documented, used, and refused with one clear line."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from pressroom import settings
from pressroom.settings import BadSettings, Settings, load, reference, table, variable

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch):
    for name in Settings.model_fields:
        monkeypatch.delenv(variable(name), raising=False)
        monkeypatch.delenv(variable(name) + "_FILE", raising=False)


def test_the_settings_page_is_what_the_settings_say():
    assert (ROOT / "docs/settings.md").read_text() == reference(), "run scripts/settings-doc"


def test_every_setting_has_a_text_and_is_used_somewhere():
    code = "\n".join(
        path.read_text()
        for room in ("pressroom", "services", "bench")
        for path in (ROOT / room).rglob("*.py")
        if path != Path(settings.__file__)
    )
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert re.search(rf"settings\.{name}\b", code), f"{name} is set by nobody's wish: nothing reads it"


def test_what_the_command_said_wins_over_the_environment(monkeypatch):
    monkeypatch.setenv("PRESSROOM_PORT", "81")
    assert load(port=82).port == 82
    assert load(port=None).port == 81


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("PORT", "eighty", "PRESSROOM_PORT: .*integer.*'eighty'"),
        ("PORT", "70000", "PRESSROOM_PORT: .*65535"),
        ("FETCH_ALLOW_NETWORKS", "10.0.0.0/33", "PRESSROOM_FETCH_ALLOW_NETWORKS: .*10.0.0.0/33"),
        ("LEASE_S", "-1", "PRESSROOM_LEASE_S: .*greater than 0"),
        ("LOG_LEVEL", "LOUD", "PRESSROOM_LOG_LEVEL: must be DEBUG"),
    ],
)
def test_a_bad_setting_is_refused_in_one_line_that_names_it_and_its_value(monkeypatch, name, value, says):
    monkeypatch.setenv("PRESSROOM_" + name, value)
    with pytest.raises(BadSettings, match=says) as refused:
        load()
    assert "\n" not in str(refused.value)


def test_the_command_stops_with_that_line_and_no_trace(monkeypatch):
    monkeypatch.setenv("PRESSROOM_PORT", "eighty")
    run = subprocess.run(
        [sys.executable, "-c", "from services.cli import main; main()", "config"], capture_output=True, text=True
    )
    assert run.returncode == 2
    assert run.stderr.startswith("pressroom: PRESSROOM_PORT:")
    assert run.stderr.count("\n") == 1


def test_a_secret_can_come_from_a_file_and_is_never_shown(monkeypatch, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("s3kr1t\n")
    monkeypatch.setenv("PRESSROOM_S3_SECRET_KEY_FILE", str(secret))
    read = load()
    assert read.s3_secret_key.get_secret_value() == "s3kr1t"
    row = next(row for row in table(read) if row.variable == "PRESSROOM_S3_SECRET_KEY")
    assert (row.value, row.source) == ("(hidden)", "file")
    assert "s3kr1t" not in repr(read)


def test_a_secret_given_twice_or_unreadable_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("PRESSROOM_S3_SECRET_KEY_FILE", str(tmp_path / "absent"))
    with pytest.raises(BadSettings, match="cannot read .*absent"):
        load()
    monkeypatch.setenv("PRESSROOM_S3_SECRET_KEY", "x")
    with pytest.raises(BadSettings, match="both set"):
        load()
