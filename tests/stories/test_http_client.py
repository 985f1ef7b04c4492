"""A GET over real sockets: what it brings home, and how it ends when the other side misbehaves."""

from __future__ import annotations

import socket
import ssl
import threading
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from pressroom.clock import SetClock
from pressroom.http.answer import FetchError, Headers, Limits, Response
from pressroom.http.client import Client
from pressroom.http.transport import IDLE_S, LINES_MAX, tls_context
from pressroom.http.urls import normalise_url
from schemas.errors import ErrorKind
from tests.fakes.faultserver import Answer, Drip, FaultServer, Repeat, conditional, fill, redirect
from tests.fakes.http_names import NameMap, a_client
from tests.fakes.http_tls import Handshake, authority

FEED = (
    b"<?xml version='1.0'?><rss version='2.0'><channel><title>Lighthouse log</title>"
    + b"<item/>" * 400
    + b"</channel></rss>"
)
QUICK = Limits(dns_s=1, connect_s=1, total_s=0.4)
LATE_S = 3.0
"""Far over the limits, far under what the server would take."""


@pytest.fixture
def client() -> Iterator[Client]:
    client = a_client()
    yield client
    client.close()


def failure(client: Client, url: str) -> FetchError:
    with pytest.raises(FetchError) as caught:
        client.get(url)
    return caught.value


class TestWhatComesBack:
    def test_the_body_the_exact_headers_and_the_count_of_bytes_sent(
        self, client: Client, faultserver: FaultServer
    ) -> None:
        fields = {"ETag": 'W/"7-gzip"', "Last-Modified": "Tue,  05 Mar 2024 10:00:00 GMT", "X-Word": "Grüße"}
        faultserver.script("/feed.xml", Answer(body=FEED, headers=fields))
        response = client.get(faultserver.url("/feed.xml"))
        assert (response.status, response.body, response.wire_bytes) == (200, FEED, len(FEED))
        assert response.headers["etag"] == response.headers["ETAG"] == 'W/"7-gzip"'
        assert response.headers["Last-Modified"] == "Tue,  05 Mar 2024 10:00:00 GMT"
        assert response.url == faultserver.url("/feed.xml")
        assert (response.redirects, response.permanent_url) == ((), None)

    def test_the_request_says_who_asks_what_it_unpacks_and_what_the_caller_added(
        self, client: Client, faultserver: FaultServer
    ) -> None:
        faultserver.script("/", Answer(body=FEED))
        client.get(faultserver.url(), headers={"If-None-Match": 'W/"a-gzip"', "Accept": "text/xml"})
        sent = faultserver.requests[0].headers
        assert sent["user-agent"] == "Pressroom tests"
        assert sent["accept-encoding"] == "gzip, deflate, br, zstd"
        assert (sent["if-none-match"], sent["accept"]) == ('W/"a-gzip"', "text/xml")
        assert "cookie" not in sent

    @pytest.mark.parametrize("encoding", ["gzip", "deflate", "deflate-raw", "br", "zstd"])
    @pytest.mark.parametrize("chunked", [False, True])
    def test_every_coding_is_unpacked(
        self, client: Client, faultserver: FaultServer, encoding: str, chunked: bool
    ) -> None:
        faultserver.script("/", Answer(body=FEED, encoding=encoding, chunked=chunked))
        response = client.get(faultserver.url())
        assert response.body == FEED
        assert 0 < response.wire_bytes < len(FEED)

    def test_an_error_status_is_an_answer_with_the_start_of_its_body(
        self, client: Client, faultserver: FaultServer
    ) -> None:
        faultserver.script("/", Answer(404, body=b"x" * 200_000), Answer(503, body=b"<h1>down</h1>", encoding="gzip"))
        first, second = client.get(faultserver.url()), client.get(faultserver.url())
        assert (first.status, len(first.body)) == (404, 65_536)
        assert (second.status, second.body) == (503, b"<h1>down</h1>")

    @pytest.mark.parametrize(
        "answer",
        [
            Answer(500, body=b"not packed at all", headers={"Content-Encoding": "gzip"}),
            Answer(500, body=b"short", length=500),
            Answer(500, body=b"short", chunked=True, cut=4),
        ],
    )
    def test_a_broken_body_does_not_hide_an_error_status(
        self, client: Client, faultserver: FaultServer, answer: Answer
    ) -> None:
        faultserver.script("/", answer)
        assert client.get(faultserver.url()).status == 500

    def test_a_dripping_body_does_not_hide_an_error_status(self, faultserver: FaultServer) -> None:
        faultserver.script("/", Answer(403, body=Drip(b"no" * 500, bytes_per_s=5)))
        assert a_client(limits=QUICK).get(faultserver.url()).status == 403

    def test_interim_answers_are_passed_over(self, client: Client, faultserver: FaultServer) -> None:
        hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" * 2
        final = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nETag: x\r\n\r\nfeed"
        faultserver.script("/", Answer(raw=hints + final))
        response = client.get(faultserver.url())
        assert (response.status, response.body, dict(response.headers)["etag"]) == (200, b"feed", "x")

    def test_a_broken_header_line_loses_no_other(self, client: Client, faultserver: FaultServer) -> None:
        head = (
            b"HTTP/1.1 200 OK\r\nServer: odd\rone\r\nthis line has no colon\r\nX-Word: \xd1\x85\r\n"
            b'X-Folded: a\r\n b\r\nContent-Length: 4\r\nETag: "v1"\r\n\r\nfeed'
        )
        faultserver.script("/", Answer(raw=head))
        response = client.get(faultserver.url())
        assert (response.body, response.headers["ETag"]) == (b"feed", '"v1"')

    def test_repeated_fields_are_joined_and_the_first_location_is_followed(
        self, client: Client, faultserver: FaultServer
    ) -> None:
        faultserver.script("/", Answer(302, headers=[("Location", "/feed.xml"), ("Location", "/feed.xml")]))
        faultserver.script(
            "/feed.xml", Answer(body=FEED, headers=[("Cache-Control", "public"), ("cache-control", "max-age=9")])
        )
        assert client.get(faultserver.url()).headers["Cache-Control"] == "public, max-age=9"

    def test_headers_look_up_in_any_case_and_say_when_absent(self) -> None:
        headers = Headers({"Content-Type": "text/xml"})
        assert headers.get("CONTENT-TYPE") == "text/xml"
        assert headers.get("ETag") is None
        assert len(headers) == 1


class TestTruncatedAndTooLarge:
    @pytest.mark.parametrize(
        "answer",
        [
            Answer(body=FEED, length=len(FEED) + 1),
            Answer(body=FEED, cut=100),
            Answer(body=FEED, cut=100, reset=True),
            Answer(body=FEED, chunked=True, cut=100),
            Answer(body=Repeat(FEED, times=3), chunked=True, cut=len(FEED) + 50),
            Answer(body=FEED, encoding="gzip", length="none", cut=60),
            Answer(body=FEED, encoding="br", chunked=True, cut=60),
            Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nX-Cut"),
            Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n"),
            Answer(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nfeed\r\n0\r\n\r\n"),
        ],
    )
    def test_an_answer_that_ends_early_is_truncated(
        self, client: Client, faultserver: FaultServer, answer: Answer
    ) -> None:
        faultserver.script("/", answer)
        assert failure(client, faultserver.url()).kind is ErrorKind.TRUNCATED

    def test_packed_data_that_ends_early_is_truncated_although_every_byte_came(
        self, client: Client, faultserver: FaultServer
    ) -> None:
        for encoding in ("gzip", "deflate", "br", "zstd"):
            packed = fill(50_000, prefix=FEED, encoding=encoding)
            fields = {"Content-Encoding": encoding}
            faultserver.script("/", Answer(body=packed[: len(packed) // 2], headers=fields))
            assert failure(client, faultserver.url()).kind is ErrorKind.TRUNCATED

    def test_a_length_over_the_limit_ends_it_before_the_body(self, faultserver: FaultServer) -> None:
        faultserver.script("/", Answer(body=b"x", length=5_000_000))
        client = a_client(limits=Limits(wire_bytes_max=1_000_000))
        assert failure(client, faultserver.url()).kind is ErrorKind.TOO_LARGE

    @pytest.mark.parametrize("chunked", [False, True])
    def test_an_endless_body_ends_at_the_limit(self, faultserver: FaultServer, chunked: bool) -> None:
        faultserver.script("/", Answer(body=Repeat(b"<item/>" * 10_000), chunked=chunked))
        client = a_client(limits=Limits(wire_bytes_max=300_000))
        assert failure(client, faultserver.url()).kind is ErrorKind.TOO_LARGE

    @pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
    def test_a_bomb_costs_no_more_memory_than_the_limit(
        self, client: Client, faultserver: FaultServer, encoding: str
    ) -> None:
        bomb = fill(200 << 20, prefix=b"<rss>", encoding=encoding)
        faultserver.script("/", Answer(body=bomb, headers={"Content-Encoding": encoding}))
        tracemalloc.start()
        try:
            error = failure(client, faultserver.url())
            peak_bytes = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert (error.kind, error.status) == (ErrorKind.TOO_LARGE, 200)
        assert peak_bytes < 60 << 20

    def test_a_bomb_within_a_pack_is_found_too(self, client: Client, faultserver: FaultServer) -> None:
        packed = fill(60 << 20, encoding="gzip")
        faultserver.script("/", Answer(body=packed, encoding="br", headers={}), Answer(body=packed))
        assert failure(client, faultserver.url()).kind is ErrorKind.TOO_LARGE
        assert failure(client, faultserver.url()).kind is ErrorKind.TOO_LARGE

    def test_a_body_in_countless_tiny_chunks_ends(self, client: Client, faultserver: FaultServer) -> None:
        many = b"1\r\nx\r\n" * (LINES_MAX + 100)
        faultserver.script("/", Answer(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + many))
        assert failure(client, faultserver.url()).kind is ErrorKind.TOO_LARGE

    def test_endless_headers_end(self, client: Client, faultserver: FaultServer) -> None:
        for line in (b"X-More: 1\r\n", b"no colon\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"):
            faultserver.script("/", Answer(raw=Repeat(line * 1000, prefix=b"HTTP/1.1 200 OK\r\n")))
            assert failure(client, faultserver.url()).kind in {ErrorKind.CONNECT, ErrorKind.TOO_LARGE}


class TestCodings:
    @pytest.mark.parametrize(
        "answer",
        [
            Answer(body=FEED, headers={"Content-Encoding": "gzip"}),
            Answer(body=FEED, headers={"Content-Encoding": "br"}),
            Answer(body=FEED, headers={"Content-Encoding": "zstd"}),
            Answer(body=b"\x1f\x8b\x08 but nothing that follows is gzip"),
            Answer(body=b"\x93\x01\xff", headers={"Content-Encoding": "compress"}),
            Answer(body=b"....", headers={"Content-Encoding": "gzip, gzip, gzip, gzip"}),
            Answer(body=FEED, headers={"Transfer-Encoding": "gzip, chunked"}, length="none"),
        ],
    )
    def test_what_cannot_be_unpacked_is_a_decode_error(
        self, client: Client, faultserver: FaultServer, answer: Answer
    ) -> None:
        faultserver.script("/", answer)
        assert failure(client, faultserver.url()).kind is ErrorKind.DECODE_ERROR

    @pytest.mark.parametrize("label", ["utf-8", "none", "identity", "binary", ""])
    def test_a_label_that_is_no_coding_does_not_spoil_a_document(
        self, client: Client, faultserver: FaultServer, label: str
    ) -> None:
        faultserver.script("/", Answer(body=FEED, headers={"Content-Encoding": label}))
        assert client.get(faultserver.url()).body == FEED

    def test_several_codings_are_undone_in_turn(self, client: Client, faultserver: FaultServer) -> None:
        packed = fill(len(FEED), prefix=FEED, encoding="gzip")
        fields = {"Content-Encoding": "x-gzip"}
        faultserver.script("/", Answer(body=packed, headers=fields, encoding="br"))
        assert client.get(faultserver.url()).body == FEED

    def test_gzip_members_and_zstd_frames_are_joined(self, client: Client, faultserver: FaultServer) -> None:
        for encoding, padding in (("gzip", b"\0" * 20), ("zstd", b"")):
            parts = fill(9, prefix=FEED[:9], encoding=encoding) + fill(
                len(FEED) - 9, prefix=FEED[9:], encoding=encoding
            )
            faultserver.script("/", Answer(body=parts + padding, headers={"Content-Encoding": encoding}))
            assert client.get(faultserver.url()).body == FEED

    @pytest.mark.parametrize("encoding", ["gzip", "zstd"])
    def test_countless_empty_parts_end_quickly(self, client: Client, faultserver: FaultServer, encoding: str) -> None:
        parts = fill(0, encoding=encoding) * 200_000
        faultserver.script("/", Answer(body=parts, headers={"Content-Encoding": encoding}))
        before_s = time.process_time()
        assert failure(client, faultserver.url()).kind is ErrorKind.DECODE_ERROR
        assert time.process_time() - before_s < 3

    def test_a_success_with_no_byte_is_handed_on_whatever_its_label(
        self, client: Client, faultserver: FaultServer
    ) -> None:
        faultserver.script("/", Answer(body=b"", headers={"Content-Encoding": "gzip"}))
        assert client.get(faultserver.url()).body == b""


class TestTime:
    @pytest.mark.parametrize(
        "answer",
        [
            Answer(body=Drip(FEED, bytes_per_s=50)),
            Answer(body=Drip(FEED, bytes_per_s=50), chunked=True),
            Answer(body=FEED, head_bytes_per_s=30),
            Answer(body=FEED, delay_s=8),
            Answer(raw=b""),
        ],
        ids=["body", "chunks", "headers", "silence", "closed"],
    )
    def test_no_answer_takes_longer_than_the_total_limit(self, faultserver: FaultServer, answer: Answer) -> None:
        faultserver.script("/", answer)
        began_s = time.monotonic()
        error = failure(a_client(limits=QUICK), faultserver.url())
        assert error.kind is (ErrorKind.CONNECT if answer.raw == b"" else ErrorKind.TIMEOUT)
        assert time.monotonic() - began_s < LATE_S

    def test_redirects_share_one_limit(self, faultserver: FaultServer) -> None:
        for number in range(9):
            faultserver.script(f"/{number}", redirect(f"/{number + 1}", delay_s=0.1))
        began_s = time.monotonic()
        assert failure(a_client(limits=QUICK), faultserver.url("/0")).kind is ErrorKind.TIMEOUT
        assert time.monotonic() - began_s < LATE_S

    @pytest.mark.parametrize("bytes_per_s", [None, 50], ids=["silent", "dripping"])
    @pytest.mark.parametrize("limits", [Limits(connect_s=0.3, total_s=5), Limits(connect_s=5, total_s=0.3)])
    def test_a_handshake_that_does_not_end_is_ended(self, bytes_per_s: float | None, limits: Limits) -> None:
        with FaultServer(tls=Handshake(bytes_per_s)) as server:
            began_s = time.monotonic()
            assert failure(a_client(limits=limits), server.url()).kind is ErrorKind.TIMEOUT
            assert time.monotonic() - began_s < LATE_S

    def test_an_address_that_does_not_answer_leaves_time_for_the_next(self, faultserver: FaultServer) -> None:
        faultserver.script("/", Answer(body=FEED))
        with Mute() as mute:
            names = NameMap().answer("news.example", [("127.0.0.9", mute.port), ("127.0.0.1", faultserver.port)])
            client = a_client(names, limits=Limits(connect_s=1, total_s=5))
            assert client.get("http://news.example/").body == FEED
            assert failure(a_client(limits=Limits(connect_s=0.2)), mute.url).kind is ErrorKind.TIMEOUT

    def test_a_refused_connection_is_a_connect_error_and_says_where(self, client: Client) -> None:
        with Mute() as mute:
            port = mute.port
        error = failure(client, f"http://127.0.0.9:{port}/feed.xml")
        assert error.kind is ErrorKind.CONNECT
        assert f"127.0.0.9 port {port}" in error.message
        assert error.url == f"http://127.0.0.9:{port}/feed.xml"


class Mute:
    """An address whose queue of connections is full, so that a new one gets no answer."""

    def __enter__(self) -> Mute:
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.9", 0))
        self._listener.listen(0)
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.9:{self.port}/"
        self._waiting = [socket.socket() for _ in range(8)]
        for link in self._waiting:
            link.setblocking(False)
            link.connect_ex(("127.0.0.9", self.port))
        return self

    def __exit__(self, *_: object) -> None:
        for link in (*self._waiting, self._listener):
            link.close()


class TestWhatIsNotHttp:
    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"SSH-2.0-OpenSSH_9.6\r\n",
            b"<html>no status line</html>",
            b"HTTP/1.1 abc OK\r\n\r\n",
            b"HTTP/1.1 99999 OK\r\n\r\n",
            b"HTTP/9.9 200 OK\r\nContent-Length: 0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nfeed",
            b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
            b"\x15\x03\x01\x00\x02\x02\x46",
        ],
    )
    def test_it_is_a_connect_error(self, client: Client, faultserver: FaultServer, raw: bytes) -> None:
        faultserver.script("/", Answer(raw=raw))
        assert failure(client, faultserver.url()).kind is ErrorKind.CONNECT


class TestRedirects:
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_each_kind_is_followed(self, client: Client, faultserver: FaultServer, status: int) -> None:
        faultserver.script("/old.xml", redirect("new.xml?a=1", status))
        faultserver.script("/new.xml", Answer(body=FEED))
        response = client.get(faultserver.url("/old.xml"))
        assert response.body == FEED
        assert response.url == faultserver.url("/new.xml?a=1")
        assert response.redirects == ((status, faultserver.url("/old.xml")),)
        assert response.permanent_url == (response.url if status in {301, 308} else None)

    def test_only_the_leading_permanent_hops_count_as_permanent(self, client: Client, faultserver: FaultServer) -> None:
        faultserver.script("/a", redirect("/b", 301))
        faultserver.script("/b", redirect("/c", 308))
        faultserver.script("/c", redirect("/d", 307))
        faultserver.script("/d", redirect("/e", 301))
        faultserver.script("/e", Answer(body=FEED))
        assert client.get(faultserver.url("/a")).permanent_url == faultserver.url("/c")
        assert client.get(faultserver.url("/c")).permanent_url is None

    def test_validators_go_along_and_an_unchanged_answer_is_seen_behind_a_redirect(
        self, client: Client, faultserver: FaultServer
    ) -> None:
        faultserver.script("/a", redirect("/b"))
        faultserver.script("/b", conditional(FEED, 'W/"x-gzip"'))
        response = client.get(faultserver.url("/a"), headers={"If-None-Match": 'W/"x-gzip"'})
        assert (response.status, response.body) == (304, b"")

    def test_secrets_stay_with_the_origin_they_were_meant_for(self, faultserver: FaultServer) -> None:
        with FaultServer() as other:
            faultserver.script("/a", redirect("/b"))
            faultserver.script("/b", redirect("http://mirror.example/c"))
            other.script("/c", Answer(body=FEED))
            names = NameMap().lead("news.example", faultserver).lead("mirror.example", other)
            secret = {"Authorization": "Bearer 1", "X-Key": "2", "If-None-Match": '"v"'}
            a_client(names).get("http://news.example/a", headers=secret)
            assert faultserver.requests[1].headers["authorization"] == "Bearer 1"
            sent = other.requests[0].headers
            assert sent["if-none-match"] == '"v"'
            assert not {"authorization", "x-key"} & set(sent)

    def test_a_circle_is_found_when_it_closes(self, client: Client, faultserver: FaultServer) -> None:
        faultserver.script("/a", redirect("/b"))
        faultserver.script("/b", redirect("/c"))
        faultserver.script("/c", redirect("/b"))
        faultserver.script("/self", redirect("/self#top"))
        error = failure(client, faultserver.url("/a"))
        assert error.kind is ErrorKind.REDIRECT_LOOP
        assert [url for _, url in error.redirects] == [faultserver.url("/a"), faultserver.url("/b")]
        assert failure(client, faultserver.url("/self")).kind is ErrorKind.REDIRECT_LOOP
        assert len(faultserver.requests) == 4

    def test_an_endless_way_ends_at_the_limit(self, client: Client, faultserver: FaultServer) -> None:
        for number in range(30):
            faultserver.script(f"/{number}", redirect(f"/{number + 1}"))
        assert failure(client, faultserver.url("/0")).kind is ErrorKind.REDIRECT_LOOP
        assert len(faultserver.requests) == 11
        with pytest.raises(FetchError, match="more than 0 redirects"):
            client.get(faultserver.url("/0"), max_redirects=0)

    @pytest.mark.parametrize(
        "location",
        [
            None,
            "  ",
            "file:///etc/passwd",
            "ftp://news.example/feed.xml",
            "javascript:alert(1)",
            "http://",
            "http://[broken/",
            "//user:word@127.0.0.1/",
        ],
    )
    def test_a_location_that_leads_nowhere_is_a_bad_redirect(
        self, client: Client, faultserver: FaultServer, location: str | None
    ) -> None:
        faultserver.script("/", Answer(302) if location is None else redirect(location))
        error = failure(client, faultserver.url())
        assert (error.kind, error.status) == (ErrorKind.BAD_REDIRECT, 302)
        assert error.url == faultserver.url()

    @pytest.mark.parametrize("location", ["/neue ausgaben/übersicht.xml", "/neue%20ausgaben/%C3%BCbersicht.xml"])
    def test_a_location_with_raw_letters_is_understood(
        self, client: Client, faultserver: FaultServer, location: str
    ) -> None:
        faultserver.script("/", redirect(location))
        faultserver.script("/neue%20ausgaben/%C3%BCbersicht.xml", Answer(body=FEED))
        assert client.get(faultserver.url()).body == FEED


class TestKeptConnections:
    def test_one_connection_serves_many_requests(self, client: Client, faultserver: FaultServer) -> None:
        faultserver.script("/", conditional(FEED, '"v"'))
        for headers in ({}, {"If-None-Match": '"v"'}, {}, {"If-None-Match": '"v"'}):
            client.get(faultserver.url(), headers=headers)
        faultserver.script("/gone", Answer(410, body="gone"))
        client.get(faultserver.url("/gone"))
        client.get(faultserver.url())
        assert faultserver.connections == 1

    @pytest.mark.parametrize(
        "unchanged",
        [
            Answer(304, body=b"<html>not modified</html>"),
            Answer(304, body=b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"),
            Answer(304, body=b"<html>not modified</html>", length="none"),
            Answer(304, body=b"<html>" * 20_000, length="none"),
            Answer(304, body=b"<html>not modified</html>", chunked=True),
            Answer(304, body=Drip(b"<html>not modified</html>", bytes_per_s=400), length="none"),
            Answer(204, body=b"surprise"),
        ],
    )
    def test_a_body_where_none_belongs_is_not_read_as_the_next_answer(
        self, client: Client, faultserver: FaultServer, unchanged: Answer
    ) -> None:
        faultserver.script("/feed.xml", unchanged, Answer(body=FEED))
        response = client.get(faultserver.url("/feed.xml"))
        assert (response.status, response.body) == (unchanged.status, b"")
        faultserver.wait_until_idle()
        assert client.get(faultserver.url("/feed.xml")).body == FEED

    def test_a_kept_connection_that_died_is_replaced_without_a_word(
        self, client: Client, faultserver: FaultServer
    ) -> None:
        faultserver.script("/", Answer(body=FEED), Answer(raw=b""), Answer(body=FEED))
        for _ in range(2):
            assert client.get(faultserver.url()).body == FEED
        assert [request.connection for request in faultserver.requests] == [1, 1, 2]

    def test_a_new_connection_that_dies_is_not_tried_again(self, client: Client, faultserver: FaultServer) -> None:
        faultserver.script("/", Answer(raw=b""))
        assert failure(client, faultserver.url()).kind is ErrorKind.CONNECT
        assert len(faultserver.requests) == 1

    def test_a_connection_long_unused_is_not_trusted(self, faultserver: FaultServer) -> None:
        clock = SetClock()
        client = a_client(clock=clock)
        faultserver.script("/", Answer(body=FEED))
        for pause_s in (0.0, IDLE_S - 1, IDLE_S + 1):
            clock.advance(pause_s)
            client.get(faultserver.url())
        assert [request.connection for request in faultserver.requests] == [1, 1, 2]

    def test_many_threads_share_a_client(self, client: Client, faultserver: FaultServer) -> None:
        for number in range(8):
            faultserver.script(f"/{number}", Answer(body=b"%d" % number * 1000))
        wrong: list[Response] = []

        def ask(number: int) -> None:
            for _ in range(20):
                response = client.get(faultserver.url(f"/{number}"))
                if response.body != b"%d" % number * 1000:
                    wrong.append(response)

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong
        assert len(faultserver.requests) == 160


@pytest.fixture(scope="module")
def trusting(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    return tls_context(authority().ca_file(tmp_path_factory.mktemp("ca")))


class TestTls:
    def test_a_good_certificate_is_accepted_by_name_although_an_address_is_connected_to(
        self, trusting: ssl.SSLContext
    ) -> None:
        with FaultServer(tls=authority().good("news.example")) as server:
            server.script("/feed.xml", Answer(body=FEED))
            client = a_client(NameMap().lead("news.example", server), tls=trusting)
            assert client.get("https://news.example/feed.xml").body == FEED
            assert client.get("https://news.example/feed.xml").body == FEED
            assert server.connections == 1
            assert server.requests[0].host == "news.example"

    @pytest.mark.parametrize("fault", ["expired", "strangers", "wrong name"])
    def test_a_bad_certificate_is_refused(self, trusting: ssl.SSLContext, fault: str) -> None:
        make = {"expired": authority().expired, "strangers": authority().strangers}.get(fault, authority().good)
        with FaultServer(tls=make("other.example" if fault == "wrong name" else "news.example")) as server:
            client = a_client(NameMap().lead("news.example", server), tls=trusting)
            assert failure(client, "https://news.example/feed.xml").kind is ErrorKind.TLS
            assert not server.requests

    @pytest.mark.parametrize("reply", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b""])
    def test_a_server_that_does_not_speak_tls_is_a_tls_error(self, client: Client, reply: bytes) -> None:
        with FaultServer(tls=Handshake(reply=reply)) as server:
            assert failure(client, server.url()).kind is ErrorKind.TLS

    def test_a_drip_over_tls_ends_on_time(self, trusting: ssl.SSLContext) -> None:
        with FaultServer(tls=authority().good("127.0.0.1")) as server:
            server.script("/", Answer(body=Drip(FEED, bytes_per_s=50)))
            client = a_client(tls=trusting, limits=QUICK)
            assert failure(client, server.url()).kind is ErrorKind.TIMEOUT

    def test_the_way_from_https_down_to_http_is_not_taken_and_up_is(
        self, trusting: ssl.SSLContext, faultserver: FaultServer
    ) -> None:
        with FaultServer(tls=authority().good("news.example")) as server:
            server.script("/down", redirect("http://mirror.example/feed.xml"))
            server.script("/feed.xml", Answer(body=FEED))
            faultserver.script("/up", redirect("https://news.example/feed.xml", 301))
            names = NameMap().lead("news.example", server).lead("mirror.example", faultserver)
            client = a_client(names, tls=trusting)
            assert failure(client, "https://news.example/down").kind is ErrorKind.BAD_REDIRECT
            assert not faultserver.requests
            assert client.get("http://mirror.example/up").permanent_url == "https://news.example/feed.xml"


class TestAddresses:
    @pytest.mark.parametrize(
        ("written", "sent"),
        [
            (" HTTP://News.Example:80 \n", "http://news.example/"),
            ("https://news.example:443?a=b", "https://news.example/?a=b"),
            ("http://news.example:8080/", "http://news.example:8080/"),
            ("http://zürich.example/ä b", "http://xn--zrich-kva.example/%C3%A4%20b"),
            ("http://xn--zrich-kva.example/", "http://xn--zrich-kva.example/"),
            ("http://straße.example/", "http://xn--strae-oqa.example/"),
            ("http://日本。example/", "http://xn--wgv71a.example/"),
            ("http://news.example/%7Ea/%C3%A4%zz", "http://news.example/%7Ea/%C3%A4%25zz"),
            ("http://news.example/a/../b/./c\\d#top", "http://news.example/b/c/d"),
            ("http://news.example/?q=ä b&x=[1]", "http://news.example/?q=%C3%A4%20b&x=%5B1%5D"),
            ("http://news.exa\tmple/fe\ned", "http://news.example/feed"),
            ("http://[2606:4700:0:0::0001]/", "http://[2606:4700::1]/"),
            ("http://under_score.example/", "http://under_score.example/"),
        ],
    )
    def test_an_address_has_one_form_on_the_wire(self, written: str, sent: str) -> None:
        assert normalise_url(written) == sent
        assert normalise_url(sent) == sent

    def test_an_ipv6_address_is_asked_by_its_literal(self) -> None:
        try:
            server = FaultServer(addresses=("::1",)).start()
        except OSError:
            pytest.skip("this machine has no IPv6 loopback")
        try:
            server.script("/", Answer(body=FEED))
            client = a_client(allowed=("::1/128",))
            assert client.get(f"http://[::1]:{server.port}/").body == FEED
            assert server.requests[0].headers["host"] == f"[::1]:{server.port}"
        finally:
            server.stop()


def test_more_trusted_certificates_come_from_a_file(tmp_path: Path) -> None:
    plain, more = tls_context(), tls_context(authority().ca_file(tmp_path))
    assert len(more.get_ca_certs()) == len(plain.get_ca_certs()) + 1
