"""What a webhook is told: each alert once and its end once, however it answers, whoever leads, whatever dies."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from pressroom.alerts.webhook import Webhook
from pressroom.clock import SetClock
from pressroom.objects.port import Unavailable
from schemas import keys
from services.scheduler.alarms import RETRY_MAX_S, AlarmDesk
from tests.fakes.scheduling import MemoryStore
from tests.fakes.webhook import Receiver, receiver

BREAKER = "pressroom_breaker_open"
UP, OVER = ("PressroomBreakerOpen", "firing"), ("PressroomBreakerOpen", "resolved")


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


class Desks:
    """Leaders, one after the other or two at once, on one store and one clock."""

    def __init__(self, hook: Receiver) -> None:
        self.store = MemoryStore()
        self.clock = SetClock()
        self.hook = hook

    def leader(self, *, has_hook: bool = True) -> AlarmDesk:
        webhook = Webhook(self.hook.url, total_s=0.3) if has_hook else None
        desk = AlarmDesk(self.store, webhook, self.clock, random.Random(7))  # type: ignore[arg-type]
        assert desk.take_over(self.clock.now())
        return desk

    def passes(self, desk: AlarmDesk, breaker: float, seconds: float = 60.0, *, every_s: float = 5.0) -> bool:
        """The leader looks and tells for a while; False when it found that another one leads."""
        for _ in range(int(seconds / every_s)):
            self.clock.advance(every_s)
            desk.look({"publisher-1": {BREAKER: breaker}}, self.clock.now())
            if not desk.tell():
                return False
        return True


@pytest.fixture
def desks(hook: Receiver) -> Desks:
    return Desks(hook)


def test_an_alert_is_told_once_and_its_end_once(desks: Desks, hook: Receiver) -> None:
    desk = desks.leader()
    for breaker in (0, 1, 1, 0, 0):
        desks.passes(desk, breaker)
    assert hook.alerts() == [UP, OVER]


def test_what_it_reads_is_what_alertmanager_would_send_and_what_to_do(desks: Desks, hook: Receiver) -> None:
    desk = desks.leader()
    desks.passes(desk, 1)
    desks.passes(desk, 0, 120)
    up, over = hook.heard
    assert up["version"] == "4"
    assert up["alerts"][0]["labels"] == {"alertname": "PressroomBreakerOpen", "severity": "page"}
    notes = up["alerts"][0]["annotations"]
    assert "publisher-1" in notes["summary"]
    assert notes["action"].startswith("Roll the last deploy back")
    assert notes["runbook"] == "docs/operating.md#pressroombreakeropen"
    assert up["text"] == f"PressroomBreakerOpen: page: {notes['summary']} {notes['action']}"
    assert over["text"].startswith("PressroomBreakerOpen: over: ")
    assert over["alerts"][0]["startsAt"] == up["alerts"][0]["startsAt"] < over["alerts"][0]["endsAt"]


@pytest.mark.parametrize("answer", [500, 404, 302, "hang", "drip", "close"])
def test_a_webhook_that_does_not_take_it_is_told_again_until_it_does(
    desks: Desks, hook: Receiver, answer: int | str
) -> None:
    hook.answers = [answer, answer]
    desk = desks.leader()
    desks.passes(desk, 1, 120)
    assert hook.alerts() == [UP, UP, UP]
    assert len({one["alerts"][0]["fingerprint"] for one in hook.heard}) == 1
    assert desk.failed == 2
    desks.passes(desk, 0, 180)
    assert hook.alerts()[3:] == [OVER]


def test_one_that_is_away_for_a_day_is_asked_ever_more_rarely_and_then_hears_all_in_order(
    desks: Desks, hook: Receiver
) -> None:
    hook.answers = [503] * 10_000
    desk = desks.leader()
    desks.passes(desk, 1, 3600, every_s=30)
    desks.passes(desk, 0, 23 * 3600, every_s=30)
    assert 24 * 3600 / RETRY_MAX_S < len(hook.heard) < 24 * 3600 / RETRY_MAX_S * 4
    hook.answers, hook.heard = [], []
    desks.passes(desk, 0, 2 * RETRY_MAX_S, every_s=30)
    assert hook.alerts() == [UP, OVER]


def test_a_restart_says_nothing_again_and_forgets_no_end(desks: Desks, hook: Receiver) -> None:
    desks.passes(desks.leader(), 1)
    desks.passes(desks.leader(), 1)
    assert hook.alerts() == [UP]
    desks.passes(desks.leader(), 0, 120)
    assert hook.alerts() == [UP, OVER]


def test_what_was_not_taken_before_a_restart_is_told_after_it(desks: Desks, hook: Receiver) -> None:
    hook.answers = [500] * 1000
    desks.passes(desks.leader(), 1)
    hook.answers, hook.heard = [], []
    desks.passes(desks.leader(), 1)
    assert hook.alerts() == [UP]


def test_who_dies_between_telling_and_keeping_it_tells_the_same_again_under_the_same_id(
    desks: Desks, hook: Receiver
) -> None:
    dying = desks.leader()
    desks.store.fail_after = 1
    desks.passes(dying, 1, 5)
    desks.passes(desks.leader(), 1)
    assert hook.alerts() == [UP, UP]
    assert len({one["alerts"][0]["fingerprint"] for one in hook.heard}) == 1


@pytest.mark.parametrize("breaker", [0, 1])
def test_a_leader_that_was_deposed_without_noticing_tells_nothing(desks: Desks, hook: Receiver, breaker: int) -> None:
    hook.answers = [500]
    old = desks.leader()
    desks.passes(old, 1, 5)
    desks.passes(desks.leader(), 1, 120)
    assert hook.alerts() == [UP, UP]
    assert not desks.passes(old, breaker, 700)
    assert hook.alerts() == [UP, UP]


def test_two_that_see_the_same_at_once_tell_it_once(desks: Desks, hook: Receiver) -> None:
    old, new = desks.leader(), desks.leader()
    for desk in (new, old):
        desk.look({"publisher-1": {BREAKER: 1.0}}, desks.clock.now())
    assert new.tell()
    assert not old.tell()
    assert hook.alerts() == [UP]


def test_while_the_store_is_away_alerts_are_told_and_not_again_when_it_is_back(
    desks: Desks, hook: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> str:
        raise Unavailable("memory", "is away", "connect")

    desk = desks.leader()
    with monkeypatch.context() as outage:
        outage.setattr(desks.store, "swap", away)
        desks.passes(desk, 1, 300)
    assert hook.alerts() == [UP]
    desks.passes(desk, 1)
    desks.passes(desks.leader(), 1)
    assert hook.alerts() == [UP]


def test_without_a_webhook_alerts_are_kept_for_the_desk_and_nobody_is_told(desks: Desks, hook: Receiver) -> None:
    desk = desks.leader(has_hook=False)
    desks.passes(desk, 1)
    assert [one.alert for one in desk.alarms.firing] == ["PressroomBreakerOpen"]
    assert [one.alert for one in desks.leader(has_hook=False).alarms.firing] == ["PressroomBreakerOpen"]
    desks.passes(desk, 0, 120)
    assert (desk.alarms.firing, desk.alarms.words, hook.heard) == ((), (), [])


def test_what_is_remembered_and_cannot_be_read_is_begun_anew(desks: Desks, hook: Receiver) -> None:
    desks.store.swap(keys.ALERTS, b"{", etag=None, write_id="slip")
    desks.passes(desks.leader(), 1)
    assert hook.alerts() == [UP]
