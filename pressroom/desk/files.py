"""Files: the pages' own parts, which people edit: the block above the headlines, the notice, the about text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from pressroom.desk import files_words
from pressroom.desk.office import Conflict, NotFound, Office, Refused
from pressroom.desk.verbs import Answer, Asked, Change, Doing, argument, option, verb
from pressroom.desk.waiting import until
from pressroom.outcomes import Emit
from pressroom.queues.topics import RECORD_PUBLISH
from schemas import keys
from schemas.documents import Failure, SiteIndex
from schemas.envelope import new_id
from schemas.parts import PART_CHARS_MAX, PART_NAMES, Edit, Part, PartName

PARTS_MAX: Final = 1000
VERSIONS_MAX: Final = 1000

_SITE: Final = "the site's id"
_NAME: Final = f"which part: {', '.join(PART_NAMES)}"
_HTML: Final = "the text, as HTML"
_SEEN: Final = "the number of the version that you looked at; 0: there was none"

Html = Annotated[str, StringConstraints(max_length=PART_CHARS_MAX)]


class Every(Asked):
    site: str | None = option("only of this site")


class PartLine(Answer):
    """One version of a part, without its text; `characters` None: it was removed."""

    site: str
    name: str
    number: int
    characters: int | None
    at: datetime
    by: str
    why: str
    restores: int | None = None

    @classmethod
    def of(cls, part: Part) -> PartLine:
        characters = len(part.html) if part.html is not None else None
        return cls(**part.model_dump(include=set(cls.model_fields) - {"characters"}), characters=characters)


class Parts(Answer):
    parts: tuple[PartLine, ...]


class Which(Asked):
    site: str = argument(_SITE)
    name: PartName = argument(_NAME)


class Showing(Which):
    version: Annotated[int, Field(ge=1)] | None = option("this version, not the present one")


class Versions(Answer):
    """The newest first, back to where the history begins."""

    versions: tuple[PartLine, ...]


class Saving(Change):
    site: str = argument(_SITE)
    name: PartName = argument(_NAME)
    html: Html = Field(description=_HTML)
    seen: Annotated[int, Field(ge=0)] = Field(description=_SEEN)


class Removing(Change):
    site: str = argument(_SITE)
    name: PartName = argument(_NAME)
    seen: Annotated[int, Field(ge=0)] | None = option(f"{_SEEN}; none: whichever is there")


class Restoring(Removing):
    version: Annotated[int, Field(ge=1)] = argument("the version's number, as `files history` shows it")


class Saved(Answer):
    """`state`: saved; same (there was nothing to change); asked (the publisher has not said yet); would (a dry run).

    `number` is the version that is there now, `before` the one that was; `dropped`: what the cleaner took out.
    """

    site: str
    name: str
    number: int
    before: int
    state: Literal["saved", "same", "asked", "would"]
    dropped: tuple[str, ...] = ()


class Previewing(Doing):
    site: str = argument(_SITE)
    name: PartName = argument(_NAME)
    html: Html = Field(description=_HTML)


class Previewed(Answer):
    """`html` is what would be on the page; `diff` is against what is there now, version `seen`."""

    html: str
    characters: int
    dropped: tuple[str, ...]
    seen: int
    diff: str


def list_(office: Office, asked: Every) -> Parts:
    """List the parts there are, with who changed them last."""
    prefix = f"{keys.PARTS}{asked.site}/" if asked.site else keys.PARTS
    found = (office.read(one.key, Part) for one in office.store.list(prefix, limit=PARTS_MAX))
    return Parts(parts=tuple(PartLine.of(one) for one in found if one is not None))


def show(office: Office, asked: Showing) -> Part:
    """Show a part as it is, or as it was in an earlier version."""
    part = present(office, asked.site, asked.name)
    if part is None:
        raise NotFound(f"{asked.site} has no {asked.name}")
    return part if asked.version in {None, part.number} else _version(office, part, asked.version or 0)


def history(office: Office, asked: Which) -> Versions:
    """List the versions of a part, the newest first."""
    part = present(office, asked.site, asked.name)
    found = chain(office, part) if part is not None else ()
    return Versions(versions=tuple(PartLine.of(one) for one in found))


def save(office: Office, asked: Saving) -> Saved:
    """Save a part; refused, with the difference, when somebody else has saved it since you looked."""
    html, dropped = cleaned(office, asked.html)
    return _write(office, asked, asked.seen, html).model_copy(update={"dropped": dropped})


def remove(office: Office, asked: Removing) -> Saved:
    """Take a part off its pages; its history stays."""
    return _write(office, asked, asked.seen, None)


def restore(office: Office, asked: Restoring) -> Saved:
    """Make an earlier version of a part the present one, as a new version."""
    part = present(office, asked.site, asked.name)
    if part is None:
        raise NotFound(f"{asked.site} has no {asked.name}, and never had")
    return _write(office, asked, asked.seen, _version(office, part, asked.version).html, restores=asked.version)


def preview(office: Office, asked: Previewing) -> Previewed:
    """Show what would stand on the page, and what would be left out."""
    html, dropped = cleaned(office, asked.html)
    part = present(office, asked.site, asked.name)
    seen = part.number if part is not None else 0
    changes = files_words.diff(part.html if part is not None else None, html, f"version {seen}", "yours")
    return Previewed(html=html, characters=len(html), dropped=dropped, seen=seen, diff=changes)


def present(office: Office, site: str, name: str) -> Part | None:
    """The part as it is now, removed ones too. Raises `NotFound` for a site that is none."""
    index = office.read(keys.SITES_INDEX, SiteIndex)
    sites = [one.site for one in index.sites] if index is not None else []
    if site not in sites:
        raise NotFound(f"there is no site {site}; there are {', '.join(sites) or 'none yet'}")
    return office.read(keys.site_part(site, name), Part)


def cleaned(office: Office, html: str) -> tuple[str, tuple[str, ...]]:
    """(what may stand, what was left out). Raises `Refused`."""
    from pressroom.parts import BadPart, clean_part, dropped  # noqa: PLC0415 - others need no HTML library

    try:
        clean = clean_part(html, office.settings.assets_url)
    except BadPart as error:
        raise Refused(str(error)) from None
    return clean, dropped(html, clean)


def chain(office: Office, part: Part) -> Iterator[Part]:
    """A part and the versions before it, the newest first."""
    one: Part | None = part
    for _ in range(VERSIONS_MAX):
        if one is None:
            return
        yield one
        parent = one.parent
        if parent is None:
            return
        one = office.read(keys.part_version(one.site, one.name, one.number - 1, parent), Part)


def _version(office: Office, part: Part, number: int) -> Part:
    for one in chain(office, part):
        if one.number == number:
            return one
    raise NotFound(f"{part.site}/{part.name} has no version {number}; `pressroom files history` lists them")


def _write(
    office: Office, asked: Saving | Removing, seen: int | None, html: str | None, restores: int | None = None
) -> Saved:
    """Looks before it sends, and then waits for what became of it. Raises `Conflict`."""
    part = present(office, asked.site, asked.name)
    before = part.number if part is not None else 0
    saved = Saved(site=asked.site, name=asked.name, number=before, before=before, state="same")
    if html == (part.html if part is not None else None):
        return saved
    if seen not in {None, before}:
        raise _lost(office, part, seen or 0, html)
    if asked.dry_run:
        return saved.model_copy(update={"state": "would"})
    edit = Edit(
        site=asked.site,
        name=asked.name,
        html=html,
        seen=before,
        at=office.now(),
        by=asked.by,
        why=asked.why,
        restores=restores,
    )
    number = _carried_out(office, edit)
    return saved.model_copy(update={"state": "saved", "number": number} if number else {"state": "asked"})


def _carried_out(office: Office, edit: Edit) -> int | None:
    """Send it and wait: the number of the version that says what was wanted, None when nobody knows yet.

    Raises `Conflict` when another edit of the same version came first, `Refused` when the publisher gave it up.
    """
    key, edit_id = keys.site_part(edit.site, edit.name), new_id(edit.at)
    failure_key = keys.failure(edit.at.date(), edit_id)
    office.sender.send([Emit(RECORD_PUBLISH, key, edit, id=edit_id)])

    def look() -> int | None:
        part = office.read(key, Part)
        if part is not None and part.number > edit.seen:
            mine = next((one for one in chain(office, part) if one.number == edit.seen + 1), None)
            if mine is not None and mine.edit == edit_id:
                return mine.number
            if part.html == edit.html:
                return part.number
            raise _lost(office, part, edit.seen, edit.html)
        failure = office.read(failure_key, Failure)
        if failure is not None:
            raise Refused(f"{failure.reason}; `pressroom failures show {edit_id}` has the text")
        return None

    return until(office, look)


def _lost(office: Office, part: Part | None, seen: int, mine: str | None) -> Conflict:
    if part is None:
        return Conflict(f"nothing is there, not version {seen}; save with seen 0")
    before = next((one for one in chain(office, part) if one.number == seen), None)
    return Conflict(files_words.conflict(before, seen, part, mine))


VERBS = tuple(verb("files", run) for run in (list_, show, history, save, remove, restore, preview))
