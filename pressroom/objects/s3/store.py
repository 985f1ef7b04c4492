"""Objects in an S3 bucket: conditional writes that know their own success when they meet it.

A write whose answer was lost is sent again, and then refused because of itself. So each write leaves a mark in
the object's metadata, and a refused one reads back whose mark is there. The SDKs' own retries do not look, and
report a conflict (aws/aws-sdk-java-v2#6580): they are off.
"""

from __future__ import annotations

import hashlib
import random
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC
from typing import Any

from pressroom.clock import Clock
from pressroom.objects.port import (
    AlreadyThere,
    Conflict,
    Listed,
    NotModified,
    Stored,
    StoreMisconfigured,
    Unavailable,
    check_body,
    check_key,
    check_prefix,
    check_write_id,
)
from pressroom.objects.s3.address import Address
from pressroom.objects.s3.answers import Meaning, Refused
from pressroom.objects.s3.client import READ_TIMEOUT_S, Bucket

# What to wait before each attempt of a call, made up to half longer or shorter so that racers part.
_READ_WAITS_S = (0.0, 0.05, 0.2)
_WRITE_WAITS_S = (0.0, 0.02, 0.1, 0.4)
# A refused connection or a time-out is an outage: pacing is the caller's, and this client must not add to it.
_READ_AGAIN = frozenset({"lost", "server_error", "slow_down"})
_PAGE_KEYS = 1000
_MARK = "write-id"


class S3Store:
    """An ObjectStore in one bucket, below the address's prefix. Opening it sends nothing."""

    def __init__(
        self,
        address: Address,
        *,
        clock: Clock,
        access_key: str = "",
        secret_key: str = "",
        read_timeout_s: float = READ_TIMEOUT_S,
    ) -> None:
        self._prefix = address.prefix
        self._clock = clock
        self._bucket = Bucket(
            address, clock=clock, access_key=access_key, secret_key=secret_key, read_timeout_s=read_timeout_s
        )

    @property
    def name(self) -> str:
        return self._bucket.name

    def create_bucket(self) -> None:
        """Make the bucket unless it is there. Raises as `get`."""
        try:
            self._bucket.ask("create the bucket", "create_bucket", **self._bucket.place())
        except Refused as refused:
            # "Owned by you" or "being made": another of our processes was quicker.
            if refused.meaning is not Meaning.BUSY:
                raise

    def keep_versions(self) -> None:
        """Have the bucket keep what is overwritten; some stores say yes and do not, so it is asked back."""
        self._bucket.ask("switch versioning on", "put_bucket_versioning", VersioningConfiguration={"Status": "Enabled"})
        answer = self._bucket.ask("look at versioning", "get_bucket_versioning")
        if answer.get("Status") != "Enabled":
            raise StoreMisconfigured(f"{self.name}: this store keeps no versions")

    def get(self, key: str, *, if_none_match: str | None = None) -> Stored | NotModified | None:
        condition = {} if if_none_match is None else {"IfNoneMatch": if_none_match}
        try:
            return _stored(self._read(f"get {key}", "get_object", Key=self._at(key), **condition))
        except Refused as refused:
            if refused.meaning is Meaning.NO_SUCH_KEY:
                return None
            if refused.meaning is Meaning.NOT_MODIFIED and if_none_match is not None:
                return NotModified(if_none_match)
            raise

    def create(
        self, key: str, body: bytes, *, content_type: str = "application/json", cache_control: str | None = None
    ) -> str:
        caching = {} if cache_control is None else {"CacheControl": cache_control}
        mark = _mark(uuid.uuid4().hex, body)
        try:
            return self._put(key, body, mark, IfNoneMatch="*", ContentType=content_type, **caching)
        except Refused:
            found, found_mark = self._found_instead(key)
        if found is None:
            raise Conflict(key, "no object", None)
        if found_mark == mark:
            return found.etag
        raise (AlreadyThere if found.body == body else Conflict)(key, "no object", found.etag)

    def swap(self, key: str, body: bytes, *, etag: str | None, write_id: str) -> str:
        mark = _mark(check_write_id(write_id), body)
        condition = {"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag}
        try:
            return self._put(key, body, mark, ContentType="application/json", **condition)
        except Refused:
            found, found_mark = self._found_instead(key)
        if found is None:
            raise Conflict(key, etag or "no object", None)
        if found_mark == mark:
            return found.etag
        raise Conflict(key, etag or "no object", found.etag)

    def delete(self, key: str) -> None:
        try:
            self._read(f"delete {key}", "delete_object", Key=self._at(key))
        except Refused as refused:
            # S3 answers 204 for a missing key too; others say that it is missing.
            if refused.meaning is not Meaning.NO_SUCH_KEY:
                raise

    def list(self, prefix: str, *, after: str = "", limit: int) -> Iterator[Listed]:
        check_prefix(prefix)
        while limit > 0:
            page = self._page(prefix, after, min(limit, _PAGE_KEYS))
            found = [self._listed(one) for one in page.get("Contents", ())]
            yield from found
            if not page["IsTruncated"] or not found:
                return
            after = found[-1].key
            limit -= len(found)

    def _page(self, prefix: str, after: str, limit: int) -> dict[str, Any]:
        start = {"StartAfter": self._prefix + after} if after else {}
        what = f"list {prefix or 'everything'}"
        return self._read(what, "list_objects_v2", Prefix=self._prefix + prefix, MaxKeys=limit, **start)

    def _listed(self, one: dict[str, Any]) -> Listed:
        return Listed(
            one["Key"].removeprefix(self._prefix), one["ETag"], one["Size"], one["LastModified"].astimezone(UTC)
        )

    def _found_instead(self, key: str) -> tuple[Stored | None, str]:
        """What is there when a write was refused, and the mark of the write that put it there."""
        try:
            answer = self._read(f"get {key}", "get_object", Key=self._at(key))
        except Refused as refused:
            if refused.meaning is Meaning.NO_SUCH_KEY:
                return None, ""
            raise
        return _stored(answer), answer["Metadata"].get(_MARK, "")

    def _put(self, key: str, body: bytes, mark: str, **headers: str) -> str:
        """A conditional write; Refused when its condition did not hold, be it by its own earlier attempt."""
        what, at = f"put {key}", self._at(key)
        check_body(key, body)
        for wait_s in _WRITE_WAITS_S:
            self._pause(wait_s)
            try:
                answer = self._bucket.ask(what, "put_object", Key=at, Body=body, Metadata={_MARK: mark}, **headers)
                return str(answer["ETag"])
            except Refused as refused:
                if refused.meaning is not Meaning.BUSY:
                    raise
                trouble = self._bucket.down(f"{what}: other writes are always under way", "busy")
            except Unavailable as error:
                if error.kind != "lost":
                    raise
                trouble = error
        raise trouble

    def _read(self, what: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """A request that may be sent twice: again when its answer was lost or the trouble may be passing."""
        for wait_s in _READ_WAITS_S:
            self._pause(wait_s)
            try:
                return self._bucket.ask(what, operation, **parameters)
            except Unavailable as error:
                if error.kind not in _READ_AGAIN:
                    raise
                trouble = error
        raise trouble

    def _pause(self, wait_s: float) -> None:
        if wait_s > 0:
            self._clock.wait(threading.Event(), wait_s * random.uniform(0.5, 1.5))  # noqa: S311 - no secret

    def _at(self, key: str) -> str:
        return self._prefix + check_key(key)


def _stored(answer: dict[str, Any]) -> Stored:
    return Stored(answer["Body"], answer["ETag"], answer["LastModified"].astimezone(UTC))


def _mark(write_id: str, body: bytes) -> str:
    """Names one write of these bytes: the same id with other bytes is another write."""
    return f"{write_id}.{hashlib.sha256(body).hexdigest()[:16]}"
