"""(type, version) ↔ model: the one table of what may travel, and the two functions that use it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from schemas.base import Model, Name
from schemas.changes import FeedFound, FeedSearch, SiteChange, SitesChanged
from schemas.documents import FailureLine, ReaderFeed, ReadersIndex, SiteIndex, SiteStatus
from schemas.envelope import BODY_BYTES_MAX, LETTER_BYTES_MAX, Envelope
from schemas.keeping import KeepCell, KeepFailures, KeepFeed, KeepRound
from schemas.messages import (
    Changed,
    Check,
    DeadLetter,
    FailureAct,
    FailureClosed,
    FailureSeen,
    FeedRefresh,
    PageImage,
    PageImageWish,
    Pause,
    ReaderWish,
    Rollback,
    Tick,
    WeatherReport,
    WeatherRequest,
    Wish,
)
from schemas.operating import (
    FailureSend,
    PreviewRequest,
    PreviewWish,
    ReplaysStopped,
    TopicPause,
    WeatherPreviewRequest,
)
from schemas.parts import ArchiveWish, Edit, HeadlineAct
from schemas.records import FeedRecord
from schemas.status import Alive, BackupStatus, BucketStatus, FilesStatus, FleetStatus, HostsStatus
from schemas.weather import WeatherRecord

TYPES: Final[dict[tuple[str, int], type[Model]]] = {
    ("feed.refresh", 1): FeedRefresh,
    ("page.image.wish", 1): PageImageWish,
    ("page.image", 1): PageImage,
    ("weather.request", 1): WeatherRequest,
    ("weather.report", 1): WeatherReport,
    ("feed.record", 1): FeedRecord,
    ("weather.record", 1): WeatherRecord,
    ("site.status", 1): SiteStatus,
    ("site.index", 1): SiteIndex,
    ("reader.feed", 1): ReaderFeed,
    ("reader.index", 1): ReadersIndex,
    ("feed.rollback", 1): Rollback,
    ("part.edit", 1): Edit,
    ("headline.act", 1): HeadlineAct,
    ("archive.wish", 1): ArchiveWish,
    ("failure.seen", 1): FailureSeen,
    ("failure.closed", 1): FailureClosed,
    ("failure.act", 1): FailureAct,
    ("failure.send", 1): FailureSend,
    ("failure.stop", 1): ReplaysStopped,
    ("topic.pause", 1): TopicPause,
    ("preview.request", 1): PreviewRequest,
    ("schedule.preview", 1): PreviewWish,
    ("weather.preview", 1): WeatherPreviewRequest,
    ("failure.line", 1): FailureLine,
    ("schedule.tick", 1): Tick,
    ("schedule.check", 1): Check,
    ("schedule.wish", 1): Wish,
    ("schedule.pause", 1): Pause,
    ("schedule.reader", 1): ReaderWish,
    ("service.alive", 1): Alive,
    ("status.services", 1): FleetStatus,
    ("status.hosts", 1): HostsStatus,
    ("status.bucket", 1): BucketStatus,
    ("status.files", 1): FilesStatus,
    ("status.backup", 1): BackupStatus,
    ("site.change", 1): SiteChange,
    ("schedule.sites", 1): SitesChanged,
    ("feed.search", 1): FeedSearch,
    ("schedule.found", 1): FeedFound,
    ("keeping.round", 1): KeepRound,
    ("keeping.feed", 1): KeepFeed,
    ("keeping.failures", 1): KeepFailures,
    ("keeping.cell", 1): KeepCell,
    ("dead.letter", 1): DeadLetter,
    ("notice.changed", 1): Changed,
}
_NAMES: Final = {model: name for name, model in TYPES.items()}
_ENVELOPES: Final[dict[tuple[str, int], Any]] = {name: Envelope[model] for name, model in TYPES.items()}  # type: ignore[valid-type]


_BEGINNING: Final = re.compile(rb'\{"id":"[^"\\]{1,200}","type":"([a-z.]{1,200})","version":([1-9][0-9]{0,2}),')


D = TypeVar("D", bound=Model)


class Undecodable(ValueError):
    """Bytes that are no message of ours: never retried. The text names the field and the value."""


class TooNew(ValueError):
    """A message or an object of a version that this code does not know yet: it waits for the upgrade, and is never
    rejected. `kind` is a message's type.

    So is a well-formed message of a type that this code has never heard of: the next release may have brought it. When
    it was sent stands in `stranger_since`, since nobody can tell it from one that no release will ever read.
    """

    def __init__(self, text: str, kind: str = "", stranger_since: datetime | None = None) -> None:
        super().__init__(text)
        self.kind = kind
        self.stranger_since = stranger_since


class TooLarge(ValueError):
    """A message over `BODY_BYTES_MAX`: refused where it is made."""


class _Peek(Model):
    type: Name
    version: int = 1


_STRANGER: Final = Envelope[Model]


class _Versioned(Model):
    schema_version: int = 0


def type_of(model: type[Model]) -> tuple[str, int]:
    return _NAMES[model]


def encode(envelope: Envelope[Any]) -> bytes:
    """The wire form. Raises `TooLarge`."""
    body = envelope.as_json()
    most = LETTER_BYTES_MAX if isinstance(envelope.payload, DeadLetter) else BODY_BYTES_MAX
    if len(body) > most:
        raise TooLarge(
            f"message {envelope.type} for {envelope.key} has {len(body)} bytes, over the limit of "
            f"{most}; send less in it"
        )
    return body


def decode(body: bytes) -> Envelope[Any]:
    """Read a message. Raises `TooNew` for a newer version of a type and for a new type, else `Undecodable`."""
    kind, number = _kind_of(body)
    model = _ENVELOPES.get((kind, number))
    if model is None:
        known = [version for name, version in TYPES if name == kind]
        if not known:
            raise _stranger(body, kind)
        if number > max(known):
            raise TooNew(f"message {kind} has version {number}; this code reads up to {max(known)}", kind)
        raise Undecodable(f"message: type {kind!r} in version {number} is unknown")
    try:
        return model.model_validate_json(body)  # type: ignore[no-any-return]
    except ValidationError as error:
        raise Undecodable(explain(error, f"message {kind}")) from None


def _stranger(body: bytes, kind: str) -> ValueError:
    try:
        message = _STRANGER.model_validate_json(body)
    except ValidationError as error:
        return Undecodable(explain(error, f"message of the unknown type {kind!r}"))
    return TooNew(f"message: this code knows no type {kind!r}", kind, message.occurred_at)


def _kind_of(body: bytes) -> tuple[str, int]:
    """(type, version). `encode` writes both at the beginning; whatever was written otherwise is read whole."""
    usual = _BEGINNING.match(body)
    if usual is not None:
        return usual[1].decode(), int(usual[2])
    try:
        peek = _Peek.model_validate_json(body)
    except ValidationError as error:
        raise Undecodable(explain(error, "message")) from None
    return peek.type, peek.version


def read_document(body: bytes, model: type[D], what: str) -> D:
    """Read an object of the store, named `what` in errors. Raises `TooNew` and `Undecodable`, as `decode` does."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        field = model.model_fields.get("schema_version")
        version = _version_of(body)
        if field is not None and version > field.default:
            raise TooNew(f"{what} has version {version}; this code reads up to {field.default}") from None
        raise Undecodable(explain(error, what)) from None


def _version_of(body: bytes) -> int:
    try:
        return _Versioned.model_validate_json(body).schema_version
    except ValidationError:
        return 0


def explain(error: ValidationError, what: str) -> str:
    """One line for a person: what was wrong, in which field, with which value."""
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "its beginning"
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return f"{what}: field {where}: {first['msg']}, got {str(first.get('input'))[:80]!r}{more}"
