"""A place guessed from an address: by a file on this machine, when the reader asks for it, and kept as a cell only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pressroom.address_book import AddressBook, Unusable, open_book
from pressroom.cells import cell_at
from tests.fakes.address_database import database, packed


def town(latitude: float, longitude: float, radius_km: int = 20) -> dict[str, Any]:
    location = {"latitude": latitude, "longitude": longitude, "accuracy_radius": radius_km}
    return {"city": {"names": {"en": "Somewhere with a name of more than thirty letters"}}, "location": location}


VIENNA, OSLO = town(48.2, 16.37), town(59.91, 10.75)
PLACES = {
    "198.51.100.0/24": VIENNA,
    "203.0.113.128/25": OSLO,
    "2001:db8:7::/48": OSLO,
    "192.0.2.0/24": town(51.0, 9.0, 500),
}


def book(folder: Path, content: bytes) -> AddressBook:
    path = folder / "places.mmdb"
    path.write_bytes(content)
    return AddressBook(path)


@pytest.mark.parametrize("bits", [24, 28, 32])
def test_an_address_has_the_cell_of_its_network(tmp_path: Path, bits: int) -> None:
    addresses = book(tmp_path, database(PLACES, bits))
    assert addresses.cell_of("198.51.100.77") == addresses.cell_of("::ffff:198.51.100.1") == cell_at(48.2, 16.37)
    assert addresses.cell_of("203.0.113.200") == addresses.cell_of("2001:db8:7::5") == cell_at(59.91, 10.75)


def test_a_database_of_the_old_addresses_alone_knows_no_new_ones(tmp_path: Path) -> None:
    addresses = book(tmp_path, database({"198.51.100.0/24": VIENNA}, version=4))
    assert addresses.cell_of("198.51.100.1") == cell_at(48.2, 16.37)
    assert addresses.cell_of("2001:db8:7::5") is None


@pytest.mark.parametrize("address", ["203.0.113.1", "2001:db8:8::1", "192.0.2.1", "", "unreadable", "198.51.100"])
def test_what_is_not_known_to_the_town_is_not_guessed(tmp_path: Path, address: str) -> None:
    assert book(tmp_path, database(PLACES)).cell_of(address) is None


@pytest.mark.parametrize(
    "place",
    [{}, {"location": {}}, {"location": {"latitude": 95.0, "longitude": 1.0}}, {"location": "here"}, ["x"], "x"],
)
def test_an_entry_without_a_place_is_none(tmp_path: Path, place: Any) -> None:
    assert book(tmp_path, database({"198.51.100.0/24": place})).cell_of("198.51.100.1") is None


def test_a_broken_file_is_refused_or_knows_nothing(tmp_path: Path) -> None:
    whole = database(PLACES)
    for broken in (b"", b"no database", b"\xab\xcd\xefMaxMind.com", b"\xab\xcd\xefMaxMind.com" + packed("x")):
        with pytest.raises(Unusable):
            book(tmp_path, broken)
    for place in range(0, len(whole), 7):
        changed = whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]
        try:
            book(tmp_path, changed).cell_of("198.51.100.77")
        except Unusable:
            continue


def test_a_file_that_cannot_be_used_is_said_and_leaves_readers_without_a_guess(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert open_book("") is None
    assert open_book(str(tmp_path / "missing.mmdb")) is None
    assert "missing.mmdb cannot be used" in caplog.text
