"""What the answers of S3 stores mean to us; no I/O.

Source: the S3 API reference (error responses, conditional writes), and what other stores were seen to say.
"""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import Enum


class Meaning(Enum):
    """One of these for every answer that is no success."""

    NOT_MODIFIED = "the object still has this ETag"
    NO_SUCH_KEY = "there is no such object"
    CONFLICT = "the condition of the write did not hold"
    BUSY = "another write was under way; the same request may be sent again"
    UNAVAILABLE = "the store can't serve now"
    CLOCK_SKEW = "our clock is off"
    MISCONFIGURED = "a person must act"
    UNKNOWN = "not for us to judge"


_BY_CODE = {
    "NoSuchKey": Meaning.NO_SUCH_KEY,
    "PreconditionFailed": Meaning.CONFLICT,
    "ConditionalRequestConflict": Meaning.BUSY,
    "OperationAborted": Meaning.BUSY,
    "RequestTimeTooSkewed": Meaning.CLOCK_SKEW,
    "RequestTimeout": Meaning.UNAVAILABLE,
    "SlowDown": Meaning.UNAVAILABLE,
    "NoSuchBucket": Meaning.MISCONFIGURED,
    "InvalidBucketName": Meaning.MISCONFIGURED,
    "PermanentRedirect": Meaning.MISCONFIGURED,
    "TemporaryRedirect": Meaning.MISCONFIGURED,
    "AuthorizationHeaderMalformed": Meaning.MISCONFIGURED,
    "ExpiredToken": Meaning.MISCONFIGURED,
    "InvalidToken": Meaning.MISCONFIGURED,
    "NotImplemented": Meaning.MISCONFIGURED,
}
_BY_STATUS = {
    301: Meaning.MISCONFIGURED,
    # Some answer a conditional write like a conditional read (minio/minio#19442).
    304: Meaning.NOT_MODIFIED,
    401: Meaning.MISCONFIGURED,
    403: Meaning.MISCONFIGURED,
    409: Meaning.BUSY,
    412: Meaning.CONFLICT,
    429: Meaning.UNAVAILABLE,
    501: Meaning.MISCONFIGURED,
}
_KINDS = {429: "slow_down", 503: "slow_down", 507: "full"}
_ADVICE = {
    "": "what answers there speaks no S3; check the endpoint in the address",
    "NoSuchBucket": "create the bucket, or correct its name in the address",
    "InvalidBucketName": "correct the bucket's name in the address",
    "InvalidAccessKeyId": "the store does not know this access key",
    "SignatureDoesNotMatch": "the secret key does not belong to this access key",
    "ExpiredToken": "renew the credentials",
    "InvalidToken": "renew the credentials",
    "AccessDenied": (
        "allow these credentials to get, put, delete and list in this bucket"
        " (without the right to list, AWS answers so for missing keys too)"
    ),
    "PermanentRedirect": "the bucket is in another region: correct region= in the address",
    "TemporaryRedirect": "the bucket is new and in another region: correct region= in the address",
    "AuthorizationHeaderMalformed": "the store is in another region: correct region= in the address",
    "NotImplemented": "this store can't do conditional writes; choose one that can",
}


def meaning_of(status: int, code: str) -> Meaning:
    """The code decides where it is known, else the status; any other 5xx is the store's trouble."""
    known = _BY_CODE.get(code) or _BY_STATUS.get(status)
    if known is not None:
        return known
    if status >= 500:
        return Meaning.UNAVAILABLE
    return Meaning.UNKNOWN if code else Meaning.MISCONFIGURED


def kind_of(status: int, code: str) -> str:
    """The kind of an Unavailable, as the port lists them."""
    if code == "RequestTimeout":
        return "timeout"
    return "slow_down" if code == "SlowDown" else _KINDS.get(status, "server_error")


def advice(code: str) -> str:
    """What the operator can do about a MISCONFIGURED answer."""
    return _ADVICE.get(code, "check the address, the credentials and their rights")


def skew_s(date: str, now: datetime) -> float | None:
    """Our clock minus the store's, in seconds, by the Date header of its answer (RFC 9110 section 6.6.1)."""
    try:
        return (now - parsedate_to_datetime(date)).total_seconds()
    except (ValueError, TypeError):
        return None


class Refused(Exception):
    """An answer that each caller understands in its own way: NOT_MODIFIED, NO_SUCH_KEY, CONFLICT or BUSY."""

    def __init__(self, meaning: Meaning) -> None:
        super().__init__(meaning.value)
        self.meaning = meaning
