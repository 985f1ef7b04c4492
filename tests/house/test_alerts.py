"""Alerts: Prometheus and our own watch, given the same figures, fire and end as the list says."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pressroom.alerts.rules import ALERTS, CLEAR_S, WATCHED, Alert, rules_file, runbook
from pressroom.alerts.watch import Watch
from pressroom.metrics.names import METRICS
from schemas.status import FIGURES_MAX

RULES = Path(__file__).parents[2] / "deploy/prometheus/alerts.yml"
STEP_S = 30
NOON = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)

needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is missing: run scripts/system")


@dataclass(frozen=True)
class Scene:
    """What a metric is, step by step: `before` for a while, `bad` for as long as it takes and longer, `before` again.

    `beside`: the same metric of another process, which is well all the time. A counter does not fall: it stays.
    """

    before: float
    bad: float
    labels: str = ""
    beside: bool = True
    metric: str = ""

    def values(self, alert: Alert) -> list[float]:
        quiet, trouble = self.quiet(alert), self.trouble(alert)
        after = self.bad if alert.grows_s else self.before
        return [self.before] * quiet + [self.bad] * trouble + [after] * (quiet + 10)

    def quiet(self, alert: Alert) -> int:
        return int(alert.grows_s / STEP_S) + 4

    def trouble(self, alert: Alert) -> int:
        return int(alert.for_s / STEP_S) + 4


SCENES = {
    "PressroomNoUpdates": Scene(3600, 3630),
    "PressroomNoHeadlines": Scene(21_600, 21_630),
    "PressroomLag": Scene(300, 301),
    "PressroomSlowToPages": Scene(30, 31),
    "PressroomMostFeedsFail": Scene(0.5, 0.51),
    "PressroomNodeWithoutCopies": Scene(1, 0),
    "PressroomServiceMissing": Scene(1, 0, 'service="weather"'),
    "PressroomUnwell": Scene(1, 0, 'service="fetcher"'),
    "PressroomBreakerOpen": Scene(0, 1, 'topic="record.publish"'),
    "PressroomStoreAway": Scene(60, 61),
    "PressroomBrokerAway": Scene(60, 61),
    "PressroomDeadLetters": Scene(3, 4, 'kind="bug"'),
    "PressroomFailuresGrow": Scene(5, 26),
    "PressroomQueueFull": Scene(0.8, 0.81, 'topic="dead"'),
    "PressroomClockOff": Scene(30, 31),
    "PressroomSingleWriter": Scene(1, 0),
    "PressroomBusy": Scene(0.7, 0.71),
    "PressroomDiskFull": Scene(0.1, 0.09),
    "PressroomBucketGrows": Scene(0.25, 0.26),
    "PressroomFilesFail": Scene(2, 3),
    "PressroomFilesOld": Scene(10_800, 10_830),
    "PressroomBackupOld": Scene(93_600, 93_630),
    "PressroomDown": Scene(1, 0, 'job="pressroom"', metric="up"),
    "PressroomNoLeader": Scene(1, 0, metric="pressroom_leads", beside=False),
}


def test_the_rules_of_prometheus_are_what_the_list_says():
    assert RULES.read_text() == rules_file(), "run scripts/alert-rules"
    # One of them looks for a job of this name.
    assert "- job_name: pressroom\n" in RULES.with_name("prometheus.yml").read_text()


def test_every_alert_looks_at_a_metric_that_there_is_and_says_what_to_do():
    for alert in ALERTS:
        assert bool(alert.expr) or alert.metric in METRICS, alert.name
        assert alert.action.endswith("."), alert.name
        assert f"runbook: {runbook(alert)}\n" in rules_file()
    assert len({alert.metric for alert in WATCHED}) <= FIGURES_MAX


def test_every_alert_has_its_scene():
    assert {alert.name for alert in ALERTS} == SCENES.keys()


@needs_promtool
@pytest.mark.parametrize("what", [("rules", RULES), ("config", RULES.with_name("prometheus.yml"))])
def test_promtool_finds_nothing_wrong(what):
    kind, path = what
    found = subprocess.run(["promtool", "check", kind, str(path)], capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr


def series(scene: Scene, alert: Alert) -> list[dict[str, str]]:
    name = scene.metric or alert.metric
    labels = [one for one in (scene.labels, 'instance="{}"') if one]
    rows = {"a": scene.values(alert)}
    if scene.beside:
        rows["b"] = [scene.before] * len(rows["a"])
    return [
        {"series": f"{name}{{{','.join(labels).format(process)}}}", "values": " ".join(f"{value:g}" for value in row)}
        for process, row in rows.items()
    ]


@dataclass
class Times:
    """Steps at which an alert must be up or must not, whoever looks."""

    quiet: list[int] = field(default_factory=list)
    up: list[int] = field(default_factory=list)


def times(alert: Alert) -> Times:
    scene = SCENES[alert.name]
    first = scene.quiet(alert)
    last = first + scene.trouble(alert) - 1
    patient = int(alert.for_s / STEP_S)
    # What has grown stays grown for as long as the window looks back.
    over = last + int((alert.grows_s + CLEAR_S) / STEP_S) + 2
    return Times(quiet=[first - 1, *([first + patient - 1] if patient else []), over], up=[first + patient, last])


def scene_of(alert: Alert) -> dict[str, Any]:
    firing = f'count(ALERTS{{alertname="{alert.name}",alertstate="firing"}})'
    asked = [(step, True) for step in times(alert).up] + [(step, False) for step in times(alert).quiet]
    return {
        "name": alert.name,
        "interval": f"{STEP_S}s",
        "input_series": series(SCENES[alert.name], alert),
        "promql_expr_test": [
            {
                "expr": firing,
                "eval_time": f"{step * STEP_S}s",
                "exp_samples": [{"labels": "{}", "value": 1}] if up else [],
            }
            for step, up in asked
        ],
    }


READ = {
    "name": "what an operator reads",
    "interval": "30s",
    "input_series": [{"series": 'pressroom_queue_full_ratio{instance="a",topic="dead"}', "values": "0.9x20"}],
    "alert_rule_test": [
        {
            "eval_time": "6m",
            "alertname": "PressroomQueueFull",
            "exp_alerts": [
                {
                    "exp_labels": {"severity": "ticket", "topic": "dead"},
                    "exp_annotations": {
                        "summary": "A topic is filled to more than 80 % of its bound.",
                        "action": "Look what it waits for: `pressroom topics list`; start more of the service that "
                        "takes it.",
                        "value": "0.9, limit 0.8 (dead)",
                        "runbook": "docs/operating.md#pressroomqueuefull",
                    },
                }
            ],
        }
    ],
}

FLICKERING = {
    "name": "what comes and goes is one alert",
    "interval": "30s",
    "input_series": [{"series": 'pressroom_breaker_open{topic="dead"}', "values": "0 1 0 1 0 1 0 0 0 0"}],
    "promql_expr_test": [
        {
            "expr": 'count(ALERTS{alertname="PressroomBreakerOpen",alertstate="firing"})',
            "eval_time": f"{step * STEP_S}s",
            "exp_samples": [{"labels": "{}", "value": 1}] if 1 <= step <= 7 else [],
        }
        for step in range(10)
    ],
}


@needs_promtool
def test_prometheus_fires_and_ends_each_alert_in_its_scene(tmp_path):
    tests = [*map(scene_of, ALERTS), READ, FLICKERING]
    scenes = tmp_path / "scenes.yml"
    scenes.write_text(json.dumps({"rule_files": [str(RULES)], "evaluation_interval": f"{STEP_S}s", "tests": tests}))
    found = subprocess.run(["promtool", "test", "rules", str(scenes)], capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize("alert", WATCHED, ids=lambda alert: alert.name)
def test_the_newsrooms_own_watch_says_the_same_of_the_same_figures(alert):
    scene, watch = SCENES[alert.name], Watch([alert])
    up, said = set(), []
    for step, value in enumerate(scene.values(alert)):
        told = {"a": {alert.metric: value}, "b": {alert.metric: scene.before}}
        turns = watch.look(told, NOON + timedelta(seconds=step * STEP_S))
        said += [turn.up for turn in turns]
        if said and said[-1]:
            up.add(step)
    assert up.issuperset(times(alert).up)
    assert up.isdisjoint(times(alert).quiet)
    assert said == [True, False]
