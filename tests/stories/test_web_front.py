"""What leads the page, what is folded, what the weather says: decisions without any I/O."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas.documents import Document, FeedStatus, Head
from schemas.keys import short_hash
from schemas.messages import Trouble
from schemas.records import Entry, Fetch, Source
from services.web import folding
from services.web.folding import alike, cluster
from services.web.freshness import explain, judge
from services.web.headlines import Headline, entry_time, headlines
from services.web.topstories import rank

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def line(feed: str, title: str, age_min: float = 30, link: str | None = None, **more: Any) -> Headline:
    at = NOW - timedelta(minutes=age_min)
    link = link or f"https://{feed}.example/{short_hash(title)}-{age_min}"
    base = {
        "id": link,
        "link": link,
        "link_clean": link,
        "feed": feed,
        "source": feed.title(),
        "origin": f"{feed}.example",
    }
    return Headline(**(base | {"title": title, "at": at} | more))


def stories(*lines: Headline) -> list[set[str]]:
    return [{one.lead.feed, *(other.feed for other in one.others)} for one in cluster(tuple(lines))]


class TestFolding:
    def test_the_same_link_is_the_same_story_whatever_the_titles(self) -> None:
        link = "https://lists.example/thread/1"
        assert stories(line("a", "One view of it", link=link), line("b", "Quite another", link=link)) == [{"a", "b"}]

    def test_scheme_www_and_a_last_slash_make_no_other_link(self) -> None:
        one = line("a", "One", link="http://www.paper.example/story/")
        other = line("b", "Two", link="https://paper.example/story")
        assert stories(one, other) == [{"a", "b"}]

    def test_a_link_to_a_front_page_joins_nothing(self) -> None:
        one, other = line("a", "One", link="https://paper.example/"), line("b", "Two", link="https://paper.example")
        assert len(stories(one, other)) == 2

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("Kernel gains a new scheduler for desktops", "Kernel gains new scheduler for desktops"),
            ("Otters learn to type, study says", "OTTERS LEARN TO TYPE: STUDY SAYS"),
            ("日本語の組版とウェブの二十年の歩み", "日本語の組版とウェブの二十年の歩み!"),
        ],
    )
    def test_near_equal_titles_are_one_story(self, one: str, other: str) -> None:
        assert stories(line("a", one), line("b", other)) == [{"a", "b"}]

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("Python 3.14.2 brings faster start and fewer bugs", "Python 3.14.3 brings faster start and fewer bugs"),
            ("Weekly links", "Weekly links"),
            ("Otters learn to type in spring", "Beavers learn to read in autumn"),
        ],
    )
    def test_other_numbers_short_titles_and_other_words_are_other_stories(self, one: str, other: str) -> None:
        assert len(stories(line("a", one), line("b", other))) == 2

    def test_a_title_that_returns_days_later_is_another_story(self) -> None:
        title = "Security updates for all of the distributions"
        assert len(stories(line("a", title), line("b", title, age_min=3 * 24 * 60))) == 2

    def test_one_feed_never_folds_its_own_near_equal_titles(self) -> None:
        assert (
            len(
                stories(
                    line("a", "Live: the launch of the otter, part one"),
                    line("a", "Live: the launch of the otter, part two"),
                )
            )
            == 2
        )

    def test_small_differences_do_not_add_up_to_a_chain(self) -> None:
        words = [f"word{letter}" for letter in "abcdefghijklmn"]
        titles = [" ".join(words[start : start + 9]) for start in range(6)]
        found = stories(*(line(f"feed{number}", title, age_min=100 - number) for number, title in enumerate(titles)))
        assert {"feed0", "feed5"} not in [group & {"feed0", "feed5"} for group in found]

    def test_every_headline_is_in_exactly_one_story(self) -> None:
        lines = [
            line(f"f{number % 7}", f"Title number {number % 11} of a long series of news", number)
            for number in range(80)
        ]
        assert sum(1 + len(one.others) for one in cluster(tuple(lines))) == 80

    def test_a_thousand_headlines_are_not_compared_each_with_each(self, monkeypatch: pytest.MonkeyPatch) -> None:
        chance = random.Random(7)
        words = [f"word{number}" for number in range(600)]
        titles = [f"the news of {' '.join(chance.sample(words, 7))}" for _ in range(1000)]
        lines = [line(f"f{number % 40}", title, number) for number, title in enumerate(titles)]
        compared = []
        monkeypatch.setattr(folding, "alike", lambda one, other: compared.append(1) or alike(one, other))
        cluster(tuple(lines))
        assert len(compared) < 20 * len(lines)


def top(*lines: Headline) -> list[tuple[str, int, str]]:
    return [(one.lead.title, one.sources, one.why) for one in rank(cluster(tuple(lines)), NOW)]


class TestTopStories:
    def test_what_more_sources_tell_goes_first_and_says_so(self) -> None:
        told = [line(feed, "Otters learn to type on small machines", 60) for feed in "abc"]
        found = top(line("d", "Something newer that one paper tells", 1), *told)
        assert found[0] == ("Otters learn to type on small machines", 3, "3 sources")
        assert found[1] == ("Something newer that one paper tells", 1, "1 source, new")

    def test_freshness_counts_too(self) -> None:
        old = [line(feed, "Yesterday five papers told about this one", 30 * 60) for feed in "abcde"]
        new = [line(feed, "Just now two papers tell about that one", 10) for feed in "fg"]
        assert top(*old, *new)[0][0] == "Just now two papers tell about that one"

    def test_two_feeds_of_one_host_are_one_source(self) -> None:
        lines = [line(feed, "Otters learn to type on small machines", origin="paper.example") for feed in "ab"]
        assert top(*lines)[0][1] == 1

    def test_one_feed_alone_fills_no_page(self) -> None:
        assert len(top(*(line("a", f"Distinct headline {name} of the only paper", 5) for name in "uvwxyz"))) == 1

    def test_what_is_too_old_or_has_no_time_leads_nothing(self) -> None:
        assert top(line("a", "From the week before", 8 * 24 * 60), line("b", "Nobody knows when", at=None)) == []

    def test_the_lead_is_one_that_says_more_than_its_title(self) -> None:
        lines = [
            line("a", "Otters learn to type on small machines", 60),
            line("b", "Otters learn to type on small machines", 30, summary="They like vowels."),
        ]
        found = rank(cluster(tuple(lines)), NOW)[0]
        assert found.lead.feed == "b"
        assert [other.feed for other in found.also] == ["a"]


def head(*entries: Entry, fetched: datetime = NOW) -> Head:
    return Head(
        feed="f",
        version="0" * 64,
        turn=1,
        changed_at=fetched,
        fetch=Fetch(at=fetched, url="https://f.example/x", final_url="https://f.example/x", status=200),
        document=Document(source=Source(title="F"), entries=entries),
    )


class TestHeadlines:
    def test_a_time_in_the_future_counts_as_when_it_was_first_seen(self) -> None:
        future = Entry(id="1", published=NOW + timedelta(days=300), first_seen=NOW - timedelta(hours=2))
        assert entry_time(future, NOW) == NOW - timedelta(hours=2)
        assert entry_time(Entry(id="1", published=NOW + timedelta(days=300)), NOW) == NOW

    def test_newest_first_and_those_without_time_last_in_the_sources_order(self) -> None:
        entries = [
            Entry(id="u1", title="u1"),
            Entry(id="old", title="old", published=NOW - timedelta(days=2)),
            Entry(id="u2", title="u2"),
            Entry(id="new", title="new", published=NOW),
        ]
        assert [one.id for one in headlines("f", "F", "https://f.example", head(*entries), NOW)] == [
            "new",
            "old",
            "u1",
            "u2",
        ]

    def test_an_entry_without_title_shows_its_first_words_else_its_link(self) -> None:
        entries = [Entry(id="a", summary="Some words. " * 30), Entry(id="b", link="https://f.example/b")]
        found = headlines("f", "F", "https://f.example", head(*entries), NOW)
        assert found[0].title.startswith("Some words.")
        assert len(found[0].title) <= 102
        assert found[1].title == "https://f.example/b"


class TestFreshness:
    def status(self, **facts: Any) -> FeedStatus:
        return FeedStatus(feed="f", url="https://f.example/x", **facts)

    def test_a_feed_nobody_has_asked_yet_is_empty_and_says_so(self) -> None:
        state = judge(self.status(), None, NOW)
        assert (state.word, state.why) == ("empty", "not fetched yet")

    def test_it_tells_when_time_alone_will_turn_it(self) -> None:
        next_at = NOW + timedelta(minutes=20)
        state = judge(self.status(ok_at=NOW, next_at=next_at), head(Entry(id="1")), NOW)
        assert state.word == "fresh"
        assert state.changes_at is not None
        assert judge(self.status(ok_at=NOW, next_at=next_at), head(Entry(id="1")), state.changes_at).word == "stale"

    @pytest.mark.parametrize("kind", ["gone", "not_a_feed", "blocked_address"])
    def test_permanent_trouble_is_failing_at_once_even_with_old_headlines(self, kind: str) -> None:
        status = self.status(
            checked_at=NOW, failing_since=NOW, trouble=Trouble(kind=kind, message="x"), next_at=NOW + timedelta(days=1)
        )
        assert judge(status, head(Entry(id="1"), fetched=NOW - timedelta(hours=1)), NOW).word == "failing"

    def test_the_newest_entrys_future_date_does_not_become_the_boxs_clock(self) -> None:
        state = judge(self.status(ok_at=NOW), head(Entry(id="1", published=NOW + timedelta(days=9))), NOW)
        assert state.published == NOW

    @pytest.mark.parametrize(
        ("trouble", "text"),
        [
            (Trouble(kind="http_status", message="x", status=500), "the site answers 500"),
            (Trouble(kind="rate_limited", message="x", status=429), "the site asks us to wait (429)"),
            (Trouble(kind="dns", message="x"), "the site's name is not known"),
            (Trouble(kind="a_new_kind", message="the hamster is asleep"), "the hamster is asleep"),
            (None, "the source does not answer"),
        ],
    )
    def test_every_trouble_is_said_in_words_for_readers(self, trouble: Trouble | None, text: str) -> None:
        assert explain(self.status(trouble=trouble)) == text
