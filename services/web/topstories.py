"""Which stories lead the page, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.web.folding import Cluster
from services.web.headlines import Headline

TOP_MAX: Final = 5
HALVING_H: Final = 8.0
"""A story is worth half as much after so many hours: what three tell now beats what five told yesterday."""

AGE_MAX: Final = timedelta(hours=36)


@dataclass(frozen=True, slots=True)
class TopStory:
    """`why` says in a word or two what brought it here."""

    lead: Headline
    also: tuple[Headline, ...]
    sources: int
    why: str


def rank(clusters: Iterable[Cluster], now: datetime) -> tuple[TopStory, ...]:
    """Stories of several sources first, by how many and how fresh; room that is left goes to each feed's newest."""
    scored = [(score(one, now), one) for one in clusters]
    eligible = [(worth, one) for worth, one in scored if worth > 0]
    eligible.sort(key=lambda pair: (pair[1].sources == 1, -pair[0], pair[1].lead.feed, pair[1].lead.id))
    stories: list[TopStory] = []
    single_feeds: set[str] = set()
    for _, one in eligible:
        if len(stories) == TOP_MAX:
            break
        if one.sources == 1:
            if one.lead.feed in single_feeds:
                continue
            single_feeds.add(one.lead.feed)
        why = f"{one.sources} sources" if one.sources > 1 else "1 source, new"
        stories.append(TopStory(one.lead, one.by_source(), one.sources, why))
    return tuple(stories)


def score(one: Cluster, now: datetime) -> float:
    """Independent sources × freshness since the first report; 0 for what is too old or has no time at all."""
    first_at = one.first_at
    if first_at is None or now - first_at > AGE_MAX:
        return 0.0
    age_h = max(0.0, (now - first_at).total_seconds() / 3600)
    return float(one.sources * 0.5 ** (age_h / HALVING_H))
