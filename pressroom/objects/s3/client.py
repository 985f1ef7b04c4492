"""The way to an S3 bucket: one request at a time through boto3 or `direct`, its troubles under our names.

The only module that knows boto3. Nothing is sent twice here: what may be is `s3.store`'s to say.
"""

from __future__ import annotations

import os
import threading
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import boto3.session
import botocore.session
from botocore import exceptions as boto
from botocore.config import Config
from botocore.utils import parse_timestamp

from pressroom.clock import Clock
from pressroom.objects.port import ClockSkew, StoreMisconfigured, Unavailable
from pressroom.objects.s3.address import Address
from pressroom.objects.s3.answers import Meaning, Refused, advice, kind_of, meaning_of, skew_s
from pressroom.objects.s3.direct import METHODS, Direct, bucket_url

CONNECT_TIMEOUT_S = 3.0
READ_TIMEOUT_S = 10.0
CONNECTIONS_MAX = 16


class Bucket:
    """One bucket and one boto3 client, for any number of threads; sends nothing until asked."""

    def __init__(
        self,
        address: Address,
        *,
        clock: Clock,
        access_key: str = "",
        secret_key: str = "",
        read_timeout_s: float = READ_TIMEOUT_S,
    ) -> None:
        if bool(access_key) != bool(secret_key):
            raise StoreMisconfigured("give PRESSROOM_S3_ACCESS_KEY and PRESSROOM_S3_SECRET_KEY both, or neither")
        self.name = f"object store s3://{address.bucket} at {address.endpoint or f'AWS {address.region}'}"
        self._address = address
        self._clock = clock
        try:
            self._client, self._direct = _ways(address, access_key, secret_key, read_timeout_s)
        except (boto.BotoCoreError, ValueError) as error:
            raise StoreMisconfigured(f"the object store's settings are no good: {_line(error)}") from error
        self._slots = threading.BoundedSemaphore(CONNECTIONS_MAX)
        self._slot_wait_s = CONNECT_TIMEOUT_S + read_timeout_s
        self._down_since_s: float | None = None

    def ask(self, what: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """One request, such as `put_object`; `Body` of the answer is read.

        Raises Refused for what the caller decides, the port's errors, and anything else as boto3 does.
        """
        if not self._slots.acquire(timeout=self._slot_wait_s):
            raise self.down(f"{what}: all {CONNECTIONS_MAX} connections are waiting for answers", "timeout")
        try:
            answer = self._send(operation, parameters)
        except boto.ClientError as error:
            raise self._named(what, error) from error
        except (boto.ConnectionError, boto.CredentialRetrievalError) as error:
            raise self.down(f"{what}: {_line(error)}; is it up, and its address right?", "connect") from error
        except boto.ReadTimeoutError as error:
            raise self.down(f"{what}: no answer in time", "timeout") from error
        except (boto.ConnectionClosedError, boto.ResponseStreamingError, boto.IncompleteReadError) as error:
            raise self.down(f"{what}: the connection broke before the answer was complete", "lost") from error
        except (boto.NoCredentialsError, boto.PartialCredentialsError) as error:
            raise StoreMisconfigured(f"{self.name}: {_line(error)}: give an access key and a secret key") from error
        finally:
            self._slots.release()
        self._down_since_s = None
        return answer

    def down(self, reason: str, kind: str) -> Unavailable:
        """The error to raise when there was no good answer; counts since when that has been so."""
        return Unavailable(self.name, reason, kind, self._down_s())

    def place(self) -> dict[str, Any]:
        """What `create_bucket` must be told, so that the bucket comes to be in its region."""
        if self._address.endpoint is not None or self._address.region == "us-east-1":
            return {}
        return {"CreateBucketConfiguration": {"LocationConstraint": self._address.region}}

    def _send(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        if operation in METHODS:
            return self._direct.send(operation, parameters)
        answer: dict[str, Any] = getattr(self._client, operation)(Bucket=self._address.bucket, **parameters)
        return answer

    def _named(self, what: str, error: boto.ClientError) -> Exception:
        """Our name for an answer that is no success; the error itself when it is none that we know."""
        meta: Any = error.response["ResponseMetadata"]
        # Where an answer has no code of S3's, botocore puts the status in its place.
        status = int(meta["HTTPStatusCode"])
        code = (error.response["Error"].get("Code") or "").removeprefix(str(status))
        meaning = meaning_of(status, code)
        if meaning is Meaning.UNAVAILABLE:
            return self.down(f"{what}: {status} {code}", kind_of(status, code))
        if meaning is Meaning.CLOCK_SKEW:
            return ClockSkew(self.name, skew_s(meta["HTTPHeaders"].get("date", ""), self._clock.now()), self._down_s())
        self._down_since_s = None
        if meaning is Meaning.MISCONFIGURED:
            return StoreMisconfigured(f"{self.name}: {what}: {status} {code}: {advice(code)}")
        return error if meaning is Meaning.UNKNOWN else Refused(meaning)

    def _down_s(self) -> float:
        now_s = self._clock.monotonic()
        if self._down_since_s is None:
            self._down_since_s = now_s
        return now_s - self._down_since_s


def _ways(address: Address, access_key: str, secret_key: str, read_timeout_s: float) -> tuple[Any, Direct]:
    core = botocore.session.get_session()
    core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_time)
    session = boto3.session.Session(
        botocore_session=core,
        aws_access_key_id=access_key or None,
        aws_secret_access_key=secret_key or None,
        region_name=address.region,
    )

    def credentials() -> Any:
        held = session.get_credentials()
        return held.get_frozen_credentials() if held is not None else None

    client = session.client("s3", endpoint_url=address.endpoint, config=_config(address, read_timeout_s))
    direct = Direct(
        bucket_url(client.meta.endpoint_url, address.bucket, own_endpoint=address.endpoint is not None),
        address.region,
        credentials,
        _time,
        timeouts_s=(CONNECT_TIMEOUT_S, read_timeout_s),
        connections_max=CONNECTIONS_MAX,
        # As boto3's client finds the authorities to trust.
        verify=core.get_config_variable("ca_bundle") or os.environ.get("REQUESTS_CA_BUNDLE") or True,
    )
    return client, direct


def _config(address: Address, read_timeout_s: float) -> Config:
    return Config(
        signature_version="s3v4",
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=read_timeout_s,
        retries={"mode": "standard", "total_max_attempts": 1},
        max_pool_connections=CONNECTIONS_MAX,
        tcp_keepalive=True,
        # Since 1.36 boto3 sends checksum headers of its own accord, which other stores refuse (boto/boto3#4401).
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"addressing_style": "path" if address.endpoint else "auto"},
    )


def _time(value: Any) -> datetime:
    """The two forms that S3 writes times in; guessing them took two thirds of a listing's time."""
    try:
        return datetime.fromisoformat(value) if value[:1].isdigit() else parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return parse_timestamp(value)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
