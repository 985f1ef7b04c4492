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

    `text` says what is wrong, `action` what to do first. `op` ">" or "<"; `grows_s`: not the value but how much it has
    grown within so many seconds. `by` is a label that Prometheus keeps apart. `expr`: what only Prometheus can see, in
    its own words, instead of all of these.
    """

    name: str
    severity: Literal["page", "ticket", "advice"]
    text: str
    action: str
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

    @property
    def counts(self) -> bool:
        """Whether its metric is a counter, which falls only when its process begins anew."""
        return self.metric.endswith("_total")

    def promql(self) -> str:
        if self.expr:
            return self.expr
        series = self.metric
        if self.grows_s:
            function = "increase" if self.counts else "delta"
            series = f"{function}({self.metric}[{_span(self.grows_s)}])"
        by = f" by ({self.by})" if self.by else ""
        return f"{self.reduce}{by} ({series}) {self.op} {self.limit:g}"


ALERTS: Final = (
    # --- readers get nothing new -----------------------------------------------------------------------
    Alert("PressroomNoUpdates", "page", "No feed was refreshed successfully for an hour.",
          "See what is in the way: `pressroom health all`, then `pressroom failures causes`.",
          "pressroom_update_age_seconds", limit=3600),
    Alert("PressroomNoHeadlines", "ticket", "No feed brought anything new for six hours.",
          "Compare a source with its feed here: `pressroom feeds list`, then `pressroom feeds show FEED`.",
          "pressroom_headline_age_seconds", limit=21_600),
    Alert("PressroomLag", "page", "Refreshes that are due wait for more than five minutes.",
          "Look where they wait: `pressroom topics list`; start more fetchers if nothing is paused.",
          "pressroom_lag_seconds", limit=300, for_s=300),
    Alert("PressroomSlowToPages", "ticket", "A change takes more than 30 seconds from the publisher to a node.",
          "Look which node it is and whether it hears the broker: `pressroom newsroom show`.",
          "pressroom_visible_recent_seconds", limit=30, for_s=300, by="instance"),
    Alert("PressroomMostFeedsFail", "page", "More than half of all feeds fail: the fault is probably on our side.",
          "Look whether they fail alike: `pressroom failures causes`; check this network's names and way out.",
          "pressroom_feeds_failing_ratio", limit=0.5, for_s=300),
    Alert("PressroomNodeWithoutCopies", "page", "A web node has no page to show.",
          "Take it from the load balancer, and see whether it reaches the store: `pressroom health web`.",
          "pressroom_node_ready", op="<", limit=1, reduce="min", for_s=120, by="instance"),
    # --- our own parts ---------------------------------------------------------------------------------
    Alert("PressroomServiceMissing", "page", "Nothing is heard of a service that the newsroom needs.",
          "Start it; `pressroom newsroom show` says which one, its unit's log says why it ended.",
          "pressroom_processes", op="<", limit=1, reduce="min", for_s=120, by="service"),
    Alert("PressroomUnwell", "ticket", "A service calls itself unwell for more than five minutes.",
          "Read what it says of itself: `pressroom newsroom show`.",
          "pressroom_healthy", op="<", limit=1, reduce="min", for_s=300, by="service"),
    Alert("PressroomBreakerOpen", "page", "A topic is paused by its breaker: most of its messages fail.",
          "Roll the last deploy back; `pressroom failures causes` shows what it broke.",
          "pressroom_breaker_open", limit=0, by="topic"),
    Alert("PressroomStoreAway", "page", "A process gets no good answer from the object store.",
          "Mend the store or the way to it; nothing is lost meanwhile.",
          "pressroom_store_down_seconds", limit=60),
    Alert("PressroomBrokerAway", "page", "A process receives nothing from the broker.",
          "Mend the broker or the way to it; nothing is lost meanwhile.",
          "pressroom_broker_down_seconds", limit=60),
    Alert("PressroomDeadLetters", "ticket", "Messages were given up within the last ten minutes.",
          "Read why: `pressroom failures causes`; replay them when that is mended.",
          "pressroom_given_up_total", limit=0, reduce="sum", grows_s=600),
    Alert("PressroomFailuresGrow", "ticket", "More than 20 sources began to fail within an hour.",
          "Look whether they fail alike: `pressroom failures causes`.",
          "pressroom_failures_open", limit=20, grows_s=3600),
    Alert("PressroomQueueFull", "ticket", "A topic is filled to more than 80 % of its bound.",
          "Look what it waits for: `pressroom topics list`; start more of the service that takes it.",
          "pressroom_queue_full_ratio", limit=0.8, for_s=300, by="topic"),
    Alert("PressroomClockOff", "ticket", "A process's clock differs from the scheduler's by more than 30 seconds.",
          "Find it with `pressroom newsroom show`, and have its machine keep the time by NTP.",
          "pressroom_clock_skew_seconds", limit=30, for_s=120),
    Alert("PressroomSingleWriter", "advice", "The publisher works in single-writer mode: no second one may be started.",
          "Move to a store that honours conditional writes before a second publisher is wanted.",
          "pressroom_store_conditional_writes", op="<", limit=1, reduce="min"),
    # --- room ------------------------------------------------------------------------------------------
    Alert("PressroomBusy", "advice", "A process used more than 70 % of a core for half an hour.",
          "Add one of its kind before the busy hour comes again; docs/scaling.md says which and when.",
          "pressroom_cpu_ratio", limit=0.7, for_s=1800, by="instance"),
    Alert("PressroomDiskFull", "page", "Less than 10 % of a data folder's disk is free.",
          "Free space there, or give it a larger disk; the queue and the copies lie in it.",
          "pressroom_disk_free_ratio", op="<", limit=0.1, reduce="min", for_s=300, by="instance"),
    Alert("PressroomBucketGrows", "ticket", "The object store grew by more than a quarter within a day.",
          "Look what grew: `pressroom newsroom show --json`; keep fewer versions or raw answers by the settings.",
          "pressroom_bucket_growth_ratio", limit=0.25),
    # --- what timers do --------------------------------------------------------------------------------
    Alert("PressroomFilesFail", "ticket", "Three synchronisations of files in a row have failed.",
          "Read why: `pressroom files status DIR`.",
          "pressroom_files_failures", limit=2),
    Alert("PressroomFilesOld", "ticket", "Files were last synchronised more than three hours ago.",
          "Look whether the timer runs: `systemctl list-timers pressroom-files.timer`.",
          "pressroom_files_success_age_seconds", limit=10_800),
    Alert("PressroomBackupOld", "page", "The last backup that ended well is more than 26 hours old.",
          "Make one now, by hand: `pressroom backup`; then see to its timer.",
          "pressroom_backup_age_seconds", limit=93_600),
    # --- what only an onlooker sees --------------------------------------------------------------------
    Alert("PressroomDown", "page", "A process does not answer to Prometheus.",
          "Look whether it runs; its unit's log says why it ended.",
          expr='up{job="pressroom"} == 0', for_s=120),
    Alert("PressroomNoLeader", "page", "No scheduler leads: nothing is asked for.",
          "Start a scheduler; one that runs and does not lead says why in `pressroom health`.",
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
            f'          action: "{alert.action}"',
            *_value(alert),
            f"          runbook: {runbook(alert)}",
        ]
    return "\n".join(lines) + "\n"


def _value(alert: Alert) -> list[str]:
    """The annotation that says how bad it is, and where."""
    if alert.expr:
        return []
    where = f" ({{{{ $labels.{alert.by} }}}})" if alert.by else ""
    return [f"          value: '{{{{ printf \"%.4g\" $value }}}}, limit {alert.limit:g}{where}'"]


def runbook(alert: Alert) -> str:
    """Where docs/operating.md says what to do."""
    return f"docs/operating.md#{alert.name.lower()}"


def _span(seconds: float) -> str:
    for size, unit in ((3600, "h"), (60, "m")):
        if seconds % size == 0:
            return f"{int(seconds / size)}{unit}"
    return f"{seconds:g}s"
