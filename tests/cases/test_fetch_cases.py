"""Hard cases of fetching that readers' bug trackers tell of: each kind with inputs of our own, and the shared file."""

from __future__ import annotations

import time
from typing import Any

import pytest

from pressroom.http.answer import Limits
from tests.cases.shared import shared_cases
from tests.fakes.faultserver import Answer, Drip, FaultServer, Request, fill, redirect
from tests.fakes.http_case import asked_url, serve
from tests.fakes.http_names import NameMap, a_client
from tests.fakes.http_refresh import Outcome, Subscription

FEED = (
    b'<?xml version="1.0"?><rss version="2.0"><channel><title>Harbour news</title><link>http://harbour.example/</link>'
    b"<item><title>Ferry runs again</title><link>http://harbour.example/ferry</link></item></channel></rss>"
)
XML = {"Content-Type": "application/rss+xml"}
QUICK = Limits(total_s=0.5)


def subscribed(server: FaultServer, path: str = "/feed.xml", **more: Any) -> Subscription:
    names = NameMap().lead("harbour.example", server).lead("mirror.example", server)
    return Subscription(a_client(names, **more), f"http://harbour.example{path}")


class TestStatusBeforeBody:
    @pytest.mark.parametrize("status", [403, 404, 500, 503])
    @pytest.mark.parametrize("body", [b"<!doctype html><title>One moment</title>", FEED], ids=["page", "feed"])
    def test_an_error_page_is_never_read_as_a_feed(self, faultserver: FaultServer, status: int, body: bytes) -> None:
        faultserver.script("/feed.xml", Answer(status, body, {"Content-Type": "text/html"}), Answer(body=FEED))
        feed = subscribed(faultserver)
        outcome = feed.refresh()
        assert (outcome.kind, outcome.body, outcome.passing) == ("http_status", None, True)
        assert outcome.trouble is not None
        assert outcome.trouble.status == status
        assert feed.refresh().body == FEED

    def test_gone_is_for_good(self, faultserver: FaultServer) -> None:
        faultserver.script("/feed.xml", Answer(410, b"it moved away"))
        outcome = subscribed(faultserver).refresh()
        assert (outcome.kind, outcome.passing) == ("gone", False)

    @pytest.mark.parametrize(
        ("status", "wait", "seconds"), [(429, "900", 900), (503, "60", 60), (429, "864000", 86_400)]
    )
    def test_a_site_that_asks_for_time_is_given_it_within_bounds(
        self, faultserver: FaultServer, status: int, wait: str, seconds: float
    ) -> None:
        faultserver.script("/feed.xml", Answer(status, headers={"Retry-After": wait}))
        trouble = subscribed(faultserver).refresh().trouble
        assert trouble is not None
        assert trouble.retry_after_s == seconds

    @pytest.mark.parametrize("body", [b"", b"\n\n"])
    def test_success_without_content_is_no_feed_without_entries(self, faultserver: FaultServer, body: bytes) -> None:
        faultserver.script("/feed.xml", Answer(200, body, XML))
        assert subscribed(faultserver).refresh().kind == "empty_body"


class TestUnchanged:
    @pytest.mark.parametrize("etag", ['W/"a1-gzip"', '"a1;gzip"', "bare", '"с кириллицей"'])
    def test_validators_return_byte_for_byte(self, faultserver: FaultServer, etag: str) -> None:
        stamp = "Sat, 4 May 2024 9:00:00 GMT"
        fields = XML | {"ETag": etag, "Last-Modified": stamp}
        faultserver.script("/feed.xml", Answer(200, FEED, fields), Answer(304))
        feed = subscribed(faultserver)
        assert feed.refresh().body == FEED
        assert feed.refresh().unchanged
        sent = faultserver.requests[1].headers
        assert sent["if-none-match"].encode("latin-1") == etag.encode()
        assert sent["if-modified-since"] == stamp

    @pytest.mark.parametrize("length", ["true", "none"])
    def test_a_304_with_a_body_is_unchanged_and_the_next_answer_is_its_own(
        self, faultserver: FaultServer, length: Any
    ) -> None:
        fields = XML | {"ETag": '"1"'}
        unchanged = Answer(304, b"<h1>Not modified</h1>" * 50, {"Content-Type": "text/html"}, length=length)
        # The last answer repeats: a stray body that is late costs a connection, and so a request more.
        faultserver.script("/feed.xml", Answer(200, FEED, fields), unchanged)
        feed = subscribed(faultserver)
        assert feed.refresh().body == FEED
        assert [feed.refresh().unchanged for _ in range(2)] == [True, True]
        faultserver.script("/feed.xml", Answer(200, FEED + b"\n", fields))
        assert feed.refresh().body == FEED + b"\n"

    def test_a_304_that_nobody_asked_for_is_trouble_and_no_empty_feed(self, faultserver: FaultServer) -> None:
        faultserver.script("/feed.xml", Answer(304), Answer(203, FEED, XML))
        feed = subscribed(faultserver)
        outcome = feed.refresh()
        assert (outcome.kind, outcome.passing, outcome.unchanged) == ("http_status", True, False)
        assert feed.refresh().body == FEED


class TestRedirects:
    @pytest.mark.parametrize(("status", "moved"), [(301, True), (308, True), (302, False), (303, False), (307, False)])
    def test_only_a_permanent_redirect_changes_the_address(
        self, faultserver: FaultServer, status: int, moved: bool
    ) -> None:
        faultserver.script("/feed.xml", redirect("http://mirror.example/feed.xml", status), host="harbour.example")
        faultserver.script("/feed.xml", Answer(200, FEED, XML), host="mirror.example")
        feed = subscribed(faultserver)
        assert feed.refresh().body == FEED
        assert feed.url == f"http://{'mirror' if moved else 'harbour'}.example/feed.xml"

    def test_a_circle_costs_few_requests_and_leaves_the_address(self, faultserver: FaultServer) -> None:
        faultserver.script("/feed.xml", redirect("http://mirror.example/x", 301), host="harbour.example")
        faultserver.script("/x", redirect("http://harbour.example/feed.xml", 301), host="mirror.example")
        feed = subscribed(faultserver)
        outcome = feed.refresh()
        assert (outcome.kind, outcome.passing) == ("redirect_loop", True)
        assert feed.url == "http://harbour.example/feed.xml"
        assert len(faultserver.requests) == 2

    def test_a_site_that_wants_its_cookie_shown_gets_it_and_no_other_site_does(self, faultserver: FaultServer) -> None:
        def wall(request: Request) -> Answer:
            if "seen=yes; n=1" in request.headers.get("cookie", ""):
                return redirect("http://mirror.example/feed.xml")
            cookies = [("Set-Cookie", "seen=yes; Path=/; HttpOnly"), ("Set-Cookie", "n=1")]
            return Answer(302, headers=[("Location", "/feed.xml"), *cookies])

        faultserver.script("/feed.xml", wall, host="harbour.example")
        faultserver.script("/feed.xml", Answer(200, FEED, XML), host="mirror.example")
        feed = subscribed(faultserver)
        assert [feed.refresh().body for _ in range(2)] == [FEED, FEED]
        sent = [request.headers.get("cookie") for request in faultserver.requests]
        assert sent == [None, "seen=yes; n=1", None] * 2, "nothing is kept for the next time"

    def test_a_cookie_for_a_domain_is_shown_by_its_other_hosts(self, faultserver: FaultServer) -> None:
        asks = redirect("http://gate.harbour.example/in")
        lets_in = {
            "Location": "http://harbour.example/feed.xml",
            "Set-Cookie": "key=1; Domain=.harbour.example; Secure",
        }
        faultserver.script("/in", Answer(302, headers=lets_in), host="gate.harbour.example")
        faultserver.script(
            "/feed.xml", lambda asked: Answer(200, FEED, XML) if asked.headers.get("cookie") == "key=1" else asks
        )
        names = NameMap().lead("harbour.example", faultserver).lead("gate.harbour.example", faultserver)
        assert Subscription(a_client(names), "http://harbour.example/feed.xml").refresh().body == FEED

    @pytest.mark.parametrize(
        "cookie", ["", "=", "n", "n=1; Domain=example", "n=1; Domain=other.example", "n=a b\x01", "n=" + "x" * 5000]
    )
    def test_cookies_open_no_endless_way(self, faultserver: FaultServer, cookie: str) -> None:
        faultserver.script("/feed.xml", Answer(302, headers={"Location": "/feed.xml", "Set-Cookie": cookie}))
        count = iter(range(100))
        faultserver.script(
            "/ever", lambda _: Answer(302, headers={"Location": "/ever", "Set-Cookie": f"n={next(count)}"})
        )
        assert subscribed(faultserver).refresh().kind == "redirect_loop"
        assert len(faultserver.requests) <= 2
        assert subscribed(faultserver, "/ever").refresh().kind == "redirect_loop"
        assert len(faultserver.requests) <= 13

    @pytest.mark.parametrize("target", ["http://169.254.169.254/", "http://[fd00::1]/", "http://0x0a000001/"])
    def test_no_redirect_leads_into_private_networks(self, faultserver: FaultServer, target: str) -> None:
        faultserver.script("/feed.xml", redirect(target, 301))
        feed = subscribed(faultserver)
        outcome = feed.refresh()
        assert (outcome.kind, outcome.passing) == ("blocked_address", False)
        assert feed.url == "http://harbour.example/feed.xml"
        assert len(faultserver.requests) == 1


class TestTransfer:
    @pytest.mark.parametrize(
        "answer",
        [
            Answer(200, FEED[:150], XML, length=len(FEED)),
            Answer(200, FEED, XML, chunked=True, cut=150),
            Answer(200, FEED, XML, encoding="gzip", chunked=True, cut=50),
        ],
    )
    def test_a_cut_answer_is_not_taken_for_a_short_feed(self, faultserver: FaultServer, answer: Answer) -> None:
        faultserver.script("/feed.xml", answer, Answer(200, FEED, XML))
        feed = subscribed(faultserver)
        outcome = feed.refresh()
        assert (outcome.kind, outcome.passing) == ("truncated", True)
        assert feed.refresh().body == FEED

    @pytest.mark.parametrize("label", ["gzip, gzip", "GZIP", "gzip, identity"])
    def test_gzip_is_unpacked_however_it_is_announced(self, faultserver: FaultServer, label: str) -> None:
        answer = Answer(200, fill(len(FEED), FEED), XML | {"Content-Encoding": label})
        faultserver.script("/feed.xml", answer)
        assert subscribed(faultserver).refresh().body == FEED

    def test_gzip_that_nobody_announced_is_unpacked(self, faultserver: FaultServer) -> None:
        faultserver.script("/feed.xml", Answer(200, fill(len(FEED), FEED), XML))
        assert subscribed(faultserver).refresh().body == FEED

    @pytest.mark.parametrize("encoding", ["br", "zstd", "deflate-raw"])
    def test_a_coding_is_unpacked_whether_asked_for_or_not(self, faultserver: FaultServer, encoding: str) -> None:
        faultserver.script("/feed.xml", Answer(200, FEED, XML, encoding=encoding))
        assert subscribed(faultserver).refresh().body == FEED

    @pytest.mark.parametrize("label", ["br", "gzip", "zstd", "deflate"])
    def test_a_false_label_is_a_decode_error_not_a_feed(self, faultserver: FaultServer, label: str) -> None:
        faultserver.script("/feed.xml", Answer(200, FEED, XML | {"Content-Encoding": label}))
        outcome = subscribed(faultserver).refresh()
        assert (outcome.kind, outcome.passing) == ("decode_error", True)

    def test_a_small_answer_that_unpacks_to_much_is_too_large(self, faultserver: FaultServer) -> None:
        bomb = fill(120 << 20, b"<rss><channel><title>")
        faultserver.script("/feed.xml", Answer(200, bomb, XML | {"Content-Encoding": "gzip"}))
        outcome = subscribed(faultserver).refresh()
        assert (outcome.kind, outcome.passing) == ("too_large", False)

    def test_a_drip_ends_on_time(self, faultserver: FaultServer) -> None:
        faultserver.script("/feed.xml", Answer(200, Drip(FEED, bytes_per_s=20), XML))
        outcome = subscribed(faultserver, limits=QUICK).refresh()
        assert (outcome.kind, outcome.passing) == ("timeout", True)


def test_an_international_address_is_asked_for_in_ascii(faultserver: FaultServer) -> None:
    target = "/%C3%A9tiquettes/une%20%C3%A9t%C3%A9.xml"
    faultserver.script(target, Answer(200, FEED, XML))
    names = NameMap().lead("xn--caf-dma.example", faultserver)
    outcome = Subscription(a_client(names), "  http://Café.example/étiquettes/une été.xml\n").refresh()
    assert outcome.body == FEED
    assert (faultserver.requests[0].host, faultserver.requests[0].target) == ("xn--caf-dma.example", target)


# --- the shared file, where there is one -----------------------------------------------------------------

HTTP_CASES = [
    case for case in shared_cases("fetch", "sequence", "url") if case["kind"] != "sequence" or case["area"] == "http"
]


@pytest.mark.parametrize("case", HTTP_CASES, ids=lambda case: case["id"])
def test_a_shared_case_of_fetching(case: dict[str, Any], faultserver: FaultServer) -> None:
    names = serve(case, faultserver)
    feed = Subscription(a_client(names, limits=Limits(total_s=3)), asked_url(case))
    expected = case["expect"]
    began_s = time.monotonic()
    outcomes = [feed.refresh() for _ in expected.get("after_fetch", [None])]
    assert time.monotonic() - began_s < expected.get("max_wall_s", 60)
    _requests_as_expected(case, faultserver)
    assert any(_fits(each, outcomes, feed) for each in expected.get("one_of", [expected]))


def _requests_as_expected(case: dict[str, Any], server: FaultServer) -> None:
    exchanges = case["serve"].get("exchanges", [case["serve"]])
    for exchange, request in zip(exchanges, server.requests, strict=False):
        for name, value in exchange.get("expect_request", {}).get("headers", {}).items():
            assert request.headers[name.lower()] == value
    wanted = case["expect"].get("request")
    assert wanted is None or wanted == {"host": server.requests[0].host, "target": server.requests[0].target}
    assert len(server.requests) <= case["expect"].get("max_requests", 31)


def _fits(expected: dict[str, Any], outcomes: list[Outcome], feed: Subscription) -> bool:
    last = outcomes[-1]
    waits = expected.get("next_fetch_after_s")
    asked_s = last.trouble.retry_after_s if last.trouble else None
    return all(
        (
            (last.kind is None) == (expected["outcome"] == "ok"),
            expected.get("error_kind") in (None, last.kind),
            expected.get("retryable") in (None, last.passing),
            expected.get("status") in (None, last.trouble and last.trouble.status),
            expected.get("stored_feed_url") in (None, feed.url),
            waits is None or (asked_s is not None and waits["min"] <= asked_s <= waits["max"]),
            [bool(after.get("not_modified")) for after in expected.get("after_fetch", [])]
            in ([], [outcome.unchanged for outcome in outcomes]),
        )
    )
