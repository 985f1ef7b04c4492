"""The papers' own server, in a process of its own: what is measured must not pay for it.

`python -m bench.origin FEEDS FOLDER` prints its ports as JSON and serves `/feed/N` on every loopback address, plain and
over TLS, connections kept, with ETags; the certificate that vouches for it goes into FOLDER. `/-/version/V` turns the
page to another version of the corpus; `/-/close/1` ends each connection after its answer; `/-/restless/1` gives whoever
has a feed's current version the next one.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from functools import partial
from pathlib import Path
from typing import Final

import trustme

from bench.corpus import feed

HOSTS: Final = tuple(f"127.0.0.{number}" for number in range(2, 52))


class Shelf:
    """Whole answers, made before anybody asks."""

    def __init__(self, feeds: int) -> None:
        self.closes = False
        self._feeds = feeds
        self._next: list[tuple[bytes, bytes, bytes]] = []
        self.turn(0)

    def turn(self, version: int) -> None:
        self._version = version
        self._answers = [_answer(number, version) for number in range(self._feeds)]

    def answer(self, request: bytes) -> bytes:
        path = request.split(b" ", 2)[1].split(b"/")
        if path[1] == b"-":
            return self._told(path[2], int(path[3]))
        number = int(path[2])
        etag, full, same = self._answers[number]
        if b"\r\nif-none-match: " + etag + b"\r\n" not in request.lower():
            return full
        if not self._next:
            return same
        self._answers[number], self._next[number] = self._next[number], self._answers[number]
        return self._answers[number][1]

    def _told(self, what: bytes, value: int) -> bytes:
        if what == b"version":
            self.turn(value)
        elif what == b"close":
            self.closes = bool(value)
        elif what == b"restless":
            self._next = [_answer(number, self._version + 1) for number in range(self._feeds)] if value else []
        return b"HTTP/1.1 204 No Content\r\n\r\n"


def _answer(number: int, version: int) -> tuple[bytes, bytes, bytes]:
    """(ETag, the answer with the feed, the answer that nothing is new)"""
    body, etag = feed(number, version), b'"%d-%d"' % (number, version)
    head = b"ETag: %s\r\nLast-Modified: Mon, 05 Jan 2026 06:00:%02d GMT\r\n" % (etag, version % 60)
    full = b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n%s\r\n" % (len(body), head)
    return etag, full + body, b"HTTP/1.1 304 Not Modified\r\n%s\r\n" % head


class Conversation(asyncio.Protocol):
    """One connection. Requests have no body and are not sent ahead, so each ends with what has come."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._heard = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._heard += data
        if self._heard.endswith(b"\r\n\r\n"):
            request, self._heard = self._heard, b""
            self._transport.write(self._shelf.answer(request))
            if self._shelf.closes:
                self._transport.close()


def _tls(folder: Path) -> ssl.SSLContext:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*HOSTS).configure_cert(context)
    return context


async def _serve(feeds: int, folder: Path) -> None:
    loop, shelf = asyncio.get_running_loop(), Shelf(feeds)
    make = partial(Conversation, shelf)
    plain = await loop.create_server(make, "0.0.0.0", 0, backlog=1024)
    secure = await loop.create_server(make, "0.0.0.0", 0, backlog=1024, ssl=_tls(folder))
    ports = [server.sockets[0].getsockname()[1] for server in (plain, secure)]
    print(json.dumps({"plain": ports[0], "tls": ports[1]}), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), Path(sys.argv[2])))
