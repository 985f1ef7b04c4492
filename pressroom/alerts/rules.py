"""Every alert there is. `deploy/prometheus/alerts.yml` is made from this list; the leading scheduler watches the same
conditions for the webhook. docs/operating.md has a section for each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

CLEAR_S: Final = 60.0
"""A condition must be gone for so long before its alert ends: what flickers is one alert."""


@dataclass(frozen=True, slots=True)
class Alert:
    """`reduce` of the values of `metric` over all processes, compared with `limit`, for `for_s` on end.

    `op` ">" or "<"; `grows_s`: not the value but how much it has grown within so many seconds. `by` is a label that
    Prometheus keeps apart. `expr`: what only Prometheus can see, in its own words, instead of all of these.
    """

    name: str
    severity: Literal["page", "ticket", "advice"]
    text: str
    metric: str = ""
    op: Literal[">", "<"] = ">"
    limit: float = 0.0
    reduce: Literal["max", "min", "sum"] = "max"
    for_s: float = 0.0
    grows_s: float = 0.0
    by: str = ""
    expr: str = ""

    def is_met(self, value: float) -> bool:
        return value > self.limit if self.op == ">" else value < self.limit

    def promql(self) -> str:
        if self.expr:
            return self.expr
        series = self.metric
        if self.grows_s:
            function = "increase" if self.metric.endswith("_total") else "delta"
            series = f"{function}({self.metric}[{_span(self.grows_s)}])"
        by = f" by ({self.by})" if self.by else ""
        return f"{self.reduce}{by} ({series}) {self.op} {self.limit:g}"


ALERTS: Final = (
    # --- readers get nothing new -----------------------------------------------------------------------
    Alert("PressroomNoUpdates", "page", "No feed was refreshed successfully for an hour.",
          "pressroom_update_age_seconds", limit=3600),
    Alert("PressroomNoHeadlines", "ticket", "No feed brought anything new for six hours.",
          "pressroom_headline_age_seconds", limit=21_600),
    Alert("PressroomLag", "page", "Refreshes that are due wait for more than five minutes.",
          "pressroom_lag_seconds", limit=300, for_s=300),
    Alert("PressroomSlowToPages", "ticket", "A change takes more than 30 seconds from the publisher to a node.",
          "pressroom_visible_recent_seconds", limit=30, for_s=300),
    Alert("PressroomMostFeedsFail", "page", "More than half of all feeds fail: the fault is probably on our side.",
          "pressroom_feeds_failing_ratio", limit=0.5, for_s=300),
    Alert("PressroomNodeWithoutCopies", "page", "A web node has no page to show.",
          "pressroom_node_ready", op="<", limit=1, reduce="min", for_s=120),
    # --- our own parts ---------------------------------------------------------------------------------
    Alert("PressroomServiceMissing", "page", "Nothing is heard of a service that the newsroom needs.",
          "pressroom_processes", op="<", limit=1, reduce="min", for_s=120, by="service"),
    Alert("PressroomUnwell", "ticket", "A service calls itself unwell for more than five minutes.",
          "pressroom_healthy", op="<", limit=1, reduce="min", for_s=300, by="service"),
    Alert("PressroomBreakerOpen", "page", "A topic is paused by its breaker: most of its messages fail.",
          "pressroom_breaker_open", limit=0, by="topic"),
    Alert("PressroomStoreAway", "page", "A process gets no good answer from the object store.",
          "pressroom_store_down_seconds", limit=60),
    Alert("PressroomBrokerAway", "page", "A process receives nothing from the broker.",
          "pressroom_broker_down_seconds", limit=60),
    Alert("PressroomDeadLetters", "ticket", "Messages were given up within the last ten minutes.",
          "pressroom_given_up_total", limit=0, reduce="sum", grows_s=600),
    Alert("PressroomFailuresGrow", "ticket", "More than 20 sources began to fail within an hour.",
          "pressroom_failures_open", limit=20, grows_s=3600),
    Alert("PressroomQueueFull", "ticket", "A topic is filled to more than 80 % of its bound.",
          "pressroom_queue_full_ratio", limit=0.8, for_s=300, by="topic"),
    Alert("PressroomClockOff", "ticket", "A process's clock differs from the scheduler's by more than 30 seconds.",
          "pressroom_clock_skew_seconds", limit=30, for_s=120),
    Alert("PressroomSingleWriter", "advice", "The publisher works in single-writer mode: no second one may be started.",
          "pressroom_store_conditional_writes", op="<", limit=1, reduce="min"),
    # --- room ------------------------------------------------------------------------------------------
    Alert("PressroomBusy", "advice", "A process used more than 70 % of a core for half an hour: add one of its kind.",
          "pressroom_cpu_ratio", limit=0.7, for_s=1800),
    Alert("PressroomDiskFull", "page", "Less than 10 % of a data folder's disk is free.",
          "pressroom_disk_free_ratio", op="<", limit=0.1, reduce="min", for_s=300),
    Alert("PressroomBucketGrows", "ticket", "The object store grew by more than a quarter within a day.",
          "pressroom_bucket_growth_ratio", limit=0.25),
    # --- what timers do --------------------------------------------------------------------------------
    Alert("PressroomFilesFail", "ticket", "Three synchronisations of files in a row have failed.",
          "pressroom_files_failures", limit=2),
    Alert("PressroomFilesOld", "ticket", "Files were last synchronised more than three hours ago.",
          "pressroom_files_success_age_seconds", limit=10_800),
    Alert("PressroomBackupOld", "page", "The last backup that ended well is more than 26 hours old.",
          "pressroom_backup_age_seconds", limit=93_600),
    # --- what only an onlooker sees --------------------------------------------------------------------
    Alert("PressroomDown", "page", "A process does not answer to Prometheus.",
          expr='up{job="pressroom"} == 0', for_s=120),
    Alert("PressroomNoLeader", "page", "No scheduler leads: nothing is asked for.",
          expr="sum(pressroom_leads) < 1 or absent(pressroom_leads)", for_s=120),
)  # fmt: skip

WATCHED: Final = tuple(alert for alert in ALERTS if not alert.expr)
"""Those that the newsroom can see by itself."""


def rules_file() -> str:
    """deploy/prometheus/alerts.yml."""
    lines = [
        "# Alert rules for Prometheus, made from pressroom/alerts/rules.py by scripts/alert-rules.",
        "# severity: page (somebody gets up), ticket (a working day will do), advice (nothing is wrong).",
        "groups:",
        "  - name: pressroom",
        "    rules:",
    ]
    for alert in ALERTS:
        lines += [
            f"      - alert: {alert.name}",
            f"        expr: {alert.promql()}",
            *([f"        for: {_span(alert.for_s)}"] if alert.for_s else []),
            f"        keep_firing_for: {_span(CLEAR_S)}",
            "        labels:",
            f"          severity: {alert.severity}",
            "        annotations:",
            f'          summary: "{alert.text}"',
            f"          runbook: {runbook(alert)}",
        ]
    return "\n".join(lines) + "\n"


def runbook(alert: Alert) -> str:
    """Where docs/operating.md says what to do."""
    return f"docs/operating.md#{alert.name.lower()}"


def _span(seconds: float) -> str:
    for size, unit in ((3600, "h"), (60, "m")):
        if seconds % size == 0:
            return f"{int(seconds / size)}{unit}"
    return f"{seconds:g}s"
