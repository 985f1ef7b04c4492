"""The publisher on a real store: what it writes, what it says, what it does again after a crash."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pressroom.clock import SetClock
from pressroom.objects.directory import DirectoryStore
from pressroom.outcomes import Done, Emit, Reject
from schemas import keys
from schemas.documents import Failure, FailureDay, Head, SiteStatus
from schemas.messages import (
    Changed,
    Check,
    DeadLetter,
    FailureAct,
    FailureClosed,
    FailureSeen,
    FeedRefresh,
    Rollback,
    Trouble,
)
from schemas.weather import WeatherRecord
from services.publisher.failures import Failures
from services.publisher.keeping import Keeping
from services.publisher.shelf import Shelf
from services.publisher.story import Publisher
from tests.fakes.records import NOON, entry, envelope, minutes, record


class Notices:
    """Who was told of what."""

    def __init__(self) -> None:
        self.told: list[Changed] = []

    def changed(self, key: str, etag: str, *, turn: int = 0, trace: str = "") -> None:
        self.told.append(Changed(key=key, etag=etag, turn=turn, at=NOON))


class Desk:
    """A publisher with its store, and ways to look at both."""

    def __init__(self, folder: Path) -> None:
        self.store = DirectoryStore(folder)
        self.notices = Notices()
        self.restart()

    def restart(self) -> None:
        """A new process: nothing is remembered but what the store holds."""
        shelf = Shelf(self.store, self.notices)  # type: ignore[arg-type]
        clock = SetClock(NOON)
        self.failures = Failures(shelf, clock, "1.0")
        self.publisher = Publisher(shelf, self.failures, Keeping(self.store, 3, 2), clock)

    def give(self, payload: Any, *, key: str = "k", message_id: str = "m") -> tuple[Emit, ...]:
        outcome = self.publisher.handle(envelope(payload, key=key, message_id=message_id))
        assert isinstance(outcome, Done), outcome
        # What follows for the day's summary is carried out too, as the queue would.
        for emit in outcome.emits:
            if emit.topic == "record.publish":
                self.give(emit.payload, key=emit.key)
        return outcome.emits

    def read(self, key: str, model: Any) -> Any:
        return model.model_validate_json(self.store.get(key).body)

    def head(self) -> Head:
        return self.read(keys.head("f"), Head)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def checks(emits: tuple[Emit, ...]) -> list[Check]:
    return [emit.payload for emit in emits if isinstance(emit.payload, Check)]


def test_a_record_becomes_version_and_head_and_the_nodes_and_the_scheduler_are_told(desk):
    (check,) = checks(desk.give(record("f", 1, entry(1), entry(2))))
    assert (check.result, check.turn, check.new_entries) == ("stored", 1, 2)
    assert check.fetch.validators.etag == '"1"'
    assert [told.key for told in desk.notices.told] == [keys.head("f")]
    head = desk.head()
    assert desk.store.get(keys.version("f", head.version)) is not None


def test_a_redelivered_record_writes_nothing_and_tells_everybody_again(desk):
    desk.give(record("f", 1, entry(1)))
    before = desk.store.get(keys.head("f")).etag
    desk.restart()
    (check,) = checks(desk.give(record("f", 1, entry(1))))
    assert check.result == "stored"
    assert desk.store.get(keys.head("f")).etag == before
    assert len(desk.notices.told) == 2


def test_an_overtaken_record_changes_nothing_and_tells_nobody(desk):
    desk.give(record("f", 5, entry(5)))
    assert desk.give(record("f", 4, entry(4))) == ()
    assert desk.head().turn == 5
    assert len(desk.notices.told) == 1


def test_a_head_that_somebody_else_wrote_meanwhile_is_read_again_and_not_lost(tmp_path):
    one, other = Desk(tmp_path), Desk(tmp_path)
    one.give(record("f", 1, entry(1)))
    other.give(record("f", 2, entry(2)))
    outcome = one.publisher.handle(envelope(record("f", 3, entry(3))))
    if not isinstance(outcome, Done):
        one.give(record("f", 3, entry(3)))
    assert one.head().turn == 3
    late = one.publisher.handle(envelope(record("f", 2, entry(2))))
    assert late == Done()


def test_when_a_version_is_there_already_from_before_a_crash_the_head_still_gets_it(desk):
    desk.give(record("f", 1, entry(1)))
    version = desk.head().version
    desk.store.delete(keys.head("f"))
    desk.restart()
    desk.give(record("f", 2, entry(1)))
    assert desk.head().version == version


def test_old_versions_are_tidied_and_the_current_one_stays(desk):
    for turn in range(1, 17):
        desk.give(record("f", turn, entry(turn)))
    kept = [one.key for one in desk.store.list(keys.versions("f"), limit=100)]
    assert len(kept) <= 3 + 1
    assert keys.version("f", desk.head().version) in kept


def test_an_operator_rolls_back_and_lets_go_and_readers_are_told_both_times(desk):
    desk.give(record("f", 1, entry(1)))
    first = desk.head()
    desk.give(record("f", 2, entry(2)))
    desk.give(Rollback(feed="f", version=first.version[:32], seen=(2, 0), by="me", why="bad"))
    assert (desk.head().document, desk.head().hold) == (first.document, True)
    desk.give(record("f", 3, entry(3)))
    assert desk.head().document == first.document
    told = len(desk.notices.told)
    desk.give(Rollback(feed="f", seen=(3, desk.head().revision), by="me", why="fine"))
    assert [one.id for one in desk.head().document.entries] == ["id-3"]
    assert len(desk.notices.told) == told + 1


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        (Rollback(feed="nobody", by="me", why="x"), "not_found"),
        (Rollback(feed="f", version="ab" * 16, by="me", why="x"), "not_found"),
        (Rollback(feed="f", seen=(9, 9), by="me", why="x"), "conflict"),
    ],
)
def test_a_rollback_that_cannot_be_is_rejected_with_its_reason(desk, command, kind):
    desk.give(record("f", 1, entry(1)))
    outcome = desk.publisher.handle(envelope(command))
    assert isinstance(outcome, Reject)
    assert outcome.kind == kind


def test_a_broken_object_rejects_what_needs_it_naming_key_and_field(desk):
    desk.store.create(keys.head("f"), b'{"feed": 7}')
    outcome = desk.publisher.handle(envelope(record("f", 1, entry(1))))
    assert isinstance(outcome, Reject)
    assert outcome.kind == "broken_object"
    assert "object feeds/f.json: field" in outcome.reason


def test_older_weather_and_an_older_status_never_replace_newer_ones(desk):
    golden = Path(__file__).parents[1] / "golden"
    newer = WeatherRecord.model_validate_json((golden / "document.WeatherRecord.v1.json").read_bytes())
    older = newer.model_copy(update={"turn": newer.turn - 1, "place": "older"})
    desk.give(newer)
    desk.give(older)
    assert desk.read(keys.weather(newer.cell), WeatherRecord) == newer
    status = SiteStatus.model_validate_json((golden / "document.SiteStatus.v1.json").read_bytes())
    desk.give(status)
    desk.give(status.model_copy(update={"at": status.at - minutes(1), "title": "older"}))
    assert desk.read(keys.site_status(status.site), SiteStatus) == status


# --- failures ---------------------------------------------------------------------------------------


def seen(count: int) -> FailureSeen:
    trouble = Trouble(kind="dns", message=f"no such name ({count})")
    at = NOON + minutes(count)
    return FailureSeen(
        id="s1", opened_at=NOON, at=at, topic="feed.refresh", kind="dns", trouble=trouble, feed="f", count=count
    )


def failure(desk: Desk, name: str = "s1") -> Failure:
    return desk.read(keys.failure(NOON.date(), name), Failure)


def summary(desk: Desk, name: str = "s1") -> dict[str, Any]:
    day = desk.read(keys.failure_summary(NOON.date(), name), FailureDay)
    return {line.id: line for line in day.failures}


def test_a_streak_is_one_failure_that_counts_and_closes(desk):
    for count in (1, 2, 3):
        desk.give(seen(count))
    desk.give(seen(2))
    assert (failure(desk).count, len(failure(desk).attempts)) == (3, 3)
    assert summary(desk)["s1"].count == 3
    desk.give(FailureClosed(id="s1", opened_at=NOON, at=NOON + minutes(9)))
    assert (failure(desk).status, summary(desk)["s1"].status) == ("closed", "closed")


def letter(payload: Any, **changes: Any) -> DeadLetter:
    body = envelope(payload, message_id="original").model_dump_json()
    fields = {
        "topic": "feed.refresh",
        "key": "host",
        "kind": "bug",
        "reason": "KeyError: 'x'",
        "body": body,
        "at": NOON,
    }
    return DeadLetter(**(fields | changes))


def bury(desk: Desk, dead: DeadLetter) -> tuple[Emit, ...]:
    outcome = desk.failures.dead(envelope(dead, message_id="letter"))
    assert isinstance(outcome, Done)
    for emit in outcome.emits:
        if emit.topic == "record.publish":
            desk.give(emit.payload)
    return outcome.emits


REFRESH = FeedRefresh(feed="f", url="http://paper.example/feed", turn=7)


def test_a_dead_refresh_becomes_a_failure_with_its_original_and_the_scheduler_forgets_its_validators(desk):
    (check,) = checks(bury(desk, letter(REFRESH)))
    assert (check.feed, check.turn, check.result) == ("f", 7, "lost")
    found = failure(desk, "original")
    assert (found.feed, found.kind, found.reason) == ("f", "bug", "KeyError: 'x'")
    assert json.loads(found.original or "")["payload"]["turn"] == 7


def test_a_letter_that_holds_no_message_is_a_failure_all_the_same(desk):
    bury(desk, letter(REFRESH, body="/w==", body_base64=True, kind="undecodable"))
    assert failure(desk, "letter").kind == "undecodable"


def test_the_same_letter_twice_is_one_failure_and_a_later_death_opens_it_again(desk):
    bury(desk, letter(REFRESH))
    bury(desk, letter(REFRESH))
    assert failure(desk, "original").count == 1
    desk.give(act("drop", "original"))
    bury(desk, letter(REFRESH, at=NOON + minutes(5)))
    assert (failure(desk, "original").count, failure(desk, "original").status) == (2, "open")


def act(what: str, name: str, minute: int = 20) -> FailureAct:
    key = keys.failure(NOON.date(), name)
    return FailureAct(key=key, act=what, at=NOON + minutes(minute), by="me", why="fixed")  # type: ignore[arg-type]


def test_a_dropped_failure_keeps_who_and_why_and_sends_nothing(desk):
    bury(desk, letter(REFRESH))
    emits = desk.give(act("drop", "original"))
    assert {emit.topic for emit in emits} == {"record.publish"}
    (action,) = failure(desk, "original").actions
    assert (action.by, action.why, failure(desk, "original").status) == ("me", "fixed", "dropped")
    assert summary(desk, "original")["original"].status == "dropped"
