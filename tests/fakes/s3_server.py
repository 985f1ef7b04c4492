"""A small S3 store in memory, correct by default, that can have the faults of real ones.

It knows what the project uses (GET, PUT, HEAD, DELETE of objects with conditions and metadata, listings,
making buckets) and checks no signatures. The contract suite holds it to what SeaweedFS does.
"""

from __future__ import annotations

import hashlib
import ssl
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

from tests.fakes.s3_http import Answer, LoopbackServer, Request


@dataclass
class Kept:
    body: bytes
    headers: dict[str, str]
    modified: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def etag(self) -> str:
        return f'"{hashlib.md5(self.body).hexdigest()}"'


@dataclass
class Rules:
    """How this store behaves.

    honours: which conditions of a PUT it knows; the others it silently ignores (seen: Ceph radosgw with
    dbstore, s3s-fs, rclone). window_s: time between checking a condition and writing, in which others may
    write (seen: SeaweedFS before 4.18, versitygw). missing_status: the answer to If-Match of a missing key.
    refuses_checksums: 400 for the checksum headers that newer SDKs send of their own accord.
    """

    honours: frozenset[str] = frozenset({"If-Match", "If-None-Match"})
    window_s: float = 0.0
    missing_status: int = 412
    refuses_checksums: bool = False


class FakeS3(LoopbackServer):
    """`requests` holds what was asked, in order; `objects` what is stored, by bucket and key."""

    def __init__(self, rules: Rules | None = None, bucket: str = "bucket", tls: ssl.SSLContext | None = None) -> None:
        self.rules = rules or Rules()
        self.requests: list[Request] = []
        self.objects: dict[str, dict[str, Kept]] = {bucket: {}}
        self._bucket = bucket
        self._lock = threading.Lock()
        super().__init__(self._answer, tls)

    def start_afresh(self) -> None:
        """Forget all objects, requests and rules."""
        self.rules = Rules()
        self.requests.clear()
        self.objects = {self._bucket: {}}

    def url(self) -> str:
        return f"s3://{self._bucket}?endpoint={self.endpoint}"

    def _answer(self, request: Request) -> Answer:
        self.requests.append(request)
        parts = urlsplit(request.path)
        bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
        if self.rules.refuses_checksums and (refusal := _refused_checksums(request)):
            return refusal
        if not key and request.method == "PUT":
            return self._make_bucket(bucket)
        if bucket not in self.objects:
            return error(404, "NoSuchBucket")
        kept = self.objects[bucket]
        if not key:
            return _listing(kept, parse_qs(parts.query, keep_blank_values=True))
        if request.method == "PUT":
            return self._put(kept, key, request)
        if request.method == "DELETE":
            kept.pop(key, None)
            return Answer(204)
        return _read(kept.get(key), request)

    def _make_bucket(self, bucket: str) -> Answer:
        if bucket in self.objects:
            return error(409, "BucketAlreadyOwnedByYou")
        self.objects[bucket] = {}
        return Answer(200)

    def _put(self, kept: dict[str, Kept], key: str, request: Request) -> Answer:
        new = Kept(request.body, {n: v for n, v in request.headers.items() if _is_kept(n)})
        with self._lock:
            refusal = self._refusal(kept.get(key), request)
            if refusal is None and self.rules.window_s == 0:
                kept[key] = new
        if refusal is None and self.rules.window_s > 0:
            threading.Event().wait(self.rules.window_s)
            kept[key] = new
        return refusal or Answer(200, {"ETag": new.etag})

    def _refusal(self, found: Kept | None, request: Request) -> Answer | None:
        conditions = {name: value for name, value in request.headers.items() if name in self.rules.honours}
        if "If-Match" in conditions:
            if found is None:
                return error(self.rules.missing_status, "NoSuchKey" if self.rules.missing_status == 404 else FAILED)
            if found.etag != conditions["If-Match"]:
                return error(412, FAILED)
        if conditions.get("If-None-Match") == "*" and found is not None:
            return error(412, FAILED)
        return None


FAILED = "PreconditionFailed"


def error(status: int, code: str, **headers: str) -> Answer:
    """An error as S3 writes it."""
    body = f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code><Message>{code}</Message></Error>"
    return Answer(status, {"Content-Type": "application/xml", **headers}, body.encode())


def _refused_checksums(request: Request) -> Answer | None:
    names = [name.lower() for name in request.headers]
    if any(name.startswith(("x-amz-checksum-", "x-amz-sdk-checksum", "x-amz-trailer")) for name in names):
        return error(400, "InvalidArgument")
    if "aws-chunked" in request.headers.get("Content-Encoding", ""):
        return error(501, "NotImplemented")
    return None


def _is_kept(name: str) -> bool:
    return name.lower().startswith("x-amz-meta-") or name in ("Content-Type", "Cache-Control")


def _read(found: Kept | None, request: Request) -> Answer:
    if found is None:
        return error(404, "NoSuchKey")
    if request.headers.get("If-None-Match") == found.etag:
        return Answer(304, {"ETag": found.etag})
    times = {"Last-Modified": format_datetime(found.modified, usegmt=True)}
    return Answer(200, {"ETag": found.etag, **times, **found.headers}, found.body)


def _listing(kept: dict[str, Kept], query: dict[str, list[str]]) -> Answer:
    prefix, after = query.get("prefix", [""])[0], query.get("start-after", [""])[0]
    limit = int(query.get("max-keys", ["1000"])[0])
    keys = [key for key in sorted(kept) if key.startswith(prefix) and key > after]
    lines = [
        f"<Contents><Key>{escape(quote(key))}</Key><ETag>{escape(kept[key].etag)}</ETag>"
        f"<Size>{len(kept[key].body)}</Size>"
        f"<LastModified>{kept[key].modified.strftime('%Y-%m-%dT%H:%M:%S.000Z')}</LastModified></Contents>"
        for key in keys[:limit]
    ]
    truncated = str(len(keys) > limit).lower()
    body = f"<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>{truncated}</IsTruncated>{''.join(lines)}"
    return Answer(200, {"Content-Type": "application/xml"}, f"{body}</ListBucketResult>".encode())
