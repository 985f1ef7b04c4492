"""Objects go without boto3's client: what is sent is what it would send, its settings hold, every answer is read."""

from __future__ import annotations

import os
import ssl
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from botocore.exceptions import ReadTimeoutError

from pressroom.clock import SystemClock
from pressroom.objects import Conflict, NotModified, ObjectStore, StoreMisconfigured, TooLarge, Unavailable, open_store
from pressroom.objects.s3.address import parse_address
from pressroom.objects.s3.client import Bucket
from pressroom.objects.s3.direct import bucket_url
from pressroom.objects.s3.store import S3Store
from tests.fakes.s3_faults import FaultProxy, Forward, say
from tests.fakes.s3_http import Answer, Request
from tests.fakes.s3_server import FakeS3

KEYS = {"access_key": "any", "secret_key": "any"}
TELLING = (
    *("if-none-match", "content-type", "cache-control", "content-length", "x-amz-meta-write-id"),
    *("x-amz-content-sha256", "x-amz-security-token", "transfer-encoding", "content-encoding"),
)


@pytest.fixture(autouse=True)
def _nothing_is_set_here(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("AWS_") or name.lower().endswith("_proxy") or name == "REQUESTS_CA_BUNDLE":
            monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def opened(url: str) -> ObjectStore:
    return open_store(url, clock=SystemClock(), **KEYS)


# --- what is sent ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("endpoint", "bucket", "own", "url"),
    [
        ("http://10.0.0.5:8333", "news", True, "http://10.0.0.5:8333/news"),
        ("https://store.example/s3", "news", True, "https://store.example/s3/news"),
        ("https://s3.eu-west-1.amazonaws.com", "news", False, "https://news.s3.eu-west-1.amazonaws.com"),
        ("https://s3.eu-west-1.amazonaws.com", "a.b", False, "https://s3.eu-west-1.amazonaws.com/a.b"),
        ("https://s3.amazonaws.com", "Old_Bucket", False, "https://s3.amazonaws.com/Old_Bucket"),
    ],
)
def test_objects_are_below_the_bucket_or_at_its_own_host_where_a_certificate_covers_it(endpoint, bucket, own, url):
    assert bucket_url(endpoint, bucket, own_endpoint=own) == url


@pytest.mark.parametrize(
    ("url", "settings"),
    [
        ("s3://news?region=eu-west-1", {}),
        ("s3://a.b", {}),
        ("s3://news?endpoint=http://h:8333", {}),
        ("s3://news?region=cn-north-1", {"AWS_USE_DUALSTACK_ENDPOINT": "true"}),
        ("s3://news", {"AWS_ENDPOINT_URL": "http://127.0.0.1:9000"}),
        ("s3://news", {"AWS_ENDPOINT_URL_S3": "http://[::1]:9000"}),
        ("s3://news", {"AWS_ENDPOINT_URL": "https://store.example"}),
        ("s3://news", {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t/+="}),
    ],
)
@pytest.mark.parametrize("operation", ["put_object", "get_object"])
def test_what_is_sent_is_what_boto3_would_send(url, settings, operation, monkeypatch):
    sent = []

    def note(_session, request):
        fields = {name.lower(): as_text(value) for name, value in request.headers.items()}
        whose = fields["authorization"].partition(",")[0]
        sent.append((request.method, request.url, whose, {name: fields.get(name) for name in TELLING}))
        raise ReadTimeoutError(endpoint_url=request.url)

    monkeypatch.setattr("botocore.httpsession.URLLib3Session.send", note)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    keys = {} if "AWS_ACCESS_KEY_ID" in settings else KEYS
    bucket = Bucket(parse_address(url), clock=SystemClock(), **keys)
    wanted = {"Key": "versions/f~1/a b+ü@=,:!'()*?#%2F&.json", "IfNoneMatch": "*"}
    if operation == "put_object":
        wanted |= {"Body": b"hi", "Metadata": {"write-id": "m"}, "ContentType": "text/x", "CacheControl": "no-store"}
    with pytest.raises(Unavailable):
        bucket.ask("it", operation, **wanted)
    with pytest.raises(ReadTimeoutError):
        getattr(bucket._client, operation)(Bucket=parse_address(url).bucket, **wanted)
    assert sent[0] == sent[1]


def as_text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


# --- settings of the machine -------------------------------------------------------------------------------


@pytest.mark.parametrize("setting", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_a_store_is_trusted_by_the_authorities_that_boto3_is_told_of(tmp_path, monkeypatch, setting):
    authority, trusted = trustme.CA(), tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(trusted)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with FakeS3(tls=context) as fake:
        with pytest.raises(Unavailable, match="CERTIFICATE_VERIFY_FAILED"):
            opened(fake.url()).get("a.json")
        monkeypatch.setenv(setting, str(trusted))
        assert opened(fake.url()).create("a.json", b"one")
    assert len(fake.requests) == 1


def test_a_store_behind_a_proxy_is_reached_through_it_and_one_that_is_excepted_directly(monkeypatch):
    with FakeS3() as fake:
        monkeypatch.setenv("http_proxy", fake.endpoint)
        assert opened("s3://bucket?endpoint=http://store.invalid:9000").create("a.json", b"one")
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        assert opened(fake.url()).get("a.json").body == b"one"
    assert [request.path for request in fake.requests] == [
        "http://store.invalid:9000/bucket/a.json",
        "/bucket/a.json",
    ]


def test_credentials_that_expire_are_renewed_and_ones_that_cannot_be_had_are_an_outage(tmp_path, monkeypatch):
    soon = f"{datetime.now(UTC) + timedelta(minutes=1):%Y-%m-%dT%H:%M:%SZ}"
    calls, script = tmp_path / "calls", tmp_path / "credentials"
    script.write_text(
        f"#!/bin/sh\necho >>{calls}\n"
        f"""echo '{{"Version": 1, "AccessKeyId": "key'$(wc -l <{calls})'", "SecretAccessKey": "s","""
        f""" "SessionToken": "t", "Expiration": "{soon}"}}'\n"""
    )
    config = tmp_path / "config"
    config.write_text(f"[default]\ncredential_process = /bin/sh {script}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    with FakeS3() as fake:
        store = open_store(fake.url(), clock=SystemClock())
        store.create("a.json", b"one")
        store.get("a.json")
        used = [request.headers["Authorization"].split("/")[0].rpartition("=")[2] for request in fake.requests]
        assert used[0] != used[1]
        script.write_text("exit 1\n")
        with pytest.raises(Unavailable) as caught:
            store.get("a.json")
        assert caught.value.kind == "connect"
        assert len(fake.requests) == 2


def test_without_any_credentials_nothing_is_sent_and_a_person_is_told_what_to_give():
    with FakeS3() as fake:
        store = open_store(fake.url(), clock=SystemClock())
        with pytest.raises(StoreMisconfigured, match="give an access key and a secret key"):
            store.get("a.json")
        assert fake.requests == []


# --- what comes back ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def line():
    """A store, what is between it and its client, and the client."""
    with FakeS3() as server, FaultProxy(server.endpoint) as between:
        yield server, between, opened(between.url("bucket"))


@pytest.fixture
def proxy(line) -> FaultProxy:
    line[0].start_afresh()
    line[1].start_afresh()
    return line[1]


@pytest.fixture
def store(line, proxy) -> ObjectStore:
    return line[2]


def chunked(request: Request, forward: Forward, end: bytes = b"0\r\n\r\n") -> Answer:
    """The answer without saying how long it is; with another `end` it breaks off there."""
    answer = forward(request)
    half = len(answer.body) // 2
    pieces = (answer.body[:half], answer.body[half:])
    body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + end
    headers = {name: value for name, value in answer.headers.items() if name.lower() != "content-length"}
    return Answer(answer.status, headers | {"Transfer-Encoding": "chunked"}, body, None if end else len(body))


def test_an_answer_that_does_not_say_how_long_it_is_is_read_to_its_end_and_again_when_it_broke_off(store, proxy):
    store.create("a.json", b"0123456789" * 5000)
    proxy.plan("GET", lambda request, forward: chunked(request, forward, end=b""), chunked)
    assert store.get("a.json").body == b"0123456789" * 5000
    assert proxy.asked["GET"] == 2


def test_nor_does_such_an_answer_bring_more_than_an_object_may_have(store, proxy, monkeypatch):
    store.create("a.json", b"x" * 1000)
    proxy.plan("GET", chunked, chunked)
    monkeypatch.setattr("pressroom.objects.s3.direct.BODY_BYTES_MAX", 999)
    with pytest.raises(TooLarge, match=r"a\.json: .*more than"):
        store.get("a.json")
    monkeypatch.setattr("pressroom.objects.s3.direct.BODY_BYTES_MAX", 1000)
    assert store.get("a.json").body == b"x" * 1000


def test_unchanged_is_unchanged_also_when_it_says_how_long_the_object_is(store, proxy):
    etag = store.create("a.json", b"one")
    proxy.plan("GET", lambda *_: Answer(304, {"ETag": etag, "Content-Length": "3"}))
    assert store.get("a.json", if_none_match=etag) == NotModified(etag)
    assert proxy.asked["GET"] == 1


def test_an_answer_that_stops_half_way_is_waited_for_no_longer_than_one_that_never_begins(proxy):
    store = S3Store(parse_address(proxy.url("bucket")), clock=SystemClock(), read_timeout_s=0.3, **KEYS)
    proxy.plan("GET", lambda *_: Answer(200, {"ETag": '"1"', "Content-Length": "1000"}, b"half"))
    with pytest.raises(Unavailable, match="no answer in time") as caught:
        store.get("a.json")
    assert caught.value.kind == "timeout"


def test_a_connection_serves_on_after_refusals_of_every_kind(store, proxy):
    etag = store.create("a.json", b"one")
    before = proxy.accepted
    proxy.plan("GET", say(503, "SlowDown"), chunked)
    assert store.get("a.json").body == b"one"
    assert store.get("missing.json") is None
    assert store.get("a.json", if_none_match=etag) == NotModified(etag)
    with pytest.raises(Conflict):
        store.swap("a.json", b"two", etag='"other"', write_id="w")
    assert store.swap("a.json", b"two", etag=etag, write_id="w")
    assert proxy.accepted == before
