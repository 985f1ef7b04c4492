"""When a service calls itself unwell, and how it says so."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry

from pressroom.clock import SetClock
from pressroom.consumer.loop import ConsumerHealth
from pressroom.health import HealthServer, Vitals, out_of_reach
from pressroom.metrics.loop import LoopMetrics, vitals_metrics
from pressroom.metrics.measured import MeasuredStore
from pressroom.objects.port import ClockSkew

WELL = ConsumerHealth(alive=True, trouble=None, paused_because=None, breaker_open=False, under_way=0, last_done_at=None)


class Watched:
    def __init__(self) -> None:
        self.clock = SetClock()
        self.health = WELL
        self.vitals = Vitals("fetcher", self.clock.now, healthy_age_s=3600)
        self.vitals.watch("feed.refresh", lambda: self.health)

    def becomes(self, **changes) -> None:
        fields = {name: getattr(self.health, name) for name in self.health.__dataclass_fields__}
        self.health = ConsumerHealth(**(fields | changes))

    @property
    def faults(self) -> tuple[str, ...]:
        return self.vitals.verdict().faults


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_one_that_has_nothing_to_do_is_well_however_long(watched):
    watched.clock.advance(86_400)
    assert watched.faults == ()


def test_threads_that_have_ended_are_a_fault_at_once(watched):
    watched.becomes(alive=False)
    assert "threads have ended" in watched.faults[0]


def test_a_lost_connection_is_a_fault_after_a_minute_and_over_with_it(watched):
    watched.becomes(trouble="connection refused")
    assert watched.faults == ()
    watched.clock.advance(61)
    assert "connection refused" in watched.faults[0]
    watched.becomes(trouble=None)
    assert watched.faults == ()
    watched.becomes(trouble="again")
    assert watched.faults == ()


class AwayStore:
    """Refuses every call until told otherwise."""

    name = "s3 bucket"
    is_away = True

    def get(self, key: str, *, if_none_match: str | None = None) -> None:
        if self.is_away:
            raise ClockSkew(self.name, 3600)


def test_a_store_that_is_away_is_a_fault_after_a_minute_with_its_reason_and_over_with_it(watched):
    behind = AwayStore()
    store = MeasuredStore(behind, CollectorRegistry(), watched.clock.monotonic)
    watched.vitals.ask(lambda: out_of_reach(store.down_s, store.trouble))
    for _ in range(2):
        assert watched.faults == ()
        with pytest.raises(ClockSkew):
            store.get("a")
        watched.clock.advance(45)
    assert "nothing for 90 s" in watched.faults[0]
    assert "ours is 3600 s ahead" in watched.faults[0]
    behind.is_away = False
    store.get("a")
    assert watched.faults == ()


def test_an_open_breaker_is_a_fault_with_its_reason(watched):
    watched.becomes(breaker_open=True, paused_because="23 of 30 messages were rejected")
    assert "23 of 30" in watched.faults[0]


def test_work_that_never_ends_is_a_fault_after_the_promised_age(watched):
    watched.becomes(under_way=3, last_done_at=watched.clock.now())
    watched.clock.advance(3599)
    assert watched.faults == ()
    watched.clock.advance(1)
    assert "3 messages are under way and none was finished since" in watched.faults[0]
    watched.becomes(last_done_at=watched.clock.now() - timedelta(seconds=5))
    assert watched.faults == ()


def test_the_server_tells_probes_and_prometheus(watched):
    registry = CollectorRegistry()
    LoopMetrics(registry, watched.clock).handled("feed.refresh", "done", 0.1)
    vitals_metrics(registry, [watched.vitals])
    server = HealthServer("127.0.0.1", 0, [watched.vitals], registry)
    server.start()
    base = f"http://127.0.0.1:{server.port}"
    try:
        assert json.load(urllib.request.urlopen(f"{base}/readyz"))["services"][0]["well"] is True
        metrics = urllib.request.urlopen(f"{base}/metrics").read().decode()
        assert 'pressroom_messages_total{ending="done",topic="feed.refresh"} 1.0' in metrics
        assert 'pressroom_healthy{service="fetcher"} 1.0' in metrics
        watched.becomes(alive=False)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{base}/readyz")
        assert refused.value.code == 503
        assert "threads have ended" in json.load(refused.value)["services"][0]["faults"][0]
        assert urllib.request.urlopen(f"{base}/healthz").status == 200
    finally:
        server.stop(1)
