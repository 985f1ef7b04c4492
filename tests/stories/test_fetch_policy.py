"""What the fetcher makes of an answer, of its clocks, and of a site's robots.txt."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pressroom.http.answer import FetchError, Headers, Response
from pressroom.http.times import fresh_s, http_date, retry_after_s
from schemas.errors import REMEDIES, ErrorKind
from schemas.messages import Trouble
from schemas.records import Hints, Validators
from services.fetcher.policy import (
    Fetched,
    Troubled,
    Unchanged,
    conditional,
    hints_of,
    judge,
    trouble_of,
    validators_of,
)
from services.fetcher.robots import ALLOW_ALL, BYTES_MAX, DISALLOW_ALL, Standing, allowed, standing

NOW = datetime(2024, 5, 6, 7, 0, tzinfo=UTC)
AGENT = "Pressroom/0.1 (+https://newsroom.example/crawler; 120 feeds)"


def answer(status: int, body: bytes = b"", **headers: str) -> Response:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response("http://news.example/feed.xml", status, Headers(fields), body, len(body))


def trouble(status: int, body: bytes = b"", **headers: str) -> Trouble:
    verdict = judge(answer(status, body, **headers), NOW, Validators())
    assert isinstance(verdict, Troubled)
    return verdict.trouble


class TestConditionalRequests:
    @pytest.mark.parametrize("etag", ['W/"5e1-abc-gzip"', '"v1;br"', "unquoted", 'w/"odd"', '"a", "b"', '""', '"ü"'])
    def test_an_entity_tag_goes_back_exactly_as_it_came(self, etag: str) -> None:
        kept = validators_of(Headers({"ETag": etag, "Last-Modified": "yesterday, about noon"}))
        sent = conditional(kept)
        assert sent["If-None-Match"] == etag
        assert sent["If-Modified-Since"] == "yesterday, about noon"

    def test_without_validators_nothing_is_conditional(self) -> None:
        assert set(conditional(Validators())) == {"Accept"}
        assert validators_of(Headers({})) == Validators()

    def test_a_change_that_is_still_to_come_is_no_validator(self) -> None:
        sent = {"Date": "Mon, 06 May 2024 07:00:00 GMT", "ETag": '"1"'}
        ahead, soon = "Sat, 16 Nov 2041 19:11:00 GMT", "Mon, 06 May 2024 19:00:00 GMT"
        assert validators_of(Headers(sent | {"Last-Modified": ahead})) == Validators(etag='"1"')
        assert validators_of(Headers(sent | {"Last-Modified": soon})).last_modified == soon
        assert validators_of(Headers({"Last-Modified": ahead})).last_modified == ahead

    def test_a_validator_too_long_to_keep_is_not_cut_but_left_out(self) -> None:
        kept = validators_of(Headers({"ETag": '"' + "x" * 5000 + '"', "Last-Modified": "Mon" * 500}))
        assert kept == Validators()


class TestVerdicts:
    @pytest.mark.parametrize("status", [200, 203])
    def test_content_is_fetched(self, status: int) -> None:
        assert judge(answer(status, b"<rss/>"), NOW, Validators()) == Fetched()

    @pytest.mark.parametrize("asked", [Validators(etag='"1"'), Validators(last_modified="Sat, 4 May 2024 9:00:00 GMT")])
    def test_304_is_unchanged_whatever_it_carries(self, asked: Validators) -> None:
        page = answer(304, b"<html>not modified</html>", Content_Type="text/html")
        assert judge(page, NOW, asked) == Unchanged()

    def test_unchanged_since_nothing_is_no_answer(self) -> None:
        assert (trouble(304).kind, trouble(304).status) == (ErrorKind.HTTP_STATUS, 304)

    @pytest.mark.parametrize("body", [b"", b" \r\n\t"])
    def test_success_without_content_is_an_empty_body(self, body: bytes) -> None:
        assert trouble(200, body).kind == ErrorKind.EMPTY_BODY

    @pytest.mark.parametrize("status", [204, 206, 300, 302, 400, 401, 403, 404, 418, 451, 500, 502, 503, 520, 999])
    def test_every_other_status_is_said_with_its_number(self, status: int) -> None:
        found = trouble(status, b"<!DOCTYPE html><title>Checking your browser</title>")
        assert (found.kind, found.status) == (ErrorKind.HTTP_STATUS, status)
        assert str(status) in found.message
        assert found.first_bytes is not None
        assert "Checking your browser" in found.first_bytes

    def test_gone_and_rate_limited_have_kinds_of_their_own(self) -> None:
        assert trouble(410).kind == ErrorKind.GONE
        found = trouble(429, Retry_After="1800")
        assert (found.kind, found.retry_after_s) == (ErrorKind.RATE_LIMITED, 1800.0)

    def test_503_passes_on_how_long_to_wait_and_a_404_does_not(self) -> None:
        assert trouble(503, Retry_After="Mon, 06 May 2024 07:10:00 GMT").retry_after_s == 600.0
        assert trouble(503).retry_after_s is None
        assert trouble(404, Retry_After="60").retry_after_s is None

    def test_a_fetch_without_an_answer_keeps_its_kind_status_and_message(self) -> None:
        error = FetchError(ErrorKind.TRUNCATED, "ended after 12 bytes", "http://news.example/", 200)
        assert trouble_of(error) == Trouble(kind="truncated", message="ended after 12 bytes", status=200)
        assert len(trouble_of(FetchError(ErrorKind.TLS, "x" * 5000)).message) == 1000

    @pytest.mark.parametrize(
        ("kind", "permanent"),
        [
            (ErrorKind.GONE, True),
            (ErrorKind.TOO_LARGE, True),
            (ErrorKind.BAD_URL, True),
            (ErrorKind.BLOCKED_ADDRESS, True),
            (ErrorKind.UNSAFE_XML, True),
            (ErrorKind.HTTP_STATUS, False),
            (ErrorKind.RATE_LIMITED, False),
            (ErrorKind.TIMEOUT, False),
            (ErrorKind.TRUNCATED, False),
            (ErrorKind.REDIRECT_LOOP, False),
            (ErrorKind.DECODE_ERROR, False),
            (ErrorKind.DNS, False),
        ],
    )
    def test_a_kind_is_permanent_only_if_somebody_has_to_change_something(
        self, kind: ErrorKind, permanent: bool
    ) -> None:
        assert REMEDIES[kind].permanent is permanent

    def test_every_kind_says_what_it_means_and_what_to_do(self) -> None:
        assert set(REMEDIES) == set(ErrorKind)
        assert all(remedy.meaning.endswith(".") and remedy.action.endswith(".") for remedy in REMEDIES.values())


class TestTimes:
    @pytest.mark.parametrize(
        ("value", "seconds"),
        [
            ("120", 120.0),
            (" 0 ", 0.0),
            ("99999999", 86_400.0),
            ("9" * 400, 86_400.0),
            ("Mon, 06 May 2024 08:00:00 GMT", 3600.0),
            ("Monday, 06-May-24 08:00:00 GMT", 3600.0),
            ("Mon May  6 08:00:00 2024", 3600.0),
            ("Mon, 06 May 2024 06:00:00 GMT", 0.0),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400.0),
            ("", None),
            ("-5", None),
            ("1.5", None),
            ("٣", None),
            ("soon", None),
            ("Mon, 99 May 2024 25:61:61 GMT", None),
            ("Fri, 31 Dec 9999 23:59:59 -2300", None),
        ],
    )
    def test_retry_after_is_read_in_every_form_and_kept_in_bounds(self, value: str, seconds: float | None) -> None:
        assert retry_after_s(Headers({"Retry-After": value}), NOW) == seconds

    def test_a_date_is_held_against_the_sites_own_clock(self) -> None:
        fields = {"Date": "Tue, 06 May 2014 07:00:00 GMT", "Retry-After": "Tue, 06 May 2014 07:02:00 GMT"}
        assert retry_after_s(Headers(fields), NOW) == 120.0

    @pytest.mark.parametrize(
        ("fields", "seconds"),
        [
            ({"Cache-Control": "public, max-age=1800"}, 1800.0),
            ({"Cache-Control": 'MAX-AGE="60"'}, 60.0),
            ({"Cache-Control": "max-age=31536000"}, 86_400.0),
            ({"Cache-Control": "no-cache, max-age=60"}, None),
            ({"Cache-Control": "max-age=soon"}, None),
            ({"Expires": "Mon, 06 May 2024 07:30:00 GMT"}, 1800.0),
            ({"Expires": "Mon, 06 May 2024 06:30:00 GMT"}, None),
            ({"Expires": "0"}, None),
            ({"Cache-Control": "max-age=10", "Expires": "Mon, 06 May 2024 07:30:00 GMT"}, 10.0),
            ({}, None),
        ],
    )
    def test_freshness_is_a_hint_within_bounds(self, fields: dict[str, str], seconds: float | None) -> None:
        assert fresh_s(Headers(fields), NOW) == seconds
        assert hints_of(Hints(ttl_s=5.0), Headers(fields), NOW) == Hints(ttl_s=5.0, max_age_s=seconds)

    @given(st.text(max_size=120), st.text(max_size=40))
    def test_no_header_however_odd_is_more_than_odd(self, value: str, other: str) -> None:
        fields = Headers({"Retry-After": value, "Date": other, "Cache-Control": value, "Expires": other})
        for seconds in (retry_after_s(fields, NOW), fresh_s(fields, NOW)):
            assert seconds is None or 0 <= seconds <= 86_400
        moment = http_date(value)
        assert moment is None or moment.tzinfo is UTC


ROBOTS = """\
User-agent: *
Disallow: /private/
Allow: /private/feed.xml
Disallow: /*.zip$
Disallow: /search*q=

User-agent: otherbot
User-agent: PRESSROOM/1.0
Disallow: /only-us   # a comment
Crawl-delay: 10

User-agent: pressroom
Disallow: /us-too
"""


class TestRobots:
    @pytest.mark.parametrize(
        ("path", "others", "us"),
        [
            ("/feed.xml", True, True),
            ("", True, True),
            ("/private/", False, True),
            ("/private/feed.xml", True, True),
            ("/a/b.zip", False, True),
            ("/a/b.zip?x", True, True),
            ("/search?a=1&q=2", False, True),
            ("/only-us/x", True, False),
            ("/us-too", True, False),
        ],
    )
    def test_the_longest_rule_of_our_own_groups_decides(self, path: str, others: bool, us: bool) -> None:
        url = f"https://news.example{path}"
        assert allowed(ROBOTS.encode(), "Somebody/2", url) is others
        assert allowed(ROBOTS.encode(), AGENT, url) is us

    @pytest.mark.parametrize(
        ("rule", "path", "may"),
        [
            ("Disallow:", "/a", True),
            ("Disallow: /", "/a", False),
            ("Disallow: /ä", "/%C3%A4", False),
            ("Disallow: /%7Ea", "/~a", False),
            ("Disallow: /a%2Fb", "/a/b", True),
            ("Disallow: /a%2fb", "/a%2Fb", False),
            ("Disallow: /*/x/*/y$", "/1/x/2/y", False),
            ("Disallow: /*/x/*/y$", "/1/x/2/y/z", True),
            ("Disallow: /a*a$", "/a", True),
            ("Disallow: /$", "/", False),
            ("Disallow: /$", "/a", True),
            ("Disallow: /a\nAllow: /a", "/a", True),
            ("Disallow: " + "/*" * 5000 + "z", "/" + "/a" * 900, True),
        ],
    )
    def test_patterns_mean_what_the_rfc_says(self, rule: str, path: str, may: bool) -> None:
        assert allowed(f"User-agent: *\n{rule}\n".encode(), AGENT, f"http://news.example{path}") is may

    def test_rules_before_any_group_and_other_noise_mean_nothing(self) -> None:
        noise = b"\xef\xbb\xbfDisallow: /\n<html>\nno colon\n: empty\nSitemap: /x\n\xff\xfe"
        assert allowed(noise, AGENT, "http://news.example/feed.xml")

    @pytest.mark.parametrize(
        ("reply", "expected"),
        [
            (answer(404), Standing(ALLOW_ALL, 86_400)),
            (answer(403), Standing(ALLOW_ALL, 86_400)),
            (answer(429), Standing(DISALLOW_ALL, 3600)),
            (answer(500), Standing(DISALLOW_ALL, 3600)),
            (FetchError(ErrorKind.TIMEOUT, "slow"), Standing(DISALLOW_ALL, 3600)),
            (FetchError(ErrorKind.REDIRECT_LOOP, "round"), Standing(ALLOW_ALL, 86_400)),
            (answer(200, b"User-agent: *"), Standing(b"User-agent: *", 86_400)),
            (answer(200, b"x", Cache_Control="max-age=7200"), Standing(b"x", 7200)),
            (answer(200, b"x", Cache_Control="max-age=1"), Standing(b"x", 3600)),
        ],
    )
    def test_what_an_attempt_to_read_it_amounts_to(self, reply: Response | FetchError, expected: Standing) -> None:
        assert standing(reply, NOW) == expected
        assert len(standing(answer(200, b"x" * 10**6), NOW).body) == BYTES_MAX

    def test_a_standing_says_yes_or_no_like_any_other_text(self) -> None:
        assert allowed(ALLOW_ALL, AGENT, "http://news.example/feed.xml")
        assert not allowed(DISALLOW_ALL, AGENT, "http://news.example/feed.xml")
