"""A bad night on the desk: everything an operator's page can show is in the store, most of it in trouble."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pressroom.clock import Clock
from pressroom.objects.directory import DirectoryStore
from pressroom.queues.port import Parcel
from pressroom.sender import Sender
from pressroom.settings import Settings
from schemas import keys
from schemas.base import Model
from schemas.changes import Proposal
from schemas.codec import decode
from schemas.documents import Action, Attempt, Failure, FailureDay, SiteStatus
from schemas.envelope import Hop
from schemas.operating import PausedTopic, Pauses, Preview, PreviewWish
from schemas.parts import Part, RemovedHeadline, RemovedHeadlines
from schemas.status import BackupStatus, FilesStatus, Firing
from services.publisher.failure_documents import line
from tests.fakes import desk_statuses as statuses
from tests.fakes.desk import failure, summarise
from tests.fakes.operator import Operator
from tests.fakes.web_newsroom import Newsroom, papers_of
from tests.fakes.web_papers import PAPERS, SITES
from tests.fakes.web_queue import Notices

BLOCK = (
    "<h2>From the desk</h2><p>Our <a href='/s/linux/about'>new rules</a> hold from today.</p>"
    "<ul><li>Corrections stand at the top.</li><li>Sources are named.</li></ul>"
)


class NightStore(DirectoryStore):
    """A directory that is filled as the tests' store in memory is."""

    def put(self, key: str, content: Model) -> str:
        before = self.get(key)
        return self.swap(key, content.as_json(), etag=before.etag if before else None, write_id="laid")  # type: ignore[union-attr]


class Queue(Notices):
    """Looks ahead are answered at once by what `answer` makes of the feed's name; None: nobody answers."""

    def __init__(self, store: NightStore) -> None:
        super().__init__()
        self._store = store
        self.answer: Callable[[str], Preview] | None = None

    def publish(self, parcels: list[Parcel]) -> None:
        super().publish(parcels)
        for parcel in parcels:
            asked = decode(parcel.body).payload
            if isinstance(asked, PreviewWish) and self.answer is not None:
                self._store.create(keys.preview(asked.run, asked.feed), self.answer(asked.feed).as_json())


class Night:
    """`streaks`: failures of one cause, the number-th with an id of that number."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.store = NightStore(folder)
        self.now = clock.now()
        self.queue = Queue(self.store)
        self.room = Newsroom(self.store, self.now)  # type: ignore[arg-type]
        self.operator = Operator(self.store, Sender(self.queue, clock, "test"), clock, Settings())  # type: ignore[arg-type]

    def fill(self) -> None:
        self.room.fill()
        self.proposals()
        self.failures()
        self.fleet(*statuses.up(self.now), busy=0.84, faults=("record.publish: paused by its breaker until 03:20 UTC",))
        self.keeping()
        self.parts()
        self.operator("feeds", "pause", host="slow.example", by="ann", why="it asked us to come less often")

    def fill_quietly(self) -> None:
        """A night in which nothing is wrong."""
        for paper in PAPERS:
            if paper.stories and not paper.trouble:
                self.room.head(paper)
        self.room.status("linux", papers=[paper for paper in PAPERS if paper.stories and not paper.trouble])
        self.room.index()
        self.fleet()
        self.keeping()

    def ago(self, minutes: float) -> datetime:
        return self.now - timedelta(minutes=minutes)

    def proposals(self) -> None:
        """The feed that is gone may be taken off; another has moved. All have been checked before."""
        gone = Proposal(id="gone-1", kind="gone", since=self.ago(900))
        moved = Proposal(id="moved-1", kind="moved", url="https://new.example/feed", since=self.ago(9000), checks=7)
        for site, title in SITES.items():
            rows = []
            for row in map(self.room.row, papers_of(site)):
                proposal = gone if row.stopped else moved if row.feed == PAPERS[0].feed else None
                recent = "n33n333n3fff" if row.failures else "333n33n33n33"
                more = {"recent": recent, "interval_s": 2700.0, "proposal": proposal}
                rows.append(row.model_copy(update=more))
            status = SiteStatus(site=site, title=title, theme=site, at=self.now, feeds=tuple(rows))
            self.store.put(keys.site_status(site), status)

    # --- what went wrong ----------------------------------------------------------------------------------

    def failures(self) -> None:
        dns = [
            self.streak(number, 140 - number, "dns", "news.example", "no such name: news.example")
            for number in range(21)
        ]
        ill = [
            self.streak(30 + number, 400, "http_status", "harbour.example", "it answered 503") for number in range(3)
        ]
        waiting = [
            self.streak(40 + number, 900, "timeout", "slow.example", "no answer in 30 s").model_copy(
                update={"status": "replaying"}
            )
            for number in range(2)
        ]
        dropped = self.streak(50, 1300, "gone", "closed.example", "the site says that it is gone").model_copy(
            update={"status": "dropped"}
        )
        every = [*dns, *ill, *waiting, dropped, self.dead_letter()]
        for one in every:
            self.store.put(keys.failure(one.opened_at.date(), one.id), one)
        summarise(self.store, map(line, every))

    def became(self, number: int, status: str) -> None:
        """The number-th streak is so by now, as the publisher writes it into its day's summary."""
        for key in [one.key for one in self.store.list(keys.FAILURE_SUMMARIES, limit=1000)]:
            day = self.operator.office.read(key, FailureDay)
            assert day is not None
            lines = [
                one.model_copy(update={"status": status}) if int(one.id[12:], 16) == number else one
                for one in day.failures
            ]
            if lines != list(day.failures):
                self.store.put(key, day.model_copy(update={"failures": tuple(lines)}))

    def streak(self, number: int, minutes: float, kind: str, host: str, reason: str) -> Failure:
        attempts = tuple(
            Attempt(
                at=self.ago(minutes - 4 * times),
                kind=kind,
                message=reason,
                status=503 if kind == "http_status" else None,
                first_bytes="<html><title>Down for maintenance</title>" if kind == "http_status" else None,
                headers={"server": "harbour/2", "retry-after": "120"} if kind == "http_status" else None,
            )
            for times in range(3)
        )
        feed = PAPERS[0].feed if number == 30 else f"{host.partition('.')[0]}-desk-{number}"
        return failure(
            number,
            self.ago(minutes),
            kind=kind,
            reason=reason,
            host=host,
            url=f"https://{host}/{number}/feed.xml",
            feed=feed,
            sites=("linux",),
            attempts=attempts,
            last_at=self.ago(minutes - 12),
            hops=self.hops(minutes),
            trace=f"0{number:031x}",
            code_version="0.1.0+4aeb998",
        )

    def dead_letter(self) -> Failure:
        return failure(
            60,
            self.ago(55),
            source="message",
            topic="record.publish",
            kind="broken_object",
            reason="object feeds/kernel-notes.json cannot be read as Head: 3 fields are missing",
            count=1,
            feed="kernel-notes",
            host="kernel-notes.example",
            original='{"id":"019ab3c5d7f2","type":"feed.record","payload":{"feed":"kernel-notes","turn":12}}',
            hops=self.hops(55),
            attempts=(
                Attempt(at=self.ago(55), kind="broken_object", message="object feeds/kernel-notes.json cannot be read"),
            ),
            actions=(Action(at=self.ago(20), by="ann", act="replay", why="tried at once"),),
        )

    def hops(self, minutes: float) -> tuple[Hop, ...]:
        return (
            Hop(at=self.ago(minutes + 0.2), service="scheduler", what="sent as turn 12"),
            Hop(at=self.ago(minutes + 0.1), service="fetcher", what="asked the site"),
        )

    # --- how it is ----------------------------------------------------------------------------------------

    def fleet(self, *firing: Firing, busy: float = 0.2, faults: tuple[str, ...] = ()) -> None:
        self.store.put(keys.STATUS_SERVICES, statuses.fleet(self.now, *firing, busy=busy, faults=faults))

    def keeping(self) -> None:
        self.store.put(keys.STATUS_HOSTS, statuses.hosts(self.now))
        self.store.put(keys.STATUS_BUCKET, statuses.bucket(self.now))
        self.store.put(keys.STATUS_FILES, FilesStatus(at=self.ago(25), succeeded_at=self.ago(25), seconds=0.8))
        backup = BackupStatus(at=self.ago(510), objects=9264, bytes=379_000_000, where="s3://press-backup")
        self.store.put(keys.STATUS_BACKUP, backup)
        pause = PausedTopic(topic="weather.request", since=self.ago(70), by="ann", why="its provider asks for a break")
        self.store.put(keys.PAUSES, Pauses(at=self.ago(70), topics=(pause,)))
        self.store.create(keys.raw("kernel-notes", "4c1d0f27aa00bb11"), gzip.compress(b"<rss/>"))

    # --- what people wrote --------------------------------------------------------------------------------

    def parts(self) -> None:
        texts = ("<p>Closed on Friday.</p>", "<p>Closed on Friday and Monday.</p>", BLOCK)
        for number, text in enumerate(texts, 1):
            self.part(number, text)
        gone = RemovedHeadline(
            feed="kernel-notes", id="https://x.example/1", title="Taken out", at=self.ago(300), by="ann", why="a hoax"
        )
        self.store.put(keys.removed("linux"), RemovedHeadlines(site="linux", headlines=(gone,)))

    def part(self, number: int, html: str, by: str = "ben") -> None:
        """As the publisher writes it: the version, then the part."""
        part = Part(
            site="linux",
            name="block",
            number=number,
            html=html,
            at=self.ago(600 - number),
            by=by,
            why=f"draft {number}",
            edit=f"edit-{number}",
            parent=f"edit-{number - 1}" if number > 1 else None,
        )
        self.store.create(keys.part_version("linux", "block", number, part.edit), part.as_json())
        self.store.put(keys.site_part("linux", "block"), part)


def pages(night: Night) -> dict[str, str]:
    """A name for each kind of page of the desk, and its address in such a night."""
    found: dict[str, Any] = {one.kind: one for one in night.operator.failures()}
    story = found["http_status"].id
    entry = night.operator("audit", "list").entries[0].id
    return {
        "glance": "/admin/",
        "failures": "/admin/failures",
        "failures-filtered": "/admin/failures/list?status=any&host=harbour.example",
        "causes": "/admin/failures/causes",
        "failure": f"/admin/failures/show?failure={story}",
        "dead-letter": f"/admin/failures/show?failure={found['broken_object'].id}",
        "replay": f"/admin/failures/replay?failures={story}&all_of_cause=true",
        "stop": "/admin/failures/stop",
        "feeds": "/admin/feeds",
        "proposals": "/admin/feeds/proposals",
        "feed": "/admin/feeds/show?feed=kernel-notes",
        "hosts": "/admin/hosts",
        "topics": "/admin/topics",
        "parts": "/admin/files",
        "editor": "/admin/files/save?site=linux&name=block",
        "headlines": "/admin/headlines/list?site=linux",
        "raws": "/admin/raws",
        "trace": "/admin/traces/show?id=kernel-notes",
        "traces": "/admin/traces",
        "audit": "/admin/audit",
        "audit-entry": f"/admin/audit/show?entry={entry}",
        "done": f"/admin/done/{entry}",
        "runbook": "/admin/runbook",
        "nothing": "/admin/nothing",
    }
