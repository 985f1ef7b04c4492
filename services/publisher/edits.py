"""Parts of the pages that people edit: version (create only) → part (compare-and-set) → notice.

Who edits names the version they saw. Of two who saw the same one wins; the other's text goes to failures/, whole.
"""

from __future__ import annotations

import contextlib

from pressroom.crash import crash_point
from pressroom.objects.port import Conflict
from pressroom.outcomes import Done, Outcome, Reject
from pressroom.parts import BadPart, clean_part
from schemas import keys
from schemas.envelope import Envelope
from schemas.parts import Edit, Part
from services.publisher.documents import Stale
from services.publisher.shelf import Shelf, dump

PART_VERSIONS_MAX = 200
TRIM_EVERY = 20
"""A part's history is trimmed with every so manieth version."""


class Edits:
    """The stories of `part.edit`. `images_from`: where images may come from besides the nodes themselves."""

    def __init__(self, shelf: Shelf, images_from: str) -> None:
        self._shelf = shelf
        self._images_from = images_from

    def edit(self, envelope: Envelope[Edit]) -> Outcome:
        edit = envelope.payload
        key = keys.site_part(edit.site, edit.name)
        try:
            html = clean_part(edit.html, self._images_from) if edit.html is not None else None
        except BadPart as error:
            return Reject("too_large", f"{edit.site}/{edit.name}: {error}")

        def change(old: Part | None) -> Part | None:
            new = edited(old, edit, html, envelope.id)
            if new is not None:
                # A version that lost its race stays there; no chain of parents leads to it.
                with contextlib.suppress(Conflict):
                    self._shelf.store.create(version_key(new), dump(new))
            return new

        try:
            self._shelf.change(key, Part, change, envelope.id)
        except Stale as error:
            return Reject("conflict", str(error))
        crash_point("publisher.after_part")
        self._tell(key, envelope.trace)
        return Done()

    def _tell(self, key: str, trace: str) -> None:
        found = self._shelf.load(key, Part)
        if found is not None:
            part, etag = found
            self._shelf.notices.changed(key, etag, turn=part.number, trace=trace)
            self._trim(part)

    def _trim(self, part: Part) -> None:
        if part.number % TRIM_EVERY:
            return
        for one in list(self._shelf.store.list(keys.part_versions(part.site, part.name), limit=1000)):
            if keys.part_number(one.key) <= part.number - PART_VERSIONS_MAX:
                self._shelf.store.delete(one.key)


def edited(old: Part | None, edit: Edit, html: str | None, edit_id: str) -> Part | None:
    """The next version; None when what is wanted is there already, this edit's own redelivery included.

    Raises `Stale` when the part has moved on since its editor looked at it.
    """
    number = old.number if old is not None else 0
    if (old is not None and old.edit == edit_id) or html == (old.html if old is not None else None):
        return None
    if edit.seen != number:
        raise Stale(
            f"{edit.site}/{edit.name} is at version {number} now, not at version {edit.seen} that its editor saw; "
            "look at both and save again what shall stand"
        )
    return Part(
        site=edit.site,
        name=edit.name,
        number=number + 1,
        html=html,
        at=edit.at,
        by=edit.by,
        why=edit.why,
        edit=edit_id,
        parent=old.edit if old is not None else None,
        restores=edit.restores,
    )


def version_key(part: Part) -> str:
    return keys.part_version(part.site, part.name, part.number, part.edit)
