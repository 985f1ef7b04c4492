"""Sending a failure again: who may, when, what is sent, and how it is stopped. Pure.

An operator's act takes the failure's lease and makes it `replaying`; a message to ourselves comes when its time has
come, and sends if the lease still holds. So whoever comes second finds the lease taken, and what waits can be stopped.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from pressroom.cells import cell_named
from pressroom.originals import original_of
from pressroom.outcomes import Emit
from pressroom.queues.topics import ONE_KEY, RECORD_PUBLISH, SCHEDULE, WEATHER_REQUEST
from schemas.documents import Action, Failure
from schemas.envelope import Hop
from schemas.messages import FailureAct, FeedRefresh, WeatherRequest, Wish
from schemas.operating import FailureSend, ReplaysStopped
from services.publisher.failure_documents import changed

LEASE = timedelta(hours=1)
"""So long after its time a replay that was not sent holds up the next one."""
SENT = {"replay": "replayed", "requeue": "requeued"}


def acted(old: Failure, act: FailureAct, act_id: str) -> Failure | None:
    """What an operator does. None: nothing to do, because somebody was first or it does not fit the failure's state."""
    action = Action(at=act.at, by=act.by, act=act.act, why=act.why)
    is_held = old.status == "replaying" and old.lease_until is not None and act.at < old.lease_until
    if act.act in SENT and (old.status == "open" or (old.status == "replaying" and not is_held)):
        until = max(act.send_at or act.at, act.at) + LEASE
        return changed(old, action, status="replaying", lease=act_id, lease_until=until)
    if act.act == "stop" and old.status == "replaying":
        return changed(old, action, status="open", lease=None, lease_until=None)
    if act.act == "drop" and old.status in {"open", "replaying"}:
        return changed(old, action, status="dropped", lease=None, lease_until=None)
    return None


def waits(failure: Failure | None, act_id: str) -> bool:
    """Whether this very act holds the lease of a replay that is not sent yet."""
    return failure is not None and failure.status == "replaying" and failure.lease == act_id


def sending(key: str, failure: Failure, act: FailureAct) -> Emit:
    """The word to ourselves that the time of a replay has come."""
    assert failure.lease is not None
    return Emit(RECORD_PUBLISH, key, FailureSend(key=key, lease=failure.lease), not_before=act.send_at)


def sent(old: Failure, lease: str, stopped: ReplaysStopped | None) -> Failure | None:
    """The failure once its replay is sent, or stopped in the last moment. None: the lease is not the failure's."""
    if not waits(old, lease):
        return None
    begun = next((one for one in reversed(old.actions) if one.act in SENT), None)
    if begun is None or (stopped is not None and begun.at <= stopped.at):
        action = Action(at=stopped.at, by=stopped.by, act="stop", why=stopped.why) if stopped else None
        return changed(old, action, status="open", lease=None, lease_until=None)
    return changed(old, status=SENT[begun.act], replays=old.replays + 1)


def resent(key: str, failure: Failure, now: datetime) -> tuple[Emit, ...]:
    """What a replay sends: the original message under its own id with a fresh start, or a wish for the feed."""
    hop = Hop(at=now, service="publisher", what=f"sent again, replay {failure.replays}"[:1000])
    original = original_of(failure)
    if original is not None and not isinstance(original.payload, FeedRefresh):
        good_for = original.not_after - original.occurred_at if original.not_after else None
        return (
            Emit(
                failure.topic,
                original.key,
                original.payload,
                not_after=now + good_for if good_for else None,
                id=original.id,
                trace=original.trace,
                hops=original.hopped(hop),
            ),
        )
    trace = failure.trace or failure.id
    if failure.feed is not None:
        wish = Wish(feed=failure.feed, reason="replay", replay_of=key)
        return (Emit(SCHEDULE, ONE_KEY, wish, trace=trace, hops=(hop,)),)
    cell = cell_named(failure.cell) if failure.cell is not None else None
    if cell is not None:
        request = WeatherRequest(cell=cell.id, latitude=cell.latitude, longitude=cell.longitude, reason="replay")
        return (Emit(WEATHER_REQUEST, cell.id, request, trace=trace, hops=(hop,)),)
    return ()
