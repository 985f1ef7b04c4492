"""What a reader takes from a document, before anything is decided: both readers fill the same fields by the same names.

Texts are stripped and otherwise as written; addresses are as written, or resolved where xml:base says against what.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

Kind = Literal["text", "html", "either"]
"""How a text is to be read: as it stands, as HTML, or (titles of RSS, which does not say) as one or the other."""


@dataclass(slots=True)
class RawText:
    value: str
    kind: Kind
    base: str | None = None
    """The xml:base in force, where there is one."""


@dataclass(slots=True)
class RawLink:
    """An address with its role. `own` marks the text of an RSS link element, which outranks other alternates."""

    href: str
    rel: str = "alternate"
    type: str | None = None
    length: str | None = None
    own: bool = False


_REGISTERED: Final = "http://www.iana.org/assignments/relation/"


def rel_of(written: str | None) -> str:
    """A link's role by its short name (RFC 4287 section 4.2.7.2: a registered one may be written as an address)."""
    return (written or "alternate").strip().lower().removeprefix(_REGISTERED)


@dataclass(slots=True)
class RawMedia:
    """media:content."""

    url: str
    type: str | None = None
    medium: str | None = None
    length: str | None = None


@dataclass(slots=True)
class RawEntry:
    title: RawText | None = None
    media_title: RawText | None = None
    guid: str | None = None
    guid_is_permalink: bool = True
    atom_id: str | None = None
    links: list[RawLink] = field(default_factory=list)
    original_link: str | None = None
    """feedburner:origLink: where the article was before a proxy put its own address in its place."""
    published: str | None = None
    updated: str | None = None
    created: str | None = None
    date: str | None = None
    """An element that no format defines and some publishers use; only where nothing else is there."""
    authors: list[str] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    texts: dict[str, RawText] = field(default_factory=dict)
    """encoded, content, body, description, summary, itunes_summary, media_description: one of each at most."""
    media: list[RawMedia] = field(default_factory=list)
    thumbnails: list[str] = field(default_factory=list)
    itunes_image: str | None = None
    picture: str | None = None
    """An image element inside the entry."""
    language: str | None = None


@dataclass(slots=True)
class RawFeed:
    atom: bool
    title: RawText | None = None
    links: list[RawLink] = field(default_factory=list)
    authors: list[str] = field(default_factory=list)
    """Of the whole feed: they stand for entries without authors (RFC 4287 section 4.2.1, JSON Feed 1.1)."""
    language: str | None = None
    ttl: str | None = None
    update_period: str | None = None
    update_frequency: str | None = None
    skip_hours: list[str] = field(default_factory=list)
    skip_days: list[str] = field(default_factory=list)
    entries: list[RawEntry] = field(default_factory=list)
