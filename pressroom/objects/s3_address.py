"""The address of an S3 store: s3://BUCKET?endpoint=http://HOST:PORT&region=NAME&prefix=FOLDER."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, urlsplit

from pressroom.objects.port import BadKey, StoreMisconfigured, check_key

_DEFAULT_REGION = "us-east-1"
_PARAMETERS = ("endpoint", "region", "prefix")


@dataclass(frozen=True, slots=True)
class Address:
    """Where an S3 store is. endpoint: None for AWS itself; prefix: "" or a folder ending in "/"."""

    bucket: str
    endpoint: str | None = None
    region: str = _DEFAULT_REGION
    prefix: str = ""


def parse_address(url: str) -> Address:
    """Raises StoreMisconfigured with one line that says what is wrong, never repeating a password."""
    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise StoreMisconfigured("credentials don't belong into the store's address; give them apart")
    if parts.scheme != "s3" or not parts.netloc or parts.path.strip("/"):
        raise StoreMisconfigured(f"{url!r}: an S3 store is s3://BUCKET?endpoint=…&region=…&prefix=…")
    given = _parameters(url, parts)
    return Address(
        bucket=parts.netloc,
        endpoint=_endpoint(url, given.get("endpoint")),
        region=given.get("region", _DEFAULT_REGION),
        prefix=_prefix(url, given.get("prefix", "")),
    )


def _parameters(url: str, parts: SplitResult) -> dict[str, str]:
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    given = dict(pairs)
    unknown = sorted(given.keys() - set(_PARAMETERS))
    if unknown:
        raise StoreMisconfigured(f"{url!r}: unknown {', '.join(unknown)}; there are {', '.join(_PARAMETERS)}")
    if len(given) < len(pairs) or not all(given.values()):
        raise StoreMisconfigured(f"{url!r}: each of {', '.join(_PARAMETERS)} once, and not empty")
    return given


def _endpoint(url: str, endpoint: str | None) -> str | None:
    if endpoint is None:
        return None
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise StoreMisconfigured(f"{url!r}: the endpoint is http://HOST:PORT or https://HOST:PORT")
    return endpoint.rstrip("/")


def _prefix(url: str, prefix: str) -> str:
    folder = prefix.strip("/")
    if not folder:
        return ""
    try:
        return check_key(folder) + "/"
    except BadKey as error:
        raise StoreMisconfigured(f"{url!r}: {error}") from error
