"""What each key's object must be, and how long a copy of it is trusted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from pydantic import ValidationError

from schemas import keys
from schemas.base import Model
from schemas.codec import explain
from schemas.documents import ArchiveDay, Head, ReaderFeed, ReadersIndex, SiteIndex, SiteStatus
from schemas.parts import Part, RemovedHeadlines
from schemas.weather import WeatherRecord

SUMMARY_CHARS_MAX: Final = 600
"""What a page shows of a summary at most; the rest stays on disk."""


WEATHER_AHEAD: Final = timedelta(hours=50)
"""Hours that a page may show: a day's, from a copy that may be a day old."""


class Broken(ValueError):
    """An object that is not what its key says. The text names the key, the field and the value."""


@dataclass(frozen=True, slots=True)
class Trust:
    """For how long a copy is taken as current without asking, and how often it is checked after that."""

    trust_s: float
    check_s: float


@dataclass(frozen=True, slots=True)
class Rules:
    copy: Trust
    status: Trust

    def of(self, key: str) -> Trust:
        """What tells how feeds are doing is trusted for less time than content."""
        return self.status if key.startswith(("sites/", "readers/")) else self.copy

    def absent_s(self, key: str) -> float:
        """When to look again for what was not there. What people edit comes seldom, and with a notice."""
        return self.copy.check_s if key.startswith((keys.PARTS, keys.REMOVED)) else self.status.check_s


def model_of(key: str) -> type[Model] | None:
    """The document that a key names; None for keys that nodes keep no copies of."""
    folder, _, rest = key.partition("/")
    if folder == "sites":
        if key == keys.SITES_INDEX:
            return SiteIndex
        return ArchiveDay if "/archive/" in rest else SiteStatus
    if folder == "readers":
        return ReadersIndex if key == keys.READERS_INDEX else ReaderFeed
    content: dict[str, type[Model]] = {
        "feeds": Head,
        "weather": WeatherRecord,
        "files": Part,
        "removed": RemovedHeadlines,
    }
    return content.get(folder)


def read(key: str, body: bytes) -> Model:
    """Raises `Broken`."""
    model = model_of(key)
    if model is None:
        raise Broken(f"{key}: web nodes keep no copies of such objects")
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise Broken(explain(error, key)) from None


def slim(document: Model) -> Model:
    """What stays in memory: a head without its long texts, weather without the far hours, anything else as it is."""
    if isinstance(document, WeatherRecord):
        last = document.fetched_at + WEATHER_AHEAD
        return document.model_copy(update={"hours": tuple(hour for hour in document.hours if hour.time < last)})
    if not isinstance(document, Head):
        return document
    entries = tuple(
        entry.model_copy(update={"content_html": None, "summary": _cut(entry.summary)})
        for entry in document.document.entries
    )
    return document.model_copy(update={"document": document.document.model_copy(update={"entries": entries})})


def _cut(text: str | None) -> str | None:
    if text is None or len(text) <= SUMMARY_CHARS_MAX:
        return text
    return text[:SUMMARY_CHARS_MAX].rsplit(" ", 1)[0] + " …"
