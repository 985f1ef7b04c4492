"""Places by name and cells by place: offline, by any name a town has, the same for everybody who asks."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pressroom.cells import SIDE_KM, cell_at, cell_named, distance_km
from pressroom.places import Places, folded


def first(places: Places, query: str) -> str:
    found = places.search(query, limit=1)
    return found[0].full_name if found else ""


class TestSearch:
    @pytest.mark.parametrize(
        "query", ["Vienna", "Wien", "wien", "WIEN", "  wien ", "Vídeň", "Вена", "ウィーン", "Viena austria"]
    )
    def test_a_town_is_found_by_its_names_in_any_language_and_case(self, places: Places, query: str) -> None:
        assert first(places, query) == "Vienna, Austria"

    @pytest.mark.parametrize(
        ("typed", "meant"),
        [("Tromso", "Tromsø"), ("Lodz", "Łódź"), ("zurich", "Zürich"), ("Reykjavik", "Reykjavík"), ("Malmo", "Malmö")],
    )
    def test_accents_and_strokes_may_be_left_out(self, places: Places, typed: str, meant: str) -> None:
        assert places.search(typed)[0].name == meant

    @pytest.mark.parametrize(
        ("query", "full_name"),
        [
            ("Paris", "Paris, Ile-de-France, France"),
            ("Paris, Texas", "Paris, Texas, United States"),
            ("paris us", "Paris, Texas, United States"),
            ("London, Ontario", "London, Ontario, Canada"),
            ("den haag netherlands", "The Hague, South Holland, Netherlands"),
            ("Roma, Italy", "Rome, Latium, Italy"),
        ],
    )
    def test_the_biggest_town_is_meant_unless_region_or_country_says_another(
        self, places: Places, query: str, full_name: str
    ) -> None:
        assert first(places, query) == full_name

    @pytest.mark.parametrize("typed", ["lon", "lond", "londo", "London", "london eng"])
    def test_a_name_is_found_while_it_is_being_typed(self, places: Places, typed: str) -> None:
        assert places.search(typed)[0].name == "London"

    def test_a_whole_name_comes_before_a_longer_one(self, places: Places) -> None:
        assert places.search("Lisboa")[0].name == "Lisbon"
        assert len(places.search("Springfield")) > 4

    @pytest.mark.parametrize(
        "query",
        ["", "   ", "!?", '"', "*", "^", "=", "a OR b", 'x" OR "y', "NEAR(", "qqqqqqqq", "'; DROP TABLE places", "\0"],
    )
    def test_what_is_no_name_is_found_nowhere_and_breaks_nothing(self, places: Places, query: str) -> None:
        assert all(place.name for place in places.search(query))
        assert places.search("Wien")

    def test_a_query_of_any_length_is_answered(self, places: Places) -> None:
        assert places.search("qqqq " * 10_000) == []

    def test_folding_joins_what_people_write_differently(self) -> None:
        assert folded("St.-Étienne  d'Ørsta") == "st etienne d orsta"


class TestNames:
    def test_a_cell_has_one_name_wherever_in_it_somebody_lives(self, places: Places) -> None:
        utrecht, bilt = places.find("Utrecht"), places.find("De Bilt")
        assert utrecht is not None
        assert bilt is not None
        assert utrecht.cell == bilt.cell
        assert places.name_of(bilt.cell) == "Utrecht"

    @pytest.mark.parametrize("latitude", [0.0, -45.0])
    def test_a_cell_in_the_middle_of_an_ocean_has_none(self, places: Places, latitude: float) -> None:
        assert places.name_of(cell_at(latitude, -30)) is None

    @pytest.mark.parametrize("longitude", [179.99, -179.99])
    def test_neighbours_across_the_date_line_see_the_same_towns(self, places: Places, longitude: float) -> None:
        assert places.name_of(cell_at(-16.8, longitude)) is not None

    def test_the_poles_can_be_asked_about(self, places: Places) -> None:
        assert places.name_of(cell_at(90, 0)) is None
        assert places.name_of(cell_at(-90, 180)) is None


LATITUDES = st.floats(-90, 90)
LONGITUDES = st.floats(-180, 180)


class TestCells:
    @given(LATITUDES, LONGITUDES)
    def test_every_place_is_within_its_cell_and_no_cell_is_larger_than_another_kind(
        self, latitude: float, longitude: float
    ) -> None:
        cell = cell_at(latitude, longitude)
        assert cell_at(cell.latitude, cell.longitude) == cell
        assert cell_named(cell.id) == cell
        wide_km = distance_km(cell, type(cell)("", cell.latitude, longitude))
        assert wide_km <= SIDE_KM * 0.85

    @pytest.mark.parametrize("latitude", [0.0, 30.0, 52.0, 70.0, 85.0, -60.0])
    def test_cells_are_about_16_km_wide_towards_the_poles_too(self, latitude: float) -> None:
        here = cell_at(latitude, 10.0)
        step = SIDE_KM / (111.2 * math.cos(math.radians(here.latitude)))
        there = cell_at(here.latitude, here.longitude + step)
        assert here != there
        assert distance_km(here, there) == pytest.approx(SIDE_KM, rel=0.15)

    @pytest.mark.parametrize(
        ("latitude", "longitude"), [(91, 0), (-90.1, 0), (math.nan, 0), (0, math.nan), (0, math.inf)]
    )
    def test_what_is_no_place_on_earth_is_refused(self, latitude: float, longitude: float) -> None:
        with pytest.raises(ValueError, match="no place on earth"):
            cell_at(latitude, longitude)

    @pytest.mark.parametrize(
        "name", ["", "0987", "987-790", "0987-0790x", "9999-0000", "0987-99999", "٠٩٨٧-٠٧٩٠", "-1-0"]
    )
    def test_what_is_no_cell_has_none(self, name: str) -> None:
        assert cell_named(name) is None

    def test_both_sides_of_the_date_line_are_neighbours(self) -> None:
        assert distance_km(cell_at(0, 179.95), cell_at(0, -179.95)) < 2 * SIDE_KM
