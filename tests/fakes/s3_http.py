"""A small HTTP server on loopback whose connections can be cut and refused; under the fake store and the proxy."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """`cut_to_bytes`: hang up after so many bytes of the body."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut_to_bytes: int | None = None


HANG_UP = None
Respond = Callable[[Request], Answer | None]


class LoopbackServer:
    """Answers each request with what `respond` returns; HANG_UP closes the connection without an answer."""

    def __init__(self, respond: Respond, tls: ssl.SSLContext | None = None) -> None:
        self.respond = respond
        self._tls = tls
        self.accepted = 0
        """How many connections were made to it."""
        self.open: set[socket.socket] = set()
        self._server: _Server | None = None
        self._placeholder: socket.socket | None = None
        self._listen(0)

    @property
    def endpoint(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}"

    def refuse(self) -> None:
        """Cut every connection and refuse new ones, keeping the port from others."""
        self._close_server()
        self._placeholder = socket.socket()
        self._placeholder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._placeholder.bind(("127.0.0.1", self._port))

    def accept(self) -> None:
        """Serve again on the same port."""
        assert self._placeholder is not None
        self._placeholder.close()
        self._listen(self._port)

    def close(self) -> None:
        self._close_server()
        if self._placeholder is not None:
            self._placeholder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _listen(self, port: int) -> None:
        self._server = _Server(port, self, self._tls)
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def _close_server(self) -> None:
        if self._server is None:
            return
        self._server.shutdown()
        self._server.server_close()
        self._server = None
        for connection in list(self.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int, served: LoopbackServer, tls: ssl.SSLContext | None) -> None:
        self.served = served
        super().__init__(("127.0.0.1", port), _Handler)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Otherwise the body waits for the client to acknowledge the headers (Nagle).
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.served.accepted += 1
        self.server.served.open.add(self.connection)

    def finish(self) -> None:
        self.server.served.open.discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:
            self.close_connection = True

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        if len(body) < length:
            # Whoever sent it died meanwhile: no store takes half an object.
            self.close_connection = True
            return
        answer = self.server.served.respond(Request(self.command, self.path, dict(self.headers), body))
        if answer is HANG_UP:
            self.close_connection = True
        else:
            self._send(answer)

    def _send(self, answer: Answer) -> None:
        self.send_response_only(answer.status)
        for name, value in ({"Date": self.date_time_string()} | answer.headers).items():
            self.send_header(name, value)
        if answer.status != 304 and not answer.headers.keys() & {"Content-Length", "Transfer-Encoding"}:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body[: answer.cut_to_bytes])
        if answer.cut_to_bytes is not None:
            self.close_connection = True

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = _serve  # noqa: N815 - the names that the base class asks for

    def log_message(self, *_: object) -> None:
        pass
