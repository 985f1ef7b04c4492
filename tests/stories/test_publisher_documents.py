"""What the publisher decides about a record, a rollback and old versions: no store, no clock."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.documents import Document, Head
from schemas.messages import Rollback
from services.publisher.documents import (
    Advance,
    Current,
    Kept,
    Overtaken,
    Repeated,
    Stale,
    judge,
    needs_old,
    roll_back,
    surplus,
)
from services.publisher.identity import known, recognise
from tests.fakes.records import NOON, entry, minutes, record


def advance(current: Current | None, old: Head | None, turn: int, *entries, complete: bool = True, now=NOON):
    verdict = judge(current, old, record("f", turn, *entries, complete=complete), now=now, trace="t", hops=())
    assert isinstance(verdict, Advance)
    return verdict


def stored(turn: int, *entries) -> tuple[Current, Head]:
    head = advance(None, None, turn, *entries).head
    return Current.of(head, "etag"), head


def test_the_first_record_of_a_feed_becomes_its_head_and_every_entry_is_fresh():
    verdict = advance(None, None, 1, entry(1), entry(2))
    assert verdict.visible
    assert [one.id for one in verdict.fresh] == ["id-1", "id-2"]
    assert all(one.first_seen == NOON for one in verdict.head.document.entries)


def test_an_older_turn_never_replaces_a_newer_one():
    current, _ = stored(5, entry(1))
    assert judge(current, None, record("f", 4, entry(2)), now=NOON, trace="", hops=()) == Overtaken()


def test_a_redelivered_turn_is_known_as_such():
    current, _ = stored(5, entry(1))
    assert judge(current, None, record("f", 5, entry(1)), now=NOON, trace="", hops=()) == Repeated()


def test_the_same_content_in_a_newer_turn_advances_the_turn_and_shows_readers_nothing():
    current, head = stored(5, entry(1))
    verdict = advance(current, head, 6, entry(1), now=NOON + minutes(9))
    assert not verdict.visible
    assert verdict.head.turn == 6
    assert verdict.head.version == head.version
    assert verdict.head.changed_at == NOON


def test_an_edited_title_is_an_update_and_keeps_when_the_entry_was_first_seen():
    current, head = stored(5, entry(1))
    verdict = advance(current, head, 6, entry(1, title="Headline 1, corrected"), now=NOON + minutes(9))
    assert verdict.fresh == ()
    assert verdict.head.document.entries[0].first_seen == NOON
    assert verdict.visible


def test_a_cut_off_document_does_not_take_away_what_it_no_longer_mentions():
    current, head = stored(5, entry(1), entry(2), entry(3))
    cut = record("f", 6, entry(0), entry(1), complete=False)
    assert needs_old(current, cut)
    verdict = advance(current, head, 6, entry(0), entry(1), complete=False)
    assert [one.id for one in verdict.head.document.entries] == ["id-0", "id-1", "id-2", "id-3"]


def test_a_rollback_holds_the_old_version_against_new_records_until_it_is_released():
    _, first = stored(5, entry(1))
    current = Current.of(first, "e1")
    second = advance(current, first, 6, entry(2)).head
    seen = (second.turn, second.revision)
    back = roll_back(
        second, first.document, Rollback(feed="f", version=first.version, seen=seen, by="me", why="bad"), now=NOON
    )
    assert (back.version, back.hold, back.revision) == (first.version, True, 1)
    held = advance(Current.of(back, "e2"), back, 7, entry(3))
    assert not held.visible
    assert held.head.document == first.document
    assert held.head.latest == held.version
    free = roll_back(held.head, held.document, Rollback(feed="f", by="me", why="fine again"), now=NOON)
    assert (free.version, free.hold, free.latest) == (held.version, False, None)
    assert free.document.entries[0].id == "id-3"


def test_a_rollback_that_looked_at_another_version_is_refused_and_says_so():
    _, head = stored(5, entry(1))
    with pytest.raises(Stale, match="turn 5 revision 0 now, not at turn 4"):
        roll_back(
            head, head.document, Rollback(feed="f", version=head.version, seen=(4, 0), by="me", why="x"), now=NOON
        )


def test_a_redelivered_rollback_changes_nothing_more():
    _, head = stored(5, entry(1))
    command = Rollback(feed="f", version=head.version, seen=(5, 0), by="me", why="x")
    once = roll_back(head, head.document, command, now=NOON)
    assert roll_back(once, head.document, command, now=NOON + minutes(1)) == once


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ({"id": "http://p.example/?p=7"}, {"id": "https://p.example/?p=7"}, True),
        ({"id": "guid-1"}, {"id": "guid-2"}, True),
        ({"id": "g", "link": "http://p.example/a"}, {"id": "g", "link": "https://p.example/a"}, True),
        ({"id": "g", "link_clean": "http://p.example/a"}, {"id": "g", "link_clean": "http://p.example/b"}, True),
        (
            {"id": "g", "link_clean": "http://p.example/a", "title": "Storm"},
            {"id": "g", "link_clean": "http://p.example/b", "title": "Calm"},
            False,
        ),
        (
            {"id": "g1", "link_clean": "http://p.example/a"},
            {"id": "g2", "link_clean": "http://p.example/b"},
            False,
        ),
    ],
    ids=["https flip", "changed guid, same link", "link turns https", "moved", "reused guid", "another article"],
)
def test_identity_survives_what_publishers_do_to_it(before, after, same):
    old = known(entry(1, first_seen=NOON, **before))
    found = recognise([old], [entry(1, **after)], NOON + minutes(5))
    assert (found.entries[0].first_seen == NOON) is same
    assert (found.fresh == ()) is same


@given(st.lists(st.tuples(st.integers(0, 9), st.lists(st.integers(0, 5), max_size=4, unique=True)), max_size=12))
def test_in_whatever_order_turns_arrive_the_newest_is_what_stays(arrivals):
    current: Current | None = None
    head: Head | None = None
    contents: dict[int, list[int]] = {}
    for turn, numbers in arrivals:
        contents.setdefault(turn, numbers)
        verdict = judge(
            current, head, record("f", turn, *(entry(n) for n in contents[turn])), now=NOON, trace="", hops=()
        )
        if isinstance(verdict, Advance):
            head, current = verdict.head, Current.of(verdict.head, "e")
    if arrivals:
        newest = max(turn for turn, _ in arrivals)
        assert head is not None
        assert head.turn == newest
        assert [one.id for one in head.document.entries] == [f"id-{n}" for n in contents[newest]]


@given(st.lists(st.integers(0, 100), unique=True, max_size=40), st.integers(1, 10), st.data())
def test_tidying_keeps_the_newest_and_never_takes_what_a_pointer_needs(ages, keep, data):
    stored_keys = [Kept(f"k{age}", NOON - minutes(age)) for age in ages]
    needed = frozenset(data.draw(st.sets(st.sampled_from([one.key for one in stored_keys])))) if ages else frozenset()
    gone = set(surplus(stored_keys, keep_max=keep, needed=needed))
    assert not gone & needed
    newest = {f"k{age}" for age in sorted(ages)[:keep]}
    assert not gone & newest
    assert {one.key for one in stored_keys} - gone == newest | (needed & {one.key for one in stored_keys})


def test_a_document_that_never_was_a_version_is_not_needed_by_a_head_without_hold():
    current, _ = stored(1, entry(1))
    assert not needs_old(current, record("f", 2, entry(2)))
    assert isinstance(stored(1)[1].document, Document)
