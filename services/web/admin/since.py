"""How things stand after a change was asked for. Commands go through the queue: asked for is not done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pressroom.desk import failures, feeds
from pressroom.desk.office import NotFound, Office
from services.web.admin.wording import page

SHOWN_MAX: Final = 10


@dataclass(frozen=True, slots=True)
class Standing:
    """One thing that a change was about. `address` leads to its page."""

    name: str
    address: str
    text: str


def since(office: Office, room: str, asked: Mapping[str, Any]) -> tuple[Standing, ...]:
    """What the store says now of what was asked about; empty when no page can tell. Raises as verbs do."""
    look = _LOOKS.get(room)
    return look(office, asked) if look is not None else ()


def _failures(office: Office, asked: Mapping[str, Any]) -> tuple[Standing, ...]:
    return tuple(_failure(office, str(named)) for named in list(asked.get("failures", ()))[:SHOWN_MAX])


def _failure(office: Office, named: str) -> Standing:
    address = page("failures", "show", failure=named)
    try:
        failure = failures.found(office, named).failure
    except NotFound as missing:
        return Standing(named, address, str(missing))
    done = f", last: {failure.actions[-1].act} by {failure.actions[-1].by}" if failure.actions else ""
    return Standing(failure.id, address, f"{failure.status}{done}")


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


_LOOKS: Final[dict[str, Callable[[Office, Mapping[str, Any]], tuple[Standing, ...]]]] = {
    "failures": _failures,
    "feeds": _feeds,
}
