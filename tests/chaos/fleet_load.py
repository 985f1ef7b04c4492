"""The load: editions are printed and wished for, weather is asked for, and all that was acknowledged is remembered."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from pressroom.cells import Cell, cell_at
from pressroom.outcomes import BackendUnavailable, Emit
from pressroom.queues.port import Full
from pressroom.queues.topics import WEATHER_REQUEST
from pressroom.sender import Sender
from schemas.messages import WeatherRequest
from tests.chaos.fleet_source import Paper
from tests.chaos.fleet_witness import Witness
from tests.fakes.operator import Operator

EDITION_EVERY_S = 0.5
LOOK_EVERY_S = 0.05
WEATHER_EVERY_S = 0.2


@dataclass
class Wanted:
    """A paper's present edition. `wished_at`: when a wish for it was acknowledged; None: nobody took it yet."""

    paper: Paper
    wished_at: datetime | None = None
    waits_s: float = 0.0


class Load:
    """Prints a paper's next edition when its last has arrived, so that a lost wish leaves its paper behind for good.

    Nothing but these wishes starts a refresh. A wish is answered by a check later than itself; one whose check was
    about an earlier edition (it came while that was being fetched) is sent again.
    """

    def __init__(self, papers: list[Paper], operator: Operator, sender: Sender, witness: Witness) -> None:
        self.wanted = [Wanted(paper) for paper in papers]
        self.wishes = 0
        self.refused = 0
        self.cells: list[str] = []
        """Every cell whose request was acknowledged; each is asked for once."""
        self._operator = operator
        self._sender = sender
        self._witness = witness
        self._cells = _cells()
        self._stopping = threading.Event()
        self._pausing = threading.Event()
        self._threads = [threading.Thread(target=run, daemon=True) for run in (self._editions, self._weather)]

    @contextmanager
    def running(self) -> Iterator[None]:
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._stopping.set()
            for thread in self._threads:
                thread.join(30)

    def pause(self) -> None:
        """Print nothing more and ask for no more weather; what waits for an acknowledgement is still sent."""
        self._pausing.set()

    def resume(self) -> None:
        self._pausing.clear()

    def editions(self) -> dict[str, int]:
        return {one.paper.name: one.paper.edition for one in self.wanted}

    def behind(self) -> list[str]:
        """Papers whose present edition has not arrived, with how far it came; and weather that has not."""
        papers = [f"{one.paper.latest} wished at {one.wished_at}" for one in self.wanted if not self._has_arrived(one)]
        return papers + [f"cell {cell}" for cell in list(self.cells) if cell not in self._witness.cells]

    def _has_arrived(self, one: Wanted) -> bool:
        stored = self._witness.editions.get(one.paper.feed, 0) >= one.paper.edition
        return stored and (one.wished_at is None or self._was_answered(one))

    def _was_answered(self, one: Wanted) -> bool:
        checked_at = self._witness.checked.get(one.paper.feed)
        return one.wished_at is not None and checked_at is not None and checked_at > one.wished_at

    def _editions(self) -> None:
        while not self._stopping.wait(LOOK_EVERY_S):
            for one in self.wanted:
                one.waits_s = max(0.0, one.waits_s - LOOK_EVERY_S)
                self._move_on(one)

    def _move_on(self, one: Wanted) -> None:
        if self._has_arrived(one):
            if not self._pausing.is_set() and not one.waits_s:
                one.paper.edition += 1
                one.wished_at = None
                one.waits_s = EDITION_EVERY_S
                self._wish(one)
        elif one.wished_at is None or self._was_answered(one):
            self._wish(one)

    def _wish(self, one: Wanted) -> None:
        before = datetime.now(UTC)
        if self._accepted(lambda: self._operator("feeds", "refresh", feed=one.paper.feed)):
            one.wished_at = before
            self.wishes += 1

    def _weather(self) -> None:
        cell = next(self._cells)
        while not self._stopping.wait(WEATHER_EVERY_S):
            if not self._pausing.is_set() and self._asked(cell):
                self.cells.append(cell.id)
                cell = next(self._cells)

    def _asked(self, cell: Cell) -> bool:
        request = WeatherRequest(cell=cell.id, latitude=cell.latitude, longitude=cell.longitude)
        return self._accepted(lambda: self._sender.send([Emit(WEATHER_REQUEST, cell.id, request)]))

    def _accepted(self, send: Callable[[], object]) -> bool:
        try:
            send()
        except (BackendUnavailable, Full):
            self.refused += 1
            return False
        return True


def _cells() -> Iterator[Cell]:
    """Neighbours along a parallel, and then along the next."""
    for row in range(100):
        for column in range(500):
            yield cell_at(20 + row * 0.3, column * 0.3)
