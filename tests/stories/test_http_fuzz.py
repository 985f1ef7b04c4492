"""Whatever a server sends, a GET gives an answer or a `FetchError`, on time; nothing else comes out of it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pressroom.http.answer import FetchError, Limits, Response
from pressroom.http.client import Client
from pressroom.http.urls import normalise_url
from tests.fakes.faultserver import Answer, FaultServer
from tests.fakes.http_bodies import pack
from tests.fakes.http_names import a_client

FEED = b"<rss><channel><title>Weather vane</title></channel></rss>" * 3
LIMITS = Limits(connect_s=1, total_s=1, wire_bytes_max=20_000, body_bytes_max=50_000)


def _answer(status: bytes, *fields: bytes, body: bytes = FEED) -> bytes:
    return b"\r\n".join([b"HTTP/1.1 " + status, *fields, b"", body])


SEEDS = [
    _answer(b"200 OK", b"Content-Length: %d" % len(FEED), b'ETag: "1"'),
    _answer(b"200 OK", b"Transfer-Encoding: chunked", body=b"9\r\n" + FEED[:9] + b"\r\n0\r\n\r\n"),
    _answer(b"301 Moved", b"Location: /elsewhere", b"Content-Length: 0", body=b""),
    _answer(b"304 Not Modified", b'ETag: "1"', body=b""),
    _answer(b"103 Early", body=b"") + _answer(b"503 Down", b"Retry-After: 5"),
    *(
        _answer(b"200 OK", b"Content-Encoding: " + name.encode(), body=pack(FEED, name))
        for name in ("gzip", "deflate", "br", "zstd")
    ),
]


@st.composite
def mangled(draw: st.DrawFn) -> bytes:
    """A good answer with bytes changed, dropped, doubled or put in at a few places."""
    data = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data)))
        width = draw(st.integers(0, 12))
        data[at : at + width] = draw(st.one_of(st.binary(max_size=8), st.just(bytes(data[at : at + width]) * 2)))
    return bytes(data)


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[tuple[FaultServer, Client]]:
    with FaultServer() as server:
        client = a_client(limits=LIMITS, ports=())  # a mangled Location must not lead out
        yield server, client
        client.close()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(raw=mangled())
def test_no_answer_however_mangled_breaks_a_get(fuzzed: tuple[FaultServer, Client], raw: bytes) -> None:
    server, client = fuzzed
    server.script("/", Answer(raw=raw))
    began_s = time.monotonic()
    ended = _get(client, server.url())
    assert time.monotonic() - began_s < 5
    if isinstance(ended, FetchError):
        assert ended.message
        assert ended.url.startswith("http")
    else:
        assert 100 <= ended.status <= 999
        assert len(ended.body) <= LIMITS.body_bytes_max


def _get(client: Client, url: str) -> Response | FetchError:
    try:
        return client.get(url)
    except FetchError as error:
        return error


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80).map(lambda text: "http://" + text) | st.text(max_size=80))
def test_an_address_is_refused_or_has_a_form_that_stays(text: str) -> None:
    try:
        form = normalise_url(text)
    except FetchError:
        return
    assert form.isascii()
    assert normalise_url(form) == form
