"""Editors before a store whose publisher is in the same process: what they send is carried out at once, or held."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pressroom.clock import SetClock
from pressroom.objects.directory import DirectoryStore
from pressroom.outcomes import Done, Emit, Outcome, Reject
from pressroom.queues.topics import RECORD_PUBLISH
from pressroom.sender import parcel_of
from pressroom.settings import Settings
from schemas import keys
from schemas.codec import decode, encode
from schemas.documents import SiteEntry, SiteIndex
from schemas.envelope import Envelope, new_id
from schemas.messages import Changed, DeadLetter
from schemas.parts import Part
from services.publisher.failures import Failures
from services.publisher.keeping import Keeping
from services.publisher.shelf import Shelf
from services.publisher.story import Publisher
from tests.fakes.operator import Operator
from tests.fakes.records import NOON, envelope


class Hasty(SetClock):
    """Whoever waits finds that the time has passed."""

    def wait(self, event: Any, timeout_s: float) -> bool:
        self.advance(timeout_s)
        return bool(event.is_set())


class Newsdesk:
    """A publisher, its store, and a sender that hands over what it is given; while `held` is a list, into that."""

    def __init__(self, folder: Path, *sites: str, at: datetime = NOON, **settings: Any) -> None:
        self.store = DirectoryStore(folder / "store")
        self.clock = Hasty(at)
        self.told: list[Changed] = []
        self.held: list[Envelope[Any]] | None = None
        self.outcomes: list[Outcome] = []
        shelf = Shelf(self.store, self)  # type: ignore[arg-type]
        self._failures = Failures(shelf, self.clock, "1.0")
        self.publisher = Publisher(shelf, self._failures, Keeping(self.store, 3, 2), self.clock)
        self.settings = Settings(data=folder, **settings)
        self.operator = Operator(self.store, self, self.clock, self.settings)  # type: ignore[arg-type]
        entries = tuple(SiteEntry(site=site, title=site.title()) for site in sites or ("linux",))
        self.give(SiteIndex(at=at, sites=entries))

    def changed(self, key: str, etag: str, *, turn: int = 0, trace: str = "") -> None:
        self.told.append(Changed(key=key, etag=etag, turn=turn, at=self.clock.now()))

    def send(self, emits: Sequence[Emit], *, trace: str = "") -> None:
        for emit in emits:
            message = decode(parcel_of(emit, self.clock.now(), trace=trace, hops=()).body)
            if self.held is None:
                self.handle(message)
            else:
                self.held.append(message)

    def release(self) -> None:
        """The publisher is back and handles what waited, in order."""
        waiting, self.held = self.held or [], None
        for message in waiting:
            self.handle(message)

    def give(self, payload: Any) -> Outcome:
        return self.handle(envelope(payload, message_id=new_id(self.clock.now()), at=self.clock.now()))

    def handle(self, message: Envelope[Any]) -> Outcome:
        outcome = self.publisher.handle(message)
        self.outcomes.append(outcome)
        if isinstance(outcome, Reject):
            letter = DeadLetter(
                topic=RECORD_PUBLISH,
                key=message.key,
                kind=outcome.kind,
                reason=outcome.reason,
                body=encode(message).decode(),
                at=self.clock.now(),
            )
            self._follow(self._failures.dead(envelope(letter, message_id=message.id, at=self.clock.now())))
        self._follow(outcome)
        return outcome

    def _follow(self, outcome: Outcome) -> None:
        for emit in outcome.emits if isinstance(outcome, Done) else ():
            if emit.topic == RECORD_PUBLISH:
                self.give(emit.payload)

    def part(self, site: str = "linux", name: str = "block") -> Part | None:
        return self.operator.office.read(keys.site_part(site, name), Part)

    def text(self, site: str = "linux", name: str = "block") -> str | None:
        part = self.part(site, name)
        return part.html if part is not None else None

    def save(self, html: str, seen: int, name: str = "block", site: str = "linux", **said: Any) -> Any:
        return self.operator("files", "save", site=site, name=name, html=html, seen=seen, **said)
