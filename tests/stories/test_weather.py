"""Weather on the page: the ladder of answers, what is shown of a record, places by name and by position."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from pressroom import places_index
from pressroom.cells import Cell, cell_at, cell_named, distance_km
from pressroom.clock import SetClock, SystemClock
from pressroom.places import Places
from pressroom.queues.port import Full
from pressroom.settings import Settings
from schemas import keys
from schemas.codec import decode
from schemas.weather import WeatherDay, WeatherHour, WeatherNow, WeatherRecord
from services.weather import openmeteo, openweather
from services.web.cells import cell_finder
from services.web.chart import HEIGHT, WIDTH, chart
from services.web.forecast import forecast
from services.web.ladder import NEAR_KM, Shown, climb
from services.web.measures import Measures
from services.web.node import WebNode
from tests.fakes.address_database import database
from tests.fakes.weather_fleet import eventually
from tests.fakes.web_newsroom import Newsroom
from tests.fakes.web_queue import Notices, notice
from tests.fakes.web_store import MemoryStore

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HERE = {"Sec-Fetch-Site": "same-origin"}
BILT = cell_at(52.11, 5.18)
VIENNA = cell_at(48.2085, 16.3721)


def record(cell: Cell = BILT, **more: Any) -> WeatherRecord:
    facts: dict[str, Any] = {
        "cell": cell.id,
        "turn": 1,
        "place": "Utrecht",
        "latitude": cell.latitude,
        "longitude": cell.longitude,
        "timezone": "Europe/Amsterdam",
        "utc_offset_s": 3600,
        "fetched_at": NOW,
        "provider": "p",
        "attribution": "Data by somebody",
        "attribution_url": "https://weather.example/",
    }
    return WeatherRecord(**(facts | more))


def hours(*wet: bool, condition: str = "rain", start: datetime = NOW) -> tuple[WeatherHour, ...]:
    return tuple(
        WeatherHour(
            time=start + timedelta(hours=number),
            temperature_c=float(number),
            precipitation_mm=1.0 if is_wet else 0.0,
            condition=condition,
        )
        for number, is_wet in enumerate(wet)
    )


def shown(**more: Any) -> Shown:
    return Shown(record(**more), "own")


class TestLadder:
    FRESH_S = 3600.0

    def climb(self, *held: WeatherRecord, default: WeatherRecord | None = None) -> Shown:
        return climb(BILT, held, default, NOW, self.FRESH_S)

    def test_the_place_s_own_fresh_weather_comes_first_and_nothing_is_awaited(self) -> None:
        near = record(cell_at(52.11, 5.45))
        assert self.climb(near, record(), default=near) == Shown(record(), "own")

    def test_then_an_older_copy_of_it_while_newer_is_awaited(self) -> None:
        old = record(fetched_at=NOW - timedelta(hours=5))
        assert self.climb(record(cell_at(52.11, 5.45)), old) == Shown(old, "old", awaited=True)

    def test_then_the_nearest_cell_held_within_60_km(self) -> None:
        near, farther = record(cell_at(52.11, 5.45)), record(cell_at(52.11, 5.75))
        found = self.climb(farther, near, default=record(VIENNA))
        assert (found.record, found.rung, found.awaited) == (near, "near", True)
        assert found.away_km == round(distance_km(BILT, cell_at(52.11, 5.45)))
        assert 0 < found.away_km < NEAR_KM

    def test_a_cell_farther_than_that_is_another_place(self) -> None:
        assert self.climb(record(cell_at(52.11, 6.5)), default=record(VIENNA)).rung == "default"

    def test_the_site_s_place_may_be_the_nearest(self) -> None:
        default = record(cell_at(52.11, 5.45))
        assert self.climb(default, default=default).rung == "near"

    def test_then_nothing_and_it_says_so(self) -> None:
        assert self.climb() == Shown(None, "none", awaited=True)

    def test_weather_of_the_day_before_is_no_weather_any_more(self) -> None:
        gone = record(fetched_at=NOW - timedelta(hours=24, seconds=1))
        assert self.climb(gone, default=gone).rung == "none"
        assert forecast(Shown(gone, "own"), NOW).temperature == ""


class TestForecast:
    @pytest.mark.parametrize(
        ("ahead", "text"),
        [
            (hours(False, False, True), "rain from 15:00"),
            (hours(True, True, False), "rain until 15:00"),
            (hours(*[True] * 14), "rain for hours"),
            (hours(*[False] * 14), "dry for now"),
            (hours(False, True, condition="snow"), "snow from 14:00"),
            ((), ""),
        ],
    )
    def test_the_outlook_is_the_one_thing_to_know_in_the_places_own_hours(
        self, ahead: tuple[WeatherHour, ...], text: str
    ) -> None:
        assert forecast(shown(hours=ahead), NOW).outlook == text

    def test_what_is_not_known_is_not_said(self) -> None:
        said = forecast(shown(now=WeatherNow(at=NOW)), NOW)
        known = {"place": "Utrecht", "attribution": "Data by somebody", "attribution_url": "https://weather.example/"}
        for name in type(said).__slots__:
            if name not in {"fetched_at", "changes_at"}:
                assert getattr(said, name) in {known.get(name, ""), None, (), False}, name

    def test_null_is_nowhere_turned_into_nought(self) -> None:
        nulls = tuple(WeatherHour(time=NOW + timedelta(hours=number)) for number in range(24))
        said = forecast(shown(hours=nulls, days=(WeatherDay(date="2026-11-24"),)), NOW)
        assert (said.chart, said.days, said.outlook) == (None, (), "")
        assert {(step.temperature, step.chance) for step in said.steps} == {("", "")}

    def test_old_weather_says_of_when_it_is(self) -> None:
        assert forecast(shown(fetched_at=NOW - timedelta(hours=4)), NOW).old_since == NOW - timedelta(hours=4)
        assert forecast(shown(), NOW).old_since is None

    @pytest.mark.parametrize(
        ("given", "place", "note"),
        [
            (Shown(record(), "own"), "De Bilt", ""),
            (Shown(record(), "near", away_km=17, awaited=True), "De Bilt", "Measured for Utrecht, 17 km from De Bilt."),
            (
                Shown(record(), "default", awaited=True),
                "Zeist",
                "No weather of Zeist yet: this is Utrecht’s. It is on its way.",
            ),
            (Shown(None, "none", awaited=True), "Zeist", "No weather of Zeist yet. It is on its way."),
            (Shown(None, "none"), "", "No weather of your place yet."),
        ],
    )
    def test_weather_of_elsewhere_says_of_where_it_is(self, given: Shown, place: str, note: str) -> None:
        said = forecast(given, NOW, place=place)
        assert said.note == note
        assert said.awaited == given.awaited
        assert said.place == ("Utrecht" if given.rung in {"near", "default"} else place)

    def test_the_page_is_another_one_at_the_next_hour_and_when_the_weather_turns_old(self) -> None:
        assert forecast(shown(), NOW + timedelta(minutes=20)).changes_at == NOW + timedelta(hours=1)
        almost = forecast(shown(fetched_at=NOW - timedelta(hours=2, minutes=59)), NOW)
        assert almost.changes_at == NOW + timedelta(minutes=1, seconds=1)


class TestPlaceTime:
    """Vienna, 25 October 2026: at 03:00 clocks go back to 02:00."""

    START = datetime(2026, 10, 24, 21, 0, tzinfo=UTC)

    def autumn(self, **more: Any) -> WeatherRecord:
        ahead = hours(*[False] * 48, start=self.START)
        days = tuple(
            WeatherDay(
                date=date,
                temperature_max_c=10.0,
                sunrise=datetime.fromisoformat(f"{date}T05:{30 + number}:00+00:00"),
                sunset=datetime.fromisoformat(f"{date}T16:00:00+00:00"),
            )
            for number, date in enumerate(["2026-10-24", "2026-10-25", "2026-10-26"])
        )
        facts = {"timezone": "Europe/Vienna", "utc_offset_s": 7200, "fetched_at": self.START}
        return record(VIENNA, hours=ahead, days=days, **(facts | more))

    def test_hours_are_the_place_s_own_on_both_sides_of_the_change(self) -> None:
        said = forecast(Shown(self.autumn(), "own"), self.START)
        assert [step.hour for step in said.steps[:4]] == ["23:00", "02:00", "04:00", "07:00"]

    def test_each_day_is_there_once_and_today_is_the_place_s(self) -> None:
        before = forecast(Shown(self.autumn(), "own"), self.START)
        assert [day.name for day in before.days] == ["Today", "Sun", "Mon"]
        after = forecast(Shown(self.autumn(), "own"), self.START + timedelta(hours=1, minutes=1))
        assert [day.name for day in after.days] == ["Today", "Mon"]

    def test_sunrise_is_told_by_the_clock_of_its_own_day(self) -> None:
        assert forecast(Shown(self.autumn(), "own"), self.START).sunrise == "07:30"
        assert forecast(Shown(self.autumn(), "own"), self.START + timedelta(hours=3)).sunrise == "06:31"

    @pytest.mark.parametrize("zone", ["Nowhere/At_All", "Europe", "../etc/passwd", "", "CEST"])
    def test_a_zone_that_is_not_known_here_goes_by_the_answer_s_offset(self, zone: str) -> None:
        said = forecast(Shown(self.autumn(timezone=zone), "own"), self.START)
        assert said.steps[0].hour == "23:00"


class TestMeasures:
    @pytest.mark.parametrize(("celsius", "text"), [(7.4, "7°"), (-0.3, "0°"), (-3.6, "−4°"), (None, "")])
    def test_degrees_are_whole_with_a_true_minus(self, celsius: float | None, text: str) -> None:
        assert Measures().degrees(celsius) == text

    @pytest.mark.parametrize(
        ("units", "degrees", "wind", "rain"),
        [
            ("metric", "−5°", "10 m/s NW", "5.1 mm"),
            ("auto", "−5°", "10 m/s NW", "5.1 mm"),
            ("kmh", "−5°", "36 km/h NW", "5.1 mm"),
            ("british", "−5°", "22 mph NW", "5.1 mm"),
            ("imperial", "23°", "22 mph NW", "0.20 in"),
        ],
    )
    def test_units_are_the_reader_s(self, units: str, degrees: str, wind: str, rain: str) -> None:
        ours = Measures(units)
        assert (ours.degrees(-5), ours.wind(10, 315), ours.rain(5.08)) == (degrees, wind, rain)

    @pytest.mark.parametrize(("hour", "text"), [(0, "12:05 am"), (11, "11:05 am"), (12, "12:05 pm"), (23, "11:05 pm")])
    def test_a_day_may_have_twice_twelve_hours(self, hour: int, text: str) -> None:
        moment = datetime(2026, 1, 1, hour, 5, tzinfo=UTC)
        assert Measures(clock="12").hour(moment, UTC) == text
        assert Measures().hour(moment, UTC) == f"{hour:02d}:05"


class TestChart:
    def test_the_line_breaks_where_nothing_is_known(self) -> None:
        some = list(hours(*[False] * 6))
        some[3] = some[3].model_copy(update={"temperature_c": None})
        drawn = chart(some, NOW)
        assert drawn is not None
        assert [part.count("L") for part in drawn.line.split("M")[1:]] == [2, 1]
        assert (drawn.low_c, drawn.high_c) == (0.0, 5.0)

    def test_everything_stays_inside_the_drawing(self) -> None:
        wild = [
            WeatherHour(time=NOW + timedelta(hours=at), temperature_c=-80.0 + 150 * (at % 2), precipitation_mm=500.0)
            for at in range(24)
        ]
        drawn = chart(wild, NOW)
        assert drawn is not None
        numbers = [float(part) for part in drawn.line.replace("M", " ").replace("L", " ").split()]
        assert all(0 <= x <= WIDTH for x in numbers[::2])
        assert all(0 <= y <= HEIGHT for y in numbers[1::2])
        assert all(bar.y >= 0 and bar.y + bar.height <= HEIGHT and bar.x + bar.width <= WIDTH for bar in drawn.bars)

    def test_warmth_is_higher_and_one_temperature_all_day_is_a_level_line(self) -> None:
        drawn = chart(hours(False, False), NOW)
        assert drawn is not None
        first, last = (float(point.split()[1]) for point in drawn.line.removeprefix("M").split("L"))
        assert last < first
        level = chart([hour.model_copy(update={"temperature_c": 3.0}) for hour in hours(False, False)], NOW)
        assert level is not None
        assert len({point.split()[1] for point in level.line.removeprefix("M").split("L")}) == 1

    @pytest.mark.parametrize("count", [0, 1])
    def test_less_than_two_temperatures_are_no_line(self, count: int) -> None:
        assert chart(hours(*[False] * count), NOW) is None


class Room:
    """A node whose threads are the test's own, with the real gazetteer and a queue that keeps what is published."""

    def __init__(self, folder: Path, places: Places, **settings: Any) -> None:
        self.clock = SetClock(NOW)
        self.store = MemoryStore()
        self.room = Newsroom(self.store, NOW)
        self.room.fill()
        self.queue = Notices()
        self.node = WebNode(
            self.store,
            self.queue,
            self.clock,
            Settings(data=folder, **settings),
            cell_of=cell_finder(places),
            places=places,  # type: ignore[arg-type]
        )
        self.node.open()
        self.client = Client(self.node.wsgi)
        self.work()

    def work(self) -> None:
        self.node.refresher.run_due()
        self.node.renderer.render_due()
        self.node.asking.send_due()

    def weather(self, cell: Cell, **more: Any) -> None:
        """What the publisher does when a record comes."""
        key = keys.weather(cell.id)
        etag = self.store.put(key, record(cell, **more))
        self.node.refresher.on_notice(notice(key, etag))
        self.work()

    def live_at(self, place: str) -> TestResponse:
        return self.client.post("/s/linux/weather", data={"place": place}, headers=HERE)

    def text(self, path: str = "/s/linux") -> str:
        return self.client.get(path).get_data(as_text=True)

    @property
    def asked(self) -> list[str]:
        self.node.asking.send_due()
        return [parcel.key for parcel in self.queue.published if parcel.topic == "weather.request"]


@pytest.fixture
def room(tmp_path: Path, places: Places) -> Room:
    return Room(tmp_path, places)


NOW_VIENNA = WeatherNow(at=NOW, temperature_c=-3.0, condition="snow")


class TestNode:
    def test_a_reader_s_place_is_answered_at_once_and_asked_for_meanwhile(self, room: Room) -> None:
        assert room.live_at("Vienna, Austria").status_code == 303
        answer = room.client.get("/s/linux")
        assert "No weather of Vienna yet" in answer.get_data(as_text=True)
        assert answer.headers["Cache-Control"] == "private, no-cache"
        assert room.asked == [VIENNA.id]

    def test_when_it_comes_the_page_has_another_version_and_shows_it(self, room: Room) -> None:
        room.live_at("Vienna")
        page = room.text()
        version = room.client.get("/version/linux")
        assert version.json is not None
        assert version.json["version"] in page
        assert version.headers["Cache-Control"] == "private, no-store"
        room.weather(VIENNA, now=NOW_VIENNA)
        assert room.client.get("/version/linux").json != version.json
        assert "−3°" in room.text()
        assert "No weather of Vienna" not in room.text()

    @pytest.mark.parametrize(
        "path", ["/", "/s/linux", "/s/linux/all", "/s/linux/settings", "/s/linux/weather?q=ulm", "/version/linux"]
    )
    def test_what_depends_on_the_reader_is_never_publicly_cacheable(self, room: Room, path: str) -> None:
        room.live_at("Vienna")
        answer = room.client.get(path)
        assert answer.headers["Cache-Control"].startswith("private, no-")
        assert "CDN-Cache-Control" not in answer.headers
        assert "Vienna" in room.text() or path == "/version/linux"

    def test_everybody_else_s_page_and_version_stay_public_and_the_same(self, room: Room) -> None:
        before = Client(room.node.wsgi).get("/version/linux")
        room.live_at("Vienna")
        room.text()
        room.weather(VIENNA, now=NOW_VIENNA)
        after = Client(room.node.wsgi).get("/version/linux")
        assert after.data == before.data
        assert "public" in after.headers["Cache-Control"]

    def test_many_readers_of_one_cell_are_one_request(self, room: Room) -> None:
        for place in ("Utrecht", "De Bilt", "Zeist") * 20:
            client = Client(room.node.wsgi)
            client.post("/s/linux/weather", data={"place": place}, headers=HERE)
            client.get("/s/linux", environ_base={"REMOTE_ADDR": "127.0.0.1"})
        assert sorted(room.asked) == sorted({cell_finder_of(room, name) for name in ("Utrecht", "De Bilt", "Zeist")})

    def test_a_fresh_cell_is_not_asked_for_and_an_old_one_is_again(self, room: Room) -> None:
        room.live_at("Vienna")
        room.weather(VIENNA, now=NOW_VIENNA)
        room.text()
        asked = len(room.asked)
        room.clock.advance(3500)
        room.text()
        assert len(room.asked) == asked
        room.clock.advance(200)
        assert "−3°" in room.text()
        assert len(room.asked) == asked + 1

    def test_bots_never_cause_a_request(self, room: Room) -> None:
        room.client.set_cookie("pressroom_settings", "place=Vienna")
        answer = room.client.get("/s/linux", headers={"User-Agent": "Mozilla/5.0 (compatible; Somebot/2.1)"})
        assert answer.status_code == 200
        assert room.asked == []

    def test_a_queue_that_takes_nothing_is_tried_again_and_no_reader_notices(self, room: Room) -> None:
        room.live_at("Vienna")

        def full(parcels: object) -> None:
            raise Full("weather.request", 1)

        publish, room.queue.publish = room.queue.publish, full  # type: ignore[method-assign]
        assert room.client.get("/s/linux").status_code == 200
        assert room.asked == []
        room.queue.publish = publish  # type: ignore[method-assign]
        room.clock.advance(31)
        room.text()
        assert room.asked == [VIENNA.id]

    def test_a_wish_is_good_for_ten_minutes(self, room: Room) -> None:
        room.live_at("Vienna")
        room.text()
        room.node.asking.send_due()
        envelope = decode(room.queue.published[-1].body)
        assert envelope.not_after == NOW + timedelta(seconds=600)
        assert (envelope.payload.latitude, envelope.payload.longitude) == (VIENNA.latitude, VIENNA.longitude)

    def test_a_neighbour_s_weather_is_labelled_with_its_distance(self, room: Room) -> None:
        near = cell_at(48.2, 16.75)
        room.client.set_cookie("pressroom_settings", f"place={near.id}")
        room.text()
        room.weather(near, now=NOW_VIENNA, place="Bratislava")
        room.live_at("Vienna")
        assert f"Measured for Bratislava, {round(distance_km(VIENNA, near))} km from Vienna" in room.text()

    def test_what_readers_look_at_is_bounded(self, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("services.web.weather.CELLS_MAX", 5)
        for latitude in range(-60, 60, 4):
            room.node.weather.shown(cell_at(latitude, 5).id, None, ask=True)
        assert len(room.node.weather.keys()) == 5


def cell_finder_of(room: Room, name: str) -> str:
    found = room.node.weather and room.node._cell_of(name)
    assert found is not None
    return found


class TestOutage:
    def test_a_day_without_a_provider_leaves_labelled_old_weather_and_then_none(self, room: Room) -> None:
        room.live_at("Vienna")
        room.weather(VIENNA, now=NOW_VIENNA)
        for hour in range(1, 27):
            room.clock.advance(3600)
            room.work()
            answer = room.client.get("/s/linux")
            page = answer.get_data(as_text=True)
            assert answer.status_code == 200
            if hour <= 3:
                assert "−3°" in page
            elif hour <= 24:
                assert "−3°" in page
                assert "as of" in page
            else:
                assert "−3°" not in page
                assert "No weather of Vienna yet" in page

    def test_the_site_s_own_weather_goes_the_same_way(self, room: Room) -> None:
        anonymous = Client(room.node.wsgi)
        utrecht = cell_named(cell_finder_of(room, "Utrecht"))
        assert utrecht is not None
        room.weather(utrecht, now=NOW_VIENNA)
        assert "−3°" in anonymous.get("/s/linux").get_data(as_text=True)
        room.clock.advance(4 * 3600)
        room.work()
        assert "as of" in anonymous.get("/s/linux").get_data(as_text=True)
        room.clock.advance(21 * 3600)
        room.work()
        answer = anonymous.get("/s/linux")
        assert answer.status_code == 200
        assert 'class="weather"' not in answer.get_data(as_text=True)


class TestFirstStart:
    def test_pages_do_not_wait_for_the_index_of_names(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        town = ["Utrecht", "Utrecht", "Netherlands", "NL", "52.09083", "5.12222", "9000", "Europe/Amsterdam", ""]
        monkeypatch.setattr(places_index, "_lines", lambda: [town])
        store, clock, places = MemoryStore(), SystemClock(), Places(tmp_path / "places.sqlite")
        newsroom = Newsroom(store, clock.now())
        newsroom.fill()
        node = WebNode(
            store,
            Notices(),  # type: ignore[arg-type]
            clock,
            Settings(data=tmp_path),
            cell_of=cell_finder(places),
            places=places,
        )
        utrecht = cell_at(52.09083, 5.12222)
        store.put(keys.weather(utrecht.id), record(utrecht, fetched_at=clock.now(), now=NOW_VIENNA))
        making = threading.Event()
        make, places.make_ready = places.make_ready, lambda: (making.wait(30), make())  # type: ignore[assignment, method-assign]
        node.start()
        try:
            eventually(lambda: node.table.get("/s/linux") is not None, "there is a page")
            assert not places.is_ready
            making.set()
            eventually(lambda: b"\xe2\x88\x923" in body(node, "/s/linux"), "its weather comes when names are known")
        finally:
            making.set()
            node.stop()


def body(node: WebNode, path: str) -> bytes:
    page = node.table.get(path)
    return page.variants["identity"].body if page is not None else b""


class TestPlaces:
    def test_places_are_searched_by_name_as_data(self, room: Room) -> None:
        answer = room.client.get("/weather/search?q=wien")
        assert answer.json is not None
        first = answer.json["places"][0]
        assert (first["name"], first["country"], first["cell"]) == ("Vienna", "Austria", VIENNA.id)
        assert answer.json["credit"] == "Places by GeoNames"
        assert "public" in answer.headers["Cache-Control"]

    def test_an_address_becomes_a_cell_when_the_reader_asks_and_is_forgotten(
        self, tmp_path: Path, places: Places
    ) -> None:
        town = {"location": {"latitude": 48.20849, "longitude": 16.37208, "accuracy_radius": 20}}
        (tmp_path / "towns.mmdb").write_bytes(database({"198.51.100.0/24": town}))
        room, reader = Room(tmp_path, places, weather_addresses=str(tmp_path / "towns.mmdb")), "198.51.100.9"
        asks: dict[str, Any] = {"headers": HERE, "environ_base": {"REMOTE_ADDR": reader}}
        anybody = room.client.get("/s/linux", **asks)
        assert ("public" in anybody.headers["Cache-Control"], room.asked) == (True, []), "nobody is guessed unasked"
        assert "Guess by my address" in room.client.get("/s/linux/weather", **asks).get_data(as_text=True)
        answer = room.client.post("/s/linux/weather", data={"guess": "1"}, **asks)
        assert answer.headers["Set-Cookie"].startswith(f"pressroom_settings=place={VIENNA.id};")
        assert room.asked == [VIENNA.id]
        sent = "".join(map(repr, (room.queue.published, answer.headers)))
        assert reader not in sent + room.client.get("/s/linux", **asks).get_data(as_text=True)
        asks["environ_base"] = {"REMOTE_ADDR": "203.0.113.1"}
        assert "Nothing is known" in room.client.post("/s/linux/weather", data={"guess": "1"}, **asks).text

    def test_without_a_database_nothing_offers_to_guess(self, room: Room) -> None:
        assert "Guess by my address" not in room.text("/s/linux/weather")
        answer = room.client.post("/s/linux/weather", data={"guess": "1"}, headers=HERE)
        assert "Nothing is known here of where your address is" in answer.get_data(as_text=True)
        assert room.client.get_cookie("pressroom_settings") is None

    @pytest.mark.parametrize("query", ["", "?q=", "?q=%00", "?q=" + "x" * 5000])
    def test_a_search_for_nothing_finds_nothing(self, room: Room, query: str) -> None:
        answer = room.client.get(f"/weather/search{query}")
        assert answer.status_code == 200
        assert answer.json is not None
        assert answer.json["places"] == []

    def test_the_form_works_without_any_script(self, room: Room) -> None:
        page = room.text("/s/linux/weather?q=Springfield")
        assert page.count('<button name="place"') >= 5
        assert 'value="Springfield, Missouri, United States"' in page
        assert "No place is called so here: Xyzzyville" in room.text("/s/linux/weather?q=Xyzzyville")
        assert "&lt;script" in room.text("/s/linux/weather?q=%3Cscript%3E")

    def test_a_position_becomes_a_cell_and_is_forgotten(self, room: Room) -> None:
        position = {"latitude": "48.20849", "longitude": "16.37208"}
        answer = room.client.post("/s/linux/weather", data=position, headers=HERE)
        assert answer.status_code == 303
        assert f"place={VIENNA.id}" in answer.headers["Set-Cookie"]
        assert "48.2" not in answer.headers["Set-Cookie"]
        room.weather(VIENNA, now=NOW_VIENNA, place="Vienna")
        page = room.text()
        assert "48.208" not in page
        assert "Vienna" in page

    @pytest.mark.parametrize(
        "data",
        [
            {"latitude": "91", "longitude": "0"},
            {"latitude": "x"},
            {"latitude": "nan", "longitude": "1"},
            {"place": "Xyzzyville"},
        ],
    )
    def test_what_is_no_place_is_refused(self, room: Room, data: dict[str, str]) -> None:
        answer = room.client.post("/s/linux/weather", data=data, headers=HERE)
        assert answer.status_code == 400
        assert "Set-Cookie" not in answer.headers

    def test_a_form_of_another_site_sets_nothing(self, room: Room) -> None:
        answer = room.client.post("/s/linux/weather", data={"place": "Wien"}, headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 403

    def test_the_site_s_own_place_can_be_had_back(self, room: Room) -> None:
        room.live_at("Vienna")
        assert "Back to the site" in room.text("/s/linux/weather")
        room.live_at("")
        assert "Vienna" not in room.text()


class TestPanel:
    def test_attribution_is_a_link_as_the_provider_wants_it_with_the_panel_folded_too(self, room: Room) -> None:
        room.live_at("Vienna")
        room.weather(VIENNA, now=NOW_VIENNA)
        panel, _, below = room.text().partition("</details>")
        for part in (panel, below.partition("<footer>")[2]):
            assert '<a href="https://weather.example/" rel="noopener noreferrer">Data by somebody</a>' in part
        room.weather(VIENNA, now=NOW_VIENNA, turn=2, attribution_url="javascript:alert(1)")
        assert "javascript:" not in room.text()

    def test_icons_are_beside_words(self, room: Room) -> None:
        room.live_at("Vienna")
        ahead = tuple(replace_condition(hour) for hour in hours(*[False] * 24))
        room.weather(VIENNA, now=NOW_VIENNA, hours=ahead)
        page = room.text()
        assert page.count('aria-hidden="true"') >= 9
        assert '<span class="unseen">partly cloudy</span>' in page
        assert 'role="img" aria-label="The next 24 hours: 0° to 23°, dry"' in page

    def test_every_condition_has_a_drawing_by_day_and_by_night(self, room: Room) -> None:
        icons = room.node.press._templates._environment.get_template("weather_icons.html").module
        for condition in {name for _, name in (*openmeteo._WMO, *openweather._GROUPS)}:
            for is_day in (True, False, None):
                drawn = str(icons.icon(condition.replace("_", " "), is_day))  # type: ignore[attr-defined]
                assert "<path" in drawn or "<circle" in drawn, (condition, is_day)


def replace_condition(hour: WeatherHour) -> WeatherHour:
    return hour.model_copy(update={"condition": "partly_cloudy"})
