"""`pressroom hosts list`: the politeness ledger as a table."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from pressroom.clock import SetClock
from pressroom.objects.directory import DirectoryStore
from schemas import keys
from schemas.status import HostCount, HostLine, HostsStatus
from services.cli import pressroom as command

NOON = SetClock().now()


@pytest.fixture(autouse=True)
def _engines(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in (("DATA", str(tmp_path)), ("OBJECTS_URL", ""), ("QUEUE_URL", "")):
        monkeypatch.setenv(f"PRESSROOM_{name}", value)


def shown(*arguments: str) -> list[str]:
    return CliRunner().invoke(command, ["hosts", "list", *arguments], catch_exceptions=False).output.splitlines()


def test_it_says_what_each_host_was_asked_and_when_it_may_be_asked_again(tmp_path: Path) -> None:
    asked = HostCount(requests=50, unchanged=36, failed=2, limited=1, bytes=1_500_000, seconds=25.0)
    pause, spacing = NOON + timedelta(hours=1), NOON + timedelta(seconds=1)
    lines = (
        HostLine(host="a.example", feeds=7, today=asked, next_at=spacing, pause_until=pause),
        HostLine(host="b.example", feeds=1, yesterday=asked, next_at=NOON - timedelta(seconds=1)),
    )
    status = HostsStatus(at=NOON, day="2026-01-01", hosts=lines, left_out=3)
    DirectoryStore(tmp_path / "objects").swap(keys.STATUS_HOSTS, status.as_json(), etag=None, write_id="w")
    _, first, second, more, told = shown()
    assert " ".join(first.split()) == "a.example 7 50 75% 1 2 1.5 MB 0.50 s 0 2026-01-01 13:00:00 UTC"
    assert " ".join(second.split()) == "b.example 1 0 – 0 0 0 B – 50 any time"
    assert more == "3 more did not fit into the ledger"
    assert told == "today (UTC), as told at 2026-01-01 12:00:00 UTC"


def test_before_anybody_was_asked_it_says_so() -> None:
    assert shown() == ["no host was asked yet"]
