"""The parts of a site's pages that people write, and what they took out of its headlines: objects and messages."""

from __future__ import annotations

from typing import Annotated, Final, Literal, get_args

from pydantic import Field

from schemas.base import Count, Id, Instant, Line, Model, Name, Url

PART_CHARS_MAX: Final = 50_000
REMOVED_MAX: Final = 5_000

PartName = Literal["block", "notice", "about"]
"""Each has its place: above the headlines, a line on every page, a page of its own. A name without one is none."""

PART_NAMES: Final[tuple[PartName, ...]] = get_args(PartName)

PartHtml = Annotated[str, Field(max_length=PART_CHARS_MAX)]


class Part(Model):
    """`files/<site>/<name>.json`, and each version of it in `files-history/`.

    `html` holds only what `pressroom.parts` lets stand; null: removed, and the number goes on counting. `edit` is the
    id of the message that wrote it, `parent` that of the version before it.
    """

    schema_version: Literal[1] = 1
    site: Id
    name: PartName
    number: Annotated[int, Field(ge=1, le=2**53)]
    html: PartHtml | None = None
    at: Instant
    by: Name
    why: Line
    edit: Id
    parent: Id | None = None
    restores: Count | None = None


class Edit(Model):
    """cli, web → publisher: this part says `html` from now on; null removes it.

    `seen` is the number of the version that the sender looked at, 0 for none; another one is a conflict.
    """

    site: Id
    name: PartName
    html: PartHtml | None = None
    seen: Count
    at: Instant
    by: Name
    why: Line
    restores: Count | None = None


class RemovedHeadline(Model):
    feed: Id
    id: Url
    link: Url | None = None
    title: Line | None = None
    at: Instant
    by: Name
    why: Line


class RemovedHeadlines(Model):
    """`removed/<site>.json`: entries that this site does not show, whatever its feeds bring; the latest last."""

    schema_version: Literal[1] = 1
    site: Id
    headlines: Annotated[tuple[RemovedHeadline, ...], Field(max_length=REMOVED_MAX)]


class HeadlineAct(Model):
    """cli, web → publisher: take an entry out of a site's pages, or put it back."""

    site: Id
    act: Literal["remove", "restore"]
    headline: RemovedHeadline


class ArchiveWish(Model):
    """publisher → publisher: a site's status names feeds with new content; take their headlines into its archive."""

    site: Id
    at: Instant
