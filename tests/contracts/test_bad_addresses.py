"""Settings that name no engine, or one that will not have us: one line for a person, exit status 2, no password."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pressroom import logs, testing
from pressroom.objects.directory import DirectoryStore
from pressroom.outcomes import BackendUnavailable
from pressroom.queues.port import Depth, Unroutable
from pressroom.testing.seaweed import shared_seaweed
from services.cli import main
from services.cli.serving import check_that_they_will_have_us
from tests.fakes.scripted_queue import ScriptedQueue

Run = Callable[..., tuple[int, str]]
SECRET = "s3cret"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """`pressroom ARGUMENTS` with these settings: (exit status, what was said, but for the log)."""
    monkeypatch.setattr(logs, "configure", lambda *_: None)

    def run(arguments: str, **settings: str) -> tuple[int, str]:
        given = {"data": str(tmp_path / "data"), "sites": str(tmp_path / "sites"), **settings}
        for name, value in given.items():
            monkeypatch.setenv(f"PRESSROOM_{name.upper()}", value)
        monkeypatch.setattr(sys, "argv", ["pressroom", *arguments.split()])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), capsys.readouterr().err

    return run


def check_one_line(said: str, *words: str) -> None:
    assert len(said.splitlines()) == 1, said
    assert all(word in said for word in words), said
    assert SECRET not in said
    assert "Traceback" not in said


VERBS = ("serve fetcher", "serve web", "topics list", "topology check", "run --once")


@pytest.mark.parametrize("verb", VERBS)
def test_an_address_that_names_no_broker_ends_every_verb(run: Run, verb: str) -> None:
    status, said = run(verb, queue_url=f"amqp://pressroom:{SECRET}@broker:port/")
    assert status == 2
    check_one_line(said, "PRESSROOM_QUEUE_URL: amqp://broker:port/ has no good host and port")


BAD_STORES = {
    "http://store": "the object store's address is s3://BUCKET?endpoint=… or a path, not http",
    "s3://[store": "the object store's address is s3://BUCKET?endpoint=… or a path",
    "s3://": "the object store's address is s3://BUCKET?endpoint=…",
    f"s3://key:{SECRET}@bucket": "must not hold credentials",
    "s3://bucket?endpoint=ftp://store": "the object store's endpoint is http://HOST:PORT",
    "s3://bucket?endpoint=http://store:port": "the object store's endpoint is http://HOST:PORT",
    f"s3://bucket?secret={SECRET}": "knows no parameter secret; there are endpoint, region, prefix",
}


@pytest.mark.parametrize("url", BAD_STORES)
@pytest.mark.parametrize("verb", ["serve publisher", "serve web"])
def test_an_address_that_names_no_store_is_one_line(run: Run, verb: str, url: str) -> None:
    status, said = run(verb, objects_url=url)
    assert status == 2
    check_one_line(said, "PRESSROOM_OBJECTS_URL: ", BAD_STORES[url])


@pytest.mark.parametrize("verb", ["serve publisher", "serve web", "topics list"])
def test_half_of_a_stores_credentials_is_one_line(run: Run, verb: str) -> None:
    status, said = run(verb, objects_url="s3://bucket?endpoint=http://127.0.0.1:1", s3_access_key=SECRET)
    assert status == 2
    check_one_line(said, "give PRESSROOM_S3_ACCESS_KEY and PRESSROOM_S3_SECRET_KEY both, or neither")


@pytest.mark.parametrize("verb", ["serve fetcher", "serve web", "run"])
def test_a_data_folder_that_cannot_be_made_is_one_line(run: Run, verb: str, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    status, said = run(verb, data=str(tmp_path / "taken" / "data"))
    assert status == 2
    check_one_line(said, "PRESSROOM_DATA: cannot make the folder", "Not a directory")


@pytest.mark.parametrize("verb", ["serve fetcher", "topics list", "topology check"])
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (
            lambda url: url.replace("guest:guest", f"guest:{SECRET}"),
            "the broker does not know user guest with that password; correct them in PRESSROOM_QUEUE_URL",
        ),
        (lambda url: url.rpartition("/")[0] + "/nowhere", "create the virtual host nowhere, let user guest use it"),
    ],
    ids=["password", "vhost"],
)
@pytest.mark.containers
def test_a_broker_that_will_not_have_us_is_one_line(
    run: Run, amqp_url: str, verb: str, wrong: Callable[[str], str], words: str
) -> None:
    status, said = run(verb, queue_url=wrong(amqp_url))
    assert status == 2
    check_one_line(said, "cannot connect to amqp://", words)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda _url: "broker:15672", "PRESSROOM_MANAGEMENT_URL is http://user:password@host:15672"),
        (lambda _url: f"http://guest:{SECRET}@[broker", "PRESSROOM_MANAGEMENT_URL is http://user:password@host:15672"),
        (
            lambda url: url.replace("http://", f"http://guest:{SECRET}@"),
            "401: Unauthorized: correct user and password in PRESSROOM_MANAGEMENT_URL",
        ),
    ],
    ids=["no URL", "a broken one", "password"],
)
@pytest.mark.containers
def test_a_management_that_will_not_have_us_is_one_line(
    run: Run, amqp_broker: testing.Broker, wrong: Callable[[str], str], words: str
) -> None:
    status, said = run(
        "topology check", queue_url=amqp_broker.amqp_url(), management_url=wrong(amqp_broker.management_url)
    )
    assert status == 2
    check_one_line(said, words)


@pytest.mark.parametrize("verb", ["topics list", "topology check"])
@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("no-such-host.invalid", "the name no-such-host.invalid cannot be resolved; is it written right"),
        ("127.0.0.1:1", "nothing listens at port 1 there; is the broker up"),
    ],
)
def test_a_broker_that_is_not_there_is_one_line_for_who_cannot_wait(run: Run, verb: str, host: str, words: str) -> None:
    status, said = run(verb, queue_url=f"amqp://pressroom:{SECRET}@{host}/")
    assert status == 1
    check_one_line(said, f"cannot connect to amqp://{host}/", words, "PRESSROOM_QUEUE_URL")


@pytest.mark.parametrize("verb", ["serve fetcher", "topics list"])
@pytest.mark.parametrize(
    ("bucket", "key", "words"),
    [
        ("nowhere", "", "404 NoSuchBucket: create the bucket, or correct its name in the address"),
        ("pressroom", SECRET, "403 SignatureDoesNotMatch: the secret key does not belong to this access key"),
    ],
)
def test_a_store_that_will_not_have_us_is_one_line(run: Run, verb: str, bucket: str, key: str, words: str) -> None:
    server = shared_seaweed()
    status, said = run(
        verb,
        objects_url=server.s3_url(bucket),
        s3_access_key=server.access_key,
        s3_secret_key=key or server.secret_key,
    )
    assert status == 2
    check_one_line(said, f"object store s3://{bucket} at http://", words)


def test_a_store_that_is_not_there_is_one_line_for_who_cannot_wait(run: Run) -> None:
    url = "s3://pressroom?endpoint=http://no-such-host.invalid:1"
    status, said = run("topics list", objects_url=url, s3_access_key="k", s3_secret_key=SECRET)
    assert status == 1
    check_one_line(said, "object store s3://pressroom at http://no-such-host.invalid:1 is not available", "is it up")


@pytest.mark.parametrize("error", [Unroutable("queue dead exists with another x"), BackendUnavailable("q", "away")])
def test_what_may_be_mended_meanwhile_is_told_and_waited_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    class Queue(ScriptedQueue):
        def depth(self, topic: str) -> Depth:
            raise error

    check_that_they_will_have_us(Queue(), DirectoryStore(tmp_path))
    assert f"waiting for the queue: {error}" in caplog.text
