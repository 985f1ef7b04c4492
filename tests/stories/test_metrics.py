"""What the metrics count, and that it is what alerts and operators think it is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from pressroom.alerts.rules import WATCHED
from pressroom.alerts.watch import Watch
from pressroom.clock import SetClock
from pressroom.metrics import per_thread
from pressroom.metrics.depths import Depths
from pressroom.metrics.loop import LoopMetrics, tally_metrics, waited_s
from pressroom.metrics.measured import MeasuredQueue, MeasuredStore
from pressroom.metrics.per_thread import PerThread
from pressroom.metrics.process import CpuShare, process_metrics
from pressroom.metrics.read_off import Recent
from pressroom.objects.port import AlreadyThere, Conflict, Unavailable
from pressroom.outcomes import BackendUnavailable
from pressroom.pulse import figures
from pressroom.queues.port import Depth
from pressroom.tally import Tally
from schemas.errors import ErrorKind
from schemas.messages import Check, DeadLetter, Tick, Trouble
from services.web.counting import NodeMetrics
from tests.fakes.records import NOON, envelope, record
from tests.fakes.scheduling import MemoryStore


class Told:
    """A registry and what it tells."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()

    def __getitem__(self, name: str) -> dict[tuple[str, ...], float]:
        """Label values → value, of every sample of this name."""
        samples = (sample for family in self.registry.collect() for sample in family.samples)
        return {tuple(one.labels.values()): one.value for one in samples if one.name == name}


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


class TestTheStore:
    def test_it_is_down_from_its_first_failure_until_it_answers(self, told: Told, clock: SetClock) -> None:
        behind = MemoryStore()
        store = MeasuredStore(behind, told.registry, clock.monotonic)  # type: ignore[arg-type]
        store.create("a", b"1")
        assert told["pressroom_store_down_seconds"] == {(): 0.0}
        for _ in range(2):
            behind.fail_after = 0
            with pytest.raises(Unavailable):
                store.swap("a", b"2", etag="e1", write_id="w")
            clock.advance(30)
        assert told["pressroom_store_down_seconds"] == {(): 60.0}
        assert told["pressroom_store_errors_total"] == {("connect",): 2.0}
        store.get("a")
        assert told["pressroom_store_down_seconds"] == {(): 0.0}

    def test_a_conflict_is_an_answer(self, told: Told) -> None:
        behind = MemoryStore()
        store = MeasuredStore(behind, told.registry)  # type: ignore[arg-type]
        store.create("a", b"1")
        with pytest.raises((AlreadyThere, Conflict)):
            store.create("a", b"1")
        assert told["pressroom_store_errors_total"] == {}
        behind.fail_after = 0
        with pytest.raises(Unavailable):
            store.swap("b", b"2", etag=None, write_id="w")
        with pytest.raises((AlreadyThere, Conflict)):
            store.create("a", b"1")
        assert store.down_s == 0
        assert told["pressroom_store_seconds_count"] == {("create",): 3.0, ("swap",): 1.0}


class TestTheQueue:
    def test_calls_and_outages_are_counted(self, told: Told) -> None:
        def publish(parcels: Any) -> None:
            if not parcels:
                raise BackendUnavailable("queue", "is away")

        queue = MeasuredQueue(SimpleNamespace(publish=publish), told.registry)  # type: ignore[arg-type]
        queue.publish([object()])  # type: ignore[list-item]
        with pytest.raises(BackendUnavailable):
            queue.publish([])
        assert told["pressroom_broker_seconds_count"] == {("publish",): 2.0}
        assert told["pressroom_broker_errors_total"] == {(): 1.0}

    def test_depths_are_asked_for_at_most_every_five_seconds_and_nothing_is_told_while_it_is_away(
        self, told: Told, clock: SetClock
    ) -> None:
        asked: list[str] = []

        def depth(topic: str) -> Depth:
            asked.append(topic)
            if len(asked) > 1:
                raise BackendUnavailable("queue", "is away")
            return Depth(ready=900, in_flight=80, delayed=20)

        depths = Depths(SimpleNamespace(depth=depth), ["weather.request"], clock.monotonic)  # type: ignore[arg-type]
        depths.register(told.registry)
        for _ in range(3):
            assert told["pressroom_queue_full_ratio"] == {("weather.request",): 0.1}
        assert told["pressroom_queue_messages"][("weather.request", "delayed")] == 20
        assert len(asked) == 1
        clock.advance(5)
        assert told["pressroom_queue_messages"] == {}


class TestMessages:
    def test_how_they_end_is_counted_by_topic(self, told: Told, clock: SetClock) -> None:
        loop = LoopMetrics(told.registry, clock)
        for ending in ("done", "done", "retry", "dead"):
            loop.handled("feed.refresh", ending, 0.2)
        loop.redelivered("feed.refresh")
        loop.dropped("weather.request")
        counted = told["pressroom_messages_total"]
        assert (counted[("feed.refresh", "done")], counted[("feed.refresh", "retry")]) == (2.0, 1.0)
        assert told["pressroom_redeliveries_total"] == {("feed.refresh",): 1.0}
        assert told["pressroom_dropped_total"] == {("weather.request",): 1.0}

    def test_a_wait_is_that_of_a_message_which_was_free_to_go(self) -> None:
        sent = envelope(record("f", 1))
        later = NOON + timedelta(seconds=9)
        assert waited_s(sent, later) == 9
        assert waited_s(sent.model_copy(update={"attempt": 1}), later) is None
        assert waited_s(sent.model_copy(update={"not_before": NOON}), later) is None
        assert waited_s(envelope(Tick(at=NOON)), later) is None

    def test_lag_is_the_longest_wait_of_the_last_five_minutes(self, told: Told, clock: SetClock) -> None:
        loop = LoopMetrics(told.registry, clock)
        handle = loop.waited("record.publish", lambda _: None)
        handle(envelope(record("f", 1), at=clock.now() - timedelta(seconds=40)))
        handle(envelope(record("f", 1), at=clock.now()))
        assert loop.longest_s() == 40
        assert told["pressroom_wait_recent_seconds"] == {("record.publish",): 40.0}
        clock.advance(301)
        assert loop.longest_s() == 0

    def test_refreshes_records_and_what_was_given_up_are_counted_by_kind(self, told: Told) -> None:
        tally = Tally()
        tally_metrics(told.registry, tally, frozenset({"scheduler", "publisher"}))
        assert told["pressroom_given_up_total"][("bug",)] == 0.0
        work = tally.metered("publisher", lambda _: None)
        work(envelope(record("f", 1)))
        trouble = Trouble(kind=ErrorKind.DNS, message="no such name")
        work([
            envelope(Check(feed="f", turn=1, result="failed", trouble=trouble)),
            envelope(Check(feed="f", turn=2, result="stored", new_entries=3)),
        ])  # fmt: skip
        letter = DeadLetter(
            topic="t", key="k", kind="bug", reason="r", body="{}", attempts=1, deliveries=1, service="s", at=NOON
        )
        work(envelope(letter))
        assert told["pressroom_records_total"] == {(): 1.0}
        assert told["pressroom_refreshes_total"] == {("failed",): 1.0, ("stored",): 1.0}
        assert told["pressroom_source_errors_total"] == {("dns",): 1.0}
        assert told["pressroom_new_entries_total"] == {(): 3.0}
        assert told["pressroom_given_up_total"][("bug",)] == 1.0
        assert told["pressroom_handler_cpu_seconds_total"].keys() == {("publisher",)}


class TestANode:
    def test_from_a_notice_to_the_copy_is_told_as_its_lag(self, told: Told, clock: SetClock) -> None:
        node = NodeMetrics(told.registry, clock)
        node.announced("feeds/a.json", clock.now())
        clock.advance(2)
        node.announced("feeds/a.json", clock.now())
        clock.advance(1)
        node.arrived("feeds/a.json")
        node.arrived("feeds/unannounced.json")
        assert told["pressroom_visible_recent_seconds"] == {(): 3.0}
        assert told["pressroom_visible_seconds_count"] == {(): 1.0}

    def test_pages_held_ready_and_made_hits_and_misses_are_told_apart(self, told: Told, clock: SetClock) -> None:
        node = NodeMetrics(told.registry, clock)
        node.pages.add("200 OK")
        node.answered("404 Not Found", 0.01)
        for found in ("hit", "hit", "made"):
            node.kept.add(found)
        assert told["pressroom_requests_total"] == {("page", "200"): 1.0, ("dynamic", "404"): 1.0}
        assert told["pressroom_page_cache_total"] == {("hit",): 2.0, ("made",): 1.0}
        assert told["pressroom_request_seconds_count"] == {(): 1.0}

    def test_no_count_of_any_thread_is_lost_also_of_those_that_ended(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(per_thread, "THREADS_MAX", 4)
        counts = PerThread()
        for _ in range(20):
            thread = threading.Thread(target=lambda: [counts.add("200 OK") for _ in range(50)])
            thread.start()
            thread.join()
        assert counts.totals() == {"200 OK": 1000}
        assert len(counts._all) <= 5


class Machine:
    """A process that uses a share of a core, by the clock of a test."""

    def __init__(self, clock: SetClock) -> None:
        self.clock = clock
        self.used_s = 0.0
        self.share = CpuShare(clock.monotonic, lambda: self.used_s)

    def works(self, share: float, minutes: float, look: Callable[[], object] = lambda: None) -> None:
        for _ in range(int(minutes * 2)):
            self.clock.advance(30)
            self.used_s += 30 * share
            look()


class TestRoom:
    def test_the_share_of_a_core_is_that_of_the_last_five_minutes(self, clock: SetClock) -> None:
        machine = Machine(clock)
        machine.works(0.2, 60, machine.share.ratio)
        machine.works(0.9, 6, machine.share.ratio)
        assert machine.share.ratio() == pytest.approx(0.9, abs=0.01)

    @pytest.mark.parametrize(("share", "minutes", "advised"), [(0.75, 40, True), (0.69, 120, False), (0.95, 25, False)])
    def test_whoever_is_busy_for_half_an_hour_is_advised_to_get_help(
        self, clock: SetClock, share: float, minutes: float, advised: bool
    ) -> None:
        machine, watch = Machine(clock), Watch([one for one in WATCHED if one.name == "PressroomBusy"])
        said: list[str] = []

        def look() -> None:
            told = {"fetcher-1": {"pressroom_cpu_ratio": machine.share.ratio()}}
            said.extend(f"{turn.alert.severity}: {turn.text}" for turn in watch.look(told, clock.now()) if turn.up)

        machine.works(0.1, 10, look)
        machine.works(share, minutes, look)
        machine.works(0.1, 10, look)
        assert [one[:59] for one in said] == (["advice: A process used more than 70 % of a core for half an"] * advised)

    def test_cpu_memory_disk_and_version_are_told(self, told: Told, tmp_path: Path, clock: SetClock) -> None:
        process_metrics(told.registry, ["web"], tmp_path, Machine(clock).share)
        assert 0 < told["pressroom_disk_free_ratio"][()] < 1
        assert told["process_resident_memory_bytes"][()] > 1e6
        assert [labels[1] for labels in told["pressroom_info"]] == ["web"]


def test_the_largest_of_the_last_five_minutes_passes(clock: SetClock) -> None:
    recent = Recent(clock.monotonic)
    assert recent.largest() == 0
    recent.saw(7)
    clock.advance(150)
    recent.saw(3)
    assert recent.largest() == 7
    clock.advance(160)
    assert recent.largest() == 3


def test_a_pulse_carries_what_alerts_look_at_reduced_as_they_would(told: Told, clock: SetClock) -> None:
    loop = LoopMetrics(told.registry, clock)
    loop.store_is_safe(False)
    tally = Tally()
    tally.given_up.update({"bug": 2, "poison": 1})
    tally_metrics(told.registry, tally, frozenset({"publisher"}))
    assert figures(told.registry, WATCHED) == {
        "pressroom_given_up_total": 3.0,
        "pressroom_store_conditional_writes": 0.0,
    }
