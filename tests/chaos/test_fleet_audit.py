"""The audit of a chaos run is held to writes that were lost, went back, or were made by two at once."""

from __future__ import annotations

from typing import Any

from tests.chaos import fleet_audit as audit
from tests.chaos.fleet_source import Span, edition_of, headline
from tests.chaos.fleet_witness import Write


def write(etag: str, parent: str | None, **more: Any) -> Write:
    given = {"key": "feeds/a.json", "worker": "publisher-1", "status": 200, "began_s": 0.0, "ended_s": 1.0}
    return Write(etag=etag, parent=parent, **given | more)


def test_a_chain_of_writes_is_well() -> None:
    chain = [write("1", "", order=(1, 0, 1)), write("2", "1", order=(2, 0, 2)), write("3", "2", order=(2, 1, 2))]
    assert (audit.forks(chain), audit.steps_back(chain), audit.unconditional(chain)) == ([], [], [])


def test_two_writes_over_the_same_one_are_a_lost_write() -> None:
    assert audit.forks([write("1", ""), write("2", "1"), write("3", "1")]) == [("feeds/a.json", "1")]
    assert audit.forks([write("1", ""), write("2", "")]) == [("feeds/a.json", "")]


def test_a_refused_write_and_the_same_bytes_again_lose_nothing() -> None:
    assert audit.forks([write("1", ""), write("2", "1"), write("3", "1", status=412), write("2", "2")]) == []


def test_an_older_turn_or_an_older_edition_is_a_step_back() -> None:
    before, older = write("1", "", order=(5, 0, 7)), write("2", "1", order=(4, 0, 8))
    assert audit.steps_back([before, older]) == [(before, older)]
    poorer = write("2", "1", order=(6, 0, 6))
    assert audit.steps_back([before, poorer]) == [(before, poorer)]


def test_a_write_without_a_condition_is_found() -> None:
    careless = write("1", None)
    assert audit.unconditional([write("1", ""), careless]) == [careless]


def test_two_workers_on_one_key_at_once_are_found_and_turns_are_not() -> None:
    first, second, later = Span("k", "a", 0.0, 2.0), Span("k", "b", 1.0, 3.0), Span("k", "a", 3.0, 4.0)
    assert audit.shared([later, second, first]) == [(first, second)]
    assert audit.shared([first, Span("other", "b", 1.0, 3.0), later]) == []


def test_an_edition_is_read_from_its_headline() -> None:
    assert edition_of(f"{headline('paper-3', 12)} {headline('paper-3', 9)}") == 12
