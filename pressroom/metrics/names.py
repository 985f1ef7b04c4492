"""Every metric there is, with the services that tell it. docs/metrics.md is made from this list, and a test holds
what each running service exposes to it. Names follow Prometheus: base units, `_total` for counters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

BACK_ENDS: Final = frozenset({"scheduler", "fetcher", "weather", "publisher"})
WEB: Final = frozenset({"web"})
SCHEDULER: Final = frozenset({"scheduler"})
FETCHER: Final = frozenset({"fetcher"})
PUBLISHER: Final = frozenset({"publisher"})
ALL: Final = BACK_ENDS | WEB


@dataclass(frozen=True, slots=True)
class Metric:
    """`by`: the services that expose it."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    text: str
    by: frozenset[str] = ALL
    labels: tuple[str, ...] = ()


_LIST: Final = (
    # --- every process ---------------------------------------------------------------------------------
    Metric("process_cpu_seconds_total", "counter", "CPU time of the process"),
    Metric("process_resident_memory_bytes", "gauge", "memory of the process that is in RAM"),
    Metric("process_virtual_memory_bytes", "gauge", "memory of the process, reserved"),
    Metric("process_start_time_seconds", "gauge", "when the process started, since the epoch"),
    Metric("process_open_fds", "gauge", "open files and connections"),
    Metric("process_max_fds", "gauge", "how many there may be"),
    Metric("pressroom_info", "gauge", "always 1: which version serves what", labels=("version", "services")),
    Metric("pressroom_cpu_ratio", "gauge", "share of one core that the process used in the last five minutes"),
    Metric("pressroom_healthy", "gauge", "1 while the service is well, as /readyz says it", labels=("service",)),
    Metric("pressroom_disk_free_ratio", "gauge", "share of the data folder's disk that is free"),
    Metric("pressroom_store_seconds", "histogram", "time of a call to the object store", labels=("operation",)),
    Metric("pressroom_store_errors_total", "counter", "calls to the store that failed, by kind", labels=("kind",)),
    Metric("pressroom_store_down_seconds", "gauge", "for how long every call to the store has failed; 0: it answers"),
    Metric("pressroom_broker_seconds", "histogram", "time of a call to the queue", labels=("operation",)),
    Metric("pressroom_broker_errors_total", "counter", "calls to the queue that failed"),
    Metric("pressroom_broker_down_seconds", "gauge", "for how long nothing is received from the queue; 0: it works"),
    # --- every back end: its consumers -----------------------------------------------------------------
    Metric("pressroom_messages_total", "counter", "messages that are over, by how they ended (done, retry, defer, "
           "bug, dead, early, too_new, expired, dropped)", BACK_ENDS, ("topic", "ending")),
    Metric("pressroom_handler_seconds", "histogram", "time of a handler", BACK_ENDS, ("topic",)),
    Metric("pressroom_handler_cpu_seconds_total", "counter", "CPU time of a service's handlers", BACK_ENDS,
           ("service",)),
    Metric("pressroom_wait_seconds", "histogram", "time from a message's sending to its handler; retries and delays "
           "are not counted", BACK_ENDS, ("topic",)),
    Metric("pressroom_wait_recent_seconds", "gauge", "the longest such wait of the last five minutes: a back end's lag",
           BACK_ENDS, ("topic",)),
    Metric("pressroom_last_done_timestamp_seconds", "gauge", "when a message was last finished, since the epoch",
           BACK_ENDS, ("topic",)),
    Metric("pressroom_reconnects_total", "counter", "times a consumer lost its place at the queue and took it anew, "
           "however short that was", BACK_ENDS, ("topic",)),
    Metric("pressroom_redeliveries_total", "counter", "messages that came again", BACK_ENDS, ("topic",)),
    Metric("pressroom_dropped_total", "counter", "messages not sent because their topic was full", BACK_ENDS,
           ("topic",)),
    Metric("pressroom_paused_seconds_total", "counter", "time in which a consumer began nothing", BACK_ENDS,
           ("topic",)),
    Metric("pressroom_breaker_open", "gauge", "1 while a topic is paused by its breaker", BACK_ENDS, ("topic",)),
    # --- the scheduler; only the one that leads has values for most ------------------------------------
    Metric("pressroom_leads", "gauge", "1 for the scheduler that leads", SCHEDULER),
    Metric("pressroom_feeds", "gauge", "feeds, by state: known, due, under_way, failing, stopped, paused", SCHEDULER,
           ("state",)),
    Metric("pressroom_feeds_failing_ratio", "gauge", "share of the feeds that failed at their last check", SCHEDULER),
    Metric("pressroom_lag_seconds", "gauge", "for how long the oldest refresh that could go out, or is out, is due",
           SCHEDULER),
    Metric("pressroom_update_age_seconds", "gauge", "time since a refresh last succeeded", SCHEDULER),
    Metric("pressroom_headline_age_seconds", "gauge", "time since a feed last brought something new", SCHEDULER),
    Metric("pressroom_failures_open", "gauge", "sources' streaks of trouble that operators see as failures", SCHEDULER),
    Metric("pressroom_refreshes_total", "counter", "refreshes that ended: stored, unchanged, failed, lost", SCHEDULER,
           ("result",)),
    Metric("pressroom_source_errors_total", "counter", "failed refreshes, by error kind", SCHEDULER, ("kind",)),
    Metric("pressroom_new_entries_total", "counter", "entries that were new", SCHEDULER),
    Metric("pressroom_queue_messages", "gauge", "messages of a topic: ready, in_flight, delayed", SCHEDULER,
           ("topic", "state")),
    Metric("pressroom_queue_full_ratio", "gauge", "how full a topic is, of its bound", SCHEDULER, ("topic",)),
    Metric("pressroom_processes", "gauge", "processes of a service heard of in the last 90 seconds", SCHEDULER,
           ("service",)),
    Metric("pressroom_clock_skew_seconds", "gauge", "how far the clock of a process differs from the leader's, at most",
           SCHEDULER),
    Metric("pressroom_bucket_objects", "gauge", "objects in the store, counted every six hours", SCHEDULER,
           ("prefix",)),
    Metric("pressroom_bucket_bytes", "gauge", "their bytes", SCHEDULER, ("prefix",)),
    Metric("pressroom_bucket_growth_ratio", "gauge", "growth of the store in a day; 0 below 1 GiB", SCHEDULER),
    Metric("pressroom_files_success_age_seconds", "gauge", "time since files were last synchronised", SCHEDULER),
    Metric("pressroom_files_seconds", "gauge", "how long that took", SCHEDULER),
    Metric("pressroom_files_failures", "gauge", "synchronisations of files that failed since the last success",
           SCHEDULER),
    Metric("pressroom_backup_age_seconds", "gauge", "time since the last backup ended well", SCHEDULER),
    Metric("pressroom_alerts_firing", "gauge", "alerts that the leader has told the webhook of", SCHEDULER),
    Metric("pressroom_webhook_errors_total", "counter", "deliveries to the webhook that failed", SCHEDULER),
    # --- the fetcher -----------------------------------------------------------------------------------
    Metric("pressroom_documents_read_total", "counter", "documents read, by reader: quick, careful (feedparser, "
           "ten times the price), json", FETCHER, ("reader",)),
    # --- the publisher ---------------------------------------------------------------------------------
    Metric("pressroom_records_total", "counter", "records of feeds and weather that were published", PUBLISHER),
    Metric("pressroom_given_up_total", "counter", "messages given up, by error kind", PUBLISHER, ("kind",)),
    Metric("pressroom_store_conditional_writes", "gauge", "1: the store honours conditional writes, as its probe saw; "
           "0: single-writer mode", PUBLISHER),
    # --- web nodes -------------------------------------------------------------------------------------
    Metric("pressroom_requests_total", "counter", "answers to readers; how: page (held ready) or dynamic", WEB,
           ("how", "status")),
    Metric("pressroom_request_seconds", "histogram", "time of a dynamic request; a page held ready is a look-up", WEB),
    Metric("pressroom_render_seconds", "histogram", "time to render the pages of a site", WEB),
    Metric("pressroom_copy_checks_total", "counter", "copies checked with the store: changed, same, absent, broken, "
           "failed", WEB, ("found",)),
    Metric("pressroom_page_cache_total", "counter", "pages for some readers only: hit or made", WEB, ("found",)),
    Metric("pressroom_copies", "gauge", "objects that the node keeps copies of", WEB),
    Metric("pressroom_sites", "gauge", "sites that the node shows", WEB),
    Metric("pressroom_node_ready", "gauge", "1 as soon as the node has a page to show", WEB),
    Metric("pressroom_visible_seconds", "histogram", "time from the publisher's notice to the node holding the copy",
           WEB),
    Metric("pressroom_visible_recent_seconds", "gauge", "the longest such time of the last five minutes", WEB),
)  # fmt: skip

METRICS: Final[dict[str, Metric]] = {metric.name: metric for metric in _LIST}


def told_by(services: frozenset[str]) -> frozenset[str]:
    """The names that a process with these services exposes."""
    return frozenset(name for name, metric in METRICS.items() if metric.by & services)


def reference() -> str:
    """docs/metrics.md."""
    lines = [
        "# Metrics",
        "",
        "Every process tells these at `/metrics` on `PRESSROOM_METRICS_PORT`, for Prometheus and never for readers:",
        "the edge refuses that path. A node of several workers takes a port for each: that one, the next free ones.",
        "The list is `pressroom/metrics/names.py`; renew this page with `scripts/metrics-doc`. What to do about the",
        "figures stands in [operating.md](operating.md); `deploy/prometheus/` has the rules.",
        "",
        "Counting costs a reader next to nothing: a page held ready adds one to a counter of its own thread. Depths of",
        "queues, ages and states are looked up when somebody asks. The buckets of histograms go from 1 ms to 60 s.",
        "",
        "| metric | type | labels | what | told by |",
        "| --- | --- | --- | --- | --- |",
    ]
    for metric in _LIST:
        labels = ", ".join(f"`{label}`" for label in metric.labels)
        by = {ALL: "every process", BACK_ENDS: "back ends"}.get(metric.by) or ", ".join(sorted(metric.by))
        lines.append(f"| `{metric.name}` | {metric.kind} | {labels} | {metric.text} | {by} |")
    return "\n".join(lines) + "\n"
