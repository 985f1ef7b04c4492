"""What the S3 store makes of lost answers, refusals, outages and wrong clocks; and of the stores that differ."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from pressroom.clock import SystemClock
from pressroom.objects import (
    AlreadyThere,
    ClockSkew,
    Conflict,
    ObjectStore,
    StoreMisconfigured,
    TooLarge,
    Unavailable,
    open_store,
)
from pressroom.objects.s3.address import parse_address
from pressroom.objects.s3.store import S3Store
from pressroom.outcomes import BackendUnavailable
from pressroom.testing.seaweed import shared_seaweed
from tests.contracts.objects_contract import ObjectsContract, at_once, own_folder
from tests.fakes.s3_faults import (
    FaultProxy,
    Forward,
    after,
    cut_the_answer,
    lose_the_answer,
    lose_the_request,
    say,
    say_skewed,
)
from tests.fakes.s3_http import Answer, Request
from tests.fakes.s3_server import FakeS3, Rules

KEYS = {"access_key": "any", "secret_key": "any"}


@pytest.fixture(scope="module")
def line():
    """A store, its client and what is between them, for the whole module: a client takes 0.1 s to make."""
    with FakeS3() as server, FaultProxy(server.endpoint) as between:
        yield server, between, open_store(between.url("bucket"), clock=SystemClock(), **KEYS)


@pytest.fixture
def fake(line) -> FakeS3:
    line[0].start_afresh()
    return line[0]


@pytest.fixture
def proxy(line, fake) -> FaultProxy:
    line[1].start_afresh()
    return line[1]


@pytest.fixture
def store(line, proxy) -> ObjectStore:
    return line[2]


class TestFake(ObjectsContract):
    """So that what is shown on the fake below means something for real ones."""


# --- lost answers ------------------------------------------------------------------------------------


def test_a_swap_whose_answer_was_lost_finds_its_own_success(store, proxy):
    first = store.create("a.json", b"one")
    proxy.plan("PUT", lose_the_answer)
    second = store.swap("a.json", b"two", etag=first, write_id="w1")
    assert store.get("a.json").etag == second
    assert proxy.asked["PUT"] == 3


def test_a_swap_that_wants_no_object_finds_its_own_success_too(store, proxy):
    proxy.plan("PUT", lose_the_answer)
    assert store.swap("a.json", b"one", etag=None, write_id="w1") == store.get("a.json").etag


def test_a_create_whose_answer_was_lost_is_no_conflict_with_itself(store, proxy):
    proxy.plan("PUT", lose_the_answer)
    assert store.create("a.json", b"one") == store.get("a.json").etag
    with pytest.raises(AlreadyThere):
        store.create("a.json", b"one")


def test_a_request_that_never_arrived_is_sent_again(store, proxy):
    proxy.plan("PUT", lose_the_request, lose_the_request)
    store.create("a.json", b"one")
    assert store.get("a.json").body == b"one"


def test_the_same_bytes_of_another_writer_are_a_conflict_not_the_own_success(store, proxy, fake):
    """Two that count write the same next number: taking the other's for one's own would lose an update."""
    other = open_store(fake.url(), clock=SystemClock(), **KEYS)
    first = store.create("a.json", b"1")
    proxy.plan("PUT", lambda request, forward: (other.swap("a.json", b"2", etag=first, write_id="b"), None)[1])
    with pytest.raises(Conflict):
        store.swap("a.json", b"2", etag=first, write_id="a")


def test_the_same_write_id_with_other_bytes_is_another_write(store):
    first = store.create("a.json", b"1")
    store.swap("a.json", b"2", etag=first, write_id="w")
    with pytest.raises(Conflict):
        store.swap("a.json", b"3", etag=first, write_id="w")


def test_the_next_process_that_repeats_a_write_finds_it_done(store, proxy, fake):
    """A worker died between storing and acknowledging, and the message came again."""
    first = store.create("a.json", b"1")
    second = store.swap("a.json", b"2", etag=first, write_id="message-7")
    again = open_store(fake.url(), clock=SystemClock(), **KEYS)
    assert again.swap("a.json", b"2", etag=first, write_id="message-7") == second


def test_a_success_that_was_lost_and_then_replaced_is_a_conflict_with_what_is_there(store, proxy, fake):
    other = open_store(fake.url(), clock=SystemClock(), **KEYS)
    first = store.create("a.json", b"1")

    def replace() -> None:
        other.swap("a.json", b"3", etag=other.get("a.json").etag, write_id="other")

    proxy.plan("PUT", after(replace, lose_the_request))
    with pytest.raises(Conflict) as caught:
        store.swap("a.json", b"2", etag=first, write_id="w")
    assert caught.value.etag == other.get("a.json").etag


def test_answers_that_are_always_lost_end_as_unavailable_after_a_bounded_number_of_attempts(store, proxy):
    proxy.plan("PUT", *[lose_the_request] * 50)
    with pytest.raises(Unavailable) as caught:
        store.create("a.json", b"one")
    assert (caught.value.kind, proxy.asked["PUT"]) == ("lost", 4)


def test_a_read_that_broke_off_is_read_again_whole(store, proxy):
    body = b"0123456789" * 5000
    store.create("a.json", body)
    proxy.plan("GET", cut_the_answer, lose_the_answer)
    assert store.get("a.json").body == body


def test_signing_through_a_line_that_loses_a_third_of_the_answers_loses_no_line_and_writes_none_twice():
    """On SeaweedFS itself, by several writers that look before they sign again."""
    server = shared_seaweed()
    with FaultProxy(server.endpoint) as proxy:
        store = open_store(
            proxy.url("pressroom"), clock=SystemClock(), access_key=server.access_key, secret_key=server.secret_key
        )
        key = own_folder() + "guests.json"
        store.create(key, b"")
        proxy.plan("PUT", *[lose_the_answer, transparent, lose_the_request, transparent, transparent, transparent] * 20)
        at_once(3, lambda n: [sign(store, key, f"{n}-{i}") for i in range(5)])
        signed = store.get(key).body.decode().split()
        assert sorted(signed) == [f"{n}-{i}" for n in range(3) for i in range(5)]


def sign(store: ObjectStore, key: str, name: str) -> None:
    while name not in (found := store.get(key)).body.decode().split():
        with contextlib.suppress(Conflict, Unavailable):
            store.swap(key, found.body + f"{name}\n".encode(), etag=found.etag, write_id=name)


def transparent(request: Request, forward: Forward) -> Answer:
    return forward(request)


# --- refusals and what they mean ---------------------------------------------------------------------


@pytest.mark.parametrize("status", [404, 412])
def test_both_answers_to_a_swap_of_a_missing_key_are_a_conflict(store, fake, status):
    fake.rules.missing_status = status
    with pytest.raises(Conflict) as caught:
        store.swap("a.json", b"", etag='"d41d8cd98f00b204e9800998ecf8427e"', write_id="w")
    assert caught.value.etag is None


def test_try_again_is_tried_again(store, proxy):
    proxy.plan("PUT", say(409, "ConditionalRequestConflict"), say(409, "OperationAborted"))
    store.create("a.json", b"one")
    assert proxy.asked["PUT"] == 3


def test_try_again_for_ever_ends_as_unavailable(store, proxy):
    proxy.plan("PUT", *[say(409, "ConditionalRequestConflict")] * 50)
    with pytest.raises(Unavailable, match="other writes are always under way") as caught:
        store.create("a.json", b"one")
    assert (caught.value.kind, proxy.asked["PUT"]) == ("busy", 4)


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (403, "AccessDenied", "put a.json: 403 AccessDenied: allow these credentials"),
        (404, "NoSuchBucket", "create the bucket"),
        (400, "ExpiredToken", "renew the credentials"),
        (301, "PermanentRedirect", "correct region="),
        (307, "TemporaryRedirect", "correct region="),
        (501, "NotImplemented", "can't do conditional writes"),
        (403, "SomethingNew", "check the address"),
    ],
)
def test_what_a_person_must_mend_is_one_line_that_says_how(store, proxy, status, code, words):
    proxy.plan("PUT", say(status, code))
    with pytest.raises(StoreMisconfigured, match=words) as caught:
        store.create("a.json", b"")
    assert "object store s3://bucket at http://127.0.0.1" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert proxy.asked["PUT"] == 1


def test_an_answer_that_nobody_foresaw_is_raised_as_it_is(store, proxy):
    said = b"<Error><Code>InvalidArgument</Code><Message>no such &quot;thing&quot;</Message></Error>"
    proxy.plan("GET", lambda _request, _forward: Answer(400, {}, said))
    with pytest.raises(ClientError, match=r'InvalidArgument.* no such "thing"'):
        store.get("a.json")


@pytest.mark.parametrize("status", [200, 404])
@pytest.mark.parametrize("body", [b"", b"<html>no such page</html>", b"not found"])
def test_the_answer_of_some_other_web_server_does_not_read_as_an_object_or_none(store, proxy, status, body):
    page = Answer(status, {"Content-Type": "text/html"}, body)
    proxy.plan("GET", lambda _request, _forward: page)
    with pytest.raises(StoreMisconfigured, match="speaks no S3"):
        store.get("a.json")


def test_a_stored_body_over_the_bound_is_refused_unread(store, fake, monkeypatch):
    store.create("a.json", b"x" * 1000)
    monkeypatch.setattr("pressroom.objects.s3.direct.BODY_BYTES_MAX", 999)
    with pytest.raises(TooLarge, match=r"a\.json: 1000 bytes"):
        store.get("a.json")


# --- outages -----------------------------------------------------------------------------------------


def test_a_read_survives_a_passing_trouble(store, proxy):
    store.create("a.json", b"one")
    proxy.plan("GET", say(503, "SlowDown"), say(500, "InternalError"))
    assert store.get("a.json").body == b"one"


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (503, "SlowDown", "slow_down"),
        (429, "TooManyRequests", "slow_down"),
        (500, "InternalError", "server_error"),
        (502, "BadGateway", "server_error"),
        (507, "InsufficientStorage", "full"),
        (400, "RequestTimeout", "timeout"),
    ],
)
def test_a_write_in_trouble_is_unavailable_at_once_and_left_to_the_caller(store, proxy, status, code, kind):
    proxy.plan("PUT", say(status, code))
    with pytest.raises(Unavailable, match=f"is not available: put a.json: {status} {code}") as caught:
        store.create("a.json", b"")
    assert isinstance(caught.value, BackendUnavailable)
    assert (caught.value.kind, proxy.asked["PUT"]) == (kind, 1)


def test_slow_down_then_refused_connections_then_normal(store, proxy, fake):
    """Case P-store-02, the client's part: each call ends soon, says why and since when; the caller paces."""
    bodies = {f"a{n}.json": b"%d" % n for n in range(20)}
    proxy.plan("PUT", *[say(503, "SlowDown")] * 5)
    kinds = []
    for key, body in list(bodies.items())[:5]:
        with pytest.raises(Unavailable) as caught:
            store.create(key, body)
        kinds.append(caught.value.kind)
    proxy.refuse()
    for key, body in list(bodies.items())[5:10]:
        with pytest.raises(Unavailable) as caught:
            store.create(key, body)
        kinds.append(caught.value.kind)
    assert kinds == ["slow_down"] * 5 + ["connect"] * 5
    assert proxy.asked["PUT"] == 5
    assert fake.objects["bucket"] == {}
    proxy.accept()
    for key, body in bodies.items():
        store.create(key, body)
    assert {key: kept.body for key, kept in fake.objects["bucket"].items()} == bodies


def test_an_outage_is_counted_from_its_first_failure_and_ends_with_an_answer(fake):
    class Clock(SystemClock):
        passed_s = 0.0

        def monotonic(self) -> float:
            return self.passed_s

    clock = Clock()
    with FaultProxy(fake.endpoint) as proxy:
        store = open_store(proxy.url("bucket"), clock=clock, **KEYS)
        downs = []
        for clock.passed_s in (100.0, 130.0, 145.0):
            proxy.plan("PUT", say(503, "SlowDown"))
            with pytest.raises(Unavailable) as caught:
                store.create("a.json", b"")
            downs.append(caught.value.down_s)
        assert downs == [0.0, 30.0, 45.0]
        assert str(caught.value).endswith("503 SlowDown (no good answer for 45 s)")
        for good_answer in (lambda: store.create("b.json", b""), lambda: store.get("missing.json")):
            good_answer()
            clock.passed_s += 10
            proxy.plan("PUT", say(503, "SlowDown"))
            with pytest.raises(Unavailable) as caught:
                store.create("a.json", b"")
            assert caught.value.down_s == 0.0


def test_a_store_that_hangs_is_unavailable_when_the_time_is_up(fake):
    with FaultProxy(fake.endpoint) as proxy:
        store = S3Store(parse_address(proxy.url("bucket")), clock=SystemClock(), read_timeout_s=0.3, **KEYS)
        for method, call in (
            ("GET", lambda: store.get("a.json")),
            ("PUT", lambda: store.create("a.json", b"")),
        ):
            proxy.plan(method, proxy.hang)
            with pytest.raises(Unavailable, match="no answer in time") as caught:
                call()
            assert (caught.value.kind, proxy.asked[method]) == ("timeout", 1)


def test_a_paused_store_holds_up_no_more_callers_than_there_are_connections(fake, monkeypatch):
    monkeypatch.setattr("pressroom.objects.s3.client.CONNECTIONS_MAX", 2)
    with FaultProxy(fake.endpoint) as proxy, ThreadPoolExecutor(2) as pool:
        store = open_store(proxy.url("bucket"), clock=SystemClock(), **KEYS)
        store._bucket._slot_wait_s = 0.1
        proxy.plan("GET", proxy.hang, proxy.hang)
        held = [pool.submit(store.get, "a.json") for _ in range(2)]
        while proxy.asked["GET"] < 2:
            threading.Event().wait(0.005)
        with pytest.raises(Unavailable, match="all 2 connections are waiting"):
            store.get("a.json")
        # The two lose their connections then, and ask once more.
        proxy.released.set()
        assert [one.result(10) for one in held] == [None, None]


# --- clocks, checksums, addresses --------------------------------------------------------------------


@pytest.mark.parametrize(("ahead_s", "words"), [(1200, "ours is 12.. s ahead"), (-3600, "ours is 3[56].. s behind")])
def test_a_clock_that_is_off_is_named_with_how_far(store, proxy, ahead_s, words):
    proxy.plan("GET", say_skewed(SystemClock().now() - timedelta(seconds=ahead_s)))
    with pytest.raises(ClockSkew, match=words) as caught:
        store.get("a.json")
    assert caught.value.kind == "clock_skew"
    assert caught.value.skew_s == pytest.approx(ahead_s, abs=5)
    assert proxy.asked["GET"] == 1


def test_no_checksum_header_is_sent_to_stores_that_refuse_them():
    """Case P-store-01."""
    body = '{"title":"Ünï"}'.encode()
    with FakeS3(Rules(refuses_checksums=True)) as fake:
        store = open_store(fake.url(), clock=SystemClock(), **KEYS)
        etag = store.create("records/a.json", body)
        store.swap("records/a.json", body + b" ", etag=etag, write_id="w")
        assert store.get("records/a.json").body == body + b" "
        names = {name.lower() for request in fake.requests for name in request.headers}
    assert not names & {"x-amz-sdk-checksum-algorithm", "x-amz-checksum-crc32", "x-amz-trailer"}


def test_type_and_caching_reach_the_store_for_a_cdn_that_reads_it(store, fake):
    store.create("static/a-1.css", b"", content_type="text/css", cache_control="max-age=31536000, immutable")
    headers = fake.objects["bucket"]["static/a-1.css"].headers
    assert headers["Content-Type"] == "text/css"
    assert headers["Cache-Control"] == "max-age=31536000, immutable"


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("s3://", "s3://BUCKET"),
        ("s3://b/folder", "s3://BUCKET"),
        ("s3://b:9000", "s3://BUCKET"),
        ("s3://Zeitung für alle", "s3://BUCKET"),
        ("s3://b?endpoint=127.0.0.1:8333", "endpoint is http://HOST:PORT"),
        ("s3://b?enpoint=http://h", "knows no parameter enpoint"),
        ("s3://b?region=", "not empty"),
        ("s3://b?region=a&region=b", "once"),
        ("s3://b?prefix=../up", "no part of a key"),
        ("s3://key:hush@b", "must not hold credentials"),
        ("s3://b?endpoint=http://key:hush@h", "endpoint is http://HOST:PORT"),
        ("gs://b", "or a path, not gs"),
        ("https://key:hush@h/b", "or a path, not https"),
        ("", "or a path, not empty"),
    ],
)
def test_a_bad_address_is_one_clear_line_without_the_password(url, complaint):
    with pytest.raises(StoreMisconfigured, match=complaint) as caught:
        open_store(url, clock=SystemClock(), **KEYS)
    assert "hush" not in str(caught.value)


def test_an_address_says_where_the_store_is():
    at_aws = parse_address("s3://papers?region=eu-central-1")
    assert (at_aws.endpoint, at_aws.region, at_aws.prefix) == (None, "eu-central-1", "")
    own = parse_address("s3://papers?endpoint=https://store.example:9000/&prefix=/one/two/")
    assert (own.endpoint, own.region, own.prefix) == ("https://store.example:9000", "us-east-1", "one/two/")
