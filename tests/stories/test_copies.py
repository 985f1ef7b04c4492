"""A node's copies: trusted, checked, refreshed, kept."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cachetools import TTLCache

from pressroom.clock import SetClock, SystemClock
from pressroom.objects.port import Unavailable
from pressroom.settings import Settings
from schemas import keys
from schemas.documents import Head, SiteIndex
from services.web.agenda import Agenda
from services.web.copies import Copies, Copy, Found
from services.web.kinds import Rules, Trust
from services.web.node import WebNode
from services.web.refresher import Refresher
from services.web.shelf import Shelf, Shelved
from tests.fakes.web_newsroom import Newsroom, cell_of
from tests.fakes.web_papers import PAPERS, SITES, Story
from tests.fakes.web_queue import Notices, notice
from tests.fakes.web_store import MemoryStore

KERNEL, BENCH = PAPERS[0], PAPERS[1]
HEAD = keys.head(KERNEL.feed)
RULES = Rules(copy=Trust(3600, 600), status=Trust(60, 60))


def eventually(holds: Callable[[], bool], within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.005)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def room(clock: SetClock) -> Newsroom:
    room = Newsroom(MemoryStore(), clock.now())
    room.fill()
    return room


class Keeper:
    """Copies, agenda and refresher, worked in the test's own thread."""

    def __init__(self, room: Newsroom, clock: SetClock, folder: Path) -> None:
        self.store = room.store
        self.changed: list[str] = []
        self.outages: list[object] = []
        self.shelf = Shelf(folder, 10_000_000)
        self.copies = Copies(room.store, self.shelf, clock, bytes_max=10_000_000, on_change=self._note)
        self.agenda = Agenda(RULES, random.Random(7))
        self.refresher = Refresher(self.copies, self.agenda, clock, self.outages.append)
        self.clock = clock

    def _note(self, copy: Copy) -> None:
        self.changed.append(copy.key)

    def keep(self, *wanted: str) -> None:
        self.agenda.want(wanted, self.clock.monotonic())
        self.refresher.run_due()

    def after(self, seconds: float) -> int:
        """How often the store is asked while so much time passes, looking once a second."""
        before = self.store.asked.total()
        for _ in range(int(seconds)):
            self.clock.advance(1)
            self.refresher.run_due()
        return self.store.asked.total() - before


@pytest.fixture
def keeper(room: Newsroom, clock: SetClock, tmp_path: Path) -> Keeper:
    return Keeper(room, clock, tmp_path)


class TestTrust:
    def test_content_is_trusted_for_an_hour_then_checked_every_ten_minutes_until_it_changes(
        self, keeper: Keeper, room: Newsroom
    ) -> None:
        keeper.keep(HEAD)
        assert keeper.after(3599) == 0
        assert keeper.after(1) == 1
        assert keeper.after(1800) == 3
        room.head(KERNEL, [Story("Late news", 1)])
        assert keeper.after(600) == 1
        assert keeper.changed == [HEAD, HEAD]
        assert keeper.after(3599) == 0

    def test_a_status_is_trusted_for_a_minute(self, keeper: Keeper) -> None:
        keeper.keep(keys.site_status("linux"))
        assert keeper.after(59) == 0
        assert keeper.after(1) == 1
        assert keeper.after(60) == 1

    def test_a_check_of_an_unchanged_copy_brings_no_body(self, keeper: Keeper) -> None:
        keeper.keep(HEAD)
        keeper.after(3600)
        assert keeper.store.asked[HEAD] == 2
        assert keeper.store.answered_whole[HEAD] == 1

    def test_what_the_store_does_not_have_yet_is_asked_for_again_within_a_minute(
        self, keeper: Keeper, room: Newsroom
    ) -> None:
        room.store.remove(HEAD)
        keeper.keep(HEAD)
        room.head(KERNEL)
        keeper.after(60)
        assert keeper.copies.get(HEAD) is not None

    def test_keys_no_longer_wanted_are_not_checked(self, keeper: Keeper) -> None:
        keeper.keep(HEAD, keys.site_status("linux"))
        keeper.keep(HEAD)
        assert keeper.after(300) == 0


class TestNotices:
    def test_a_notice_refreshes_its_copy_before_anything_else(self, keeper: Keeper, room: Newsroom) -> None:
        other = keys.head(BENCH.feed)
        keeper.keep(other, HEAD)
        room.head(BENCH, [Story("More", 1)])
        keeper.clock.advance(3600)
        room_etag = room.head(KERNEL, [Story("Now", 0)])
        keeper.refresher.on_notice(notice(HEAD, room_etag))
        keeper.refresher.run_due()
        assert keeper.changed[2:] == [HEAD, other]

    def test_a_notice_of_what_the_node_has_already_asks_for_nothing(self, keeper: Keeper) -> None:
        keeper.keep(HEAD)
        copy = keeper.copies.get(HEAD)
        assert copy is not None
        keeper.refresher.on_notice(notice(HEAD, copy.etag))
        assert keeper.after(5) == 0

    def test_a_notice_that_comes_while_its_copy_is_being_fetched_is_not_lost(self, room: Newsroom) -> None:
        agenda = Agenda(RULES, random.Random(1))
        agenda.want([HEAD], 0.0)
        assert agenda.next(0.0) == (HEAD, 0.0)
        agenda.hurry(HEAD)
        assert agenda.next(0.0)[0] is None, "one request for a key at a time"
        agenda.done(HEAD, Found.SAME, 1.0)
        assert agenda.next(1.0) == (HEAD, 0.0)

    def test_missed_notices_check_every_copy_within_a_minute_but_not_all_at_once(self, keeper: Keeper) -> None:
        wanted = [keys.head(paper.feed) for paper in PAPERS if paper.stories]
        keeper.keep(*wanted)
        keeper.refresher.on_notice(None)
        assert 0 < keeper.after(30) < len(wanted)
        keeper.after(30)
        assert all(keeper.store.asked[key] == 2 for key in wanted)

    def test_a_notice_that_nobody_understands_does_no_harm(self, keeper: Keeper) -> None:
        keeper.keep(HEAD)
        keeper.refresher.on_notice(b"\xff not a message")
        assert keeper.copies.get(HEAD) is not None


class TestBrokenObjects:
    def test_a_broken_object_leaves_the_old_copy_and_names_key_and_field(
        self, keeper: Keeper, room: Newsroom, caplog: pytest.LogCaptureFixture
    ) -> None:
        keeper.keep(HEAD)
        room.store.put(HEAD, b'{"schema_version": 1, "feed": 7}')
        assert keeper.copies.refresh(HEAD) is Found.BROKEN
        head = keeper.copies.value(HEAD, Head)
        assert head is not None
        assert head.feed == KERNEL.feed
        assert HEAD in caplog.text
        assert "field feed" in caplog.text

    def test_the_same_broken_object_is_fetched_and_reported_once(
        self, keeper: Keeper, room: Newsroom, caplog: pytest.LogCaptureFixture
    ) -> None:
        keeper.keep(HEAD)
        room.store.put(HEAD, b"<html>")
        for _ in range(5):
            keeper.copies.refresh(HEAD)
        assert caplog.text.count("broken object") == 1
        assert keeper.store.answered_whole[HEAD] == 2

    def test_a_mended_object_replaces_it(self, keeper: Keeper, room: Newsroom) -> None:
        keeper.keep(HEAD)
        room.store.put(HEAD, b"[]")
        keeper.copies.refresh(HEAD)
        room.head(KERNEL, [Story("Mended", 1)])
        assert keeper.copies.refresh(HEAD) is Found.CHANGED

    def test_an_object_gone_from_the_store_stays_here(self, keeper: Keeper, room: Newsroom) -> None:
        keeper.keep(HEAD)
        room.store.remove(HEAD)
        keeper.copies.refresh(HEAD)
        assert keeper.copies.get(HEAD) is not None


class TestOutage:
    def test_a_store_that_is_down_is_asked_rarely_and_is_noticed_when_it_is_back(self, keeper: Keeper) -> None:
        wanted = [keys.head(paper.feed) for paper in PAPERS if paper.stories]
        keeper.keep(*wanted)
        keeper.store.down = True
        keeper.refresher.on_notice(None)
        asked = keeper.after(600)
        assert asked < 40, "one question a round, rounds up to half a minute apart"
        assert len(keeper.outages) == 1
        keeper.store.down = False
        keeper.after(60)
        assert keeper.outages[1:] == [None]
        assert all(keeper.store.asked[key] >= 2 for key in wanted), "nothing that was due is forgotten"

    def test_copies_stay_while_the_store_is_down(self, keeper: Keeper) -> None:
        keeper.keep(HEAD)
        keeper.store.down = True
        keeper.after(7200)
        assert keeper.copies.get(HEAD) is not None


class TestHerd:
    def test_a_thousand_readers_of_one_missing_copy_cause_one_request(self, room: Newsroom, tmp_path: Path) -> None:
        store = room.store
        store.gate = threading.Event()
        copies = Copies(store, Shelf(tmp_path, 10**7), SystemClock(), bytes_max=10**7, on_change=lambda copy: None)
        answers: list[Copy | None] = []
        started = threading.Barrier(1001)

        def read() -> None:
            started.wait()
            answers.append(copies.demand(HEAD))

        readers = [threading.Thread(target=read) for _ in range(1000)]
        for reader in readers:
            reader.start()
        started.wait()
        eventually(lambda: store.asked[HEAD] == 1)
        store.gate.set()
        for reader in readers:
            reader.join(10)
        assert store.asked[HEAD] == 1
        assert len(answers) == 1000
        assert len({answer.etag for answer in answers if answer is not None}) == 1
        assert None not in answers

    def test_a_thousand_readers_of_one_stale_copy_cause_one_request(self, keeper: Keeper) -> None:
        keeper.copies.demand(HEAD)
        keeper.clock.advance(86_400)
        assert all(keeper.copies.demand(HEAD) is not None for _ in range(1000))
        assert keeper.store.asked[HEAD] == 2

    def test_readers_of_a_stale_copy_get_it_while_the_store_is_down(self, keeper: Keeper) -> None:
        keeper.copies.demand(HEAD)
        keeper.clock.advance(86_400)
        keeper.store.down = True
        assert keeper.copies.demand(HEAD) is not None

    def test_what_is_not_there_is_not_asked_for_again_by_every_reader(self, keeper: Keeper) -> None:
        missing = keys.site_archive("linux", keeper.clock.now().date())
        assert all(keeper.copies.demand(missing) is None for _ in range(100))
        assert keeper.store.asked[missing] == 1

    def test_a_failed_request_fails_every_reader_who_waited_and_blocks_nobody_after(self, keeper: Keeper) -> None:
        keeper.store.down = True
        for _ in range(2):
            with pytest.raises(Unavailable):
                keeper.copies.demand(HEAD)
        keeper.store.down = False
        assert keeper.copies.demand(HEAD) is not None

    def test_many_threads_over_few_expiring_keys_never_see_an_error(self, room: Newsroom, tmp_path: Path) -> None:
        wanted = [keys.head(paper.feed) for paper in PAPERS if paper.stories]
        # Memory for two of them only: every look-up evicts, and entries expire beside that.
        copies = Copies(room.store, Shelf(tmp_path, 10**7), SystemClock(), bytes_max=8_000, on_change=lambda copy: None)
        copies._looked = TTLCache(20, 0.05, timer=time.monotonic)
        problems: list[BaseException] = []
        stopping = threading.Event()

        def read(number: int) -> None:
            chooser = random.Random(number)
            try:
                while not stopping.is_set():
                    copies.demand(chooser.choice(wanted))
                    copies.demand(keys.head(f"nobody-{chooser.randrange(20)}"))
            except BaseException as problem:
                problems.append(problem)

        readers = [threading.Thread(target=read, args=(number,)) for number in range(64)]
        for reader in readers:
            reader.start()
        SystemClock().wait(threading.Event(), 1.0)
        stopping.set()
        for reader in readers:
            reader.join(5)
        assert problems == []


class TestShelf:
    def copy(self, key: str, body: bytes = b"{}") -> Shelved:
        return Shelved(key, "etag", SetClock().now(), body)

    def test_what_was_put_comes_back(self, tmp_path: Path) -> None:
        Shelf(tmp_path, 1000).put(self.copy("feeds/a.json", b"one\ntwo"))
        assert Shelf(tmp_path, 1000).get("feeds/a.json") == self.copy("feeds/a.json", b"one\ntwo")

    @pytest.mark.parametrize("damage", [b"", b"rubbish", b'{"key": "feeds/a.json"}\n{}'])
    def test_a_damaged_file_counts_as_none(self, tmp_path: Path, damage: bytes) -> None:
        shelf = Shelf(tmp_path, 1000)
        shelf.put(self.copy("feeds/a.json"))
        for path in tmp_path.glob("*.copy"):
            path.write_bytes(damage)
        assert shelf.get("feeds/a.json") is None

    def test_a_torn_file_counts_as_none(self, tmp_path: Path) -> None:
        shelf = Shelf(tmp_path, 1000)
        shelf.put(self.copy("feeds/a.json", b"x" * 100))
        for path in tmp_path.glob("*.copy"):
            path.write_bytes(path.read_bytes()[:-10])
        assert shelf.get("feeds/a.json") is None

    def test_it_is_bounded_and_lets_go_first_of_what_nobody_wants(self, tmp_path: Path) -> None:
        shelf = Shelf(tmp_path, 3000)
        for number in range(10):
            shelf.put(self.copy(f"feeds/{number}.json", b"x" * 500))
        shelf.trim([f"feeds/{number}.json" for number in range(3)])
        left = [number for number in range(10) if shelf.get(f"feeds/{number}.json")]
        assert left[:3] == [0, 1, 2]
        assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 3000

    def test_a_folder_that_cannot_be_written_costs_no_answer(
        self, room: Newsroom, clock: SetClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        keeper = Keeper(room, clock, tmp_path / "gone")
        (tmp_path / "gone").rmdir()
        keeper.keep(HEAD)
        assert keeper.copies.get(HEAD) is not None
        assert "is not on disk" in caplog.text


class TestMemory:
    def test_copies_in_memory_are_bounded_and_come_back_from_disk(
        self, room: Newsroom, clock: SetClock, tmp_path: Path
    ) -> None:
        copies = Copies(room.store, Shelf(tmp_path, 10**7), clock, bytes_max=6_000, on_change=lambda copy: None)
        wanted = [keys.head(paper.feed) for paper in PAPERS if paper.stories]
        for key in wanted:
            copies.refresh(key)
        assert copies._memory.currsize <= 6_000
        room.store.down = True
        assert all(copies.get(key) is not None for key in wanted)

    def test_long_texts_stay_on_disk(self, keeper: Keeper) -> None:
        key = keys.head("tiny-boards")
        keeper.keep(key)
        slim, whole = keeper.copies.value(key, Head), keeper.copies.whole(key)
        assert slim is not None
        assert isinstance(whole, Head)
        assert slim.document.entries[0].content_html is None
        assert whole.document.entries[0].content_html is not None


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path)


@pytest.fixture
def filled(settings: Settings) -> Newsroom:
    """A node has run once, so that its folder holds every copy."""
    clock = SystemClock()
    room = Newsroom(MemoryStore(), clock.now())
    room.fill()
    node = WebNode(room.store, None, clock, settings, cell_of=cell_of)
    node.start()
    eventually(lambda: has_all(node))
    node.stop()
    return room


def has_all(node: WebNode) -> bool:
    shown = [paper for paper in PAPERS if paper.stories]
    return all(node.table.get(f"/s/{site}") is not None for site in SITES) and all(
        node.copies.get(keys.head(paper.feed)) is not None for paper in shown
    )


class TestNode:
    def test_a_cold_start_with_six_sites_takes_under_two_seconds(self, settings: Settings) -> None:
        clock = SystemClock()
        room = Newsroom(MemoryStore(), clock.now())
        room.fill()
        node = WebNode(room.store, Notices(), clock, settings, cell_of=cell_of)  # type: ignore[arg-type]
        began = time.process_time()
        node.start()
        eventually(lambda: has_all(node))
        assert time.process_time() - began < 2.0
        node.stop()

    def test_a_restart_without_store_serves_the_last_pages_in_under_a_second_and_says_so(
        self, settings: Settings, filled: Newsroom
    ) -> None:
        filled.store.down = True
        node = WebNode(filled.store, None, SystemClock(), settings, cell_of=cell_of)
        began = time.process_time()
        node.start()
        assert has_all(node)
        assert time.process_time() - began < 1.0
        assert node.health()["ready"]
        eventually(lambda: b"has not reached its store since" in body(node, "/s/linux"))
        filled.store.down = False
        eventually(lambda: b"has not reached its store" not in body(node, "/s/linux"))
        node.stop()

    def test_assets_are_laid_into_a_store_that_was_down_as_soon_as_it_is_back(self, settings: Settings) -> None:
        store = MemoryStore()
        store.down = True
        node = WebNode(store, None, SystemClock(), settings, cell_of=cell_of)
        node.start()
        eventually(lambda: node.press.outage.store_since is not None)
        store.down = False
        style = node.assets.path("front.css").removeprefix("/static/")
        eventually(lambda: store.get(keys.asset(style)) is not None)
        node.stop()

    def test_a_new_headline_is_on_the_page_soon_after_its_notice(self, settings: Settings, filled: Newsroom) -> None:
        notices = Notices()
        node = WebNode(filled.store, notices, SystemClock(), settings, cell_of=cell_of)  # type: ignore[arg-type]
        node.start()
        etag = filled.head(KERNEL, [Story("Fresh off the press", 0)])
        notices.changed(HEAD, etag)
        eventually(lambda: b"Fresh off the press" in body(node, "/s/linux"), within_s=1.0)
        node.stop()
        assert notices.closed

    def test_a_broker_in_trouble_is_said_quietly_and_no_longer_when_it_is_back(
        self, settings: Settings, filled: Newsroom
    ) -> None:
        notices = Notices()
        node = WebNode(filled.store, notices, SystemClock(), settings, cell_of=cell_of)  # type: ignore[arg-type]
        notices.trouble = "connection lost"
        node.start()
        eventually(lambda: b"No word from the broker" in body(node, "/s/linux"))
        assert node.health()["ready"]
        notices.trouble = None
        eventually(lambda: b"No word from the broker" not in body(node, "/s/linux"))
        node.stop()

    def test_a_new_site_appears_without_a_restart(self, settings: Settings, filled: Newsroom) -> None:
        notices = Notices()
        node = WebNode(filled.store, notices, SystemClock(), settings, cell_of=cell_of)  # type: ignore[arg-type]
        node.start()
        index = node.copies.value(keys.SITES_INDEX, SiteIndex)
        assert index is not None
        entry = index.sites[0].model_copy(update={"site": "boats", "title": "Boats"})
        status = filled.status("linux")
        assert status
        boats = index.model_copy(update={"sites": (*index.sites, entry), "at": index.at + timedelta(seconds=1)})
        filled.store.put(keys.site_status("boats"), _status_of(node, "boats"))
        notices.changed(keys.SITES_INDEX, filled.store.put(keys.SITES_INDEX, boats))
        eventually(lambda: node.table.get("/s/boats") is not None)
        assert b"Boats" in body(node, "/s/linux")
        node.stop()


def _status_of(node: WebNode, site: str) -> bytes:
    copy = node.copies.get(keys.site_status("linux"))
    assert copy is not None
    return copy.value.model_copy(update={"site": site, "title": "Boats"}).model_dump_json().encode()


def body(node: WebNode, path: str) -> bytes:
    page = node.table.get(path)
    return page.variants["identity"].body if page is not None else b""


class TestWorkersOfOneNode:
    def test_what_another_worker_fetched_and_laid_on_the_disk_is_news_once(
        self, room: Newsroom, clock: SetClock, tmp_path: Path
    ) -> None:
        one, other = Keeper(room, clock, tmp_path), Keeper(room, clock, tmp_path)
        one.keep(HEAD)
        assert other.copies.refresh(HEAD) is Found.CHANGED
        assert other.changed == [HEAD]
        assert other.copies.refresh(HEAD) is Found.SAME
        assert other.changed == [HEAD]

    def test_a_worker_that_opens_while_another_one_fetches_has_the_pages_too(
        self, room: Newsroom, clock: SetClock, tmp_path: Path
    ) -> None:
        late = WebNode(room.store, None, clock, Settings(data=tmp_path), cell_of=cell_of)
        first = WebNode(room.store, None, clock, Settings(data=tmp_path), cell_of=cell_of)
        late.open()
        first.open()
        for node in (first, late):
            eventually(lambda node=node: node.refresher.run_due() == 0)
            node.renderer.render_due()
        assert late.table.get("/s/linux") is not None
        assert late.agenda.kept() == first.agenda.kept()
