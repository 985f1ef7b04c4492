"""Objects of the next release, met by this one during a rolling upgrade: they wait, and are neither broken nor lost."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pressroom.cells import cell_at
from pressroom.clock import SetClock
from pressroom.objects.directory import DirectoryStore
from pressroom.outcomes import Defer, Outcome, Retry
from pressroom.sender import Sender
from pressroom.settings import Settings
from schemas import keys
from schemas.base import Model
from schemas.codec import TooNew, Undecodable, read_document
from schemas.documents import Document, Head
from schemas.messages import DeadLetter, WeatherRequest
from services.publisher.failures import Failures
from services.publisher.keeping import Keeping
from services.publisher.shelf import Shelf
from services.publisher.story import Publisher
from services.weather.calls import Calls
from services.weather.story import WeatherDesk
from tests.fakes.operator import Operator
from tests.fakes.records import NOON, entry, envelope, record
from tests.house.test_golden import DOCUMENTS, GOLDEN

HERE = cell_at(59.91, 10.75)


def newer(name: str) -> bytes:
    """The golden document, as the next release may write it."""
    content = json.loads((GOLDEN / f"document.{name}.v1.json").read_text(encoding="utf-8"))
    return json.dumps(content | {"schema_version": 2, "from_the_future": True}).encode()


@pytest.mark.parametrize("model", DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_a_newer_document_of_every_kind_is_too_new_and_not_broken(model: type[Model]) -> None:
    # Another shape than the one we know, as a new version is sure to have.
    changed = json.dumps({"schema_version": 2, "feeds": "elsewhere"}).encode()
    for body in (newer(model.__name__), changed):
        with pytest.raises(TooNew, match="object x has version 2; this code reads up to 1"):
            read_document(body, model, "object x")


@pytest.mark.parametrize("body", [b"\xff", b"[]", b'{"schema_version": 1}', b'{"schema_version": "2"}', b"{}"])
@pytest.mark.parametrize("model", [Head, Document])
def test_what_is_no_document_in_any_version_is_broken(model: type[Model], body: bytes) -> None:
    with pytest.raises(Undecodable, match="object x: field"):
        read_document(body, model, "object x")


class Room:
    """A publisher and a weather service over one store, at noon."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = DirectoryStore(folder)
        self.clock = SetClock(NOON)
        shelf = Shelf(self.store, None)  # type: ignore[arg-type]
        self.failures = Failures(shelf, self.clock, "1.0")
        self.publisher = Publisher(shelf, self.failures, Keeping(self.store, 3, 2), self.clock)

    def publish(self, payload: Model) -> Outcome:
        return self.publisher.handle(envelope(payload))

    def ask_for_weather(self) -> Outcome:
        def get(*_: Any) -> Any:
            raise AssertionError("nobody is asked")

        desk = WeatherDesk(
            [],
            get,
            self.store,
            self.clock,
            name_of=lambda _: None,
            calls=Calls(self.folder / "calls.json"),
            fresh_s=3600,
            rng=random.Random(1),
        )
        request = WeatherRequest(cell=HERE.id, latitude=HERE.latitude, longitude=HERE.longitude)
        return desk.handle(envelope(request))


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


@pytest.mark.parametrize(
    ("key", "name", "handle"),
    [
        (keys.head("f"), "Head", lambda room: room.publish(record("f", 1, entry(1)))),
        (keys.weather(HERE.id), "WeatherRecord", lambda room: room.ask_for_weather()),
    ],
)
def test_a_message_that_needs_a_newer_object_waits_for_the_upgrade(
    room: Room, key: str, name: str, handle: Callable[[Room], Outcome]
) -> None:
    body = newer(name)
    room.store.create(key, body)
    outcome = handle(room)
    assert isinstance(outcome, Defer)
    assert outcome.until == NOON + timedelta(minutes=1)
    assert "version 2" in outcome.reason
    found = room.store.get(key)
    assert found is not None
    assert found.body == body  # type: ignore[union-attr]


def test_a_dead_letter_whose_failure_is_newer_is_kept_until_it_can_be_filed(room: Room) -> None:
    letter = DeadLetter(topic="feed.refresh", key="k", kind="bug", reason="why", body="no message", at=NOON)
    room.store.create(keys.failure(NOON.date(), "message-1"), newer("Failure"))
    outcome = room.failures.dead(envelope(letter))
    assert isinstance(outcome, Retry)
    assert "version 2" in outcome.reason


def test_an_operators_list_says_that_it_cannot_read_a_newer_day(room: Room) -> None:
    room.store.create(keys.failure_summary(NOON.date(), "x"), newer("FailureDay"))
    operator = Operator(room.store, Sender(None, room.clock, "cli"), room.clock, Settings())  # type: ignore[arg-type]
    with pytest.raises(TooNew, match="version 2"):
        operator.failures()
