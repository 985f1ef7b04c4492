"""The one way out to strangers' servers: a guarded GET, bounded in every direction, that says what went wrong."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPException

import requests
from urllib3 import HTTPResponse
from urllib3.exceptions import HTTPError
from urllib3.exceptions import SSLError as ReadSslError

from pressroom.clock import Clock
from pressroom.http.answer import FetchError, Headers, Limits, Response
from pressroom.http.cookies import Cookies
from pressroom.http.decode import ACCEPT_ENCODING, decode
from pressroom.http.exchange import Exchange
from pressroom.http.guard import Guard
from pressroom.http.resolve import Resolver, SystemResolver
from pressroom.http.transport import Transport, tls_context
from pressroom.http.urls import Url, follow, parse_url
from schemas.errors import ErrorKind

REDIRECTS = frozenset({301, 302, 303, 307, 308})
PERMANENT = frozenset({301, 308})
BODILESS = frozenset({204, 304})
CHUNK_BYTES = 131_072

# What goes along when a redirect leaves the origin: nothing that could be a secret.
_PUBLIC_FIELDS = frozenset({"accept", "accept-encoding", "if-modified-since", "if-none-match", "user-agent"})

Hops = tuple[tuple[int, str], ...]


class Client:
    """One per process, for all its threads: kept connections, one set of trusted certificates, one guard."""

    def __init__(
        self,
        guard: Guard,
        limits: Limits,
        clock: Clock,
        user_agent: str,
        resolver: Resolver | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._guard = guard
        self._limits = limits
        self._clock = clock
        self._resolver = resolver or SystemResolver(clock)
        self._transport = Transport(tls or tls_context())
        self._timeout = (limits.connect_s, limits.total_s)
        self._fields = {"User-Agent": user_agent, "Accept": "*/*", "Accept-Encoding": ACCEPT_ENCODING}

    def get(self, url: str, *, headers: Mapping[str, str] | None = None, max_redirects: int | None = None) -> Response:
        """Ask for `url` and follow where it leads. Any status is an answer; raises `FetchError` when there is none."""
        exchange = Exchange(self._guard, self._resolver, self._limits, self._clock)
        redirects_max = self._limits.redirects_max if max_redirects is None else max_redirects
        fields = self._fields | dict(headers or {})
        hops: Hops = ()
        cookies = Cookies()
        where, status = url, None
        try:
            here = parse_url(url)
            self._guard.check_url(here)
            while True:
                where, status = here.text, None
                raw = self._ask(exchange, here, fields)
                status = raw.status
                packed = self._read(raw)
                if status not in REDIRECTS:
                    return self._response(exchange, raw, packed, hops)
                is_other = cookies.take(here, raw.headers.getlist("Set-Cookie"))
                there = self._next(here, raw, hops, redirects_max, is_other=is_other)
                hops = (*hops, (status, here.text))
                fields = _with(cookies.field(there), fields if there.origin == here.origin else _public(fields))
                here = there
        except FetchError as error:
            error.url, error.status, error.redirects = where, status, hops
            raise

    def close(self) -> None:
        """Close the kept connections."""
        self._transport.close()

    def _ask(self, exchange: Exchange, url: Url, fields: dict[str, str]) -> HTTPResponse:
        """Send, and receive the headers. A kept connection that proves dead is replaced, a new one is not."""
        exchange.hop(url)
        request = requests.PreparedRequest()
        request.method, request.url = "GET", url.text
        request.headers = fields  # type: ignore[assignment]  # urllib3 takes any mapping; requests' own copies slowly
        while True:
            try:
                response = self._transport.send(request, stream=True, timeout=self._timeout)
                return response.raw
            except requests.ConnectionError as error:
                if exchange.dialled:
                    raise _no_answer(error) from None
            except requests.RequestException as error:
                raise _no_answer(error) from None

    def _read(self, raw: HTTPResponse) -> bytes:
        """The body as sent. Of an answer that is no success it is a help for the reader, and never an error."""
        if raw.status in BODILESS:
            return _skip_body(raw)
        if raw.status >= 300:
            return _read_some(raw, self._limits.error_bytes_max)
        coding = raw.headers.get("Transfer-Encoding", "chunked").strip().lower()
        if coding not in {"chunked", "identity"}:
            raw.close()
            raise FetchError(ErrorKind.DECODE_ERROR, f"sent in a way that is not known here: {coding[:40]}")
        return _read_all(raw, self._limits.wire_bytes_max)

    def _response(self, exchange: Exchange, raw: HTTPResponse, packed: bytes, hops: Hops) -> Response:
        return Response(
            url=exchange.url.text,
            status=raw.status,
            headers=Headers(raw.headers),
            body=self._unpacked(raw, packed),
            wire_bytes=len(packed),
            redirects=hops,
            permanent_url=_permanent(hops, exchange.url.text),
            elapsed_s=self._clock.monotonic() - exchange.started_s,
        )

    def _unpacked(self, raw: HTTPResponse, packed: bytes) -> bytes:
        try:
            return decode(packed, raw.headers.get("Content-Encoding", ""), self._limits.body_bytes_max)
        except FetchError:
            if raw.status < 300:
                raise
            return b""

    def _next(self, here: Url, raw: HTTPResponse, hops: Hops, redirects_max: int, *, is_other: bool) -> Url:
        """Where a redirect leads; back to where we were only when that `is_other` a question, with new cookies.

        Raises `FetchError` when it is not to be followed.
        """
        location = next(iter(raw.headers.getlist("Location")), "").strip()
        if not location:
            raise FetchError(ErrorKind.BAD_REDIRECT, f"status {raw.status} without saying where to")
        try:
            there = follow(here, location)
            self._guard.check_url(there)
        except FetchError as error:
            kind = ErrorKind.BAD_REDIRECT if error.kind is ErrorKind.BAD_URL else error.kind
            raise FetchError(kind, f"it redirects to {location[:200]!r}: {error.message}") from None
        if here.scheme == "https" and there.scheme == "http":
            raise FetchError(ErrorKind.BAD_REDIRECT, f"it redirects from https down to {there.text}")
        if not is_other and (there.text == here.text or any(there.text == url for _, url in hops)):
            raise FetchError(ErrorKind.REDIRECT_LOOP, f"it redirects in a circle, to {there.text}")
        if len(hops) >= redirects_max:
            raise FetchError(ErrorKind.REDIRECT_LOOP, f"more than {redirects_max} redirects")
        return there


def _skip_body(raw: HTTPResponse) -> bytes:
    """RFC 9110 section 15.4.5: there is none. One that is sent nevertheless must not be read as the next answer."""
    if raw.headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in raw.headers:
        raw.close()
        return b""
    return raw.read(CHUNK_BYTES, decode_content=False)


def _read_all(raw: HTTPResponse, bytes_max: int) -> bytes:
    if (raw.length_remaining or 0) > bytes_max:
        raw.close()
        raise FetchError(ErrorKind.TOO_LARGE, f"{raw.length_remaining} bytes are announced, {bytes_max} are allowed")
    pieces, size = [], 0
    try:
        while piece := raw.read(CHUNK_BYTES, decode_content=False):
            pieces.append(piece)
            size += len(piece)
            if size > bytes_max:
                raw.close()
                raise FetchError(ErrorKind.TOO_LARGE, f"more than the {bytes_max} bytes that are allowed were sent")
    except ReadSslError as error:
        raise FetchError(ErrorKind.TLS, f"the encrypted connection broke: {error}") from None
    except HTTPError as error:
        raise FetchError(ErrorKind.TRUNCATED, f"the connection ended after {size} bytes of the body") from error
    return b"".join(pieces)


def _read_some(raw: HTTPResponse, bytes_max: int) -> bytes:
    """The start of a body, as far as it can be had. The connection is kept only when there is no more of it."""
    body = b""
    with suppress(FetchError, HTTPError):
        while len(body) <= bytes_max and (piece := raw.read(bytes_max, decode_content=False)):
            body += piece
    raw.close()
    return body[:bytes_max]


def _no_answer(error: requests.RequestException) -> FetchError:
    """What requests and urllib3 say of a connection on which no headers came."""
    cause = next((part for part in _causes(error) if isinstance(part, HTTPException | OSError)), error)
    if isinstance(error, requests.exceptions.SSLError):
        return FetchError(ErrorKind.TLS, f"the encrypted connection broke: {cause}")
    if isinstance(cause, ConnectionError):  # http.client's RemoteDisconnected among them
        return FetchError(ErrorKind.CONNECT, "the connection was closed without an answer")
    return FetchError(ErrorKind.CONNECT, f"what answered does not speak HTTP: {cause!r:.200}")


def _causes(error: BaseException) -> list[BaseException]:
    """The exceptions that requests and urllib3 have wrapped into one another, innermost first."""
    inner = [argument for argument in error.args if isinstance(argument, BaseException)]
    return [part for each in inner for part in (*_causes(each), each)]


def _public(fields: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in fields.items() if name.lower() in _PUBLIC_FIELDS}


def _with(cookie: str, fields: dict[str, str]) -> dict[str, str]:
    bare = {name: value for name, value in fields.items() if name != "Cookie"}
    return bare | {"Cookie": cookie} if cookie else bare


def _permanent(hops: Hops, final: str) -> str | None:
    """Where the leading permanent redirects lead (RFC 9110 sections 15.4.2 and 15.4.9)."""
    led_to = [url for _, url in hops[1:]] + [final]
    reached = None
    for (status, _), url in zip(hops, led_to, strict=False):
        if status not in PERMANENT:
            break
        reached = url
    return reached
