"""The disk of an embedded newsroom is full for a while: readers get their pages, and with room again all goes on."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.chaos.embedded import BACK, SITE, Scene, scene
from tests.chaos.keeper import Keeper
from tests.chaos.test_random_kills import reading
from tests.pipeline.waiting import eventually

SIZE_MB = 96
BLOCK = b"x" * 65_536


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", folder], check=False, capture_output=True, text=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"a disk to be filled takes the right to mount one: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """To the last byte."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for block in (BLOCK, BLOCK[:1]):
            try:
                while True:
                    file.write(block)
            except OSError:
                continue
    try:
        yield
    finally:
        filler.unlink()


def refusals(stage: Scene) -> int:
    return stage.load.refused


def test_a_full_disk_loses_nothing_and_readers_do_not_notice(disk: Path) -> None:
    with scene(data=disk / "data") as stage, Keeper(stage.fleet, BACK) as keeper:
        stage.fleet.wait_for_page(f"/s/{SITE}", stage.load.newest(stage.load.papers[0]), within_s=60)
        with stage.load.running(), reading(stage) as complaints:
            for _ in range(2):
                before = refusals(stage)
                with filled(disk):
                    # What the log of the queue has room for is still accepted, and then nothing is.
                    eventually(lambda before=before: refusals(stage) - before, lambda refused: refused > 20)
                accepted = len(stage.load.singles) + 20
                eventually(lambda: len(stage.load.singles), lambda now, accepted=accepted: now > accepted)
        stage.check()
        told = stage.fleet.logs()

    assert complaints == []
    assert keeper.deaths == []
    assert "disk is full" in told
