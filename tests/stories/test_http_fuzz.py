"""Whatever a server sends, a refresh ends on time and as it should; an address is refused or keeps its form.

A short round of the client's fuzzing, always the same inputs; `make fuzz` goes on for ten minutes with others.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from pressroom.http.answer import FetchError
from pressroom.http.urls import normalise_url
from tests.fuzz.fuzz_http import run


def test_no_answer_however_mangled_breaks_or_holds_up_a_refresh() -> None:
    assert run(seconds=60, seed=1, inputs_max=500) == []


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80).map(lambda text: "http://" + text) | st.text(max_size=80))
def test_an_address_is_refused_or_has_a_form_that_stays(text: str) -> None:
    try:
        form = normalise_url(text)
    except FetchError:
        return
    assert form.isascii()
    assert normalise_url(form) == form
