"""An operator's webhook that answers as it is told: statuses, a hang, a drip, a closed door."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver:
    """`answers`: what the next requests get, one each: a status, "hang", "drip" or "close"; then always 200."""

    def __init__(self) -> None:
        self.answers: list[int | str] = []
        self.heard: list[dict[str, Any]] = []
        """Every message that came, also what was then answered badly."""
        self.over = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                receiver.answer(self)

            def log_message(self, *arguments: Any) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook?token=t0k3n"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        how = self.answers.pop(0) if self.answers else 200
        if how == "close":
            request.connection.shutdown(socket.SHUT_RDWR)
        elif how == "hang":
            self.over.wait(30)
        elif how == "drip":
            with contextlib.suppress(OSError):
                while not self.over.is_set():
                    request.wfile.write(b"H")
                    time.sleep(0.02)
        else:
            request.send_response(int(how))
            request.send_header("Content-Length", "0")
            request.end_headers()

    def alerts(self) -> list[tuple[str, str]]:
        """(name, firing or resolved) of each message that came."""
        return [(one["alerts"][0]["labels"]["alertname"], one["status"]) for one in self.heard]

    def close(self) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()


@contextlib.contextmanager
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    try:
        yield made
    finally:
        made.close()
