"""Whole objects under keys: the port, its engines, and the one place that chooses between them."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from pressroom.clock import Clock
from pressroom.objects.port import (
    AlreadyThere,
    BadKey,
    ClockSkew,
    Conflict,
    Listed,
    NotModified,
    ObjectStore,
    Stored,
    StoreError,
    StoreMisconfigured,
    TooLarge,
    Unavailable,
)

__all__ = [
    "AlreadyThere",
    "BadKey",
    "ClockSkew",
    "Conflict",
    "Listed",
    "NotModified",
    "ObjectStore",
    "StoreError",
    "StoreMisconfigured",
    "Stored",
    "TooLarge",
    "Unavailable",
    "check_url",
    "open_store",
]

_FORM = "is s3://BUCKET?endpoint=… or a path"


def open_store(
    url: str, *, clock: Clock, access_key: str = "", secret_key: str = "", create_bucket: bool = False
) -> ObjectStore:
    """The store at `url`; StoreMisconfigured when the address is none. An S3 store need not answer yet.

    url: a path or file:///a/path for a directory, which is created, or
    s3://BUCKET?endpoint=http://HOST:PORT&region=NAME&prefix=FOLDER, each parameter optional.
    access_key, secret_key: of S3; both empty: as boto3 finds them (AWS_ACCESS_KEY_ID, a role, …).
    create_bucket: make the bucket when it is missing; the S3 store then has to answer.
    """
    if check_url(url) == "s3":
        # boto3 costs 40 MB and 0.2 s, so only those pay who use it.
        from pressroom.objects.s3.address import parse_address  # noqa: PLC0415
        from pressroom.objects.s3.store import S3Store  # noqa: PLC0415

        store = S3Store(parse_address(url), clock=clock, access_key=access_key, secret_key=secret_key)
        if create_bucket:
            store.create_bucket()
        return store
    from pressroom.objects.directory import DirectoryStore  # noqa: PLC0415

    return DirectoryStore(Path(urlsplit(url).path))


def check_url(url: str) -> str:
    """The scheme of a store's address. Raises StoreMisconfigured when it is none; asks nobody."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise StoreMisconfigured(f"the object store's address {_FORM}") from None
    if parts.scheme == "s3":
        from pressroom.objects.s3.address import parse_address  # noqa: PLC0415

        parse_address(url)
    elif parts.scheme not in ("", "file") or not parts.path:
        raise StoreMisconfigured(f"the object store's address {_FORM}, not {parts.scheme or 'empty'}")
    return parts.scheme
