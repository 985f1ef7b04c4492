"""The scheduler's second thread: what the leader tells operators, whatever becomes of queue and store.

Every few seconds: look at the alerts' conditions, tell the webhook, publish what is seen of the newsroom. A standby
does none of it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, TypeVar

from prometheus_client import CollectorRegistry

from pressroom.clock import Clock
from pressroom.metrics.read_off import PLAIN, Reading, ReadOff
from pressroom.objects.port import NotModified, ObjectStore, StoreError
from pressroom.outcomes import BackendUnavailable, Emit
from pressroom.queues.port import Full, Unroutable
from pressroom.queues.topics import RECORD_PUBLISH
from pressroom.sender import Sender
from schemas import keys
from schemas.base import Model
from schemas.codec import TooNew, Undecodable, read_document
from schemas.status import BackupStatus, BucketStatus, FilesStatus, FleetStatus, HostsStatus
from services.scheduler import bucket, lookout
from services.scheduler.alarms import AlarmDesk, settled
from services.scheduler.bucket import BucketCount
from services.scheduler.lookout import Lookout

log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 5.0
SERVICES_EVERY_S: Final = 30.0
HOSTS_EVERY_S: Final = 60.0
TIMERS_EVERY_S: Final = 60.0
SETTLE_S: Final = 90.0
"""A new leader hears of everybody before it judges anything: three pulses."""
SILENT_S: Final = 15.0
"""Who leads hears a tick every second. Another one leads, or the queue is away."""

TROUBLE: Final = ("pressroom_store_down_seconds", "pressroom_broker_down_seconds", "pressroom_breaker_open")
TIMERS: Final = (
    "pressroom_files_success_age_seconds",
    "pressroom_files_seconds",
    "pressroom_files_failures",
    "pressroom_backup_age_seconds",
)

M = TypeVar("M", bound=Model)


class Watchman(threading.Thread):
    """`figures`: what this process tells of itself, by metric; `process`: its name."""

    def __init__(
        self,
        seen: Lookout,
        alarms: AlarmDesk,
        store: ObjectStore,
        sender: Sender,
        clock: Clock,
        *,
        process: str,
        figures: Callable[[], Mapping[str, float]],
    ) -> None:
        super().__init__(name="watchman", daemon=True)
        self._seen = seen
        self._alarms = alarms
        self._store = store
        self._sender = sender
        self._clock = clock
        self._process = process
        self._figures = figures
        self._bucket = BucketCount(store)
        self._due_s: dict[str, float] = {}
        self._files: FilesStatus | None = None
        self._backup: BackupStatus | None = None
        self._ended = threading.Event()
        self._on_duty = False

    def run(self) -> None:
        while not self._clock.wait(self._ended, LOOK_EVERY_S):
            try:
                self.look()
            except Exception:
                # An operator who is told nothing is worse off than one who reads this in the log.
                log.exception("the watchman stumbled")

    def stop(self, timeout_s: float) -> None:
        self._ended.set()
        if self.is_alive():
            self.join(timeout_s)

    def look(self) -> None:
        """One round."""
        own = dict(self._figures())
        now = self._clock.now()
        if not self._is_on_duty(own, now):
            return
        if settled(self._seen.led_since, now, SETTLE_S):
            self._alarms.look({**self._seen.figures(now), self._process: own}, now)
            if not self._alarms.tell():
                self._leave("another scheduler watches")
                return
        self._publish(now)

    # --- who watches -----------------------------------------------------------------------------------

    def _is_on_duty(self, own: Mapping[str, float], now: datetime) -> bool:
        """The leader is; it stays so while queue or store are away, since nobody else can have taken over."""
        if self._seen.led_since is None:
            self._on_duty = False
            return False
        silent = self._clock.monotonic() - self._seen.heard_at_s > SILENT_S
        if silent and not any(own.get(metric, 0.0) > 0 for metric in TROUBLE):
            self._leave("no tick was heard: another scheduler leads")
        elif not self._on_duty:
            self._on_duty = self._alarms.take_over(now) and self._take_over(now)
        return self._on_duty

    def _leave(self, why: str) -> None:
        log.info("the watch goes over: %s", why)
        self._on_duty = False
        self._seen.step_down()

    def _take_over(self, now: datetime) -> bool:
        try:
            hosts = self._read(keys.STATUS_HOSTS, HostsStatus)
            self._bucket.resume(self._read(keys.STATUS_BUCKET, BucketStatus))
        except StoreError:
            return False
        if hosts is not None:
            self._seen.hosts.resume(hosts, now)
        self._due_s.clear()
        return True

    # --- what is published -----------------------------------------------------------------------------

    def _publish(self, now: datetime) -> None:
        try:
            if self._is_due("services", SERVICES_EVERY_S):
                self._send(keys.STATUS_SERVICES, self.fleet(now))
            if self._is_due("hosts", HOSTS_EVERY_S):
                self._send(keys.STATUS_HOSTS, self._seen.hosts.status(self._seen.counted, now))
            if self._is_due("timers", TIMERS_EVERY_S):
                self._files = self._read(keys.STATUS_FILES, FilesStatus)
                self._backup = self._read(keys.STATUS_BACKUP, BackupStatus)
            self._send(keys.STATUS_BUCKET, self._bucket.step(now))
        except (Full, Unroutable, BackendUnavailable, StoreError) as error:
            log.debug("the newsroom's state is told later: %s", error)

    def fleet(self, now: datetime) -> FleetStatus:
        """`status/services.json`."""
        return FleetStatus(
            at=now,
            census=self._seen.counted.census,
            processes=tuple(self._seen.processes(now)),
            firing=self._alarms.alarms.firing,
            needed=self._seen.needed(),
        )

    def _is_due(self, what: str, every_s: float) -> bool:
        now_s = self._clock.monotonic()
        if now_s < self._due_s.get(what, now_s):
            return False
        self._due_s[what] = now_s + every_s
        return True

    def _send(self, key: str, document: Model | None) -> None:
        if document is not None:
            self._sender.send([Emit(RECORD_PUBLISH, key, document)])

    def _read(self, key: str, model: type[M]) -> M | None:
        found = self._store.get(key)
        if found is None or isinstance(found, NotModified):
            return None
        try:
            return read_document(found.body, model, f"object {key}")
        except (TooNew, Undecodable) as error:
            log.warning("%s", error)
            return None

    # --- metrics ---------------------------------------------------------------------------------------

    def register(self, registry: CollectorRegistry) -> None:
        registry.register(ReadOff(lookout.READ, self._seen.reading))
        registry.register(ReadOff(bucket.READ, self._bucket.reading))
        registry.register(ReadOff(TIMERS, self._timers))
        registry.register(ReadOff(["pressroom_alerts_firing", "pressroom_webhook_errors_total"], self._told))

    def _timers(self) -> Reading:
        now = self._clock.now()
        reading: dict[str, dict[tuple[str, ...], float]] = {}
        if self._on_duty and self._files is not None:
            last = self._files.succeeded_at
            if last is not None:
                reading["pressroom_files_success_age_seconds"] = {PLAIN: (now - last).total_seconds()}
            reading["pressroom_files_seconds"] = {PLAIN: self._files.seconds}
            reading["pressroom_files_failures"] = {PLAIN: float(self._files.failures)}
        if self._on_duty and self._backup is not None:
            reading["pressroom_backup_age_seconds"] = {PLAIN: (now - self._backup.at).total_seconds()}
        return reading

    def _told(self) -> Reading:
        return {
            "pressroom_alerts_firing": {PLAIN: float(len(self._alarms.alarms.firing) if self._on_duty else 0)},
            "pressroom_webhook_errors_total": {PLAIN: float(self._alarms.failed)},
        }
