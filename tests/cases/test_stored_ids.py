"""What is new when a feed comes again: documents as they are read, and what the publisher knows of the ones before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.fetcher.fitting import once
from services.publisher.identity import Known, known, recognise
from tests.fakes.feeds import read, rss

MORNING = datetime(2026, 1, 1, tzinfo=UTC)


def item(title: str, link: str = "", guid: str = "") -> str:
    return (
        f"<title>{title}</title>"
        + (f"<link>http://paper.example/{link}</link>" if link else "")
        + (f'<guid isPermaLink="false">{guid}</guid>' if guid else "")
    )


def fresh(*documents: str) -> list[list[str | None]]:
    """Titles that are new in each document, one an hour."""
    before: list[Known] = []
    news = []
    for hour, document in enumerate(documents):
        found = recognise(before, once(read(document).entries), MORNING + timedelta(hours=hour))
        before = [known(one) for one in found.entries]
        news.append([one.title for one in found.fresh])
    return news


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (item("Fog", "1"), item("Fog lifts", "1")),
        (item("Fog", "1"), item("Fog", "1", guid="9")),
        (item("Fog", "1", guid="9"), item("Fog", "1")),
        (item("Fog", "1?utm_source=a"), item("Fog", "1?utm_source=b")),
        (item("Fog", "1?a=1&amp;b=2"), item("Fog", "1?a=1&b=2")),
        (item("Fog", guid="9"), item("Fog", guid=" 9\n")),
        (item("Fog", "1", guid="http://paper.example/?p=1"), item("Fog", "2", guid="https://paper.example/?p=1")),
    ],
)
def test_an_entry_that_changes_a_little_is_not_new(first: str, second: str) -> None:
    assert fresh(rss(first), rss(second)) == [[first.partition("</")[0].removeprefix("<title>")], []]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (item("Fog", "1", guid="x-1"), item("Hail", "2", guid="X-1")),
        (item("Fog", "1"), item("Fog", "1/")),
        (item("Fog", "?id=1"), item("Fog", "?id=2")),
        (item("Fog", "1", guid="N/A"), item("Hail", "2", guid="N/A")),
    ],
)
def test_another_entry_is_new(first: str, second: str) -> None:
    assert fresh(rss(first), rss(second))[1] != []


def test_an_entry_that_stands_there_twice_is_one_and_new_once() -> None:
    twice = rss(item("Fog", "1", guid="g"), item("Fog", "1", guid="g"), item("Hail", "2"))
    assert fresh(twice, twice, twice) == [["Fog", "Hail"], [], []]


def test_an_entry_under_both_schemes_is_new_once() -> None:
    both = rss(item("Fog", "1", guid="http://paper.example/1"), item("Fog", "1", guid="https://paper.example/1"))
    assert fresh(both, both)[1] == []


def test_where_all_entries_have_one_link_the_new_one_is_the_new_one() -> None:
    older = [item("Fog", "all"), item("Hail", "all")]
    assert fresh(rss(*older), rss(item("Snow", "all"), *older)) == [["Fog", "Hail"], ["Snow"]]


def test_a_guid_that_turns_out_to_be_everybody_s_takes_nobody_s_place() -> None:
    old = item("Fog", "1", guid="none")
    assert fresh(rss(old), rss(item("Hail", "2", guid="none"), old)) == [["Fog"], ["Hail"]]
