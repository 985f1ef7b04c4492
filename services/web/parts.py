"""The parts of a site's pages that people write: the block above the headlines, the notice, the about page.

They were cleaned before they were stored; the policy of `security` holds for them as for everything else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from pressroom.removed import Removed
from schemas import keys
from schemas.documents import Head
from schemas.parts import PART_NAMES, Part, PartName, RemovedHeadlines
from services.web.copies import Copies


@dataclass(frozen=True, slots=True)
class Parts:
    """None: this site has no such part."""

    block: Markup | None = None
    notice: Markup | None = None
    about: Markup | None = None


NO_PARTS = Parts()


def keys_of(site: str) -> list[str]:
    """What a node keeps copies of for a site because people edit it."""
    return [*(keys.site_part(site, name) for name in PART_NAMES), keys.removed(site)]


def parts_of(copies: Copies, site: str) -> Parts:
    return Parts(**{name: _text(copies, site, name) for name in PART_NAMES})


def removed_of(copies: Copies, site: str) -> Removed:
    return Removed(copies.value(keys.removed(site), RemovedHeadlines))


def without(head: Head, removed: Removed) -> Head:
    """The head without the entries that its site does not show."""
    if not removed:
        return head
    kept = tuple(one for one in head.document.entries if not removed.has(head.feed, one.id, one.link_clean or one.link))
    if len(kept) == len(head.document.entries):
        return head
    return head.model_copy(update={"document": head.document.model_copy(update={"entries": kept})})


def without_any(head: Head, removed: Iterable[Removed]) -> Head:
    """For what belongs to no site: without what any of them has removed."""
    for one in removed:
        head = without(head, one)
    return head


def _text(copies: Copies, site: str, name: PartName) -> Markup | None:
    part = copies.value(keys.site_part(site, name), Part)
    return Markup(part.html) if part is not None and part.html else None  # noqa: S704 - cleaned by the publisher
