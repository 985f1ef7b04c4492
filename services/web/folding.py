"""Which headlines of different feeds report the same thing: same link, or near-equal titles."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import combinations
from typing import Final

from services.web.headlines import Headline

ALIKE: Final = 0.75
"""Share of words that two titles must have in common (Jaccard)."""

WORDS_MIN: Final = 4
"""Shorter titles ("Weekly links") are alike by accident; they count only when their links are the same."""

APART: Final = timedelta(hours=48)
"""Titles return ("Security updates for Tuesday"); what lies further apart is not one story."""

KEPT: Final = 16
"""For so many pages' headlines: a node's sites."""

_UNDATED: Final = datetime.max.replace(tzinfo=UTC)

_WORD: Final = re.compile(r"[^\W_]+")
_CJK: Final = re.compile(r"[぀-ヿ㐀-鿿豈-﫿가-힯]")
_SCHEME: Final = re.compile(r"^https?://(www\.)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Cluster:
    """One story: the headline that stands for it, and all others that tell it, oldest first."""

    lead: Headline
    others: tuple[Headline, ...]

    @property
    def sources(self) -> int:
        """Independent sources: feeds of one host count once."""
        return len({line.origin for line in (self.lead, *self.others)})

    @property
    def first_at(self) -> datetime | None:
        return min((line.at for line in (self.lead, *self.others) if line.at is not None), default=None)

    def by_source(self) -> tuple[Headline, ...]:
        """The other sources' headlines, one each."""
        found: dict[str, Headline] = {}
        for line in self.others:
            if line.source != self.lead.source:
                found.setdefault(line.source, line)
        return tuple(found.values())


@lru_cache(KEPT)
def cluster(lines: tuple[Headline, ...]) -> tuple[Cluster, ...]:
    """Every headline is in exactly one cluster. Each is compared with the first one of a cluster only, so that a
    chain of small differences never joins what its ends would not.

    What was found is kept: a page is made anew for another status or other settings of a reader, too.
    """
    oldest_first = sorted(lines, key=lambda line: (line.at or _UNDATED, line.feed, line.id))
    words = [frozenset(words_of(line.title)) for line in oldest_first]
    rarity = Counter(word for some in words for word in some)
    groups: list[list[Headline]] = []
    index = _Index(rarity)
    for line, some in zip(oldest_first, words, strict=True):
        number = index.take(line, some)
        if number is None:
            groups.append([line])
        else:
            groups[number].append(line)
    return tuple(_cluster(group) for group in groups)


class _Index:
    """Finds the group of a headline without comparing all with all.

    Two sets with a share of `ALIKE` in common must share two of each other's rarest words (prefix filtering), so
    only groups listed under a pair of those are looked at: a pair names far fewer than a word, where the same words
    come again and again. Of those, most fall to a look at their signatures.
    """

    def __init__(self, rarity: Counter[str]) -> None:
        self._rarity = rarity
        self._by_link: dict[str, int] = {}
        self._by_pair: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        self._firsts: list[tuple[Headline, frozenset[str]]] = []
        self._signatures: list[int] = []

    def take(self, line: Headline, words: frozenset[str]) -> int | None:
        """The group that tells the same; None when the line is the first of a new one, which is known from now on."""
        link, pairs = link_key(line), list(combinations(self._rarest(words), 2))
        number = self._by_link.get(link) if link is not None else None
        if number is None:
            number = self._find(line, words, pairs)
        if number is None:
            self._add(link, line, words, pairs)
        return number

    def _find(self, line: Headline, words: frozenset[str], pairs: list[tuple[str, str]]) -> int | None:
        signature, signatures = signature_of(words), self._signatures
        apart_max = len(words) * (1 - ALIKE) / ALIKE
        candidates = {number for pair in pairs for number in self._by_pair.get(pair, ())}
        near = [number for number in candidates if (signatures[number] ^ signature).bit_count() <= apart_max]
        for number in sorted(near):
            first, its_words = self._firsts[number]
            if _near(line, first) and alike(words, its_words):
                return number
        return None

    def _add(self, link: str | None, line: Headline, words: frozenset[str], pairs: list[tuple[str, str]]) -> None:
        number = len(self._firsts)
        self._firsts.append((line, words))
        self._signatures.append(signature_of(words))
        if link is not None:
            self._by_link[link] = number
        for pair in pairs:
            self._by_pair[pair].append(number)

    def _rarest(self, words: frozenset[str]) -> list[str]:
        """Of sets that are alike, so many of each hold two words of both."""
        if len(words) < WORDS_MIN:
            return []
        ordered = sorted(words, key=lambda word: (self._rarity[word], word))
        return ordered[: len(words) - math.ceil(ALIKE * len(words)) + 2]


def signature_of(words: frozenset[str]) -> int:
    """A bit for each word, several words perhaps the same: sets differ in at least as many words as these in bits."""
    signature = 0
    for word in words:
        signature |= 1 << (hash(word) & 63)
    return signature


def alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Near-equal sets of words, and exactly the same numbers: version 2 is not version 3."""
    if len(one & other) < ALIKE * len(one | other):
        return False
    return {word for word in one if word.isdigit()} == {word for word in other if word.isdigit()}


def words_of(title: str) -> list[str]:
    """Words in lower case; scripts without spaces give pairs of characters instead."""
    found: list[str] = []
    for word in _WORD.findall(title.casefold()):
        if _CJK.search(word):
            found.extend(word[at : at + 2] for at in range(max(1, len(word) - 1)))
        else:
            found.append(word)
    return found


def link_key(line: Headline) -> str | None:
    """Where a headline leads, without what does not matter for comparing; None for a site's bare front page."""
    link = _SCHEME.sub("", line.link_clean or line.link or "").rstrip("/")
    return link if "/" in link or "?" in link else None


def _near(one: Headline, other: Headline) -> bool:
    if one.feed == other.feed or one.at is None or other.at is None:
        return False
    return abs(one.at - other.at) <= APART


def _cluster(group: list[Headline]) -> Cluster:
    lead = next((line for line in group if line.summary), group[0])
    return Cluster(lead, tuple(line for line in group if line is not lead))
