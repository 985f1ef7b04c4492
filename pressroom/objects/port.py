"""The object port: what the newsroom asks of a store, whatever the engine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from pressroom.outcomes import BackendUnavailable

KEY_CHARS_MAX = 500
# A file name may have 255 bytes; the rest is room for whoever copies the objects into files.
SEGMENT_CHARS_MAX = 200
WRITE_ID_CHARS_MAX = 100
BODY_BYTES_MAX = 16 * 1024 * 1024
LIST_LIMIT_MAX = 100_000

_SEGMENT = re.compile(r"[A-Za-z0-9_~@=,-][A-Za-z0-9_~@=,.-]*")
_WRITE_ID = re.compile(r"[A-Za-z0-9_.:@/+=-]+")


@dataclass(frozen=True, slots=True)
class Stored:
    """An object as it was read: `modified` is the store's own time, for people only."""

    body: bytes
    etag: str
    modified: datetime


@dataclass(frozen=True, slots=True)
class NotModified:
    """The answer to a conditional get when the object still has this ETag."""

    etag: str


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of a listing."""

    key: str
    etag: str
    size_bytes: int
    modified: datetime


class StoreError(Exception):
    """Any trouble that a store names; its text is one line for an operator."""


class BadKey(StoreError, ValueError):
    """A key, prefix or write id that no engine takes: a bug of the caller or a bad name from a person."""


class TooLarge(StoreError, ValueError):
    """A body over BODY_BYTES_MAX, on its way in or out."""


class Conflict(StoreError):
    """The condition of a write did not hold: read again, decide again.

    `etag` is the object's ETag now, or None when there is no object (or nobody could tell).
    """

    def __init__(self, key: str, wanted: str, etag: str | None) -> None:
        found = "there is none" if etag is None else f"it has {etag}"
        super().__init__(f"{key}: wanted {wanted}, but {found}")
        self.key = key
        self.etag = etag


class AlreadyThere(Conflict):
    """A create met an object with exactly the same bytes; whoever stores immutable content is done."""


class Unavailable(StoreError, BackendUnavailable):
    """The store can't answer now; nothing is wrong with the request, the caller paces and tries again.

    `what` (of BackendUnavailable) names the store, `reason` says what happened.
    A write that ends so may have been stored all the same: the next one tells (see `swap`).

    kind: connect | timeout | lost | slow_down | server_error | busy | full | clock_skew
    down_s: for how long this client has had no good answer, in seconds.
    """

    def __init__(self, store: str, reason: str, kind: str, down_s: float = 0.0) -> None:
        since = f" (no good answer for {down_s:.0f} s)" if down_s >= 1 else ""
        super().__init__(store, reason + since)
        self.kind = kind
        self.down_s = down_s


class ClockSkew(Unavailable):
    """The store refuses our signatures because our clock and its clock differ.

    skew_s: our clock minus the store's, in seconds; None when the store gave no date.
    """

    def __init__(self, store: str, skew_s: float | None, down_s: float = 0.0) -> None:
        by = "" if skew_s is None else f": ours is {abs(skew_s):.0f} s {'ahead' if skew_s > 0 else 'behind'}"
        super().__init__(store, f"the clocks differ too much for signed requests{by}", "clock_skew", down_s)
        self.skew_s = skew_s


class StoreMisconfigured(StoreError, BackendUnavailable):
    """Waiting won't help: wrong address, bucket, credentials or permissions. A person must act; who is at work already
    pauses meanwhile, as for any outage, and spends no message on it.
    """

    def __init__(self, text: str) -> None:
        Exception.__init__(self, text)
        self.what = "the object store"
        self.reason = text


class ObjectStore(Protocol):
    """Whole objects under keys, written by compare-and-set; usable by many threads and processes at once.

    What every engine promises, and tests/contracts/objects_contract.py holds it to:

    - A write that returned is durable and seen by every later read of any process. A reader gets an
      object whole, the old or the new one, whatever dies in between.
    - Of any number of writers that hold the same ETag (or all want to create), exactly one wins.
    - An ETag is an opaque string that belongs to the content: equal bytes may have equal ETags, so
      "unchanged" means "the same bytes", not "never touched".
    - Only "no such key" reads as None. What is known is raised as a StoreError, anything else as it is.
    - Calls end: each has a time limit and a bounded number of attempts.

    Keys: 1 to 500 characters, segments of A-Z a-z 0-9 _ ~ @ = , . - divided by "/", none empty, none
    starting with ".", none over 200 characters. A key is never a folder of another one.
    Bodies: 0 to 16 MiB.
    """

    @property
    def name(self) -> str:
        """What and where this store is, for messages; without secrets."""

    def get(self, key: str, *, if_none_match: str | None = None) -> Stored | NotModified | None:
        """Read an object; None when there is no such key, NotModified when it still has that ETag.

        Raises Unavailable, StoreMisconfigured, BadKey, TooLarge.
        """

    def create(
        self, key: str, body: bytes, *, content_type: str = "application/json", cache_control: str | None = None
    ) -> str:
        """Store an immutable object and return its ETag.

        Raises AlreadyThere when the key holds the same bytes already, Conflict when it holds others, and
        as `get`. The type and caching are kept where the engine has a place for them (S3: for a CDN that
        reads the bucket).
        """

    def swap(self, key: str, body: bytes, *, etag: str | None, write_id: str) -> str:
        """Replace the object that has `etag` (None: that doesn't exist yet) and return the new ETag.

        write_id: 1 to 100 characters that name this one write. When an answer is lost, the object read
        back with the same id and the same bytes is known as the own success, even in the next process.
        Raises Conflict, and as `get`. A Conflict may still hide a success that another writer replaced
        before it was confirmed: look into what is there now before doing the same thing again.
        """

    def delete(self, key: str) -> None:
        """Remove an object, whatever its ETag; no error when there is none. Raises as `get`."""

    def list(self, prefix: str, *, after: str = "", limit: int) -> Iterator[Listed]:
        """At most `limit` objects whose keys start with `prefix`, from the first one after the key `after`.

        Objects of one folder come in byte order of their names. Between folders the order is the
        engine's own (whole keys by bytes on AWS and here, folder by folder on SeaweedFS), and going on
        from the last key always yields the rest, each once. An object that is written or deleted
        meanwhile may be seen or not. Raises as `get`, while iterating too.
        """


@runtime_checkable
class Versioned(Protocol):
    """A store that can keep what is overwritten and deleted, by itself and unseen here; for a person to dig in."""

    def keep_versions(self) -> None:
        """Switch that on, for the whole bucket. Raises as `ObjectStore.get`; StoreMisconfigured when it can't."""


def check_key(key: str) -> str:
    """Return the key, or raise BadKey saying what is wrong with it."""
    if not 1 <= len(key) <= KEY_CHARS_MAX:
        raise BadKey(f"a key has 1 to {KEY_CHARS_MAX} characters, not {len(key)}: {key[:80]!r}")
    for segment in key.split("/"):
        if len(segment) > SEGMENT_CHARS_MAX or not _SEGMENT.fullmatch(segment):
            raise BadKey(
                f"{key[:80]!r}: {segment[:80]!r} is no part of a key (1 to {SEGMENT_CHARS_MAX} of"
                " A-Z a-z 0-9 _ ~ @ = , . - and no dot in front)"
            )
    return key


def check_prefix(prefix: str) -> str:
    """Return the prefix of a listing, or raise BadKey: empty, or the beginning of a key."""
    folder = prefix.removesuffix("/")
    if prefix:
        check_key(folder)
    return prefix


def check_body(key: str, body: bytes) -> bytes:
    """Return the body, or raise TooLarge."""
    if len(body) > BODY_BYTES_MAX:
        raise TooLarge(f"{key}: {len(body)} bytes, more than the {BODY_BYTES_MAX} that an object may have")
    return body


def check_write_id(write_id: str) -> str:
    """Return the write id, or raise BadKey: it travels in a header."""
    if len(write_id) > WRITE_ID_CHARS_MAX or not _WRITE_ID.fullmatch(write_id):
        raise BadKey(f"a write id has 1 to {WRITE_ID_CHARS_MAX} of A-Z a-z 0-9 _ . : @ / + = -: {write_id[:120]!r}")
    return write_id
