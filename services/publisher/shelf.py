"""Typed objects on the store: load a model, compare-and-set a model, and tell the nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pressroom.notices import Notices
from pressroom.objects.port import Conflict, NotModified, ObjectStore
from schemas.base import Model
from schemas.codec import Undecodable, read_document

M = TypeVar("M", bound=Model)

SWAPS_MAX = 5
"""Rounds of read, change, compare-and-set before a write gives up; partitions keep one writer a key, so 2 are rare."""


class Broken(ValueError):
    """An object that does not hold what its key promises. The text names key, field and value."""


class Contended(RuntimeError):
    """Somebody else keeps writing this object: our own passing fault, to be retried."""


class Shelf:
    """What the publisher writes through. All methods raise `BackendUnavailable` when the store cannot be reached."""

    def __init__(self, store: ObjectStore, notices: Notices) -> None:
        self.store = store
        self.notices = notices

    def load(self, key: str, model: type[M]) -> tuple[M, str] | None:
        """(model, ETag), or None when there is no such object. Raises `Broken`, and `TooNew` for what waits."""
        found = self.store.get(key)
        if found is None:
            return None
        assert not isinstance(found, NotModified)
        try:
            return read_document(found.body, model, f"object {key}"), found.etag
        except Undecodable as error:
            raise Broken(str(error)) from None

    def save(self, key: str, model: Model, etag: str | None, write_id: str) -> str:
        """Compare-and-set; `etag` None: must not exist. The new ETag. Raises `Conflict`."""
        return self.store.swap(key, dump(model), etag=etag, write_id=write_id)

    def change(self, key: str, model: type[M], change: Callable[[M | None], M | None], write_id: str) -> str | None:
        """Read, change, compare-and-set, as often as it takes. None when `change` wants nothing written."""
        for _ in range(SWAPS_MAX):
            found = self.load(key, model)
            wanted = change(found[0] if found else None)
            if wanted is None:
                return None
            try:
                return self.save(key, wanted, found[1] if found else None, write_id)
            except Conflict:
                continue
        raise Contended(f"object {key} changed under us {SWAPS_MAX} times in a row")


def dump(model: Model) -> bytes:
    return model.as_json()
