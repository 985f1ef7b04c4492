"""The probe at start finds out every store whose conditional writes can't be relied on."""

from __future__ import annotations

import os
import threading

import pytest

from pressroom.clock import SystemClock
from pressroom.objects import StoreMisconfigured, open_store
from pressroom.objects.probe import FOLDER, probe, probe_when_there
from pressroom.settings import Settings
from pressroom.testing.seaweed import shared_seaweed
from services.embedded import Newsroom
from tests.fakes.s3_faults import FaultProxy, say
from tests.fakes.s3_http import Answer
from tests.fakes.s3_server import FakeS3, Rules
from tests.fakes.scripted_queue import ScriptedQueue

KEYS = {"access_key": "any", "secret_key": "any"}


class ImpatientClock(SystemClock):
    """Waits for nothing and remembers for how long it was asked to."""

    def __init__(self) -> None:
        self.waits_s: list[float] = []

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        self.waits_s.append(timeout_s)
        return event.is_set()


def opened(server: FakeS3 | FaultProxy, *bucket: str):
    return open_store(server.url(*bucket), clock=SystemClock(), **KEYS)


def seen_of(**rules: object) -> str:
    with FakeS3(Rules(**rules)) as fake:
        seen = probe(opened(fake))
        assert fake.objects["bucket"] == {}
    assert not seen.is_safe
    return "; ".join(seen.faults)


# --- good stores -------------------------------------------------------------------------------------


def test_a_directory_is_safe(tmp_path):
    assert probe(open_store(str(tmp_path), clock=SystemClock())).is_safe


def test_seaweedfs_is_safe_and_keeps_nothing_of_the_probe():
    server = shared_seaweed()
    store = open_store(server.s3_url(), clock=SystemClock(), access_key=server.access_key, secret_key=server.secret_key)
    seen = probe(store)
    assert seen.is_safe, seen
    assert str(seen).endswith("conditional writes are honoured, also when they race")
    assert list(store.list(FOLDER, limit=10)) == []


# --- stores that lose writes -------------------------------------------------------------------------


def test_a_store_that_ignores_if_none_match_is_found_out():
    assert seen_of(honours=frozenset({"If-Match"})) == "If-None-Match is ignored"


def test_a_store_that_ignores_if_match_is_found_out():
    assert seen_of(honours=frozenset({"If-None-Match"})) == "If-Match is ignored"


def test_a_store_that_ignores_both_is_found_out():
    assert seen_of(honours=frozenset()) == "If-None-Match is ignored; If-Match is ignored"


def test_a_store_that_lets_others_write_between_check_and_write_is_found_out():
    seen = seen_of(window_s=0.2)
    assert "creates of one object succeeded at once, so If-None-Match does not hold in a race" in seen
    assert "swaps of one ETag succeeded at once, so If-Match does not hold in a race" in seen


def test_a_store_that_says_stored_and_keeps_nothing_is_found_out():
    with FakeS3() as fake, FaultProxy(fake.endpoint) as proxy:
        proxy.plan("PUT", *[lambda _request, _forward: Answer(200, {"ETag": '"said"'})] * 8)
        assert probe(opened(proxy, "bucket")).faults == ("an object that was just created can't be read",)


def test_a_store_that_refuses_conditions_is_a_matter_for_a_person():
    with FakeS3() as fake, FaultProxy(fake.endpoint) as proxy:
        proxy.plan("PUT", *[say(501, "NotImplemented")] * 8)
        with pytest.raises(StoreMisconfigured, match="can't do conditional writes"):
            probe(opened(proxy, "bucket"))


# --- waiting and clearing up -------------------------------------------------------------------------


def test_the_probe_waits_longer_and_longer_for_a_store_that_comes_late():
    clock, said = ImpatientClock(), []
    with FakeS3() as fake, FaultProxy(fake.endpoint) as proxy:
        proxy.refuse()

        def on_wait(error) -> None:
            said.append(error.kind)
            if len(said) == 7:
                proxy.accept()

        seen = probe_when_there(opened(proxy, "bucket"), clock, threading.Event(), on_wait)
    assert seen.is_safe
    assert said == ["connect"] * 7
    assert clock.waits_s == [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0]


def test_a_store_that_fails_in_mid_race_is_probed_again():
    with FakeS3() as fake, FaultProxy(fake.endpoint) as proxy:
        proxy.plan("PUT", *[say(503, "SlowDown")] * 3)
        said = []
        seen = probe_when_there(opened(proxy, "bucket"), ImpatientClock(), threading.Event(), said.append)
    assert seen.is_safe
    assert [error.kind for error in said] == ["slow_down"]


def test_a_stop_ends_the_waiting():
    stop = threading.Event()
    with FakeS3() as fake, FaultProxy(fake.endpoint) as proxy:
        proxy.refuse()
        assert probe_when_there(opened(proxy, "bucket"), ImpatientClock(), stop, lambda _: stop.set()) is None


def test_what_killed_probes_left_long_ago_is_removed_but_not_what_others_do_now(tmp_path):
    store = open_store(str(tmp_path), clock=SystemClock())
    for name in ("old", "new"):
        store.create(f"{FOLDER}{name}.json", b"")
    os.utime(tmp_path / "probe/old.json", (1_700_000_000, 1_700_000_000))
    probe(store)
    assert [one.key for one in store.list(FOLDER, limit=10)] == [f"{FOLDER}new.json"]


# --- what a publisher does about it ------------------------------------------------------------------


def test_on_a_store_that_loses_writes_a_publisher_starts_as_the_single_writer_or_not_at_all(tmp_path, caplog):
    def publisher(**named: object) -> Newsroom:
        settings = Settings(data=tmp_path, **named)
        return Newsroom(settings, ScriptedQueue(), opened(fake), SystemClock(), ["publisher"])

    with FakeS3(Rules(honours=frozenset())) as fake:
        with pytest.raises(StoreMisconfigured, match="Two writers could overwrite each other.*PRESSROOM_SINGLE_WRITER"):
            publisher().start()
        assert fake.objects["bucket"] == {}
        with publisher(single_writer=True) as room:
            assert "single-writer mode: object store s3://bucket" in caplog.text
            assert room.registry.get_sample_value("pressroom_store_conditional_writes") == 0.0
            assert room.vitals["publisher"].verdict().is_well


def test_who_writes_no_heads_starts_on_any_store(tmp_path):
    with FakeS3(Rules(honours=frozenset())) as fake:
        settings = Settings(data=tmp_path)
        with Newsroom(settings, ScriptedQueue(), opened(fake), SystemClock(), ["fetcher"]) as room:
            assert room.vitals["fetcher"].verdict().is_well
