"""The weather in Chromium: the panel, a place by name and by position, units and hours, what comes by itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from pressroom.cells import Cell, cell_at, cell_named
from pressroom.clock import Clock, SystemClock
from pressroom.places import Places
from pressroom.queues.port import Parcel
from pressroom.settings import Settings
from schemas import keys
from schemas.weather import WeatherDay, WeatherHour, WeatherNow, WeatherRecord
from services.web.cells import cell_finder
from services.web.node import WebNode
from services.web.serve import Server
from tests.browser.conftest import SIZES, complaints_of, eventually, violations
from tests.fakes.web_newsroom import Newsroom
from tests.fakes.web_queue import Notices
from tests.fakes.web_store import MemoryStore
from tests.pipeline.waiting import within

pytestmark = pytest.mark.browser

UTRECHT = cell_at(52.09083, 5.12222)
VIENNA = cell_at(48.20849, 16.37208)


def record(
    cell: Cell,
    place: str,
    celsius: float,
    *,
    zone: str = "Europe/Vienna",
    turn: int = 1,
    now: datetime | None = None,
) -> WeatherRecord:
    now = now or datetime.now(UTC)
    hour = now.replace(minute=0, second=0, microsecond=0)
    hours = tuple(
        WeatherHour(
            time=hour + timedelta(hours=number),
            temperature_c=celsius + number % 7,
            precipitation_mm=1.5 if 6 <= number < 9 else 0.0,
            precipitation_pct=80.0 if 6 <= number < 9 else 5.0,
            condition="rain" if 6 <= number < 9 else "partly_cloudy",
        )
        for number in range(30)
    )
    days = tuple(
        WeatherDay(
            date=(now + timedelta(days=number)).date().isoformat(),
            temperature_min_c=celsius - 4,
            temperature_max_c=celsius + 6,
            precipitation_mm=2.0,
            sunrise=hour.replace(hour=6, minute=30),
            sunset=hour.replace(hour=15, minute=30),
            condition="snow",
        )
        for number in range(8)
    )
    return WeatherRecord(
        cell=cell.id,
        turn=turn,
        place=place,
        latitude=cell.latitude,
        longitude=cell.longitude,
        timezone=zone,
        utc_offset_s=3600,
        fetched_at=now,
        provider="open-meteo",
        attribution="Weather data by Open-Meteo.com",
        attribution_url="https://open-meteo.com/",
        now=WeatherNow(
            at=now,
            temperature_c=celsius,
            feels_like_c=celsius - 3,
            wind_speed_ms=10.0,
            wind_from_deg=315.0,
            humidity_pct=82.0,
            precipitation_mm=0.0,
            condition="partly_cloudy",
            is_day=True,
        ),
        hours=hours,
        days=days,
    )


class Desk(Notices):
    """A queue behind which a weather service answers each request as soon as `provider` is set."""

    def __init__(self, store: MemoryStore) -> None:
        super().__init__()
        self.store = store
        self.provider = threading.Event()

    def publish(self, parcels: list[Parcel]) -> None:
        super().publish(parcels)
        for parcel in parcels:
            threading.Thread(target=self._answer, args=(parcel.key,), daemon=True).start()

    def _answer(self, name: str) -> None:
        cell = cell_named(name)
        assert cell is not None
        if self.provider.wait(30):
            self.bring(record(cell, "Vienna", -6.0))

    def bring(self, made: WeatherRecord) -> None:
        key = keys.weather(made.cell)
        self.changed(key, self.store.put(key, made))


class House:
    def __init__(self, node: WebNode, desk: Desk, address: str) -> None:
        self.node, self.desk, self.address = node, desk, address


class Shifted(SystemClock):
    """A clock that goes as usual, from another moment on."""

    def __init__(self, start: datetime) -> None:
        self._ahead = start - datetime.now(UTC)

    def now(self) -> datetime:
        return super().now() + self._ahead


@pytest.fixture
def house(tmp_path: Path, places: Places) -> Iterator[House]:
    with opened(tmp_path, places, SystemClock()) as house:
        yield house


@contextmanager
def opened(folder: Path, places: Places, clock: Clock) -> Iterator[House]:
    room = Newsroom(MemoryStore(), clock.now())
    room.fill()
    room.store.put(keys.weather(UTRECHT.id), record(UTRECHT, "Utrecht", 7.0, zone="Europe/Amsterdam", now=clock.now()))
    desk = Desk(room.store)
    settings = Settings(data=folder)
    node = WebNode(room.store, desk, clock, settings, cell_of=cell_finder(places), places=places)  # type: ignore[arg-type]
    node.start()
    eventually(
        lambda: (page := node.table.get("/s/linux")) is not None and b"Utrecht" in page.variants["identity"].body
    )
    with Server(node.wsgi, "127.0.0.1", 0) as server:
        yield House(node, desk, server.address)
    node.stop()


@pytest.fixture(params=SIZES)
def page(browser: Browser, house: House, request: pytest.FixtureRequest) -> Iterator[Page]:
    with tab(browser, house, request.param) as page:
        yield page


@contextmanager
def tab(browser: Browser, house: House, size: str, **more: object) -> Iterator[Page]:
    """A tab of a browser with a language; whatever its console complains of fails the test."""
    options = {"locale": "nl-NL", "viewport": SIZES[size], "base_url": house.address} | more
    context = browser.new_context(reduced_motion="reduce", **options)  # type: ignore[arg-type]
    page = context.new_page()
    complaints = complaints_of(page)
    try:
        yield page
    finally:
        context.close()
    assert complaints == []


def unfold(page: Page) -> None:
    page.locator(".weather summary").click()
    expect(page.locator(".panel")).to_be_visible()


class TestPanel:
    def test_a_few_words_unfold_into_all_of_it(self, page: Page) -> None:
        page.goto("/s/linux")
        expect(page.locator(".panel")).to_be_hidden()
        unfold(page)
        panel = page.locator(".panel")
        for text in ("Feels like", "Wind", "Humidity", "82 %", "Precipitation", "Sunrise", "07:30", "Sunset", "16:30"):
            expect(panel).to_contain_text(text)
        expect(panel.locator(".week li")).to_have_count(7)
        expect(panel.locator(".day li")).to_have_count(8)
        expect(panel.get_by_role("link", name="Weather data by Open-Meteo.com")).to_be_visible()

    def test_the_chart_is_drawn_and_said(self, page: Page) -> None:
        page.goto("/s/linux")
        unfold(page)
        drawing = page.get_by_role("img", name="The next 24 hours: 7° to 13° with rain or snow")
        expect(drawing).to_be_visible()
        line = page.locator(".warmth")
        assert line.evaluate("line => line.getTotalLength()") > 200
        assert page.locator(".rain").count() == 3
        edges = line.bounding_box(), page.locator(".panel").bounding_box()
        assert edges[0] is not None
        assert edges[1] is not None
        assert edges[0]["x"] >= edges[1]["x"]
        assert edges[0]["x"] + edges[0]["width"] <= edges[1]["x"] + edges[1]["width"]

    def test_it_stays_inside_the_window_and_moves_nothing(self, page: Page) -> None:
        page.goto("/s/linux")
        headline = page.locator("main .headline").first
        before = headline.bounding_box()
        unfold(page)
        assert headline.bounding_box() == before
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    def test_escape_and_a_click_elsewhere_fold_it(self, page: Page) -> None:
        page.goto("/s/linux")
        unfold(page)
        page.keyboard.press("Escape")
        expect(page.locator(".panel")).to_be_hidden()
        assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
        unfold(page)
        page.locator("footer").click(position={"x": 1, "y": 1})
        expect(page.locator(".panel")).to_be_hidden()

    def test_it_can_be_reached_and_opened_by_keyboard(self, page: Page) -> None:
        page.goto("/s/linux")
        page.locator(".weather summary").focus()
        page.keyboard.press("Enter")
        expect(page.locator(".panel")).to_be_visible()

    def test_an_update_leaves_it_open(self, page: Page, house: House) -> None:
        page.goto("/s/linux")
        unfold(page)
        house.desk.bring(record(UTRECHT, "Utrecht", -9.0, zone="Europe/Amsterdam", turn=2))
        eventually(lambda: "−9°" in page_text(house))
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        expect(page.locator(".now .sky-now")).to_contain_text("−9°")
        expect(page.locator(".panel")).to_be_visible()

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_axe_finds_nothing(self, page: Page, scheme: str) -> None:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.goto("/s/linux")
        unfold(page)
        assert violations(page) == []
        page.goto("/s/linux/weather?q=Springfield")
        assert violations(page) == []


def page_text(house: House) -> str:
    page = house.node.table.get("/s/linux")
    return page.variants["identity"].body.decode() if page is not None else ""


class TestPlace:
    def test_a_place_is_searched_chosen_and_its_weather_comes_by_itself(self, page: Page, house: House) -> None:
        page.goto("/s/linux")
        unfold(page)
        page.get_by_label("Another place").fill("wien")
        page.get_by_role("button", name="Search", exact=True).first.click()
        page.get_by_role("button", name="Vienna Austria").click()
        expect(page.locator(".weather .outlook")).to_have_text("yours is on its way")
        began = time.monotonic()
        house.desk.provider.set()
        expect(page.locator(".weather summary")).to_contain_text("−6°")
        assert time.monotonic() - began < within(1.5)
        expect(page.locator(".weather .place")).to_have_text("Vienna")

    def test_names_are_suggested_while_they_are_typed(self, page: Page) -> None:
        page.goto("/s/linux")
        unfold(page)
        page.get_by_label("Another place").press_sequentially("kobenh")
        expect(page.locator("#places option").first).to_have_attribute("value", "Copenhagen, Capital Region, Denmark")

    def test_without_any_script_the_same_can_be_done(self, browser: Browser, house: House) -> None:
        house.desk.provider.set()
        with tab(browser, house, "pocket", java_script_enabled=False) as page:
            page.goto("/s/linux")
            unfold(page)
            expect(page.get_by_role("button", name="Where I am")).to_be_hidden()
            page.get_by_label("Another place").fill("Wien, Austria")
            page.get_by_role("button", name="Search", exact=True).first.click()
            with page.expect_navigation():
                page.get_by_role("button", name="Vienna Austria").click()
            eventually(lambda: "−6°" in ((page.reload() and page.locator(".weather summary").inner_text()) or ""))

    def test_a_position_is_asked_for_by_a_button_only_and_leaves_the_browser_as_a_form(
        self, browser: Browser, house: House
    ) -> None:
        house.desk.provider.set()
        place = {"latitude": 48.2, "longitude": 16.36}
        with tab(browser, house, "desk", geolocation=place, permissions=["geolocation"]) as page:
            asked: list[str] = []
            page.on("request", lambda request: asked.append(request.url))
            page.goto("/s/linux")
            unfold(page)
            page.get_by_role("button", name="Where I am").click()
            expect(page.locator(".weather .place")).to_have_text("Vienna")
            assert not [url for url in asked if "48.2" in url]
            (cookie,) = (one for one in page.context.cookies() if one["name"] == "pressroom_settings")
            assert cookie["value"] == f"place={cell_at(48.2, 16.36).id}"

    def test_a_refused_position_says_so(self, browser: Browser, house: House) -> None:
        with tab(browser, house, "desk", permissions=[]) as page:
            page.add_init_script("navigator.geolocation.getCurrentPosition = (good, bad) => bad({code: 1})")
            page.goto("/s/linux")
            unfold(page)
            page.get_by_role("button", name="Where I am").click()
            expect(page.locator("button.here")).to_have_text("Your position is not to be had")


class TestMeasures:
    @pytest.mark.parametrize(
        ("locale", "degrees", "wind", "sunrise"),
        [
            ("nl-NL", "7°", "36 km/h NW", "07:30"),
            ("de", "7°", "36 km/h NW", "07:30"),
            ("en-GB", "7°", "22 mph NW", "07:30"),
            ("en-US", "45°", "22 mph NW", "7:30 am"),
        ],
    )
    def test_figures_are_as_the_reader_s_language_has_them(
        self, browser: Browser, house: House, locale: str, degrees: str, wind: str, sunrise: str
    ) -> None:
        with tab(browser, house, "desk", locale=locale) as page:
            page.goto("/s/linux")
            unfold(page)
            expect(page.locator(".now .sky-now b")).to_have_text(degrees)
            expect(page.locator(".now data.wind")).to_have_text(wind)
            expect(page.locator(".now .hour").first).to_have_text(sunrise)

    def test_a_setting_goes_before_the_language(self, browser: Browser, house: House) -> None:
        with tab(browser, house, "desk", locale="en-US") as page:
            page.goto("/s/linux/settings")
            page.get_by_label("Units").select_option("metric")
            page.locator("select[name=clock]").select_option("24")
            page.get_by_role("button", name="Save").click()
            unfold(page)
            expect(page.locator(".now .sky-now b")).to_have_text("7°")
            expect(page.locator(".now data.wind")).to_have_text("10 m/s NW")
            expect(page.locator(".now .hour").first).to_have_text("07:30")

    def test_hours_are_the_place_s_whatever_the_reader_s_zone_is(self, browser: Browser, house: House) -> None:
        local = datetime.now(UTC) + timedelta(hours=14)
        house.desk.bring(record(UTRECHT, "Utrecht", 3.0, zone="Pacific/Kiritimati", turn=2))
        eventually(lambda: "3°" in page_text(house) and f"{local:%H}:00" in page_text(house))
        with tab(browser, house, "desk", timezone_id="America/New_York") as page:
            page.goto("/s/linux")
            unfold(page)
            expect(page.locator(".day .hour").first).to_have_text(f"{local:%H}:00")

    def test_the_night_of_a_clock_change_has_its_own_hours(
        self, browser: Browser, tmp_path: Path, places: Places
    ) -> None:
        """Utrecht, 25 October 2026: at 03:00 clocks go back to 02:00."""
        evening = datetime(2026, 10, 24, 21, 0, tzinfo=UTC)
        with (
            opened(tmp_path, places, Shifted(evening)) as house,
            tab(browser, house, "desk", timezone_id="America/New_York") as page,
        ):
            page.goto("/s/linux")
            unfold(page)
            hours = page.locator(".day .hour")
            assert hours.all_inner_texts()[:4] == ["23:00", "02:00", "04:00", "07:00"]
            assert page.locator(".week li span:first-child").all_inner_texts()[:3] == ["Today", "Sun", "Mon"]
