"""Failures: find, understand, look ahead, send again, stop, drop."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

from pressroom.desk import previews, summaries
from pressroom.desk.office import NotFound, Office
from pressroom.desk.previews import Looked
from pressroom.desk.verbs import Answer, Asked, Doing, argument, option, verb
from schemas import keys
from schemas.documents import Failure, FailureLine
from schemas.envelope import born, new_id

WAIT_S = 30.0


class Filter(Asked):
    """What is None is not looked at."""

    topic: str | None = option("only of this topic")
    kind: str | None = option("only of this error kind")
    host: str | None = option("only of this host")
    feed: str | None = option("only of this feed")
    site: str | None = option("only of feeds of this site")
    hours: Annotated[float, Field(gt=0)] | None = option("only opened in the last so many hours")
    older_hours: Annotated[float, Field(gt=0)] | None = option("only opened longer ago than that")
    attempts_min: Annotated[int, Field(ge=1)] | None = option("only seen at least so often")

    def takes(self, line: FailureLine, now: datetime) -> bool:
        asked = ((self.topic, line.topic), (self.kind, line.kind), (self.host, line.host), (self.feed, line.feed))
        return (
            all(wanted is None or wanted == found for wanted, found in asked)
            and (self.site is None or self.site in line.sites)
            and (self.hours is None or line.opened_at >= now - timedelta(hours=self.hours))
            and (self.older_hours is None or line.opened_at < now - timedelta(hours=self.older_hours))
            and (self.attempts_min is None or line.count >= self.attempts_min)
        )

    def since(self, now: datetime) -> datetime | None:
        """Nothing older is taken."""
        return None if self.hours is None else now - timedelta(hours=self.hours)


class Wanted(Filter):
    status: Literal["open", "replaying", "replayed", "requeued", "dropped", "closed", "any"] = option(
        "what became of it", "open"
    )

    def takes(self, line: FailureLine, now: datetime) -> bool:
        return (self.status in {"any", line.status}) and super().takes(line, now)


class WantedPage(Wanted):
    limit: Annotated[int, Field(ge=1, le=10_000)] = option("so many at most", 50)
    after: str = option("go on behind this place, as the page before names it", "")


class Listed(Answer):
    """A page of failures, the latest opened first. `after`: where the next page goes on; null: there is none."""

    failures: tuple[FailureLine, ...]
    after: str | None = None


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


class Looking(Doing):
    failure: str = argument("a key, an id or the unique beginning of an id")
    wait_s: Annotated[float, Field(ge=0, le=120)] = option("how long to wait for the answer", WAIT_S)
    run: str = option("come back for the answer of this earlier look", "")


class Ahead(Answer):
    """What sending it again now would do."""

    key: str
    kind: str
    look: Looked


def list_(office: Office, asked: WantedPage) -> Listed:
    """List failures, the latest opened first."""
    now = office.now()
    page = summaries.page(
        office, lambda line: asked.takes(line, now), since=asked.since(now), limit=asked.limit, after=asked.after
    )
    return Listed(failures=page.lines, after=page.after)


def causes(office: Office, asked: Wanted) -> Causes:
    """Group failures by what is probably one cause, the biggest first."""
    now = office.now()
    lines = summaries.every(office, lambda line: asked.takes(line, now), since=asked.since(now))
    return Causes(causes=tuple(grouped(lines)))


def show(office: Office, asked: Named) -> Story:
    """Tell a failure's whole story."""
    return found(office, asked.failure)


def preview(office: Office, asked: Looking) -> Ahead:
    """Show what sending it again now would change: the source is asked, nothing is published."""
    story = found(office, asked.failure)
    run = asked.run or new_id(office.now())
    (look,) = previews.look(office, [story.failure], run, within_s=asked.wait_s, asked=bool(asked.run))
    return Ahead(key=story.key, kind=story.failure.kind, look=look)


def found(office: Office, named: str) -> Story:
    """The failure of a key, an id, or the unique beginning of an id. Raises `NotFound`."""
    made_at = born(named)
    key = named if "/" in named else keys.failure(made_at.date(), named) if made_at else ""
    failure = office.read(key, Failure) if key else None
    if failure is None and "/" not in named:
        key = summaries.key_of(office, named)
        failure = office.read(key, Failure)
    if failure is None:
        raise NotFound(f"there is no failure {named}")
    return Story(key=key, failure=failure)


def cause_of(line: FailureLine) -> tuple[str, str, str]:
    """(kind, host or feed, topic): equal for what probably has one cause."""
    return line.kind, line.host or line.feed or "-", line.topic


def grouped(lines: Iterable[FailureLine]) -> list[Cause]:
    groups: dict[tuple[str, str, str], list[FailureLine]] = defaultdict(list)
    for line in lines:
        groups[cause_of(line)].append(line)
    made = []
    for (kind, host, topic), group in groups.items():
        since = min(line.opened_at for line in group)
        text = f"{len(group)} × {kind} at {host} since {since:%Y-%m-%d %H:%M} UTC"
        ids = tuple(sorted((line.id for line in group), reverse=True))
        made.append(Cause(cause=text, kind=kind, host=host, topic=topic, count=len(group), since=since, ids=ids))
    return sorted(made, key=lambda cause: (-cause.count, cause.since))


LOOKING = tuple(verb("failures", run) for run in (list_, causes, show, preview))
