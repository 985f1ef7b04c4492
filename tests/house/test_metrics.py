"""Metrics: docs/metrics.md lists what each running service tells at /metrics, all of it and nothing else."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import urllib.request
from pathlib import Path

import pytest

from pressroom.clock import SystemClock
from pressroom.metrics.names import BACK_ENDS, METRICS, reference, told_by
from pressroom.settings import Settings
from pressroom.testing.gazetteer import lay_gazetteer
from pressroom.wiring import queue_of, store_of
from services import SERVICES
from services.embedded import Newsroom
from services.web.worker import start_node
from tests.pipeline.world import write_site

ROOT = Path(__file__).parents[2]

# What operators were promised, each with the metrics that keep it.
PROMISED = {
    "lag: the oldest due refresh": ["pressroom_lag_seconds"],
    "lag: from the publisher to each node": ["pressroom_visible_seconds", "pressroom_visible_recent_seconds"],
    "rates": ["pressroom_refreshes_total", "pressroom_records_total", "pressroom_requests_total"],
    "outcomes by kind": ["pressroom_messages_total", "pressroom_source_errors_total", "pressroom_given_up_total"],
    "retries": ["pressroom_redeliveries_total", "pressroom_messages_total"],
    "queue depths": ["pressroom_queue_messages", "pressroom_queue_full_ratio"],
    "cache hits and misses": ["pressroom_page_cache_total", "pressroom_copy_checks_total"],
    "render and request latency": ["pressroom_render_seconds", "pressroom_request_seconds"],
    "store and broker latency": ["pressroom_store_seconds", "pressroom_broker_seconds"],
    "bucket size and objects by prefix": ["pressroom_bucket_bytes", "pressroom_bucket_objects"],
    "files in step": [
        "pressroom_files_success_age_seconds",
        "pressroom_files_seconds",
        "pressroom_files_failures",
    ],
    "CPU and memory": ["process_cpu_seconds_total", "process_resident_memory_bytes", "pressroom_cpu_ratio"],
    "probe state": ["pressroom_healthy", "pressroom_node_ready"],
}


def test_the_metrics_page_is_what_the_list_says():
    assert (ROOT / "docs/metrics.md").read_text() == reference(), "run scripts/metrics-doc"


@pytest.mark.parametrize("promise", PROMISED)
def test_each_promise_has_its_metrics(promise):
    assert set(PROMISED[promise]) <= METRICS.keys()


def test_names_follow_the_conventions_of_prometheus():
    for name, metric in METRICS.items():
        assert re.fullmatch(r"(pressroom|process)_[a-z]+(_[a-z]+)*", name), name
        assert name.endswith("_total") == (metric.kind == "counter"), name
        assert not re.search(r"_(ms|milliseconds|minutes|kb|megabytes|percent)(_|$)", name), f"{name}: base units"


@pytest.fixture
def settings(tmp_path):
    lay_gazetteer(tmp_path)
    write_site(tmp_path / "sites", "news", [])
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    return Settings(data=tmp_path, sites=tmp_path / "sites", metrics_port=port)


def told(settings: Settings) -> set[str]:
    """The names at /metrics of the process that was started with these settings, in words that promtool accepts."""
    text = urllib.request.urlopen(f"http://127.0.0.1:{settings.metrics_port}/metrics").read().decode()
    if shutil.which("promtool") is not None:
        found = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
        assert (found.returncode, found.stderr) == (0, "")
    return set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))


@pytest.mark.parametrize("services", [*((name,) for name in sorted(BACK_ENDS)), SERVICES], ids="+".join)
def test_running_services_tell_exactly_what_the_list_says(services, settings):
    clock = SystemClock()
    queue = queue_of(settings, clock)
    with Newsroom(settings, queue, store_of(settings, clock), clock, services):
        found = told(settings)
    queue.close()
    assert found == told_by(frozenset(services))


def test_a_node_of_a_fleet_tells_exactly_what_the_list_says(settings):
    node = start_node(settings)
    found = told(settings)
    node.stop()
    assert found == told_by(frozenset({"web"}))
