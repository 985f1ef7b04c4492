"""How things stand after a change was asked for. Commands go through the queue: asked for is not done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pressroom.desk import feeds, summaries
from pressroom.desk.audit import Told
from pressroom.desk.office import NotFound, Office
from schemas.envelope import born
from services.web.admin.wording import page

ACTS: Final = frozenset({"replay", "requeue", "drop", "stop"})


@dataclass(frozen=True, slots=True)
class Standing:
    """One thing that a change was about. `address` leads to its page."""

    name: str
    address: str
    text: str


@dataclass(frozen=True, slots=True)
class Progress:
    """Failures acted on together. `waiting` for their turn, the last at `ends_at`; `open`: the publisher has not taken
    the word in yet, or they have failed again; `held`: reasons.
    """

    sent: int
    done: int
    waiting: int
    open: int
    statuses: tuple[tuple[str, int], ...]
    ends_at: datetime | None
    held: tuple[tuple[str, int], ...]


def progress(office: Office, told: Told) -> Progress | None:
    """How far a replay is, by the failures' lines in the summaries. Raises as verbs do."""
    if told.room != "failures" or told.verb not in ACTS or told.answer is None:
        return None
    acts: Any = told.answer.get("acts", [])
    sent = {str(one["key"]).rsplit("/", 1)[1].removesuffix(".json") for one in acts if one.get("sent")}
    held = Counter(str(one["held"]) for one in acts if one.get("held"))
    times = [datetime.fromisoformat(one["send_at"]) for one in acts if one.get("send_at")]
    first = min(filter(None, map(born, sent)), default=None)
    lines = summaries.every(office, lambda line: line.id in sent, since=first) if sent else ()
    statuses = Counter(line.status for line in lines)
    # What is stopped is open again, and so done.
    waiting, still = statuses["replaying"], 0 if told.verb == "stop" else statuses["open"]
    return Progress(
        sent=len(sent),
        done=max(0, statuses.total() - waiting - still),
        waiting=waiting,
        open=still,
        statuses=tuple(statuses.most_common()),
        ends_at=max(times, default=None),
        held=tuple(held.most_common()),
    )


def since(office: Office, told: Told) -> tuple[Standing, ...]:
    """What the store says now of what was asked about; empty when no page can tell. Raises as verbs do."""
    look = _LOOKS.get(told.room)
    return look(office, told.asked) if look is not None else ()


def _feeds(office: Office, asked: Mapping[str, Any]) -> tuple[Standing, ...]:
    feed = asked.get("feed")
    if not isinstance(feed, str):
        return ()
    address = page("feeds", "show", feed=feed)
    try:
        head = feeds.show(office, feeds.Named(feed=feed)).head
    except NotFound as missing:
        return (Standing(feed, address, str(missing)),)
    held = "held until it is released" if head.hold else "following its source"
    return (Standing(feed, address, f"shows version {head.version[:12]}, {held}"),)


def _of_site(asked: Mapping[str, Any]) -> str:
    return str(asked.get("site", ""))


def _files(office: Office, asked: Mapping[str, Any]) -> tuple[Standing, ...]:
    site, name = _of_site(asked), str(asked.get("name", ""))
    return (
        Standing(f"{site}: {name}", page("files", "save", site=site, name=name), "its text and its versions"),
        Standing("As readers see it", f"/s/{site}/about" if name == "about" else f"/s/{site}", ""),
    )


def _headlines(office: Office, asked: Mapping[str, Any]) -> tuple[Standing, ...]:
    site = _of_site(asked)
    return (
        Standing(f"Headlines of {site}", page("headlines", "list", site=site), ""),
        Standing("Those that were removed", page("headlines", "list", site=site, removed="true"), ""),
    )


_LOOKS: Final[dict[str, Callable[[Office, Mapping[str, Any]], tuple[Standing, ...]]]] = {
    "feeds": _feeds,
    "files": _files,
    "headlines": _headlines,
}
