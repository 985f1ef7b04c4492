"""One at a time copies to a place: a mark there, renewed while the work goes on, and nobody's once it is old."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Final

from pressroom.clock import Clock
from pressroom.desk.office import Refused
from pressroom.objects.port import Conflict, NotModified, ObjectStore, StoreError
from schemas.backup import BackupClaim
from schemas.codec import Undecodable, read_document
from schemas.envelope import new_id

KEY: Final = "running.json"
STALE: Final = timedelta(hours=1)


class Claim:
    """From its making to `release` this process alone copies to `store`.

    Raises `Refused` when another one does, at its making or at a renewal; otherwise as the store.
    """

    def __init__(self, store: ObjectStore, clock: Clock, run: str) -> None:
        self._store = store
        self._clock = clock
        self._run = run
        self._etag = self._swap(self._free())

    def renew(self) -> None:
        self._etag = self._swap(self._etag)

    def release(self) -> None:
        """Let others begin. A mark that cannot be taken away grows old; one that is another's by now stays."""
        with suppress(Refused, StoreError):
            self.renew()
            self._store.delete(KEY)

    def _free(self) -> str | None:
        """The ETag of a mark that may be written over; None: there is none."""
        found = self._store.get(KEY)
        assert not isinstance(found, NotModified)
        if found is None:
            return None
        try:
            other = read_document(found.body, BackupClaim, KEY)
        except Undecodable:
            return found.etag  # half a mark, of somebody who died writing it
        if self._clock.now() - other.at < STALE:
            raise Refused(
                f"{self._store.name}: another backup copies there, since {other.run}; if it is dead, this one may begin"
                f" an hour after {other.at:%H:%M} UTC, or when {KEY} there is deleted"
            )
        return found.etag

    def _swap(self, etag: str | None) -> str:
        now = self._clock.now()
        mark = BackupClaim(run=self._run, at=now)
        try:
            return self._store.swap(KEY, mark.as_json(), etag=etag, write_id=new_id(now))
        except Conflict:
            raise Refused(f"{self._store.name}: another backup copies there now; this one stops") from None
