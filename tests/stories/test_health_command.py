"""`pressroom health`: a table for people, an exit code for systemd, compose and load balancers."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from prometheus_client import CollectorRegistry

from pressroom.clock import SetClock
from pressroom.consumer.loop import ConsumerHealth
from pressroom.health import HealthServer, Vitals
from pressroom.objects.directory import DirectoryStore
from schemas import keys
from schemas.status import Census, Firing, FleetStatus, Seen, Signs
from services.cli import pressroom as command
from services.cli.fleet import lines, wrong
from tests.fakes.faultserver import Answer, FaultServer

NOON = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
WELL = ConsumerHealth(alive=True, trouble=None, paused_because=None, breaker_open=False, under_way=0, last_done_at=NOON)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, ["health", *arguments], catch_exceptions=False)


class Process:
    """A process with two services that a probe can ask."""

    def __init__(self) -> None:
        self.health = WELL
        made = []
        for service, topic in (("fetcher", "feed.refresh"), ("publisher", "record.publish")):
            vitals = Vitals(service, SetClock().now, 3600)
            vitals.watch(topic, lambda: self.health)
            made.append(vitals)
        self.server = HealthServer("127.0.0.1", 0, made, CollectorRegistry())
        self.server.start()


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> Iterator[Process]:
    made = Process()
    monkeypatch.setenv("PRESSROOM_METRICS_PORT", str(made.server.port))
    yield made
    made.server.stop(1)


def test_each_service_of_a_process_has_its_row_and_0_says_that_all_are_well(process: Process) -> None:
    result = run()
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "service    state  last done",
        "fetcher    well   2026-01-01 12:00:00 UTC",
        "publisher  well   2026-01-01 12:00:00 UTC",
    ]


def test_what_is_wrong_stands_below_and_1_says_that_something_is(process: Process) -> None:
    process.health = ConsumerHealth(
        alive=False, trouble=None, paused_because=None, breaker_open=False, under_way=0, last_done_at=None
    )
    result = run()
    assert result.exit_code == 1
    assert "fetcher    not well  –" in result.output
    assert "publisher: record.publish: its threads have ended; restart the service" in result.output
    assert [one["well"] for one in json.loads(run("--json").output)["services"]] == [False, False]


def test_a_client_that_says_nothing_is_let_go_without_a_word(
    process: Process, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("pressroom.health._Quiet.timeout", 0.05)
    with socket.create_connection(("127.0.0.1", process.server.port)) as silent:
        silent.settimeout(5)
        assert silent.recv(1) == b""
    assert run().exit_code == 0
    assert capsys.readouterr().err == ""


def test_who_answers_nothing_or_rubbish_is_not_well() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
    assert run("--port", str(port)).exit_code == 1


def test_without_a_port_to_ask_it_is_the_operators_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PRESSROOM_METRICS_PORT", raising=False)
    result = run()
    assert result.exit_code == 2
    assert "PRESSROOM_METRICS_PORT" in result.output


@pytest.mark.parametrize(
    ("status", "ready", "says"),
    [
        (200, True, "web: has heard nothing from the broker since 2026-01-01 12:00:00 UTC"),
        (503, False, "there is no page to show yet"),
    ],
)
def test_a_web_node_says_what_it_has_and_what_it_misses(
    faultserver: FaultServer, status: int, ready: bool, says: str
) -> None:
    health = {"ready": ready, "sites": 3, "copies": 120, "store_down_since": None, "broker_down_since": None}
    health["broker_down_since"] = NOON.isoformat() if ready else None
    faultserver.script("/readyz", Answer(status, json.dumps(health).encode()))
    result = run("web", "--port", str(faultserver.port))
    assert result.exit_code == (0 if ready else 1)
    assert result.output.splitlines()[1].split() == ["web", *(["well"] if ready else ["not", "well"]), "3", "120"]
    assert says in result.output


# --- all of it ------------------------------------------------------------------------------------


def seen(process: str, *services: str, heard_s: float = 0, **fields: object) -> Seen:
    at = NOON - timedelta(seconds=heard_s)
    return Seen(
        signs=Signs(process=process, services=services, version="1", started_at=at, at=at, **fields),  # type: ignore[arg-type]
        heard_at=at,
    )


def fleet(*processes: Seen, **fields: object) -> FleetStatus:
    said = {"at": NOON, "census": Census(feeds=7, lag_s=2.5), "needed": ("fetcher", "web"), **fields}
    return FleetStatus(processes=processes, **said)  # type: ignore[arg-type]


BOTH = (seen("fetcher-1", "fetcher", cpu_ratio=0.42, memory_bytes=71_000_000), seen("web-1", "web"))


def test_a_newsroom_is_well_when_every_service_it_needs_is_served() -> None:
    assert wrong(fleet(*BOTH), NOON) == []
    # A deploy: the old process is gone, its successor is there.
    assert wrong(fleet(*BOTH, seen("web-0", "web", heard_s=300)), NOON) == []


@pytest.mark.parametrize(
    ("said", "later_s", "says"),
    [
        (None, 0, "no scheduler has said yet how the newsroom is"),
        (fleet(*BOTH), 151, "the leading scheduler has said nothing since 2026-01-01 12:00:00 UTC"),
        (fleet(BOTH[0]), 0, "nothing is heard of web"),
        (fleet(BOTH[0], seen("web-1", "web", heard_s=91)), 0, "nothing is heard of web"),
        (fleet(*BOTH, seen("fetcher-2", "fetcher", faults=("it is ill",))), 0, "fetcher-2: it is ill"),
        (fleet(*BOTH, firing=(Firing(alert="A", severity="page", since=NOON, text="bad"),)), 0, "A: bad"),
    ],
)
def test_a_newsroom_is_not_well(said: FleetStatus | None, later_s: float, says: str) -> None:
    assert wrong(said, NOON + timedelta(seconds=later_s)) == [says]


def test_an_alert_that_can_wait_for_the_day_does_not_make_it_unwell() -> None:
    ticket = Firing(alert="A", severity="ticket", since=NOON, text="slow")
    assert wrong(fleet(*BOTH, firing=(ticket,)), NOON) == []
    assert lines(fleet(*BOTH, firing=(ticket,)), NOON)[-1] == "ticket: A since 2026-01-01 12:00:00 UTC: slow"


def test_all_is_a_table_and_an_exit_code(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PRESSROOM_DATA", str(tmp_path))
    monkeypatch.setenv("PRESSROOM_OBJECTS_URL", "")
    monkeypatch.setenv("PRESSROOM_QUEUE_URL", "")
    assert run("all").exit_code == 1
    store = DirectoryStore(tmp_path / "objects")
    store.swap(keys.STATUS_SERVICES, fleet(*BOTH).as_json(), etag=None, write_id="w")
    result = run("all")
    assert result.exit_code == 1
    assert "fetcher-1  silent  0 s  42%  71.0 MB  –" in result.output
    assert json.loads(run("all", "--json").output)["well"] is False
