"""When an alert comes up, stays and ends: what the processes tell, on a clock that the test owns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pressroom.alerts.rules import Alert
from pressroom.alerts.watch import Turn, Watch

NOON = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
LAG = Alert("Lag", "page", "It is late.", "", "lag", limit=300, for_s=120)
AT_ONCE = Alert("Open", "page", "It is open.", "", "open", limit=0)
FEWEST = Alert("Missing", "page", "One is missing.", "", "processes", op="<", limit=1, reduce="min")
GIVEN_UP = Alert("Dead", "ticket", "Some died.", "", "dead_total", limit=0, reduce="sum", grows_s=600)
RISING = Alert("Growing", "ticket", "More fail.", "", "failures", limit=20, grows_s=3600)


class Post:
    """A watch that is asked every so many seconds."""

    def __init__(self, *alerts: Alert) -> None:
        self.watch = Watch(alerts)
        self.now = NOON

    def sees(self, after_s: float = 10, **told: dict[str, float]) -> list[tuple[str, bool]]:
        self.now += timedelta(seconds=after_s)
        return [(turn.alert.name, turn.up) for turn in self.watch.look(told, self.now)]


def test_an_alert_comes_up_when_its_condition_has_held_for_its_time_and_is_said_once():
    post = Post(LAG)
    assert post.sees(a={"lag": 301.0}) == []
    assert post.sees(110, a={"lag": 301.0}) == []
    assert post.sees(10, a={"lag": 400.0}) == [("Lag", True)]
    assert post.sees(10, a={"lag": 500.0}) == []


def test_a_condition_that_was_gone_in_between_begins_anew():
    post = Post(LAG)
    post.sees(a={"lag": 301.0})
    post.sees(100, a={"lag": 299.0})
    post.sees(10, a={"lag": 301.0})
    assert post.sees(110, a={"lag": 301.0}) == []
    assert post.sees(10, a={"lag": 301.0}) == [("Lag", True)]


def test_it_ends_when_the_condition_has_been_gone_for_a_minute_and_what_flickers_is_one_alert():
    post = Post(AT_ONCE)
    assert post.sees(a={"open": 1.0}) == [("Open", True)]
    assert post.sees(50, a={"open": 0.0}) == []
    assert post.sees(5, a={"open": 1.0}) == []
    assert post.sees(59, a={"open": 0.0}) == []
    assert post.sees(1, a={"open": 0.0}) == [("Open", False)]
    assert post.sees(10, a={"open": 0.0}) == []
    assert post.sees(10, a={"open": 1.0}) == [("Open", True)]


def test_the_worst_process_decides_and_is_named():
    watch = Watch([AT_ONCE])
    (turn,) = watch.look({"fetcher-1": {"open": 0.0}, "fetcher-2": {"open": 1.0}}, NOON)
    assert isinstance(turn, Turn)
    assert "fetcher-2" in turn.text
    assert turn.text.startswith("It is open.")


def test_too_few_is_a_condition_too():
    post = Post(FEWEST)
    assert post.sees(leader={"processes": 1.0}) == []
    assert post.sees(leader={"processes": 0.0}) == [("Missing", True)]


def test_a_counter_counts_by_how_much_it_grew_in_its_window_over_all_processes():
    post = Post(GIVEN_UP)
    assert post.sees(a={"dead_total": 7.0}, b={"dead_total": 2.0}) == []
    assert post.sees(a={"dead_total": 7.0}, b={"dead_total": 3.0}) == [("Dead", True)]
    assert post.sees(590, a={"dead_total": 7.0}, b={"dead_total": 3.0}) == []
    assert post.sees(61, a={"dead_total": 7.0}, b={"dead_total": 3.0}) == [("Dead", False)]


def test_a_counter_that_began_anew_has_not_fallen():
    post = Post(GIVEN_UP)
    post.sees(a={"dead_total": 7.0})
    assert post.sees(a={"dead_total": 0.0}) == []
    assert post.sees(a={"dead_total": 1.0}) == [("Dead", True)]


def test_a_figure_that_rises_slowly_is_no_growth():
    post = Post(RISING)
    for hour in range(5):
        assert post.sees(3700, a={"failures": 15.0 * hour}) == []
    assert post.sees(600, a={"failures": 81.0}) == [("Growing", True)]


def test_a_state_that_falls_has_not_grown():
    post = Post(RISING)
    assert post.sees(a={"failures": 60.0}) == []
    assert post.sees(a={"failures": 45.0}) == []
    assert post.sees(a={"failures": 80.0}) == []
    assert post.sees(a={"failures": 81.0}) == [("Growing", True)]


def test_what_nobody_tells_neither_starts_nor_ends_an_alert_until_it_is_gone_for_ten_minutes():
    post = Post(AT_ONCE)
    assert post.sees(b={"other": 1.0}) == []
    post.sees(a={"open": 1.0})
    assert post.sees(300) == []
    assert post.sees(299) == []
    assert post.sees(1) == [("Open", False)]


def test_a_new_leader_says_nothing_again_and_ends_what_is_over():
    post = Post(AT_ONCE, LAG)
    post.watch.resume({"Open": NOON - timedelta(hours=1), "Gone": NOON}, NOON)
    assert post.sees(a={"open": 1.0}) == []
    assert post.sees(30, a={"open": 0.0}) == []
    assert post.sees(31, a={"open": 0.0}) == [("Open", False)]


@pytest.mark.parametrize(
    ("alert", "expression"),
    [
        (LAG, "max (lag) > 300"),
        (FEWEST, "min (processes) < 1"),
        (GIVEN_UP, "sum (increase(dead_total[10m])) > 0"),
        (RISING, "max (delta(failures[1h])) > 20"),
        (Alert("A", "page", "", "", "m", limit=0, by="topic"), "max by (topic) (m) > 0"),
    ],
)
def test_prometheus_is_asked_the_same(alert, expression):
    assert alert.promql() == expression
