"""Failures: send them again, one or many, look ahead first, stop what is under way; or give them up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from pressroom.desk import pace, previews, summaries
from pressroom.desk.failures import LOOKING, WAIT_S, Filter, cause_of, found
from pressroom.desk.office import Office, Refused
from pressroom.desk.previews import Looked
from pressroom.desk.verbs import Answer, Change, argument, option, verb
from pressroom.outcomes import Emit
from pressroom.queues.topics import RECORD_PUBLISH
from schemas import keys
from schemas.documents import FailureLine
from schemas.envelope import new_id
from schemas.messages import FailureAct
from schemas.operating import ReplaysStopped

CHOSEN_MAX = 1000
"""Failures that one command acts on."""
REPLAYING_MAX = 2000
"""Replays under way in all: each is a message that waits on a topic which holds 10,000."""
CAUSES_MAX = 20
"""Causes that are looked at ahead: one look for each."""
SEND_MAX = 200

Act = Literal["replay", "requeue", "stop", "drop"]


class Acting(Filter, Change):
    """Which: those named, or all that the filters take, or all with the same cause as those named."""

    failures: tuple[str, ...] = argument("keys, ids or beginnings of ids; none: what the filters take", ())
    all_of_cause: bool = option("also all open failures that have the same cause as those named", False)
    limit: Annotated[int, Field(ge=1, le=CHOSEN_MAX)] = option("so many at most", CHOSEN_MAX)

    @property
    def filters(self) -> bool:
        return any(getattr(self, name) is not None for name in Filter.model_fields)


class Replaying(Acting):
    wait_s: Annotated[float, Field(ge=0, le=120)] = option("how long to wait for the look ahead", WAIT_S)
    run: str = option("what `failures preview` found in this run is enough: look no more", "")


class Stopping(Change):
    """All replays that wait for their time."""


class Acted(Answer):
    """`held`: why it was not sent. `send_at`: its turn among the replays of its host."""

    key: str
    act: str
    was: str
    sent: bool
    send_at: datetime | None = None
    held: str | None = None


class LookedAt(Answer):
    """The look ahead for a cause, by one of its failures."""

    cause: str
    key: str
    look: Looked


class Acts(Answer):
    """`left`: the filters took so many more; ask again."""

    acts: tuple[Acted, ...]
    looks: tuple[LookedAt, ...] = ()
    left: int = 0


def replay(office: Office, asked: Replaying) -> Acts:
    """Look ahead, then send again what would not fail again, one a host at a time."""
    chosen, left = _chosen(office, asked)
    looks = _looks(office, asked, chosen)
    held = {one.cause: f"not sent: {one.look.says}" for one in looks if one.look.verdict in {"trouble", "waiting"}}
    causes = {one.id: _cause(one) for one in chosen}
    going = [one for one in chosen if causes[one.id] not in held]
    acts = _send(office, asked, "replay", going)
    kept = [_acted(one, "replay", held=held[causes[one.id]]) for one in chosen if causes[one.id] in held]
    return Acts(acts=(*acts, *kept), looks=tuple(looks), left=left)


def requeue(office: Office, asked: Acting) -> Acts:
    """Send again without a look ahead, one a host at a time."""
    chosen, left = _chosen(office, asked)
    return Acts(acts=_send(office, asked, "requeue", chosen), left=left)


def drop(office: Office, asked: Acting) -> Acts:
    """Give failures up for good."""
    chosen, left = _chosen(office, asked)
    return Acts(acts=_tell(office, asked, "drop", [(one, None) for one in chosen]), left=left)


def stop(office: Office, asked: Stopping) -> Acts:
    """Halt every replay that is under way: what was not sent yet is open again."""
    if not asked.dry_run:
        mark = ReplaysStopped(at=office.now(), by=asked.by, why=asked.why)
        office.send(RECORD_PUBLISH, keys.REPLAYS_STOPPED, mark)
    waiting = list(summaries.every(office, lambda line: line.status == "replaying"))
    return Acts(acts=_tell(office, asked, "stop", [(one, None) for one in waiting]))


# --- which ------------------------------------------------------------------------------------------


def _chosen(office: Office, asked: Acting) -> tuple[list[FailureLine], int]:
    """The failures meant, each once, and how many more the filters take. Raises `Refused`, `NotFound`."""
    if not asked.failures and not asked.filters:
        raise Refused("name failures, or give a filter: --kind, --host, --feed, --site, --topic, --hours, …")
    named = [_line(office, one) for one in asked.failures]
    chosen = {one.id: one for one in named}
    if asked.all_of_cause or not named:
        now, causes = office.now(), {cause_of(one) for one in named}
        alike = summaries.every(
            office,
            lambda line: line.status == "open" and asked.takes(line, now) and (not causes or cause_of(line) in causes),
            since=asked.since(now),
        )
        chosen |= {one.id: one for one in alike if one.id not in chosen}
    lines = list(chosen.values())
    return lines[: asked.limit], max(0, len(lines) - asked.limit)


def _line(office: Office, named: str) -> FailureLine:
    """As the failure itself says it, which its summary may say a moment later."""
    failure = found(office, named).failure
    return FailureLine.model_validate(failure.model_dump(include=set(FailureLine.model_fields)) | {"reason": ""})


def _cause(line: FailureLine) -> str:
    kind, where, topic = cause_of(line)
    return f"{kind} at {where} ({topic})"


# --- looking ahead ----------------------------------------------------------------------------------


def _looks(office: Office, asked: Replaying, chosen: Sequence[FailureLine]) -> list[LookedAt]:
    """One look for each cause, at its first failure. Raises `Refused` when there are too many causes for that."""
    if asked.run and not asked.dry_run:
        return []
    firsts: dict[str, FailureLine] = {}
    for line in chosen:
        if line.status == "open":
            firsts.setdefault(_cause(line), line)
    if len(firsts) > CAUSES_MAX:
        raise Refused(
            f"these failures have {len(firsts)} causes; replay at most {CAUSES_MAX} at a time (`failures causes` "
            "groups them), or requeue them, which looks at none"
        )
    stories = {cause: found(office, _key(line)) for cause, line in firsts.items()}
    run = asked.run or new_id(office.now())
    looked = previews.look(
        office, [one.failure for one in stories.values()], run, within_s=asked.wait_s, asked=bool(asked.run)
    )
    return [
        LookedAt(cause=cause, key=story.key, look=look)
        for (cause, story), look in zip(stories.items(), looked, strict=True)
    ]


# --- telling the publisher, which alone writes ------------------------------------------------------


def _send(office: Office, asked: Acting, act: Act, chosen: Sequence[FailureLine]) -> tuple[Acted, ...]:
    """In each host's pace, behind the replays that wait for it. Raises `Refused` when too many are under way."""
    replaying = list(summaries.every(office, lambda line: line.status == "replaying"))
    going = [one for one in chosen if one.status in {"open", "replaying"}]
    if len(replaying) + len(going) > REPLAYING_MAX:
        raise Refused(f"{len(replaying)} replays are under way, and {REPLAYING_MAX} may be; wait, or `failures stop`")
    spacing_s = office.settings.fetch_host_spacing_s
    timed = pace.paced(going, pace.waiting(replaying), office.now(), spacing_s)
    idle = tuple(_acted(one, act, held=f"nothing to {act}: it is {one.status}") for one in chosen if one not in going)
    return _tell(office, asked, act, timed) + idle


def _tell(
    office: Office, asked: Change, act: Act, timed: Sequence[tuple[FailureLine, datetime | None]]
) -> tuple[Acted, ...]:
    at = office.now()
    emits = [
        Emit(
            RECORD_PUBLISH,
            _key(line),
            FailureAct(key=_key(line), act=act, at=at, send_at=send_at, by=asked.by, why=asked.why),
        )
        for line, send_at in timed
    ]
    for start in range(0, 0 if asked.dry_run else len(emits), SEND_MAX):
        office.sender.send(emits[start : start + SEND_MAX])
    return tuple(_acted(line, act, sent=not asked.dry_run, send_at=send_at) for line, send_at in timed)


def _acted(
    line: FailureLine, act: Act, *, sent: bool = False, send_at: datetime | None = None, held: str | None = None
) -> Acted:
    return Acted(key=_key(line), act=act, was=line.status, sent=sent, send_at=send_at, held=held)


def _key(line: FailureLine) -> str:
    return keys.failure(line.opened_at.date(), line.id)


VERBS = (*LOOKING, *(verb("failures", run) for run in (replay, requeue, stop, drop)))
