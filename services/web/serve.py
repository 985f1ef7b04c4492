"""The server of the embedded newsroom and of tests: waitress in a thread of this process."""

from __future__ import annotations

import socket
import threading
from types import TracebackType
from typing import Any

from waitress import wasyncore
from waitress.server import create_server

STOP_S = 2.0
_ROUND_S = 0.05


class PortTaken(OSError):
    """The address cannot be listened on; the text is one line for a person."""


class Server:
    """`with Server(app, host, port) as server:` listens from construction on and answers inside the block.

    granian cannot serve WSGI inside a process of ours (its embedded server refuses that interface).
    """

    def __init__(self, app: Any, host: str, port: int, *, threads: int = 8) -> None:
        """Raises `PortTaken`."""
        self._socket = listen(host, port)
        name, number = self._socket.getsockname()[:2]
        self.address = f"http://{f'[{name}]' if ':' in name else name}:{number}"
        self._map: dict[int, Any] = {}
        self._server = create_server(
            app,
            map=self._map,
            sockets=[self._socket],
            threads=threads,
            ident="pressroom",
            # The limits read X-Forwarded-For and judge themselves whom to believe.
            clear_untrusted_proxy_headers=False,
            channel_timeout=60,
            max_request_body_size=1 << 20,
        )
        self._stopping = threading.Event()
        self._waking = threading.Lock()
        self._rounds_left = 0
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float = STOP_S) -> None:
        """Nothing new is accepted, requests under way are answered as far as `timeout_s` allows, the port is free."""
        self._rounds_left = int(timeout_s / _ROUND_S)
        with self._waking:
            self._stopping.set()
            self._server.pull_trigger()
        self._thread.join(timeout_s + 1)

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        # waitress's own `run` can only be ended by a signal, and closing it from another thread breaks its answers.
        while not self._stopping.is_set():
            self._poll(1.0)
        with self._waking:  # whoever says stop still has the trigger in hand
            self._server.del_channel()
        self._socket.close()
        while self._rounds_left > 0 and any(map(_busy, list(self._server.active_channels.values()))):
            self._rounds_left -= 1
            self._poll(_ROUND_S)
        self._server.task_dispatcher.shutdown(cancel_pending=True, timeout=_ROUND_S)
        wasyncore.close_all(self._map)

    def _poll(self, timeout_s: float) -> None:
        wasyncore.loop(timeout=timeout_s, map=self._map, use_poll=True, count=1)


def _busy(channel: Any) -> bool:
    return bool(channel.requests) or channel.total_outbufs_len > 0


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises `PortTaken`."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    except OSError as error:
        raise PortTaken(f"cannot listen on {host}: {error.strerror}; choose another with PRESSROOM_HOST") from None
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(1024)
    except OSError as error:
        sock.close()
        why = error.strerror or str(error)
        raise PortTaken(f"cannot listen on {host}:{port}: {why}; choose another with PRESSROOM_PORT") from None
    return sock
