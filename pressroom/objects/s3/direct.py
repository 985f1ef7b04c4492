"""Get and put of objects without boto3's layers: botocore signs and sends, the little that is left stands here.

Both are nearly all that a busy newsroom asks of its store, and boto3 takes several times as long for one
(docs/decisions.md, "Measured"). What comes out is what boto3's client gives for the same operation, errors included.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urlsplit

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError
from botocore.httpsession import URLLib3Session
from botocore.parsers import create_parser
from botocore.response import StreamingBody
from botocore.utils import check_dns_name, get_environ_proxies

from pressroom.objects.port import BODY_BYTES_MAX, TooLarge

METHODS: Final = {"get_object": "GET", "put_object": "PUT"}
_FIELDS: Final = {
    "IfMatch": "If-Match",
    "IfNoneMatch": "If-None-Match",
    "ContentType": "Content-Type",
    "CacheControl": "Cache-Control",
}
_META: Final = "x-amz-meta-"


def bucket_url(endpoint: str, bucket: str, *, own_endpoint: bool) -> str:
    """Where the bucket's objects are: below its name at an endpoint of one's own, at a host of its own on AWS.

    But for names that are no part of a host's, or that no certificate covers. An endpoint of one's own can also be a
    setting of boto3's, such as AWS_ENDPOINT_URL.
    """
    parts = urlsplit(endpoint)
    is_aws = (parts.hostname or "").endswith((".amazonaws.com", ".amazonaws.com.cn"))
    if own_endpoint or not is_aws or not check_dns_name(bucket):
        return f"{endpoint.rstrip('/')}/{bucket}"
    return f"{parts.scheme}://{bucket}.{parts.netloc}"


class Direct:
    """The objects of one bucket. `credentials` is asked for each request, since some expire."""

    def __init__(
        self,
        url: str,
        region: str,
        credentials: Callable[[], Any],
        time_of: Callable[[Any], datetime],
        *,
        timeouts_s: tuple[float, float],
        connections_max: int,
        verify: str | bool,
    ) -> None:
        self._url = url
        self._region = region
        self._credentials = credentials
        self._time_of = time_of
        # Any: the stubs know no parsing without a shape, no pair of time-outs and no file of authorities.
        self._parser: Any = create_parser("rest-xml")
        make: Any = URLLib3Session
        self._http: URLLib3Session = make(
            verify=verify,
            proxies=get_environ_proxies(url),
            timeout=timeouts_s,
            max_pool_connections=connections_max,
            socket_options=[
                (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
                (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
            ],
        )

    def send(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """As boto3's client for one of `METHODS`, `Body` read. Raises botocore's errors and `TooLarge`."""
        answer = self._http.send(self._signed(operation, parameters))
        fields, body = answer.headers, _body(parameters["Key"], answer)
        if answer.status_code >= 300 or "ETag" not in fields:
            told = self._parser.parse({"status_code": answer.status_code, "headers": fields, "body": body}, None)
            # A success that no S3 store would answer with has no code.
            raise ClientError({"Error": {}} | told, operation)
        if operation == "put_object":
            return {"ETag": fields["ETag"]}
        marks = {name[len(_META) :].lower(): value for name, value in fields.items() if name.lower().startswith(_META)}
        modified = self._time_of(fields["Last-Modified"])
        return {"Body": body, "ETag": fields["ETag"], "LastModified": modified, "Metadata": marks}

    def _signed(self, operation: str, parameters: Mapping[str, Any]) -> Any:
        fields = {_FIELDS[name]: value for name, value in parameters.items() if name in _FIELDS}
        fields |= {_META + name: value for name, value in parameters.get("Metadata", {}).items()}
        url = f"{self._url}/{quote(parameters['Key'], safe='/~')}"
        request = AWSRequest(
            METHODS[operation], url, data=parameters.get("Body", b""), headers=fields, stream_output=True
        )
        S3SigV4Auth(self._credentials(), "s3", self._region).add_auth(request)
        return request.prepare()


def _body(key: str, answer: Any) -> bytes:
    """All of it, and no more is read than an object may have, whether or not the answer says how long it is."""
    # "Unchanged" has no body, and may say how long it would be (RFC 9110 section 8.6).
    said = None if answer.status_code == 304 else answer.headers.get("Content-Length")
    stream = StreamingBody(answer.raw, said)  # type: ignore[arg-type]  # without a length it is not checked
    if int(said or 0) <= BODY_BYTES_MAX:
        body = bytes(stream.read(BODY_BYTES_MAX + 1))
        if len(body) <= BODY_BYTES_MAX:
            stream.read()  # nothing: it looks whether the end came too early
            return body
    stream.close()
    raise TooLarge(f"{key}: {said or 'unsaid'} bytes, more than an object may have")
