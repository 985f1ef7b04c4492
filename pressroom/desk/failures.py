"""Failures: find, understand, send again, drop."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

from pressroom.desk.office import NotFound, Office
from pressroom.desk.verbs import Answer, Asked, Change, argument, option, verb
from pressroom.outcomes import Emit
from pressroom.queues.topics import RECORD_PUBLISH
from schemas import keys
from schemas.documents import Failure, FailureDay, FailureLine
from schemas.messages import FailureAct

SUMMARIES_MAX = 20_000


class Wanted(Asked):
    """A filter; what is None is not looked at."""

    status: Literal["open", "replayed", "requeued", "dropped", "closed", "any"] = option("what became of it", "open")
    topic: str | None = option("only of this topic")
    kind: str | None = option("only of this error kind")
    host: str | None = option("only of this host")
    feed: str | None = option("only of this feed")
    site: str | None = option("only of feeds of this site")
    hours: Annotated[float, Field(gt=0)] | None = option("only opened in the last so many hours")
    count_min: Annotated[int, Field(ge=1)] | None = option("only seen at least so often")

    def takes(self, line: FailureLine, now: datetime) -> bool:
        asked = (
            (None if self.status == "any" else self.status, line.status),
            (self.topic, line.topic),
            (self.kind, line.kind),
            (self.host, line.host),
            (self.feed, line.feed),
        )
        return (
            all(wanted is None or wanted == found for wanted, found in asked)
            and (self.site is None or self.site in line.sites)
            and (self.hours is None or line.opened_at >= now - timedelta(hours=self.hours))
            and (self.count_min is None or line.count >= self.count_min)
        )


class WantedPage(Wanted):
    limit: Annotated[int, Field(ge=1, le=10_000)] = option("so many at most", 50)
    after: str = option("go on after this id", "")


class Listed(Answer):
    """A page of failures, the latest first. `left`: so many more."""

    failures: tuple[FailureLine, ...]
    left: int


class Cause(Answer):
    """Failures that have one cause: the same kind of trouble at the same host."""

    cause: str
    kind: str
    host: str
    topic: str
    count: int
    since: datetime
    ids: tuple[str, ...]


class Causes(Answer):
    causes: tuple[Cause, ...]


class Named(Asked):
    failure: str = argument("a key, an id or the unique beginning of an id")


class Story(Answer):
    """A failure whole, and the key it lies under."""

    key: str
    failure: Failure


class Acting(Change):
    failures: Annotated[tuple[str, ...], Field(min_length=1)] = argument("keys, ids or beginnings of ids")


class Acted(Answer):
    key: str
    act: str
    was: str
    sent: bool


class Acts(Answer):
    acts: tuple[Acted, ...]


def list_(office: Office, asked: WantedPage) -> Listed:
    """List failures, the latest first."""
    lines = _matching(office, asked)
    ids = [line.id for line in lines]
    start = ids.index(asked.after) + 1 if asked.after in ids else 0
    page = lines[start : start + asked.limit]
    return Listed(failures=tuple(page), left=len(lines) - start - len(page))


def causes(office: Office, asked: Wanted) -> Causes:
    """Group failures by what is probably one cause, the biggest first."""
    return Causes(causes=tuple(grouped(_matching(office, asked))))


def show(office: Office, asked: Named) -> Story:
    """Tell a failure's whole story."""
    return found(office, asked.failure)


def replay(office: Office, asked: Acting) -> Acts:
    """Send what failed again, once, from its beginning."""
    return _act(office, asked, "replay")


def requeue(office: Office, asked: Acting) -> Acts:
    """Send what failed again without a look at it."""
    return _act(office, asked, "requeue")


def drop(office: Office, asked: Acting) -> Acts:
    """Give a failure up for good."""
    return _act(office, asked, "drop")


def found(office: Office, named: str) -> Story:
    """The failure of a key, an id, or the unique beginning of an id. Raises `NotFound`."""
    key = named if "/" in named else _key_of(office, named)
    failure = office.read(key, Failure)
    if failure is None:
        raise NotFound(f"there is no failure {named}")
    return Story(key=key, failure=failure)


def grouped(lines: Iterable[FailureLine]) -> list[Cause]:
    groups: dict[tuple[str, str, str], list[FailureLine]] = defaultdict(list)
    for line in lines:
        groups[line.kind, line.host or line.feed or "-", line.topic].append(line)
    made = []
    for (kind, host, topic), group in groups.items():
        since = min(line.opened_at for line in group)
        text = f"{len(group)} × {kind} at {host} since {since:%Y-%m-%d %H:%M} UTC"
        ids = tuple(line.id for line in group)
        made.append(Cause(cause=text, kind=kind, host=host, topic=topic, count=len(group), since=since, ids=ids))
    return sorted(made, key=lambda cause: (-cause.count, cause.since))


def _act(office: Office, asked: Acting, act: Literal["replay", "requeue", "drop"]) -> Acts:
    """Sends one command each to the publisher, which alone writes."""
    chosen = [found(office, one) for one in asked.failures]
    if not asked.dry_run:
        at = office.now()
        commands = [FailureAct(key=one.key, act=act, at=at, by=asked.by, why=asked.why) for one in chosen]
        office.sender.send([Emit(RECORD_PUBLISH, one.key, one) for one in commands])
    return Acts(
        acts=tuple(Acted(key=one.key, act=act, was=one.failure.status, sent=not asked.dry_run) for one in chosen)
    )


def _matching(office: Office, wanted: Wanted) -> list[FailureLine]:
    """Read from the days' summaries only."""
    now = office.now()
    lines = [line for line in _lines(office) if wanted.takes(line, now)]
    return sorted(lines, key=lambda line: (line.last_at, line.id), reverse=True)


def _key_of(office: Office, named: str) -> str:
    keyed = {keys.failure(line.opened_at.date(), line.id) for line in _lines(office) if line.id.startswith(named)}
    if len(keyed) != 1:
        raise NotFound(f"{len(keyed)} failures have an id that begins with {named!r}; name one")
    return keyed.pop()


def _lines(office: Office) -> Iterator[FailureLine]:
    for listed in office.store.list(keys.FAILURE_SUMMARIES, limit=SUMMARIES_MAX):
        day = office.read(listed.key, FailureDay)
        if day is not None:
            yield from day.failures


VERBS = tuple(verb("failures", run) for run in (list_, causes, show, replay, requeue, drop))
