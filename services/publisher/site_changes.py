"""What operators change of sites: a command becomes `changes/<site>.json`, which the leading scheduler lays over the
site's file.
"""

from __future__ import annotations

from pressroom.outcomes import Done, Emit, Outcome, Reject
from pressroom.queues.topics import ONE_KEY, SCHEDULE
from schemas import keys
from schemas.changes import LINES_MAX, FeedChange, SiteChange, SiteChanges, SitesChanged
from schemas.envelope import Envelope
from services.publisher.documents import Stale
from services.publisher.shelf import Shelf


class Full(ValueError):
    """A site has more words on it than are kept."""


class SiteDesk:
    """The story of `site.change`."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def change(self, envelope: Envelope[SiteChange]) -> Outcome:
        """A redelivery finds its words there, and tells the scheduler once more."""
        change = envelope.payload
        key = keys.site_changes(change.site)
        try:
            self._shelf.change(key, SiteChanges, lambda old: changed(old, change), envelope.id)
        except Stale as error:
            return Reject("conflict", str(error))
        except Full as error:
            return Reject("too_large", str(error))
        return Done((Emit(SCHEDULE, ONE_KEY, SitesChanged(site=change.site)),))


def changed(old: SiteChanges | None, change: SiteChange) -> SiteChanges | None:
    """The site's changes with these words taken in; None when they are there already.

    Raises `Stale` when there are others than the sender saw, `Full` when there are too many.
    """
    number, title = (old.number, old.title) if old is not None else (0, None)
    words = {_place(one): one for one in (old.lines if old is not None else ())}
    if all(words.get(_place(line)) == line for line in change.lines) and change.title in {None, title}:
        return None
    if change.seen not in {None, number}:
        raise Stale(
            f"the feeds of {change.site} are at change {number} now, not at {change.seen} that the sender saw; "
            "look again and decide anew"
        )
    for line in change.lines:
        if line.act == "add":
            # Its address is what is said now.
            words.pop((line.feed, "move"), None)
        words[_place(line)] = line
    if len(words) > LINES_MAX:
        raise Full(f"{change.site} has {LINES_MAX} changes over its file; bring some of them into the file")
    return SiteChanges(site=change.site, number=number + 1, title=change.title or title, lines=tuple(words.values()))


def _place(line: FeedChange) -> tuple[str, str]:
    """Of each feed there is a last word on whether it is shown, one on where it is asked, one on each proposal."""
    if line.act == "decline":
        return line.feed, f"decline {line.proposal}"
    return line.feed, "add" if line.act == "remove" else line.act
