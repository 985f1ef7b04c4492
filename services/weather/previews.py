"""Looks ahead: what a provider would say of a cell now. Nothing is published."""

from __future__ import annotations

from contextlib import suppress

from pressroom.cells import cell_named
from pressroom.clock import Clock
from pressroom.objects.port import Conflict, ObjectStore
from pressroom.outcomes import Done, Outcome
from schemas import keys
from schemas.envelope import Envelope
from schemas.errors import ErrorKind
from schemas.messages import Trouble
from schemas.operating import Preview, WeatherPreviewRequest
from services.weather.story import WeatherDesk


class WeatherPreviews:
    """Handles `weather.preview`. Always Done: whatever was wrong is what the preview says."""

    def __init__(self, desk: WeatherDesk, store: ObjectStore, clock: Clock, code_version: str) -> None:
        self._desk = desk
        self._store = store
        self._clock = clock
        self._code_version = code_version

    def handle(self, envelope: Envelope[WeatherPreviewRequest]) -> Outcome:
        request = envelope.payload
        cell = cell_named(request.cell)
        if cell is None:
            found: object = Trouble(kind=ErrorKind.NOT_FOUND, message=f"there is no cell {request.cell[:80]!r}")
        else:
            found = self._desk.look(cell)
        said = {"trouble": found} if isinstance(found, Trouble) else {"weather": found}
        preview = Preview.model_validate(
            {
                "subject": request.cell,
                "look": "provider",
                "at": self._clock.now(),
                "code_version": self._code_version,
                **said,
            }
        )
        with suppress(Conflict):
            # There already: this message was handled before and came again.
            self._store.create(keys.preview(request.run, request.cell), preview.as_json())
        return Done()
