"""requests' adapter, and urllib3's pool below it, with our dialling, our limits on time and none of their extras.

A `requests.Session` costs twice what this does per unchanged feed: it merges settings, keeps cookies and looks for
proxies. What a fetch needs of it is the adapter: pooled, kept connections and the error vocabulary.
"""

from __future__ import annotations

import io
import ssl
from http.client import HTTPMessage, HTTPResponse
from typing import Any, cast

import certifi
import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import SSLError

from pressroom.http.answer import FetchError
from pressroom.http.exchange import TimedTlsSocket, current
from schemas.errors import ErrorKind

HOSTS_KEPT = 64
"""Hosts whose connections are kept open; the least recently used goes first."""
CONNECTIONS_PER_HOST = 2
IDLE_S = 30.0
"""A connection unused for longer is not trusted: routers forget such ones silently, and a GET would wait in vain."""
LINES_MAX = 50_000
"""Header lines and chunk sizes of one answer; a body in one-byte chunks is an attack on the processor."""


def tls_context(ca_file: str | None = None) -> ssl.SSLContext:
    """The one context of a process: loading the certificates costs more than ten handshakes.

    Trusted are the system's certificates (OpenSSL's SSL_CERT_FILE is honoured), certifi's and those of `ca_file`.
    """
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    context.set_alpn_protocols(["http/1.1"])
    context.sslsocket_class = TimedTlsSocket
    return context


class Transport(HTTPAdapter):
    """Sends the current exchange's hop. Cookies, proxies and retries are left out on purpose."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._tls = tls
        super().__init__(pool_connections=HOSTS_KEPT, pool_maxsize=CONNECTIONS_PER_HOST)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **_: Any) -> None:
        self.poolmanager = PoolManager(connections, maxsize=maxsize, block=block, ssl_context=self._tls)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def get_connection_with_tls_context(self, *_: Any, **__: Any) -> HTTPConnectionPool:
        url = current().url
        pool: HTTPConnectionPool = self.poolmanager.connection_from_host(url.host, url.port, url.scheme)
        return pool

    def cert_verify(self, *_: Any) -> None:
        """The shared context verifies. The inherited method would load the certificates for each connection."""

    def request_url(self, *_: Any) -> str:
        return current().url.target

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        response = requests.Response()
        response.status_code = resp.status
        response.raw = resp
        return response


class _Head(io.BufferedReader):
    """What http.client reads lines from, header by header until `whole`; chunk sizes come this way too."""

    lines = 0
    whole = False

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        self.lines += 1
        if self.lines > LINES_MAX:
            raise FetchError(ErrorKind.TOO_LARGE, f"it comes in more than {LINES_MAX} lines or chunks")
        return line if self.whole or self.lines == 1 else self._field(line)

    def _field(self, line: bytes) -> bytes:
        """A header line that http.client's parser gets over: on a broken one it would drop all that follow."""
        if not line:
            raise FetchError(ErrorKind.TRUNCATED, "the connection ended inside the headers")
        text = line.rstrip(b"\r\n")
        if not text or text[:1] in b" \t" or text.startswith(b"HTTP/"):  # the end, a fold, the next status line
            return line
        return (text.replace(b"\r", b" ") if b":" in text else b"Unreadable:") + b"\r\n"


class _Answer(HTTPResponse):
    """An answer whose headers came whole; early hints and other interim answers are passed over."""

    def __init__(self, sock: Any, debuglevel: int = 0, method: str | None = None, url: str | None = None) -> None:
        super().__init__(sock, debuglevel, method, url)
        self.fp: _Head = _Head(self.fp.detach())

    def begin(self) -> None:
        super().begin()
        while self.status in {102, 103}:
            self.headers = self.msg = cast(HTTPMessage, None)  # http.client's sign that nothing was read yet
            super().begin()
        self.fp.whole = True


class _Connection(HTTPConnection):
    response_class = _Answer
    _used_s = 0.0

    def _new_conn(self) -> Any:
        return current().dial()

    @property
    def is_connected(self) -> bool:
        return super().is_connected and current().clock.monotonic() - self._used_s < IDLE_S

    def getresponse(self) -> Any:
        self._used_s = current().clock.monotonic()
        return super().getresponse()


class _TlsConnection(_Connection, HTTPSConnection):
    def connect(self) -> None:
        try:
            HTTPSConnection.connect(self)
        except TimeoutError:
            current().left_s()
            raise FetchError(ErrorKind.TIMEOUT, "the TLS handshake did not end in time") from None
        except ssl.SSLCertVerificationError as error:
            raise FetchError(ErrorKind.TLS, f"the certificate is refused: {error.verify_message}") from None
        except (SSLError, OSError) as error:
            raise FetchError(ErrorKind.TLS, f"the TLS handshake failed: {error}") from None


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection
