"""An operator in this process, who comes through the same door as the command, the pages and the JSON calls."""

from __future__ import annotations

from typing import Any

from pressroom.clock import Clock
from pressroom.desk.office import Office
from pressroom.desk.rooms import find
from pressroom.desk.verbs import ask, perform
from pressroom.objects.port import ObjectStore
from pressroom.sender import Sender
from pressroom.settings import Settings
from schemas.documents import Failure, FailureLine


class Operator:
    """`operator("feeds", "pause", host=…)`; changes are made by the desk, for a test, unless said otherwise."""

    def __init__(self, store: ObjectStore, sender: Sender, clock: Clock, settings: Settings) -> None:
        self.office = Office(store, sender, clock, settings)

    def __call__(self, room: str, name: str, /, **given: Any) -> Any:
        verb = find(room, name)
        assert verb is not None, f"there is no verb {room} {name}"
        said = {"by": "desk", "why": "a test"} if verb.changes else {}
        return perform(self.office, verb, ask(verb, said | given))

    def failures(self, **wanted: Any) -> list[FailureLine]:
        return list(self("failures", "list", **wanted).failures)

    def failure(self, named: str) -> Failure:
        found: Failure = self("failures", "show", failure=named).failure
        return found
