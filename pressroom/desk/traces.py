"""Traces: the way of one refresh from the wish to the page, from the hops that heads and failures carry."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from pressroom.desk import summaries
from pressroom.desk.office import NotFound, Office
from pressroom.desk.verbs import Answer, Asked, argument, verb
from pressroom.objects.port import LIST_LIMIT_MAX, BadKey
from schemas import keys
from schemas.documents import Failure, Head
from schemas.envelope import Hop, born

READERS = 4
SLACK = timedelta(minutes=10)
"""So far may the clocks of the store and of whoever began be apart."""


class Named(Asked):
    id: str = argument("a trace, as logs and failures name it; or a failure's id; or a feed's")


class Way(Answer):
    """One thing that the trace led to: a feed's current content, or a failure. `ends`: what became of it."""

    what: str
    key: str
    trace: str
    hops: tuple[Hop, ...]
    ends: str


class Ways(Answer):
    ways: tuple[Way, ...]


def show(office: Office, asked: Named) -> Ways:
    """Tell the way of one refresh, from the wish to the page or to where it ended."""
    direct = _head(office, asked.id)
    if direct is not None:
        return Ways(ways=(_of_head(direct),))
    moment = born(asked.id)
    failures = list(_failures(office, asked.id, moment))
    traces = {asked.id, *(one.trace for one in failures if one.trace)}
    heads = list(_heads(office, traces, moment)) if moment else []
    if not failures and not heads:
        raise NotFound(
            f"nothing in the store carries {asked.id[:80]!r}: what changed nothing, and what was overtaken by a later"
            " refresh, is in the logs only"
        )
    return Ways(ways=(*(_of_head(one) for one in heads), *(_of_failure(one) for one in failures)))


def _head(office: Office, feed: str) -> Head | None:
    try:
        return office.read(keys.head(feed), Head)
    except BadKey:
        return None


def _heads(office: Office, traces: set[str], since: datetime) -> Iterator[Head]:
    """Heads that were written after the trace began are read; the others cannot carry it."""
    listed = office.store.list(keys.HEADS, limit=LIST_LIMIT_MAX)
    young = [one.key for one in listed if one.modified >= since - SLACK]
    with ThreadPoolExecutor(READERS) as readers:
        for head in readers.map(lambda key: office.read(key, Head), young):
            if head is not None and head.trace in traces:
                yield head


def _failures(office: Office, named: str, moment: datetime | None) -> Iterator[Failure]:
    since = moment - SLACK if moment is not None else None
    for line in summaries.every(office, lambda line: named in {line.id, line.trace}, since=since):
        failure = office.read(keys.failure(line.opened_at.date(), line.id), Failure)
        if failure is not None:
            yield failure


def _of_head(head: Head) -> Way:
    held = ", held there by an operator" if head.hold else ""
    ends = (
        f"turn {head.turn} is what readers see since {head.changed_at:%Y-%m-%d %H:%M:%S} UTC{held}; when each node"
        " took it is in its log"
    )
    return Way(what=f"feed {head.feed}", key=keys.head(head.feed), trace=head.trace, hops=head.hops, ends=ends)


def _of_failure(failure: Failure) -> Way:
    last = failure.attempts[-1] if failure.attempts else None
    hops = list(failure.hops)
    if last is not None:
        hops.append(Hop(at=last.at, service="publisher", what=f"filed as a failure, {failure.kind}"))
    hops += [Hop(at=one.at, service="operator", what=f"{one.act} by {one.by}"[:1000]) for one in failure.actions]
    ends = f"{failure.status}: {failure.kind}, {failure.reason}"
    key = keys.failure(failure.opened_at.date(), failure.id)
    hops.sort(key=lambda hop: hop.at)
    return Way(what=f"failure {failure.id}", key=key, trace=failure.trace, hops=tuple(hops), ends=ends)


VERBS = (verb("traces", show),)
