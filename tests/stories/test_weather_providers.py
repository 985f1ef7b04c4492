"""Both providers and all their bad days: what becomes a record, what becomes trouble, and when they are asked again."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from pressroom.cells import cell_at
from pressroom.clock import SetClock, SystemClock
from pressroom.http.answer import Limits
from pressroom.http.client import Client
from pressroom.http.guard import Guard
from pressroom.objects.directory import DirectoryStore
from pressroom.outcomes import Defer, Done, Emit, Outcome, Reject
from pressroom.queues.topics import WEATHER_REQUEST
from schemas import keys
from schemas.envelope import Envelope
from schemas.messages import Trouble, WeatherReport, WeatherRequest
from schemas.weather import WeatherRecord
from services.weather.calls import CELLS_NAME, FILE_NAME, Calls
from services.weather.openmeteo import open_meteo
from services.weather.openweather import one_call
from services.weather.parse import AnswerError
from services.weather.story import WeatherDesk
from tests.fakes.faultserver import Answer, Drip
from tests.fakes.records import envelope
from tests.fakes.weather_provider import KEY, ONE_CALL, OPEN_METEO, WeatherProvider, shape

UTRECHT = cell_at(52.09, 5.12)
BOTH = [OPEN_METEO, ONE_CALL]
TODAY = date(2026, 11, 20)


@dataclass
class Desk:
    """A weather desk at a provider on loopback, its store, and the clock it goes by."""

    provider: WeatherProvider
    clock: SetClock
    folder: Path
    paths: list[str] = field(default_factory=lambda: [OPEN_METEO])
    budget_day: int = 9_000
    messages: int = 0

    def __post_init__(self) -> None:
        self.store = DirectoryStore(self.folder / "objects")
        limits = Limits(total_s=1.0)
        self.client = Client(Guard((self.provider.server.port,), ("127.0.0.0/8",)), limits, SystemClock(), "test")
        self.restart()

    def restart(self) -> None:
        """Another process: only what the folder holds is remembered."""
        sources = [shape(self.provider, path) for path in self.paths]
        if self.budget_day != 9_000:
            sources = [self.provider.open_meteo(self.budget_day)]
        self.story = WeatherDesk(
            sources,
            lambda url, headers: self.client.get(url, headers=headers),
            self.store,
            self.clock,
            name_of=lambda cell: "Utrecht",
            calls=Calls(self.folder / FILE_NAME),
            fresh_s=3600,
            rng=random.Random(1),
        )

    def request(self, cell: str = UTRECHT.id, reason: Any = "reader", **more: Any) -> Envelope[WeatherRequest]:
        self.messages += 1
        wanted = WeatherRequest(cell=cell, latitude=52.1, longitude=5.1, reason=reason)
        made = envelope(wanted, key=cell, message_id=f"m{self.messages}", at=self.clock.now())
        return made.model_copy(update=more)

    def ask(self, cell: str = UTRECHT.id, reason: Any = "reader", **more: Any) -> Outcome:
        return self.story.handle(self.request(cell, reason, **more))

    def store_it(self, outcome: Outcome) -> WeatherRecord:
        """What the publisher does with it."""
        record = found(outcome)
        self.store.create(keys.weather(record.cell), record.model_dump_json().encode())
        return record


def emits(outcome: Outcome) -> tuple[Emit, ...]:
    assert isinstance(outcome, Done), outcome
    return outcome.emits


def said(outcome: Outcome, kind: type) -> list[Any]:
    return [emit.payload for emit in emits(outcome) if isinstance(emit.payload, kind)]


def found(outcome: Outcome) -> WeatherRecord:
    (record,) = said(outcome, WeatherRecord)
    assert isinstance(record, WeatherRecord)
    return record


def ill(outcome: Outcome) -> Trouble:
    """The trouble that the scheduler is told of."""
    (report,) = said(outcome, WeatherReport)
    assert isinstance(report.trouble, Trouble), report
    return report.trouble


def wait_s(outcome: Outcome, clock: SetClock) -> float:
    """After how long it is asked again, deferred or sent anew with what had to be told."""
    if isinstance(outcome, Defer):
        return (outcome.until - clock.now()).total_seconds()
    (again,) = (emit for emit in emits(outcome) if emit.topic == WEATHER_REQUEST)
    assert again.not_before is not None
    return (again.not_before - clock.now()).total_seconds()


@pytest.fixture
def clock() -> SetClock:
    return SetClock(datetime(2026, 11, 20, 12, 0, tzinfo=UTC))


@pytest.fixture
def provider(clock: SetClock) -> Iterator[WeatherProvider]:
    with WeatherProvider(clock.now) as provider:
        yield provider


@pytest.fixture
def desk(provider: WeatherProvider, clock: SetClock, tmp_path: Path) -> Desk:
    return Desk(provider, clock, tmp_path)


@pytest.fixture(params=BOTH)
def each(request: pytest.FixtureRequest, provider: WeatherProvider, clock: SetClock, tmp_path: Path) -> Desk:
    return Desk(provider, clock, tmp_path, [request.param])


def day(desk: Desk, *faults: str) -> None:
    desk.provider.day(*faults, path=desk.paths[0])


class TestGoodDays:
    def test_an_answer_becomes_a_record_of_the_cell(self, each: Desk) -> None:
        record = found(each.ask())
        assert (record.cell, record.turn, record.place) == (UTRECHT.id, 1, "Utrecht")
        assert (record.latitude, record.longitude) == (UTRECHT.latitude, UTRECHT.longitude)
        assert record.now is not None
        assert None not in record.now.model_dump().values()
        assert len(record.hours) >= 48
        assert len(record.days) == 7
        assert record.days[0].date == "2026-11-20"
        assert record.attribution_url in {"https://open-meteo.com/", "https://openweathermap.org/"}

    def test_both_shapes_of_one_sky_say_the_same(
        self, provider: WeatherProvider, clock: SetClock, tmp_path: Path
    ) -> None:
        one, other = (found(Desk(provider, clock, tmp_path / str(at), [path]).ask()) for at, path in enumerate(BOTH))
        assert one.now is not None
        assert other.now is not None
        assert one.now.model_dump(exclude={"wind_speed_ms"}) == other.now.model_dump(exclude={"wind_speed_ms"})
        assert one.now.wind_speed_ms == pytest.approx(other.now.wind_speed_ms, abs=0.02)
        assert [hour.temperature_c for hour in one.hours[:48]] == [hour.temperature_c for hour in other.hours]
        assert [day.model_dump() for day in one.days] == [day.model_dump() for day in other.days]

    def test_only_the_middle_of_the_cell_is_told_to_a_provider(self, each: Desk) -> None:
        each.ask(latitude=52.0907, longitude=5.1214)
        (request,) = each.provider.server.requests
        assert str(UTRECHT.latitude) in request.target
        assert "52.0907" not in request.target

    def test_a_cell_that_is_none_is_refused_at_once(self, desk: Desk) -> None:
        outcome = desk.ask(cell="9999-0000")
        assert isinstance(outcome, Reject)
        assert outcome.kind == "not_found"
        assert desk.provider.calls() == 0


class TestBadAnswers:
    def test_null_stays_null(self, each: Desk) -> None:
        day(each, "nulls")
        record = found(each.ask())
        assert record.now is not None
        assert record.now.humidity_pct is None
        assert record.now.temperature_c is not None
        assert {hour.wind_speed_ms for hour in record.hours} == {None}
        assert record.hours[-1].temperature_c is None
        assert record.hours[0].temperature_c is not None

    @pytest.mark.parametrize("fault", ["nan", "bare_nan"])
    def test_nan_and_infinity_are_not_available(self, each: Desk, fault: str) -> None:
        day(each, fault)
        record = found(each.ask())
        assert record.now is not None
        assert record.now.feels_like_c is None
        assert record.hours[0].precipitation_mm is None

    def test_units_are_those_that_the_answer_names(self, desk: Desk) -> None:
        straight = found(desk.ask())
        desk.clock.advance(61)
        day(desk, "wrong_units")
        record = found(desk.ask())
        assert record.now is not None
        assert straight.now is not None
        assert record.now.temperature_c == pytest.approx(straight.now.temperature_c, abs=0.01)
        assert record.now.wind_speed_ms == pytest.approx(straight.now.wind_speed_ms, abs=0.05)

    @pytest.mark.parametrize("fault", ["unknown_units", "changed_fields", "page", "cut", "list", "empty"])
    def test_what_cannot_be_understood_is_no_weather(self, each: Desk, fault: str) -> None:
        day(each, fault)
        trouble = ill(each.ask())
        assert trouble.kind == "bad_json"
        assert trouble.first_bytes is not None

    @pytest.mark.parametrize("cut", [0, 1, 20, 300])
    def test_an_answer_that_breaks_off_is_no_weather(self, each: Desk, cut: int) -> None:
        each.provider.script(Answer(body=b'{"current": ' * 99, cut=cut), path=each.paths[0])
        assert ill(each.ask())

    @pytest.mark.parametrize("offset", [86_401, -1e9, 1e300, "7200", [7200], True])
    def test_an_offset_that_no_place_has_makes_all_days_wrong(self, offset: float) -> None:
        with pytest.raises(AnswerError):
            open_meteo(json.dumps({"utc_offset_seconds": offset}).encode())
        with pytest.raises(AnswerError):
            one_call(json.dumps({"timezone_offset": offset}).encode())

    @pytest.mark.parametrize(
        "time",
        [1e300, -1e18, 253_402_300_799, "0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00", True, [], {}, "soon"],
    )
    def test_a_moment_that_is_none_leaves_its_row_out(self, time: Any) -> None:
        hourly = {"time": [time, 1_732_000_000], "temperature_2m": [1.0, 2.0]}
        daily = {"time": [time], "temperature_2m_max": [3.0]}
        sky = open_meteo(json.dumps({"current": {"time": time}, "hourly": hourly, "daily": daily}).encode())
        assert [hour.temperature_c for hour in sky.hours] == [2.0]
        rows = [{"dt": time, "temp": 1.0}, {"dt": 1_732_000_000, "temp": 2.0}]
        sky = one_call(json.dumps({"current": {"dt": time}, "hourly": rows, "daily": [{"dt": time}]}).encode())
        assert [hour.temperature_c for hour in sky.hours] == [2.0]

    def test_where_the_sun_stays_up_or_down_there_is_no_sunrise(self) -> None:
        midnight = 1_750_000_000
        daily = {
            "time": [midnight] * 4,
            "temperature_2m_max": [5.0] * 4,
            "sunrise": [midnight, midnight, 0, midnight + 3600],
            "sunset": [midnight, midnight + 86_400, 0, midnight + 7200],
        }
        days = open_meteo(json.dumps({"daily": daily}).encode()).days
        assert [(one.sunrise is None, one.sunset is None) for one in days] == [(True, True)] * 3 + [(False, False)]

    @pytest.mark.parametrize(
        ("row", "fallen"),
        [
            ({}, 0.0),
            ({"rain": None}, None),
            ({"rain": {"1h": 1.2}, "snow": {"1h": 0.3}}, 1.5),
            ({"rain": {"1h": "x"}}, None),
            ({"rain": {"3h": 4.5}}, None),
            ({"snow": {}}, None),
            ({"rain": {"1h": -0.0}}, 0.0),
        ],
    )
    def test_rain_left_out_is_none_and_rain_unread_is_unknown(self, row: dict[str, Any], fallen: float | None) -> None:
        hourly = [{"dt": 1_732_000_000, "temp": 1.0} | row]
        assert repr(one_call(json.dumps({"hourly": hourly}).encode()).hours[0].precipitation_mm) == repr(fallen)


class TestRefusals:
    @pytest.mark.parametrize(
        ("fault", "seconds"), [("limited", 900.0), ("limited_silently", 60.0), ("ill", 30.0), ("error_in_200", 60.0)]
    )
    def test_a_passing_refusal_pauses_the_provider(self, each: Desk, fault: str, seconds: float) -> None:
        day(each, fault, "")
        waited = wait_s(each.ask(), each.clock)
        if fault == "error_in_200" and each.paths == [OPEN_METEO]:
            seconds = 3600.0  # its reason says: hourly
        assert seconds <= waited <= seconds * 1.2
        assert isinstance(each.ask(cell_at(50, 5).id), Defer)
        assert each.provider.calls(each.paths[0]) == 1
        each.clock.advance(waited)
        assert found(each.ask())

    def test_trouble_that_lasts_is_asked_less_and_less_up_to_an_hour(self, each: Desk) -> None:
        day(each, "ill")
        waits = []
        for _ in range(10):
            patient = each.clock.now() + timedelta(days=1)
            waits.append(wait_s(each.ask(not_after=patient), each.clock))
            each.clock.advance(waits[-1])
        assert all(later > earlier for earlier, later in pairwise(waits[:7]))
        assert 3600 <= waits[-1] <= 3600 * 1.2

    def test_a_request_that_was_wrong_is_not_sent_again_unchanged(self, each: Desk) -> None:
        day(each, "refused", "")
        assert ill(each.ask()).status == 400
        each.clock.advance(3600)
        assert emits(each.ask()) == ()
        assert each.provider.calls(each.paths[0]) == 1
        assert found(each.ask(cell_at(50, 5).id)).cell == cell_at(50, 5).id

    def test_requests_that_are_all_wrong_pause_the_provider(self, each: Desk) -> None:
        day(each, "refused")
        for latitude in (50, 51, 52):
            (report,) = said(each.ask(cell_at(latitude, 5).id), WeatherReport)
            assert (report.trouble.kind, report.trouble.status, report.about_place) == ("provider_rejected", 400, True)
            each.clock.advance(1)
        assert isinstance(each.ask(cell_at(53, 5).id), Defer)

    def test_with_a_key_that_is_refused_nobody_is_asked_for_an_hour(self, each: Desk) -> None:
        day(each, "shut")
        patient = each.clock.now() + timedelta(days=1)
        outcome = each.ask(not_after=patient)
        assert ill(outcome).status == 401
        assert not said(outcome, WeatherReport)[0].about_place
        assert wait_s(outcome, each.clock) >= 3600
        each.clock.advance(3590)
        assert isinstance(each.ask(not_after=patient), Defer)
        assert each.provider.calls(each.paths[0]) == 1

    def test_an_answer_that_drips_ends_at_the_time_limit(self, each: Desk) -> None:
        each.provider.script(Answer(body=Drip(b"{" * 10_000, bytes_per_s=100)), path=each.paths[0])
        assert ill(each.ask()).kind == "timeout"

    def test_the_key_is_seen_nowhere(self, desk: Desk) -> None:
        desk.paths[:] = [ONE_CALL]
        desk.restart()
        assert KEY not in repr(desk.provider.openweather())
        echo = Answer(401, json.dumps({"cod": 401, "message": f"Invalid API key {KEY}, see ?appid=k3y%2Fof%2Bours"}))
        desk.provider.script(echo, path=ONE_CALL)
        text = repr(desk.ask())
        assert "Invalid API key" in text
        assert KEY not in text
        assert "k3y%2Fof%2Bours" not in text


class TestTwoProviders:
    @pytest.fixture
    def pair(self, provider: WeatherProvider, clock: SetClock, tmp_path: Path) -> Desk:
        return Desk(provider, clock, tmp_path, BOTH)

    def test_the_next_is_asked_when_one_fails(self, pair: Desk) -> None:
        pair.provider.day("ill", "")
        assert found(pair.ask()).provider == "openweather"
        assert found(pair.ask(cell_at(50, 5).id)).provider == "openweather"
        assert pair.provider.calls() == 1
        pair.clock.advance(60)
        assert found(pair.ask(cell_at(51, 5).id)).provider == "open-meteo"

    def test_when_both_fail_the_first_to_be_free_decides(self, pair: Desk) -> None:
        pair.provider.day("limited")
        pair.provider.day("ill", path=ONE_CALL)
        assert 30 <= wait_s(pair.ask(), pair.clock) <= 36

    def test_a_place_that_one_refuses_is_asked_of_the_other(self, pair: Desk) -> None:
        pair.provider.day("refused", "")
        assert found(pair.ask()).provider == "openweather"


class TestReports:
    """What the scheduler is told; what it makes of that is in test_weather_streaks.py."""

    def well(self, outcome: Outcome) -> bool:
        reports = said(outcome, WeatherReport)
        assert all(one.trouble is None for one in reports)
        return bool(reports)

    def test_each_trouble_is_told_with_the_request_s_return(self, desk: Desk) -> None:
        desk.provider.day("ill")
        for _ in range(3):
            outcome = desk.ask()
            (report,) = said(outcome, WeatherReport)
            assert (report.provider, report.cell, report.trouble.kind) == ("open-meteo", UTRECHT.id, "http_status")
            assert report.asked_at == desk.clock.now()
            desk.clock.advance(wait_s(outcome, desk.clock))

    def test_the_first_good_answer_after_trouble_is_told(self, desk: Desk) -> None:
        desk.provider.day("", "ill", "")
        assert self.well(desk.ask())
        assert ill(desk.ask(cell_at(50, 5).id))
        desk.clock.advance(40)
        assert self.well(desk.ask(cell_at(50, 5).id))

    def test_a_good_answer_is_told_once_a_minute_since_whoever_told_of_trouble_may_be_gone(self, desk: Desk) -> None:
        told = []
        for number in range(4):
            told.append(self.well(desk.ask(cell_at(50 + number, 5).id)))
            desk.clock.advance(25)
        assert told == [True, False, False, True]

    def test_a_new_process_tells_at_once_that_all_is_well(self, desk: Desk) -> None:
        desk.provider.day("ill", "")
        assert ill(desk.ask())
        desk.restart()
        assert self.well(desk.ask())

    def test_questions_that_fail_together_are_one_trouble(self, desk: Desk) -> None:
        desk.provider.gate = threading.Event()
        desk.provider.day("ill")
        outcomes: list[Outcome] = []
        cells = [cell_at(latitude, 5).id for latitude in (50, 51, 52, 53)]
        threads = [threading.Thread(target=lambda cell=cell: outcomes.append(desk.ask(cell))) for cell in cells]
        for thread in threads:
            thread.start()
        desk.provider.server.wait_for_requests(4)
        desk.provider.gate.set()
        for thread in threads:
            thread.join()
        assert all(ill(one) for one in outcomes)
        assert max(wait_s(one, desk.clock) for one in outcomes) <= 36

    def test_a_replay_asks_in_spite_of_the_pause(self, desk: Desk) -> None:
        desk.provider.day("limited", "")
        assert ill(desk.ask())
        assert isinstance(desk.ask(), Defer)
        assert found(desk.ask(reason="replay"))


class TestBudget:
    def test_a_process_makes_no_more_calls_a_day_than_its_share(
        self, provider: WeatherProvider, clock: SetClock, tmp_path: Path
    ) -> None:
        desk = Desk(provider, clock, tmp_path, budget_day=2)
        for latitude in (50, 51):
            assert found(desk.ask(cell_at(latitude, 5).id))
        late = desk.ask(cell_at(52, 5).id, not_after=clock.now() + timedelta(days=1))
        assert isinstance(late, Defer)
        assert late.until == datetime(2026, 11, 21, tzinfo=UTC)
        assert provider.calls() == 2
        clock.advance(wait_s(late, clock))
        assert found(desk.ask(cell_at(52, 5).id))

    def test_a_restart_gives_no_new_share(self, provider: WeatherProvider, clock: SetClock, tmp_path: Path) -> None:
        desk = Desk(provider, clock, tmp_path, budget_day=2)
        for latitude in (50, 51):
            assert found(desk.ask(cell_at(latitude, 5).id))
            desk.restart()
        assert isinstance(desk.ask(cell_at(52, 5).id, not_after=clock.now() + timedelta(days=1)), Defer)
        clock.advance(86_400)
        desk.restart()
        assert found(desk.ask(cell_at(52, 5).id))

    def test_two_processes_of_one_folder_share_a_day(self, tmp_path: Path) -> None:
        one, two = (Calls(tmp_path / FILE_NAME) for _ in range(2))
        taken = [calls.take("p", 5, TODAY) for _ in range(4) for calls in (one, two)]
        assert taken == [True] * 5 + [False] * 3
        assert one.is_spent("p", 5, TODAY)
        assert not one.is_spent("another", 5, TODAY)
        assert not two.is_spent("p", 5, TODAY + timedelta(days=1))

    @pytest.mark.parametrize("left", [b"", b'{"day": "2026', b"[]", b'{"day": "2026-11-20", "calls": [1]}', b"\xff"])
    def test_a_file_that_is_no_count_counts_nothing(self, tmp_path: Path, left: bytes) -> None:
        (tmp_path / FILE_NAME).write_bytes(left)
        calls = Calls(tmp_path / FILE_NAME)
        assert [calls.take("p", 1, TODAY) for _ in range(2)] == [True, False]
        assert Calls(tmp_path / FILE_NAME).is_spent("p", 1, TODAY)

    def test_without_a_file_a_process_counts_its_own(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        calls = Calls(tmp_path / "nowhere" / FILE_NAME)
        assert [calls.take("p", 2, TODAY) for _ in range(3)] == [True, True, False]
        assert len(caplog.records) == 1

    def test_what_nobody_waits_for_any_more_is_dropped(
        self, provider: WeatherProvider, clock: SetClock, tmp_path: Path
    ) -> None:
        desk = Desk(provider, clock, tmp_path, budget_day=1)
        assert found(desk.ask(cell_at(50, 5).id))
        assert emits(desk.ask(not_after=clock.now() + timedelta(minutes=10))) == ()


class TestFreshness:
    def test_a_fresh_cell_is_not_asked_for_again_whoever_wishes(self, desk: Desk) -> None:
        desk.store_it(desk.ask())
        desk.clock.advance(3599)
        assert emits(desk.ask()) == ()
        desk.restart()
        assert emits(desk.ask()) == ()
        assert desk.provider.calls() == 1
        desk.clock.advance(1)
        assert found(desk.ask()).turn == 2

    def test_a_site_s_place_that_is_fresh_for_a_moment_still_is_asked_for_as_soon_as_it_is_not(
        self, desk: Desk
    ) -> None:
        desk.store_it(desk.ask())
        desk.clock.advance(3599)
        outcome = desk.ask(reason="due")
        assert isinstance(outcome, Defer)
        desk.clock.advance(wait_s(outcome, desk.clock))
        assert found(desk.ask(reason="due"))

    def test_a_record_that_was_lost_on_its_way_is_made_again(self, desk: Desk) -> None:
        request = desk.request()
        assert found(desk.story.handle(request))
        assert found(desk.story.handle(request)), "the same message came back: its record may not have been sent"

    def test_what_one_process_has_just_sent_another_of_its_folder_does_not_ask_for(self, desk: Desk) -> None:
        request = desk.request()
        assert found(desk.story.handle(request))
        desk.restart()
        assert emits(desk.ask()) == ()
        assert found(desk.ask(cell_at(50, 5).id))
        assert found(desk.story.handle(request)), "the same message came back: its record may not have been sent"
        desk.restart()
        desk.clock.advance(61)
        assert found(desk.ask()), "nothing has arrived in the store"

    def test_marks_of_what_was_sent_do_not_pile_up(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("services.weather.calls.SWEPT_EVERY", 5)
        for latitude in range(40, 50):
            assert found(desk.ask(cell_at(latitude, 5).id))
            desk.clock.advance(20)
        assert len(list((desk.folder / CELLS_NAME).iterdir())) == 4

    @pytest.mark.parametrize("left", [b"", b"m1", b"m1 soon", b"\xff 2026-01-01", b"m1 2026-01-01T00:00:00", b"m1 2 3"])
    def test_a_mark_that_is_none_marks_nothing(self, desk: Desk, left: bytes) -> None:
        (desk.folder / CELLS_NAME).mkdir()
        (desk.folder / CELLS_NAME / UTRECHT.id).write_bytes(left)
        assert found(desk.ask())

    def test_memory_alone_is_believed_for_a_minute(self, desk: Desk) -> None:
        assert found(desk.ask())
        desk.clock.advance(59)
        assert emits(desk.ask()) == ()
        desk.clock.advance(2)
        assert found(desk.ask()), "nothing has arrived in the store"

    def test_a_clock_ahead_of_ours_makes_no_cell_fresh_for_ever(self, desk: Desk) -> None:
        desk.clock.advance(10_000)
        desk.store_it(desk.ask())
        desk.clock.advance(-10_000)
        desk.restart()
        assert found(desk.ask()).turn == 2

    def test_an_object_that_is_no_weather_is_told_once_an_hour(self, desk: Desk) -> None:
        desk.store.create(keys.weather(UTRECHT.id), b'{"cell": 1}')
        outcome = desk.ask()
        assert isinstance(outcome, Reject)
        assert outcome.kind == "broken_object"
        assert emits(desk.ask()) == ()
        assert desk.provider.calls() == 0
