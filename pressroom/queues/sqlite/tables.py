"""The statements, each over a whole set, so that a transaction costs about the same for one message as for fifty.

Few statements matter twice: sqlite lets go of the interpreter's lock in each step, and a thread that computes gives
it back only after a switch interval. Everything here runs inside a transaction of the writer's.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import chain
from typing import NamedTuple

from pressroom.queues.port import Depth, Parcel
from pressroom.queues.topics import NOTICES_BOUND

_UNWAIT = (
    "DELETE FROM waiting WHERE (slot, id) IN"
    " (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?))"
)

_PULSE = """
SELECT data_version,
    (SELECT MIN(due) FROM delayed),
    (SELECT MIN(expires) FROM message WHERE expires IS NOT NULL),
    (SELECT MAX(id) FROM message),
    (SELECT seq FROM sqlite_sequence WHERE name = 'notice')
FROM pragma_data_version
"""
_ROWS_MAX = 32


@cache
def _insert_of(rows: int) -> str:
    """One statement for many rows: sqlite lets go of the interpreter's lock at each."""
    marks = ", ".join(["(?, ?, ?, ?, ?)"] * rows)
    return f"INSERT INTO message (id, topic, key, expires, body) VALUES {marks}"  # noqa: S608 - only question marks


class Claimed(NamedTuple):
    """A message handed out: `crashes` counts the processes that died while they held it."""

    id: int
    slot: int
    key: str
    body: bytes
    crashes: int


def as_set(values: Iterable[object]) -> str:
    return json.dumps(list(values))


class Pulse(NamedTuple):
    """What a transaction finds: whether others wrote since (`version`), and the time of the next thing to do."""

    version: int
    due: float
    expiry: float
    last_id: int
    last_notice: int


class Tables:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._run = connection.execute
        self._run_many = connection.executemany

    def pulse(self) -> Pulse:
        version, due, expiry, last_id, last_notice = self._run(_PULSE).fetchone()
        return Pulse(
            version,
            math.inf if due is None else due,
            math.inf if expiry is None else expiry,
            last_id or 0,
            last_notice or 0,
        )

    def version(self) -> int:
        """Another number whenever another connection has committed."""
        (version,) = self._run("PRAGMA data_version").fetchone()
        return version  # type: ignore[no-any-return]

    # --- in ------------------------------------------------------------------------------------------

    def insert(self, parcels: Sequence[Parcel], now: float, last_id: int) -> float:
        """Returns when the first of them is due that is not yet; infinity when all are."""
        rows = []
        delayed = []
        ready = []
        for number, parcel in enumerate(parcels, last_id + 1):
            expires = None if parcel.expires_s is None else now + parcel.expires_s
            rows.append((number, parcel.topic, parcel.key, expires, parcel.body))
            due = parcel.not_before.timestamp() if parcel.not_before else now
            if due > now:
                delayed.append((due, number, parcel.topic))
            else:
                ready.append(number)
        for start in range(0, len(rows), _ROWS_MAX):
            some = rows[start : start + _ROWS_MAX]
            self._run(_insert_of(len(some)), list(chain.from_iterable(some)))
        if delayed:
            self._run_many("INSERT INTO delayed (due, id, topic) VALUES (?, ?, ?)", delayed)
        self.make_ready(ready)
        return min(delayed)[0] if delayed else math.inf

    def make_ready(self, ids: Sequence[int]) -> None:
        """Messages that are in none of the three places go to `waiting`."""
        if not ids:
            return
        chosen = as_set(ids)
        self._run(
            "INSERT INTO slot (topic, key, head)"
            " SELECT topic, key, MIN(id) FROM message WHERE id IN (SELECT value FROM json_each(?)) GROUP BY topic, key"
            " ON CONFLICT (topic, key) DO UPDATE SET head = excluded.head WHERE head IS NULL OR head > excluded.head",
            (chosen,),
        )
        self._run(
            "INSERT INTO waiting (slot, id) SELECT slot.id, message.id"
            " FROM message JOIN slot ON slot.topic = message.topic AND slot.key = message.key"
            " WHERE message.id IN (SELECT value FROM json_each(?))",
            (chosen,),
        )

    def wake_due(self, now: float) -> None:
        """What was delayed until now goes to `waiting`."""
        due = self._run("SELECT due, id FROM delayed WHERE due <= ?", (now,)).fetchall()
        if due:
            self._run("DELETE FROM delayed WHERE due <= ?", (now,))
            self.make_ready([number for _, number in due])

    # --- out -----------------------------------------------------------------------------------------

    def candidates(self, topic: str, holder: int, room: int, *, held: bool) -> list[tuple[int, int]]:
        """(slot, message) pairs to hand out next: the heads of free keys, oldest first, or what waits behind the
        messages that the holder has already.
        """
        if not held:
            return self._run(
                "SELECT id, head FROM slot WHERE topic = ? AND holder = 0 AND head IS NOT NULL ORDER BY head LIMIT ?",
                (topic, room),
            ).fetchall()
        # CROSS JOIN keeps sqlite from reading all that waits before it hands out the first.
        return self._run(
            "SELECT slot.id, waiting.id FROM slot CROSS JOIN waiting ON waiting.slot = slot.id"
            " WHERE topic = ? AND holder = ? AND head IS NOT NULL LIMIT ?",
            (topic, holder, room),
        ).fetchall()

    def read(self, pairs: Sequence[tuple[int, int]]) -> list[Claimed]:
        slots = {number: slot for slot, number in pairs}
        rows = self._run(
            "SELECT message.id, key, body, IFNULL(crashes, 0) FROM message LEFT JOIN suspect USING (id)"
            " WHERE message.id IN (SELECT value FROM json_each(?)) ORDER BY message.id",
            (as_set(slots),),
        )
        return [Claimed(number, slots[number], key, body, crashes) for number, key, body, crashes in rows]

    def claim(self, claimed: Sequence[Claimed], holder: int) -> None:
        ids = as_set(each.id for each in claimed)
        self._run(_UNWAIT, (as_set((each.slot, each.id) for each in claimed),))
        self._run("INSERT INTO claim (id, holder) SELECT value, ? FROM json_each(?)", (holder, ids))
        self._run(
            "UPDATE slot SET holder = ?, head = (SELECT MIN(waiting.id) FROM waiting WHERE waiting.slot = slot.id)"
            " WHERE id IN (SELECT value FROM json_each(?))",
            (holder, as_set({each.slot for each in claimed})),
        )

    def remove(self, ids: Sequence[int], *, suspects: bool) -> None:
        """Settled messages. `suspects`: some of them have been handed out before."""
        chosen = as_set(ids)
        self._run("DELETE FROM message WHERE id IN (SELECT value FROM json_each(?))", (chosen,))
        self._run("DELETE FROM claim WHERE id IN (SELECT value FROM json_each(?))", (chosen,))
        if suspects:
            self._run("DELETE FROM suspect WHERE id IN (SELECT value FROM json_each(?))", (chosen,))

    def unclaim(self, ids: Sequence[int], *, crashed: bool) -> None:
        """Back to the head of their keys; those whose holder crashed become suspects."""
        chosen = as_set(ids)
        self._run("DELETE FROM claim WHERE id IN (SELECT value FROM json_each(?))", (chosen,))
        if crashed:
            self._run(
                "INSERT INTO suspect (id, crashes) SELECT value, 1 FROM json_each(?) WHERE true"
                " ON CONFLICT (id) DO UPDATE SET crashes = crashes + 1",
                (chosen,),
            )
        self.make_ready(ids)

    def free_slots(self, slots: Iterable[int]) -> None:
        """Their holder has nothing of these keys any more."""
        chosen = as_set(slots)
        self._run("DELETE FROM slot WHERE head IS NULL AND id IN (SELECT value FROM json_each(?))", (chosen,))
        self._run("UPDATE slot SET holder = 0 WHERE id IN (SELECT value FROM json_each(?))", (chosen,))

    def drop_expired(self, now: float) -> None:
        """What expired while it waited. What is handed out stays its consumer's."""
        expired = self._run(
            "SELECT message.id, slot.id, message.topic FROM message LEFT JOIN slot USING (topic, key)"
            " WHERE expires <= ? AND message.id NOT IN (SELECT id FROM claim)",
            (now,),
        ).fetchall()
        if not expired:
            return
        ids = as_set(number for number, _, _ in expired)
        self._run("DELETE FROM message WHERE id IN (SELECT value FROM json_each(?))", (ids,))
        self._run("DELETE FROM suspect WHERE id IN (SELECT value FROM json_each(?))", (ids,))
        self._run("DELETE FROM delayed WHERE id IN (SELECT value FROM json_each(?))", (ids,))
        self._run(_UNWAIT, (as_set((slot, number) for number, slot, _ in expired),))
        self._refresh_heads(as_set({slot for _, slot, _ in expired if slot is not None}))
        for topic, count in Counter(topic for _, _, topic in expired).items():
            self.add_to_total(topic, -count)

    def _refresh_heads(self, slots: str) -> None:
        self._run(
            "UPDATE slot SET head = (SELECT MIN(waiting.id) FROM waiting WHERE waiting.slot = slot.id)"
            " WHERE id IN (SELECT value FROM json_each(?))",
            (slots,),
        )
        self._run(
            "DELETE FROM slot WHERE head IS NULL AND holder = 0 AND id IN (SELECT value FROM json_each(?))", (slots,)
        )

    # --- counting ------------------------------------------------------------------------------------

    def total(self, topic: str) -> int:
        row = self._run("SELECT messages FROM total WHERE topic = ?", (topic,)).fetchone()
        return row[0] if row else 0

    def add_to_total(self, topic: str, change: int) -> None:
        self._run(
            "INSERT INTO total (topic, messages) VALUES (?, ?)"
            " ON CONFLICT (topic) DO UPDATE SET messages = messages + excluded.messages",
            (topic, change),
        )

    def depth(self, topic: str) -> Depth:
        (in_flight,) = self._run(
            "SELECT COUNT(*) FROM claim JOIN message USING (id) WHERE topic = ?", (topic,)
        ).fetchone()
        (delayed,) = self._run("SELECT COUNT(*) FROM delayed WHERE topic = ?", (topic,)).fetchone()
        return Depth(self.total(topic) - in_flight - delayed, in_flight, delayed)

    # --- holders -------------------------------------------------------------------------------------

    def add_holder(self, process: str) -> int:
        return self._run("INSERT INTO holder (process) VALUES (?)", (process,)).lastrowid or 0

    def remove_holder(self, holder: int) -> None:
        self._run("DELETE FROM holder WHERE id = ?", (holder,))

    def other_processes(self, own: str) -> list[str]:
        return [process for (process,) in self._run("SELECT DISTINCT process FROM holder WHERE process <> ?", (own,))]

    def remove_process(self, process: str) -> int:
        """Give back what a dead process held, counting it against each message. Returns how many those were."""
        holders = as_set(holder for (holder,) in self._run("SELECT id FROM holder WHERE process = ?", (process,)))
        claims = self._run("SELECT id FROM claim WHERE holder IN (SELECT value FROM json_each(?))", (holders,))
        ids = [number for (number,) in claims]
        slots = self._run("SELECT id FROM slot WHERE holder IN (SELECT value FROM json_each(?))", (holders,))
        freed = [slot for (slot,) in slots]
        self.unclaim(ids, crashed=True)
        self.free_slots(freed)
        self._run("DELETE FROM holder WHERE process = ?", (process,))
        return len(ids)

    # --- notices -------------------------------------------------------------------------------------

    def add_notices(self, bodies: Sequence[bytes]) -> None:
        self._run_many("INSERT INTO notice (body) VALUES (?)", [(body,) for body in bodies])
        self._run("DELETE FROM notice WHERE id <= (SELECT MAX(id) FROM notice) - ?", (NOTICES_BOUND,))

    def notices_after(self, last: int) -> list[tuple[int, bytes]]:
        return self._run("SELECT id, body FROM notice WHERE id > ? ORDER BY id", (last,)).fetchall()
