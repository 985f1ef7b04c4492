"""What every object store promises, written once; each engine's test class inherits it and brings a `store`."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, timedelta
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pressroom.objects import (
    AlreadyThere,
    BadKey,
    Conflict,
    NotModified,
    ObjectStore,
    TooLarge,
)
from pressroom.objects.port import BODY_BYTES_MAX
from tests.contracts.objects_counting import increment

T = TypeVar("T")

SEGMENTS = st.from_regex(r"[A-Za-z0-9_~@=,-][A-Za-z0-9_~@=,.-]{0,11}", fullmatch=True)
# Files have an ending and folders have none, so no key is ever a folder of another.
KEYS = st.builds(
    lambda folders, name: "/".join([*folders, name + ".json"]),
    st.lists(SEGMENTS.map(lambda text: text.replace(".", "_")), max_size=3),
    SEGMENTS,
)
BODIES = st.binary(max_size=300)
# Examples take folders of their own, so they may share a store, and every engine shall see every example.
quick = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.differing_executors,
        HealthCheck.too_slow,
    ],
)


def own_folder() -> str:
    """A folder that no other test or example writes to."""
    return f"t{uuid.uuid4().hex}/"


def at_once(count: int, act: Callable[[int], T]) -> list[T]:
    """Run `act(0)` … `act(count - 1)` in as many threads that start together; their results in order."""
    gate = threading.Barrier(count)

    def run(number: int) -> T:
        gate.wait(10)
        return act(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def won(attempt: Callable[[], str]) -> bool:
    try:
        attempt()
    except Conflict:
        return False
    return True


def listed_keys(store: ObjectStore, prefix: str, page: int = 1000) -> list[str]:
    """All keys below a prefix, asked for page by page."""
    keys: list[str] = []
    while found := [one.key for one in store.list(prefix, after=keys[-1] if keys else "", limit=page)]:
        keys += found
    return keys


class ObjectsContract:
    """Inherit, and bring a fixture `store`."""

    races = 5

    @pytest.fixture
    def folder(self) -> str:
        return own_folder()

    # --- one at a time -----------------------------------------------------------------------------

    def test_a_missing_key_reads_as_none_with_or_without_an_etag(self, store, folder):
        assert store.get(folder + "a.json") is None
        assert store.get(folder + "a.json", if_none_match='"abc"') is None

    @given(body=BODIES)
    @quick
    def test_what_was_stored_is_read_back_byte_by_byte_with_the_etag_of_the_write(self, store, body):
        key = own_folder() + "a.json"
        etag = store.create(key, body)
        found = store.get(key)
        assert (found.body, found.etag) == (body, etag)
        assert found.modified.tzinfo is UTC

    def test_a_conditional_get_tells_changed_from_unchanged(self, store, folder):
        first = store.swap(folder + "a.json", b"one", etag=None, write_id="w1")
        assert store.get(folder + "a.json", if_none_match=first) == NotModified(first)
        second = store.swap(folder + "a.json", b"two", etag=first, write_id="w2")
        assert store.get(folder + "a.json", if_none_match=first).body == b"two"
        assert store.get(folder + "a.json", if_none_match=second) == NotModified(second)

    def test_an_object_of_the_largest_size_is_kept_and_a_larger_one_refused(self, store, folder):
        body = bytes(BODY_BYTES_MAX)
        store.create(folder + "a.json", body)
        assert store.get(folder + "a.json").body == body
        with pytest.raises(TooLarge, match="more than"):
            store.create(folder + "b.json", body + b"x")

    def test_creating_the_same_bytes_again_says_already_there(self, store, folder):
        etag = store.create(folder + "a.json", b"same")
        with pytest.raises(AlreadyThere) as caught:
            store.create(folder + "a.json", b"same")
        assert caught.value.etag == etag

    def test_creating_other_bytes_conflicts_and_changes_nothing(self, store, folder):
        etag = store.create(folder + "a.json", b"first")
        with pytest.raises(Conflict) as caught:
            store.create(folder + "a.json", b"second")
        assert not isinstance(caught.value, AlreadyThere)
        assert caught.value.etag == etag
        assert store.get(folder + "a.json").body == b"first"

    def test_a_swap_with_an_old_etag_conflicts_and_tells_the_new_one(self, store, folder):
        old = store.swap(folder + "a.json", b"one", etag=None, write_id="w1")
        new = store.swap(folder + "a.json", b"two", etag=old, write_id="w2")
        with pytest.raises(Conflict) as caught:
            store.swap(folder + "a.json", b"three", etag=old, write_id="w3")
        assert caught.value.etag == new
        assert store.get(folder + "a.json").body == b"two"

    def test_a_swap_of_a_missing_object_conflicts_with_no_etag(self, store, folder):
        with pytest.raises(Conflict) as caught:
            store.swap(folder + "a.json", b"one", etag='"d41d8cd98f00b204e9800998ecf8427e"', write_id="w1")
        assert caught.value.etag is None
        assert store.get(folder + "a.json") is None

    def test_a_swap_that_wants_no_object_conflicts_when_there_is_one(self, store, folder):
        etag = store.create(folder + "a.json", b"one")
        with pytest.raises(Conflict) as caught:
            store.swap(folder + "a.json", b"two", etag=None, write_id="w1")
        assert caught.value.etag == etag

    def test_a_deleted_object_is_gone_and_may_be_created_again(self, store, folder):
        etag = store.create(folder + "a.json", b"one")
        store.delete(folder + "a.json")
        assert store.get(folder + "a.json", if_none_match=etag) is None
        assert listed_keys(store, folder) == []
        store.create(folder + "a.json", b"two")
        assert store.get(folder + "a.json").body == b"two"

    def test_deleting_what_is_not_there_is_no_error(self, store, folder):
        store.delete(folder + "never.json")
        assert store.get(folder + "never.json") is None

    @pytest.mark.parametrize(
        "key",
        [
            *("", "/a", "a/", "a//b", "../a", "a/../b", "a/./b", ".a", "a/.b"),
            *("a\0b", "a\nb", "a b", "a\\b", "ä", "a%2Fb"),
            *("a" * 501, "a/" * 249 + "a" * 201, "b" * 201),
        ],
        ids=lambda key: ascii(key[:12]),
    )
    def test_a_key_that_no_engine_can_hold_is_refused_everywhere(self, store, key):
        for call in (
            lambda: store.get(key),
            lambda: store.create(key, b""),
            lambda: store.swap(key, b"", etag=None, write_id="w"),
            lambda: store.delete(key),
        ):
            with pytest.raises(BadKey):
                call()

    @pytest.mark.parametrize("write_id", ["", "a b", "a\r\nx-evil: 1", "ü", "a" * 101])
    def test_a_write_id_that_could_not_travel_in_a_header_is_refused(self, store, folder, write_id):
        with pytest.raises(BadKey, match="write id"):
            store.swap(folder + "a.json", b"", etag=None, write_id=write_id)

    @given(key=KEYS, body=BODIES)
    @quick
    def test_every_good_key_works(self, store, key, body):
        key = own_folder() + key
        store.create(key, body)
        assert store.get(key).body == body
        assert listed_keys(store, key) == [key]

    # --- listing -----------------------------------------------------------------------------------

    @given(keys=st.sets(KEYS, max_size=12), page=st.integers(1, 5))
    @quick
    def test_a_listing_in_pages_yields_every_key_once(self, store, keys, page):
        folder = own_folder()
        for key in keys:
            store.create(folder + key, b"x")
        found = listed_keys(store, folder, page)
        assert len(found) == len(set(found))
        assert set(found) == {folder + key for key in keys}

    @given(names=st.sets(SEGMENTS, max_size=12), after=SEGMENTS)
    @quick
    def test_the_objects_of_one_folder_come_in_byte_order_also_after_a_key_that_is_not_there(self, store, names, after):
        folder = own_folder()
        for name in names:
            store.create(folder + name, b"x")
        ordered = sorted(folder + name for name in names)
        assert [one.key for one in store.list(folder, limit=100)] == ordered
        rest = [one.key for one in store.list(folder, after=folder + after, limit=100)]
        assert rest == [key for key in ordered if key > folder + after]

    def test_a_listing_tells_size_etag_and_time_and_keeps_to_its_limit_and_prefix(self, store, folder):
        etag = store.create(folder + "a1.json", b"12345")
        for name in ("a2.json", "a3.json", "b.json", "a/4.json"):
            store.create(folder + name, b"")
        first = next(store.list(folder + "a1", limit=1))
        assert (first.key, first.etag, first.size_bytes) == (folder + "a1.json", etag, 5)
        assert abs(first.modified - store.get(folder + "a1.json").modified) < timedelta(seconds=1)
        assert len(list(store.list(folder + "a", limit=2))) == 2
        assert len(list(store.list(folder + "a", limit=100))) == 4
        assert list(store.list(folder, limit=0)) == []
        assert list(store.list(folder + "c", limit=5)) == []

    # --- many at once ------------------------------------------------------------------------------

    def test_of_many_that_create_one_wins(self, store, folder):
        for number in range(self.races):
            key = f"{folder}{number}.json"
            wins = at_once(8, lambda n, key=key: won(lambda: store.create(key, b"by %d" % n)))
            assert wins.count(True) == 1
            assert store.get(key).body == b"by %d" % wins.index(True)

    def test_of_many_that_swap_the_same_etag_one_wins(self, store, folder):
        key = folder + "a.json"
        etag = store.create(key, b"start")
        for turn in range(self.races):
            wins = at_once(
                8,
                lambda n, turn=turn, etag=etag: won(
                    lambda: store.swap(key, b"%d by %d" % (turn, n), etag=etag, write_id=f"{turn}-{n}")
                ),
            )
            assert wins.count(True) == 1
            found = store.get(key)
            assert found.body == b"%d by %d" % (turn, wins.index(True))
            etag = found.etag

    @given(writers=st.integers(2, 6), each=st.integers(1, 4))
    @settings(quick, max_examples=4)
    def test_racing_writers_never_lose_an_update(self, store, writers, each):
        key = own_folder() + "counter.json"
        store.create(key, b"0")

        def write(number: int) -> None:
            for turn in range(each):
                increment(store, key, f"{number}-{turn}")

        at_once(writers, write)
        assert store.get(key).body == b"%d" % (writers * each)

    def test_readers_beside_a_writer_see_whole_versions_in_order(self, store, folder):
        key = folder + "a.json"
        bodies = [bytes([65 + number]) * (20_000 + 3_000 * number) for number in range(12)]
        etag = store.create(key, bodies[0])
        done = threading.Event()

        def act(number: int) -> list[int]:
            if number == 0:
                replace_one_by_one()
                return []
            seen = []
            while not done.is_set() or not seen:
                seen.append(bodies.index(store.get(key).body))
            return seen

        def replace_one_by_one() -> None:
            now = etag
            try:
                for number, body in enumerate(bodies[1:]):
                    now = store.swap(key, body, etag=now, write_id=f"w{number}")
            finally:
                done.set()

        for seen in at_once(3, act):
            assert seen == sorted(seen)
