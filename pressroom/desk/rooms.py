"""Every verb there is. A new room is one module and one line here."""

from __future__ import annotations

from collections.abc import Iterable

from pressroom.desk import archive, audit, failures_again, feeds, files, hosts, newsroom, raws, topics, traces
from pressroom.desk.verbs import Verb

VERBS: tuple[Verb, ...] = (
    *newsroom.VERBS,
    *failures_again.VERBS,
    *feeds.VERBS,
    *hosts.VERBS,
    *files.VERBS,
    *archive.VERBS,
    *topics.VERBS,
    *raws.VERBS,
    *traces.VERBS,
    *audit.VERBS,
)


def rooms() -> list[str]:
    """The rooms in order."""
    return list(dict.fromkeys(one.room for one in VERBS))


def of_room(room: str) -> Iterable[Verb]:
    return (one for one in VERBS if one.room == room)


def find(room: str, name: str) -> Verb | None:
    return next((one for one in of_room(room) if one.name == name), None)


def known(room: str, name: str) -> Verb:
    """One that our own code names. Raises `KeyError`."""
    verb = find(room, name)
    if verb is None:
        raise KeyError(f"{room} {name}")
    return verb
