"""Whether an entry is one of those that a site does not show any more.

By its id or its link, without http or https before them: what makes an entry the same for the publisher when its feed
brings it again makes it the same here.
"""

from __future__ import annotations

from schemas.parts import RemovedHeadlines


class Removed:
    """The removed entries of a site; false when there are none."""

    def __init__(self, removed: RemovedHeadlines | None) -> None:
        self._ids: set[tuple[str, str]] = set()
        self._links: set[tuple[str, str]] = set()
        for one in removed.headlines if removed is not None else ():
            self._ids.add((one.feed, _bare(one.id)))
            if one.link:
                self._links.add((one.feed, _bare(one.link)))

    def __len__(self) -> int:
        return len(self._ids)

    def has(self, feed: str, entry_id: str, link: str | None) -> bool:
        return (feed, _bare(entry_id)) in self._ids or (link is not None and (feed, _bare(link)) in self._links)


def _bare(address: str) -> str:
    return address.removeprefix("https://").removeprefix("http://")
