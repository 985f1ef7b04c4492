"""The address of an S3 store: s3://BUCKET?endpoint=http://HOST:PORT&region=NAME&prefix=FOLDER."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from pressroom.objects.port import BadKey, StoreMisconfigured, check_key
from pressroom.parameters import parameters_of

_DEFAULT_REGION = "us-east-1"
_PARAMETERS = ("endpoint", "region", "prefix")
_BUCKET = re.compile(r"[A-Za-z0-9._-]{1,255}")


@dataclass(frozen=True, slots=True)
class Address:
    """Where an S3 store is. endpoint: None for AWS itself; prefix: "" or a folder ending in "/"."""

    bucket: str
    endpoint: str | None = None
    region: str = _DEFAULT_REGION
    prefix: str = ""


def parse_address(url: str) -> Address:
    """Raises StoreMisconfigured with one line that says what is wrong; the line repeats no value of the address."""
    parts = urlsplit(url)
    if "@" in parts.netloc + parts.path:
        raise StoreMisconfigured("the object store's address must not hold credentials; they are settings of their own")
    if parts.scheme != "s3" or not _BUCKET.fullmatch(parts.netloc) or parts.path.strip("/"):
        raise StoreMisconfigured("the object store's address is s3://BUCKET?endpoint=…&region=…&prefix=…")
    try:
        given = parameters_of(parts.query, _PARAMETERS, "s3")
    except ValueError as error:
        raise StoreMisconfigured(f"the object store's address {error}") from None
    return Address(
        bucket=parts.netloc,
        endpoint=_endpoint(given.get("endpoint")),
        region=given.get("region", _DEFAULT_REGION),
        prefix=_prefix(given.get("prefix", "")),
    )


def _endpoint(endpoint: str | None) -> str | None:
    if endpoint is None:
        return None
    try:
        parts = urlsplit(endpoint)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good or "@" in parts.netloc:
        raise StoreMisconfigured("the object store's endpoint is http://HOST:PORT or https://HOST:PORT")
    return endpoint.rstrip("/")


def _prefix(prefix: str) -> str:
    folder = prefix.strip("/")
    if not folder:
        return ""
    try:
        return check_key(folder) + "/"
    except BadKey as error:
        raise StoreMisconfigured(f"the object store's prefix: {error}") from error
