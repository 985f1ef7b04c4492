"""What every verb works with, and how it refuses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from pressroom.clock import Clock
from pressroom.objects.port import NotModified, ObjectStore
from pressroom.outcomes import Emit
from pressroom.sender import Sender
from pressroom.settings import Settings
from schemas.base import Model
from schemas.codec import read_document

D = TypeVar("D", bound=Model)


class Refused(Exception):
    """The verb cannot be done as asked. The text is for the operator: what, why, what to do instead."""


class NotFound(Refused):
    """What the operator named is not there."""


class Conflict(Refused):
    """What the operator looked at has changed since."""


@dataclass(frozen=True, slots=True)
class Office:
    """The ports of an operator's work.

    Verbs raise `Refused`, `BackendUnavailable` and `StoreError` when store or queue cannot be reached, `TooNew` or
    `Undecodable` for an object that cannot be read, `Full` and `Unroutable` for a command that finds no way.
    """

    store: ObjectStore
    sender: Sender
    clock: Clock
    settings: Settings

    def now(self) -> datetime:
        return self.clock.now()

    def read(self, key: str, model: type[D]) -> D | None:
        """The document at `key`; None when there is none."""
        found = self.store.get(key)
        if found is None or isinstance(found, NotModified):
            return None
        return read_document(found.body, model, f"object {key}")

    def send(self, topic: str, key: str, message: Model) -> None:
        self.sender.send([Emit(topic, key, message)])
