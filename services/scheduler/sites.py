"""Sites as their operators write them: one TOML file each, its name the site's id."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from pressroom.patterns import BadPattern, check, written_as_pattern
from schemas import keys
from schemas.base import Line, Name, Url
from schemas.codec import explain
from schemas.documents import FEEDS_MAX

SITES_MAX = 200

_DEFAULT_PORTS = {"http": 80, "https": 443}


class SiteError(ValueError):
    """A site that cannot be used. The text is one line: which file, which field, which value, what is wrong."""


def _pattern(word: str) -> str:
    """A filter is a word, or a regular expression between slashes, which must be one."""
    pattern = written_as_pattern(word)
    if pattern is not None:
        try:
            check(pattern)
        except BadPattern as error:
            raise ValueError(f"not a pattern: {error}") from None
    return word


def _address(url: str) -> str:
    url = url.strip()
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"not an address: {error}") from None
    if parts.scheme not in _DEFAULT_PORTS or not host:
        raise ValueError("must be an http or https address with a host")
    return url


Word = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_pattern)]
Address = Annotated[Url, AfterValidator(_address)]
Lane = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{0,40}$")]


class _Written(BaseModel):
    """What people write: a field that is not known is a spelling mistake and an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Feed(_Written):
    """One `[[feeds]]` of a site. `include` and `exclude` are words or /patterns/; `max_items` is what a box shows.

    `id` is written only for a feed that had another address before: it keeps what was stored under that name.
    """

    origin: ClassVar[Literal["file", "operator"]] = "file"

    known_as: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,100}$")] | None = Field(None, alias="id")
    url: Address
    title: Line | None = None
    home: Address | None = None
    max_items: Annotated[int, Field(ge=1, le=100)] = 10
    include: Annotated[list[Word], Field(max_length=100)] = []
    exclude: Annotated[list[Word], Field(max_length=100)] = []

    @cached_property
    def id(self) -> str:
        """The same address with other filters is another feed: what it holds differs, and so does its history."""
        if self.known_as:
            return self.known_as
        if not self.include and not self.exclude:
            return keys.feed_id(self.url)
        return f"{keys.feed_id(self.url)}-{keys.short_hash(json.dumps([self.include, self.exclude]), 6)}"

    @property
    def has_moved(self) -> bool:
        """Whether it had another address when it got its name."""
        return self.known_as is not None and not self.known_as.startswith(keys.feed_id(self.url))


class AddedFeed(Feed):
    """One that no file names."""

    origin: ClassVar[Literal["file", "operator"]] = "operator"


class Site(_Written):
    """A site: what its page shows. `lane` names the fetchers that take its feeds, `place` whose weather it shows."""

    id: str
    title: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    description: Line = ""
    theme: Name = ""
    lane: Lane = ""
    place: Name = ""
    feeds: Annotated[list[Feed], Field(max_length=FEEDS_MAX)] = []


class Wanted(BaseModel):
    """A feed that at least one site shows, however many do: it is fetched once. `declined`: proposals that are over."""

    model_config = ConfigDict(frozen=True)

    id: str
    url: str
    lane: str
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    sites: tuple[str, ...]
    home: str | None = None
    declined: frozenset[str] = frozenset()


@lru_cache(maxsize=100_000)
def host_of(url: str) -> str:
    """Whom politeness is owed: the host, with its port when that is not the scheme's own."""
    parts = urlsplit(url)
    host, port = (parts.hostname or "").rstrip("."), parts.port
    host = f"[{host}]" if ":" in host else host
    return host if port in {None, _DEFAULT_PORTS.get(parts.scheme)} else f"{host}:{port}"


def read_site(path: Path) -> Site:
    """Read one file. Raises `SiteError`."""
    if not keys.is_site_id(path.stem):
        raise SiteError(f"{path}: the file's name is the site's id: 1 to 40 of a-z 0-9 -, got {path.stem!r}")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SiteError(f"{path}: cannot be read: {error}") from None
    try:
        return _checked(path, Site.model_validate({**tomllib.loads(text), "id": path.stem}))
    except tomllib.TOMLDecodeError as error:
        raise SiteError(f"{path}: is not TOML: {error}") from None
    except ValidationError as error:
        raise SiteError(explain(error, str(path)).replace("Value error, ", "")) from None


def _checked(path: Path, site: Site) -> Site:
    seen: dict[str, int] = {}
    for number, feed in enumerate(site.feeds):
        first = seen.setdefault(feed.id, number)
        if first != number:
            raise SiteError(f"{path}: field feeds.{number}.url: the same feed as feeds.{first}, got {feed.url!r}")
    return site


def read_sites(folder: Path) -> dict[str, Site]:
    """Read a folder's `*.toml`, in the order of their names. Raises `SiteError` for the first that is wrong."""
    if not folder.is_dir():
        raise SiteError(f"{folder}: no such folder of sites")
    paths = sorted(folder.glob("*.toml"))
    if not paths:
        raise SiteError(f"{folder}: no site in it; write one as NAME.toml")
    if len(paths) > SITES_MAX:
        raise SiteError(f"{folder}: {len(paths)} sites, more than {SITES_MAX}")
    return {site.id: site for site in map(read_site, paths)}


def wanted_feeds(sites: Iterable[Site], declined: Mapping[str, frozenset[str]] | None = None) -> dict[str, Wanted]:
    """Every feed that some site shows, once. The first site that names a lane decides a shared feed's lane; an address
    that it moved to goes before the one it had.
    """
    shown: dict[str, list[tuple[Site, Feed]]] = {}
    for site in sites:
        for feed in site.feeds:
            shown.setdefault(feed.id, []).append((site, feed))
    refused = declined or {}
    return {feed_id: _wanted(feed_id, places, refused.get(feed_id, frozenset())) for feed_id, places in shown.items()}


def _wanted(feed_id: str, places: list[tuple[Site, Feed]], declined: frozenset[str]) -> Wanted:
    feed = places[0][1]
    return Wanted(
        id=feed_id,
        url=next((feed.url for _, feed in places if feed.has_moved), feed.url),
        lane=next((site.lane for site, _ in places if site.lane), ""),
        include=tuple(feed.include),
        exclude=tuple(feed.exclude),
        sites=tuple(site.id for site, _ in places),
        home=next((feed.home for _, feed in places if feed.home), None),
        declined=declined,
    )


class SiteBook:
    """The sites of a folder, read again when a file changes; a broken edit keeps what was read before."""

    def __init__(self, folder: Path) -> None:
        """Raises `SiteError`: at the start nothing is there to fall back on."""
        self._folder = folder
        self._stamps = self._look()
        self.sites: Mapping[str, Site] = read_sites(folder)

    def reread(self) -> tuple[bool, tuple[str, ...]]:
        """(whether any site changed, one line for each file that cannot be used). Costs one stat a file."""
        stamps = self._look()
        if stamps == self._stamps:
            return False, ()
        changed = {path.stem for path, stamp in stamps.items() if self._stamps.get(path) != stamp}
        self._stamps = stamps
        before, errors = dict(self.sites), []
        after: dict[str, Site] = {}
        for path in sorted(stamps):
            try:
                after[path.stem] = read_site(path) if path.stem in changed else before.get(path.stem) or read_site(path)
            except SiteError as error:
                errors.append(f"{error}; the site stays as it was")
                if path.stem in before:
                    after[path.stem] = before[path.stem]
        self.sites = after
        return after != before, tuple(errors)

    def _look(self) -> dict[Path, tuple[Any, ...]]:
        stamps: dict[Path, tuple[Any, ...]] = {}
        for path in self._folder.glob("*.toml"):
            try:
                found = path.stat()
            except FileNotFoundError:
                continue  # removed between listing and looking
            stamps[path] = (found.st_mtime_ns, found.st_size, found.st_ino)
        return stamps
