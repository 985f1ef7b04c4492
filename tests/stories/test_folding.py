"""Folding finds what comparing all with all would find, however few words the titles are made of."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.web.folding import APART, WORDS_MIN, alike, cluster, link_key, signature_of, words_of
from services.web.headlines import Headline

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LAST = datetime.max.replace(tzinfo=UTC)
WORDS = [
    "harbour",
    "council",
    "bridge",
    "museum",
    "river",
    "budget",
    "2",
    "3",
    "ferry",
    "school",
    "season",
    "market",
    "winter",
]


def made(seed: int, count: int, words: tuple[str, ...]) -> list[Headline]:
    rng = random.Random(seed)
    made: list[Headline] = []
    for number in range(count):
        feed = f"f{rng.randrange(9)}"
        made.append(
            Headline(
                id=str(number),
                title=" ".join(rng.choices(words, k=rng.randint(1, 12))),
                link=f"https://{feed}.example/{rng.randrange(count)}",
                link_clean=None,
                at=NOW - timedelta(hours=rng.randrange(100)) if rng.random() < 0.9 else None,
                feed=feed,
                source=feed,
                origin=feed,
            )
        )
    return made


def joins(first: Headline, line: Headline) -> bool:
    """The rule itself, of two headlines' titles."""
    one, other = frozenset(words_of(first.title)), frozenset(words_of(line.title))
    if first.feed == line.feed or min(len(one), len(other)) < WORDS_MIN:
        return False
    if first.at is None or line.at is None:
        return False
    return abs(first.at - line.at) <= APART and alike(one, other)


def by_comparing_all(lines: list[Headline]) -> list[set[str]]:
    groups: list[list[Headline]] = []
    for line in sorted(lines, key=lambda line: (line.at or LAST, line.feed, line.id)):
        by_link = (group for group in groups if link_key(group[0]) == link_key(line))
        by_title = (group for group in groups if joins(group[0], line))
        group = next(by_link, None) or next(by_title, None)
        if group is None:
            groups.append([line])
        else:
            group.append(line)
    return [{line.id for line in group} for group in groups]


@given(st.integers(), st.integers(2, 60), st.integers(4, len(WORDS)))
def test_the_groups_are_those_of_comparing_all_with_all(seed: int, count: int, words: int) -> None:
    lines = made(seed, count, WORDS[:words])
    found = [{line.id for line in (one.lead, *one.others)} for one in cluster(tuple(lines))]
    assert found == by_comparing_all(lines)


def test_headlines_that_come_again_are_not_compared_again() -> None:
    once, again = (tuple(made(7, 40, WORDS)) for _ in range(2))
    assert once is not again
    assert cluster(once) is cluster(again)


@given(st.frozensets(st.sampled_from(WORDS)), st.frozensets(st.sampled_from(WORDS)))
def test_signatures_differ_in_no_more_bits_than_sets_in_words(one: frozenset[str], other: frozenset[str]) -> None:
    assert (signature_of(one) ^ signature_of(other)).bit_count() <= len(one ^ other)
