"""An operator's desk without a newsroom: a store, what is sent, and answers to looks ahead as somebody lays them in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pressroom.clock import SetClock
from pressroom.objects.directory import DirectoryStore
from pressroom.queues.port import Depth, Parcel
from pressroom.sender import Sender
from pressroom.settings import Settings
from schemas import keys
from schemas.base import Model
from schemas.codec import decode
from schemas.documents import Document, Failure, FailureDay, FailureLine
from schemas.envelope import Envelope
from schemas.operating import Preview, PreviewWish, WeatherPreviewRequest
from schemas.records import Entry, Source
from services.publisher.failure_documents import line
from tests.fakes.operator import Operator
from tests.fakes.records import NOON


class FakeNewsroom:
    """What the desk talks to. `answer` makes the preview of a look ahead; None: nobody answers."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.store = DirectoryStore(folder)
        self.clock = SetClock(NOON)
        self.sent: list[Envelope[Any]] = []
        self.answer: Callable[[str], Preview] | None = None
        named = {"fetch_host_spacing_s": 10.0, **settings}
        self.operator = Operator(self.store, Sender(self, self.clock, "cli"), self.clock, Settings(**named))  # type: ignore[arg-type]

    def publish(self, parcels: Sequence[Parcel]) -> None:
        """The queue's part: looks ahead are answered at once, the rest is kept."""
        for parcel in parcels:
            envelope = decode(parcel.body)
            asked = envelope.payload
            if isinstance(asked, PreviewWish | WeatherPreviewRequest) and self.answer is not None:
                subject = asked.feed if isinstance(asked, PreviewWish) else asked.cell
                self.store.create(keys.preview(asked.run, subject), self.answer(subject).as_json())
            self.sent.append(envelope)

    def depth(self, topic: str) -> Depth:
        return Depth(ready=2, in_flight=0, delayed=1)

    def said(self, kind: type[Model]) -> list[Any]:
        return [one.payload for one in self.sent if isinstance(one.payload, kind)]

    def lay(self, key: str, document: Model) -> None:
        self.store.swap(key, document.as_json(), etag=None, write_id="laid")

    def failed(self, *failures: Failure) -> None:
        """Failures with their lines in the days' summaries, as the publisher leaves them."""
        for failure in failures:
            self.lay(keys.failure(failure.opened_at.date(), failure.id), failure)
        summarise(self.store, map(line, failures))


def summarise(store: DirectoryStore, lines: Iterable[FailureLine]) -> None:
    parts: dict[str, list[FailureLine]] = {}
    for one in lines:
        parts.setdefault(keys.failure_summary(one.opened_at.date(), one.id), []).append(one)
    for key, found in parts.items():
        day = keys.day_of_summary(key).isoformat()
        stored = store.get(key)
        before = FailureDay.model_validate_json(stored.body).failures if stored else ()  # type: ignore[union-attr]
        store.swap(
            key,
            FailureDay(day=day, failures=(*before, *found)).as_json(),
            etag=stored.etag if stored else None,
            write_id="laid",
        )


def failure(number: int, at: datetime = NOON, **changes: Any) -> Failure:
    """The number-th failure of its moment: a streak of a feed of its own, unless said otherwise."""
    fields: dict[str, Any] = {
        "id": f"{int(at.timestamp() * 1000):012x}{number:020x}",
        "source": "streak",
        "topic": "feed.refresh",
        "kind": "dns",
        "reason": "no such name",
        "opened_at": at,
        "last_at": at,
        "count": 3,
        "feed": f"feed-{number}",
        "url": f"http://news.example/{number}",
        "host": "news.example",
    }
    return Failure(**(fields | changes))


def answering(*entries: Entry, **changes: Any) -> Callable[[str], Preview]:
    """Looks ahead find these entries."""
    document = Document(source=Source(title="Paper", home="http://paper.example/"), entries=entries)
    return lambda subject: Preview(**({"subject": subject, "at": NOON, "document": document} | changes))
