"""The watchman: a standby tells nothing; the leader judges once it has heard of everybody, and says what it sees."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from pressroom.alerts.webhook import NotTold, Word
from pressroom.clock import SetClock
from pressroom.outcomes import Emit
from schemas import keys
from schemas.base import Model
from schemas.messages import Check
from schemas.records import Fetch
from schemas.status import Alive, BackupStatus, FilesStatus, FleetStatus, HostsStatus, Signs
from services.scheduler.alarms import AlarmDesk
from services.scheduler.lookout import Lookout
from services.scheduler.watchman import SETTLE_S, SILENT_S, Watchman
from tests.fakes.scheduling import MemoryStore


class Post:
    """A scheduler process whose story hears a tick every second, and its watchman who looks every five."""

    def __init__(self, store: MemoryStore | None = None, clock: SetClock | None = None) -> None:
        self.store = store or MemoryStore()
        self.clock = clock or SetClock()
        self.seen = Lookout(self.clock)
        self.own: dict[str, float] = {}
        self.told: list[str] = []
        self.sent: list[Model] = []
        self.breaker = 0.0
        desk = AlarmDesk(self.store, self, self.clock, random.Random(7))  # type: ignore[arg-type]
        self.watchman = Watchman(
            self.seen, desk, self.store, self, self.clock, process="scheduler-1", figures=lambda: self.own  # type: ignore[arg-type]
        )  # fmt: skip

    def tell(self, word: Word) -> None:
        """The webhook's part."""
        self.told.append(f"{word.alert} {'up' if word.up else 'over'}")

    def send(self, emits: list[Emit]) -> None:
        """The sender's part."""
        for emit in emits:
            self.sent.append(emit.payload)
            self.store.objects[emit.key] = (emit.payload.as_json(), "e")

    def said(self, kind: type[Model]) -> list[Any]:
        return [one for one in self.sent if isinstance(one, kind)]

    def goes_on(self, seconds: float, *, ticks: bool = True) -> None:
        for _ in range(int(seconds / 5)):
            self.clock.advance(5)
            if ticks:
                self.seen.heard_at_s = self.clock.monotonic()
                signs = Signs(
                    process="publisher-1",
                    services=("publisher",),
                    version="1",
                    started_at=self.clock.now(),
                    at=self.clock.now(),
                )
                figures = {"pressroom_breaker_open": self.breaker}
                self.seen.alive(Alive(signs=signs, figures=figures), self.clock.now())
            self.watchman.look()

    def metric(self, name: str) -> Mapping[tuple[str, ...], float]:
        return {**self.watchman._told(), **self.watchman._timers(), **self.seen.reading()}.get(name, {})


@pytest.fixture
def post() -> Post:
    made = Post()
    made.seen.lead()
    return made


def test_a_standby_tells_nothing() -> None:
    post = Post()
    post.breaker = 1
    post.goes_on(300)
    assert (post.told, post.sent) == ([], [])


def test_a_new_leader_hears_of_everybody_before_it_judges(post: Post) -> None:
    post.breaker = 1
    post.goes_on(SETTLE_S - 5)
    assert post.told == []
    post.goes_on(10)
    assert post.told == ["PressroomBreakerOpen up"]
    assert post.metric("pressroom_alerts_firing") == {(): 1.0}


def test_it_says_every_half_minute_how_the_processes_are_and_what_is_wrong(post: Post) -> None:
    post.breaker = 1
    post.goes_on(300)
    fleets: list[FleetStatus] = post.said(FleetStatus)
    assert len(fleets) == 10
    assert [one.signs.process for one in fleets[-1].processes] == ["publisher-1"]
    assert [(one.alert, one.said) for one in fleets[-1].firing] == [("PressroomBreakerOpen", True)]


def test_it_stays_while_the_broker_is_away_since_nobody_else_can_lead(post: Post) -> None:
    post.goes_on(SETTLE_S)
    post.own = {"pressroom_broker_down_seconds": 61.0}
    post.goes_on(SILENT_S + 10, ticks=False)
    assert post.told == ["PressroomBrokerAway up"]


def test_it_leaves_when_it_hears_no_tick_although_the_broker_answers(post: Post) -> None:
    post.goes_on(SETTLE_S)
    post.goes_on(SILENT_S + 5, ticks=False)
    assert post.seen.led_since is None
    assert post.metric("pressroom_leads") == {(): 0.0}


def test_it_leaves_when_another_one_has_written(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    post.goes_on(SETTLE_S)
    other = Post(post.store, post.clock)
    other.seen.lead()
    other.breaker = post.breaker = 1
    other.goes_on(SETTLE_S + 5)
    post.goes_on(30)
    assert (post.told, other.told) == ([], ["PressroomBreakerOpen up"])
    assert post.seen.led_since is None


def test_who_leads_again_does_not_count_a_request_twice(post: Post) -> None:
    def requests() -> int:
        hosts: list[HostsStatus] = post.said(HostsStatus)
        return hosts[-1].hosts[0].today.requests

    fetch = Fetch(at=post.clock.now(), url="http://a/", final_url="http://a/", status=304)
    check = Check(feed="f", turn=1, result="unchanged", fetch=fetch)
    post.seen.hosts.checked("news.example", check, post.clock.now())
    post.goes_on(60)
    assert requests() == 1
    post.goes_on(SILENT_S + 5, ticks=False)
    post.seen.lead()
    post.seen.hosts.checked("news.example", check, post.clock.now())
    post.goes_on(120)
    assert requests() == 2


def test_what_timers_leave_in_the_store_is_told_as_metrics(post: Post) -> None:
    now = post.clock.now()
    files = FilesStatus(at=now, succeeded_at=now - timedelta(hours=1), seconds=2.5, failures=1)
    for key, document in ((keys.STATUS_FILES, files), (keys.STATUS_BACKUP, BackupStatus(at=now))):
        post.store.objects[key] = (document.as_json(), "e")
    assert post.metric("pressroom_backup_age_seconds") == {}
    post.goes_on(60)
    assert post.metric("pressroom_files_success_age_seconds") == {(): 3660.0}
    assert post.metric("pressroom_files_seconds") == {(): 2.5}
    assert post.metric("pressroom_files_failures") == {(): 1.0}
    assert post.metric("pressroom_backup_age_seconds") == {(): 60.0}


def test_a_webhook_that_refuses_is_counted(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    refused: list[Word] = []

    def refuse(word: Word) -> None:
        refused.append(word)
        raise NotTold("it answered 500")

    monkeypatch.setattr(post, "tell", refuse)
    post.breaker = 1
    post.goes_on(SETTLE_S + 5)
    assert post.metric("pressroom_webhook_errors_total") == {(): float(len(refused))}
    assert [one.said for one in post.said(FleetStatus)[-1].firing] == [False]
