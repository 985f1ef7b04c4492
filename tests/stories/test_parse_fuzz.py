"""A short round of the parser's fuzzing, always the same inputs; `make fuzz` goes on for ten minutes with others."""

from __future__ import annotations

from tests.fuzz.fuzz_parse import run


def test_a_thousand_damaged_feeds_end_in_a_record_or_a_parse_error() -> None:
    assert run(seconds=120, seed=1, inputs_max=1000) == []
