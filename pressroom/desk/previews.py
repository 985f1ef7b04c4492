"""What sending a failure again would do now: asked of the services that fetch, held against what is current.

The question goes as a message, the answer comes as an object; whoever asks waits for it with a bound, and may come
back for it later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pressroom.desk.differences import Difference, difference, weather_difference
from pressroom.desk.office import Office
from pressroom.desk.verbs import Answer
from pressroom.desk.waiting import until
from pressroom.originals import original_of
from pressroom.outcomes import Emit
from pressroom.queues.topics import ONE_KEY, SCHEDULE, WEATHER_REQUEST
from schemas import keys
from schemas.codec import Undecodable
from schemas.documents import Document, Failure, Head
from schemas.errors import REMEDIES, ErrorKind, kind_of
from schemas.messages import FeedRefresh, Trouble, WeatherRequest
from schemas.operating import Preview, PreviewWish, WeatherPreviewRequest
from schemas.records import FeedRecord
from schemas.weather import WeatherRecord

OF_USE = timedelta(minutes=2)
"""A question that was not answered by then is answered for nobody."""

Verdict = Literal["changes", "same", "overtaken", "trouble", "blind", "waiting"]


class Looked(Answer):
    """What a look ahead found.

    `verdict`: sending it again `changes` something, leaves all the `same`, is `overtaken` by something newer, or ends
    in `trouble`; `blind`: it cannot be told; `waiting`: no answer yet, ask for `run` again.
    """

    verdict: Verdict
    says: str
    trouble: Trouble | None = None
    action: str | None = None
    difference: Difference | None = None
    at: datetime | None = None
    run: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, the key that the answer will have, and what it then means."""

    emit: Emit
    answer: str
    judge: Callable[[Office, Preview], Looked]


def look(
    office: Office, failures: Sequence[Failure], run: str, *, within_s: float, asked: bool = False
) -> list[Looked]:
    """What became of each if it was sent again now. `asked`: the questions of this run are on their way already."""
    found: list[Looked | Question] = [_question(office, failure, run) for failure in failures]
    questions = {one.answer: one for one in found if isinstance(one, Question)}
    looks = ask(office, questions, run, within_s, asked=asked)
    return [one if isinstance(one, Looked) else looks[one.answer] for one in found]


def ask(
    office: Office, questions: Mapping[str, Question], run: str, within_s: float, *, asked: bool = False
) -> dict[str, Looked]:
    """What each question brought, by the name it goes by. Those that nobody answered in time are `waiting`."""
    if questions and not asked:
        office.sender.send([one.emit for one in questions.values()])
    answers = await_all(office, [one.answer for one in questions.values()], within_s)
    return {name: _judged(office, one, answers, run) for name, one in questions.items()}


def await_all(office: Office, wanted: Iterable[str], within_s: float) -> Mapping[str, Preview]:
    """The answers that came in time, by their keys."""
    missing, found = set(wanted), dict[str, Preview]()

    def all_there() -> bool | None:
        for key in sorted(missing):
            preview = office.read(key, Preview)
            if preview is not None:
                found[key] = preview
                missing.discard(key)
        return None if missing else True

    until(office, all_there, within_s)
    return found


def _judged(office: Office, question: Question, answers: Mapping[str, Preview], run: str) -> Looked:
    preview = answers.get(question.answer)
    if preview is None:
        says = f"no answer yet; its service may be busy, paused or not there (ask again with --run {run})"
        return Looked(verdict="waiting", says=says, run=run)
    found = troubled(preview.trouble) if preview.trouble is not None else question.judge(office, preview)
    return found.model_copy(update={"at": preview.at, "run": run})


def _question(office: Office, failure: Failure, run: str) -> Looked | Question:
    original = original_of(failure)
    payload = original.payload if original is not None else None
    if isinstance(payload, FeedRecord):
        return _of_record(office, payload)
    if isinstance(payload, WeatherRecord):
        return _of_weather_record(office, payload)
    if isinstance(payload, FeedRefresh) or (payload is None and failure.feed is not None):
        return of_feed(office, failure.feed or "", run, url=failure.url)
    if isinstance(payload, WeatherRequest) or (payload is None and failure.cell is not None):
        return _of_cell(office, failure.cell or "", run)
    if original is None:
        trouble = Trouble(kind=ErrorKind.UNDECODABLE, message="it is no message of this version: nothing can be sent")
        return troubled(trouble)
    return Looked(verdict="blind", says=f"{original.type} is handled again; what that changes cannot be told before")


# --- sources ----------------------------------------------------------------------------------------


def of_feed(
    office: Office, feed: str, run: str, *, url: str | None = None, look: Literal["site", "raw"] = "site"
) -> Question:
    """What a feed's source says now, or what its recorded answer says to today's parser."""
    wish = PreviewWish(run=run, feed=feed, url=url, look=look)
    emit = Emit(SCHEDULE, ONE_KEY, wish, not_after=office.now() + OF_USE)
    return Question(emit, keys.preview(run, feed), lambda office, preview: _of_document(office, feed, preview))


def _of_document(office: Office, feed: str, preview: Preview) -> Looked:
    assert preview.document is not None
    return _against_head(office, feed, preview.document, complete=preview.complete)


def _of_cell(office: Office, cell: str, run: str) -> Question:
    emit = Emit(WEATHER_REQUEST, cell, WeatherPreviewRequest(run=run, cell=cell), not_after=office.now() + OF_USE)
    return Question(emit, keys.preview(run, cell), _of_weather)


def _of_weather(office: Office, preview: Preview) -> Looked:
    assert preview.weather is not None
    old = office.read(keys.weather(preview.weather.cell), WeatherRecord)
    return _compared(weather_difference(old, preview.weather))


# --- what was fetched already -----------------------------------------------------------------------


def _of_record(office: Office, record: FeedRecord) -> Looked:
    document = Document(source=record.source, entries=record.entries)
    return _against_head(office, record.feed, document, complete=record.complete, turn=record.turn)


def _of_weather_record(office: Office, record: WeatherRecord) -> Looked:
    try:
        old = office.read(keys.weather(record.cell), WeatherRecord)
    except Undecodable as error:
        return troubled(Trouble(kind=ErrorKind.BROKEN_OBJECT, message=str(error)[:1000]))
    if old is not None and old.turn >= record.turn:
        return Looked(verdict="overtaken", says=f"turn {old.turn} of this cell is stored, this one is {record.turn}")
    return _compared(weather_difference(old, record))


def _against_head(office: Office, feed: str, document: Document, *, complete: bool, turn: int | None = None) -> Looked:
    """`turn`: of a record that died; None for what was fetched now."""
    try:
        head = office.read(keys.head(feed), Head)
    except Undecodable as error:
        return troubled(Trouble(kind=ErrorKind.BROKEN_OBJECT, message=str(error)[:1000]))
    if head is not None and turn is not None and turn <= head.turn:
        return Looked(verdict="overtaken", says=f"turn {head.turn} of this feed is stored, this one is {turn}")
    found = _compared(difference(head.document if head else None, document, complete=complete))
    if head is not None and head.hold:
        return found.model_copy(update={"says": f"{found.says}; the feed is held: readers see it after its release"})
    return found


# --- saying it --------------------------------------------------------------------------------------


def troubled(trouble: Trouble) -> Looked:
    """It would end as it did."""
    action = REMEDIES[kind_of(trouble.kind)].action
    return Looked(verdict="trouble", says=f"{trouble.kind}: {trouble.message}", trouble=trouble, action=action)


def _compared(found: Difference) -> Looked:
    if found.same:
        return Looked(verdict="same", says="it says what is current already", difference=found)
    counts = (
        (found.added, "comes in", "come in"),
        (found.removed, "goes", "go"),
        (found.altered, "changes", "change"),
        (found.source, "of the feed itself", "of the feed itself"),
    )
    says = ", ".join(f"{len(what)} {one if len(what) == 1 else many}" for what, one, many in counts if what)
    return Looked(verdict="changes", says=says or "the first document of its kind", difference=found)
