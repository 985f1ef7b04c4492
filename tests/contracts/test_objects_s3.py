"""The S3 store keeps the contract on SeaweedFS, as a process of this machine and in a container."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from pressroom.clock import SystemClock
from pressroom.objects import Conflict, ObjectStore, StoreMisconfigured, Unavailable, open_store
from pressroom.objects.port import Versioned
from pressroom.testing import Store
from pressroom.testing.seaweed import Seaweed, seaweed, shared_seaweed
from tests.contracts.objects_contract import ObjectsContract, at_once, listed_keys, own_folder
from tests.contracts.objects_counting import increment


def opened(server: Seaweed, url: str | None = None, **named: object) -> ObjectStore:
    keys = {"access_key": server.access_key, "secret_key": server.secret_key, **named}
    return open_store(url or server.s3_url(), clock=SystemClock(), **keys)


@pytest.fixture(scope="module")
def shared_store() -> ObjectStore:
    return opened(shared_seaweed())


class TestSeaweed(ObjectsContract):
    # A writer that loses a race there waits a second or two for its turn to be told.
    races = 1

    @pytest.fixture
    def store(self, shared_store) -> ObjectStore:
        return shared_store


@pytest.fixture(scope="module")
def container_store(store_container: Store) -> Iterator[ObjectStore]:
    with store_container.bucket() as url:
        yield open_store(url, clock=SystemClock(), access_key="any", secret_key="any")


@pytest.mark.containers
class TestSeaweedInAContainer(ObjectsContract):
    races = 1

    @pytest.fixture
    def store(self, container_store) -> ObjectStore:
        return container_store


def test_two_prefixes_of_one_bucket_do_not_see_each_other():
    server = shared_seaweed()
    one, two = (opened(server, f"{server.s3_url()}&prefix={own_folder()}") for _ in range(2))
    one.create("a.json", b"one")
    assert two.get("a.json") is None
    assert listed_keys(two, "") == []
    assert listed_keys(one, "") == ["a.json"]


def test_a_listing_of_more_than_one_page_of_the_stores_own_is_complete(shared_store):
    folder = own_folder()
    at_once(8, lambda n: [shared_store.create(f"{folder}{n}-{i}.json", b"") for i in range(130)])
    assert len(listed_keys(shared_store, folder, page=100_000)) == 8 * 130


def test_clients_that_count_together_lose_nothing(shared_store):
    """Each with connections of its own, as in several processes."""
    key = own_folder() + "counter.json"
    shared_store.create(key, b"0")
    clients = [opened(shared_seaweed()) for _ in range(4)]
    at_once(4, lambda n: [increment(clients[n], key, f"{n}-{i}") for i in range(5)])
    assert shared_store.get(key).body == b"20"


def test_a_missing_bucket_is_named_and_made_when_asked():
    server = shared_seaweed()
    url = server.s3_url("fresh-" + own_folder()[:12])
    with pytest.raises(StoreMisconfigured, match="404 NoSuchBucket: create the bucket"):
        opened(server, url).get("a.json")
    for _ in range(2):
        opened(server, url, create_bucket=True)
    assert opened(server, url).create("a.json", b"x")


@pytest.mark.parametrize(
    ("named", "complaint"),
    [
        ({"secret_key": "wrong"}, "403 SignatureDoesNotMatch: the secret key does not belong"),
        ({"access_key": "nobody"}, "403 InvalidAccessKeyId: the store does not know this access key"),
        ({"secret_key": ""}, "PRESSROOM_S3_ACCESS_KEY and PRESSROOM_S3_SECRET_KEY both, or neither"),
    ],
)
def test_wrong_credentials_are_one_clear_line_without_the_secret(named, complaint):
    with pytest.raises(StoreMisconfigured, match=complaint) as caught:
        opened(shared_seaweed(), **named).get("a.json")
    assert "\n" not in str(caught.value)
    assert "wrong" not in str(caught.value)


def test_a_bucket_that_keeps_versions_works_as_before():
    server = shared_seaweed()
    url = server.s3_url("kept-" + own_folder()[:12])
    store = opened(server, url, create_bucket=True)
    assert isinstance(store, Versioned)
    etag = store.create("a.json", b"old")
    store.keep_versions()
    store.keep_versions()
    etag = store.swap("a.json", b"new", etag=etag, write_id="w")
    with pytest.raises(Conflict):
        store.create("a.json", b"other")
    assert [(one.key, one.etag) for one in store.list("", limit=10)] == [("a.json", etag)]
    store.delete("a.json")
    assert store.get("a.json") is None
    assert listed_keys(store, "") == []
    assert store.create("a.json", b"again")


def test_objects_survive_kill_9_of_the_store_and_the_client_finds_it_again(tmp_path):
    with seaweed(tmp_path) as server:
        store = opened(server)
        etags = {f"a{n}.json": store.create(f"a{n}.json", b"%d" % n) for n in range(20)}
        server.kill()
        with pytest.raises(Unavailable) as caught:
            store.get("a0.json")
        assert caught.value.kind == "connect"
        server.start()
        assert {one.key: one.etag for one in store.list("", limit=100)} == etags
        assert store.swap("a0.json", b"on", etag=etags["a0.json"], write_id="w")


def test_boto3_is_loaded_only_by_those_who_open_an_s3_store(tmp_path):
    program = (
        "import sys, pressroom.clock as c, pressroom.objects as o; o.open_store(sys.argv[1], clock=c.SystemClock());"
        "print('boto3' in sys.modules, 'botocore' in sys.modules)"
    )

    def loaded(url: str) -> str:
        return subprocess.run([sys.executable, "-c", program, url], capture_output=True, text=True, check=True).stdout

    assert loaded("s3://bucket?endpoint=http://127.0.0.1:1") == "True True\n"
    assert loaded(str(tmp_path)) == "False False\n"
