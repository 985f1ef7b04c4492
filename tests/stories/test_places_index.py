"""The gazetteer's index is whole or not there, whoever makes it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from pressroom import places_index
from pressroom.places import Places

TOWN = ["Harbour Town", "Coast", "Island", "IS", "52.1", "5.1", "9000", "Europe/Amsterdam", ""]


def test_two_parts_of_a_process_may_make_it_at_the_same_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both_make_it = threading.Barrier(2)

    def lines() -> list[list[str]]:
        both_make_it.wait(10)
        return [TOWN]

    monkeypatch.setattr(places_index, "_lines", lines)
    found: list[str] = []

    def look_up() -> None:
        place = Places(tmp_path / "places.sqlite").find("harbour town")
        found.append(place.name if place else "nothing")

    threads = [threading.Thread(target=look_up) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == ["Harbour Town", "Harbour Town"]
    assert [path.name for path in tmp_path.iterdir()] == ["places.sqlite"]


@pytest.mark.parametrize("rubbish", [b"", b"no index at all"])
def test_it_is_made_once_and_made_anew_when_it_cannot_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rubbish: bytes
) -> None:
    monkeypatch.setattr(places_index, "_lines", lambda: [TOWN])
    path = tmp_path / "places.sqlite"
    assert Places(path).find("Harbour Town") is not None
    made = path.stat().st_ino
    assert Places(path).find("Harbour Town") is not None
    assert path.stat().st_ino == made
    path.write_bytes(rubbish)
    assert Places(path).find("Harbour Town") is not None
    assert path.stat().st_ino != made
