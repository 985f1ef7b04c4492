"""The quick reader gives the very record that the careful one (feedparser) gives, or leaves the document to it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from xml.parsers import expat

import pytest
from hypothesis import HealthCheck, given, settings

from services.fetcher.parsing.encoding import decode
from services.fetcher.parsing.finish import finish
from services.fetcher.parsing.model import Limits, ParsedFeed, ParseError
from services.fetcher.parsing.page import Doubt
from services.fetcher.parsing.prologue import open_document, start_of
from services.fetcher.parsing.readers import carefully, prepare, quickly
from tests.fakes.feed_documents import CORPUS, NAMES, URL, WELL_FORMED
from tests.fakes.feed_texts import composed_feeds, mutated_feeds

LIMITS = Limits(entries_max=2000)
RECORDED = Path(os.environ.get("PRESSROOM_FEEDS", Path(__file__).parents[2].parent / "shared" / "feeds"))
OFTEN = settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def expat_takes(xml: str) -> bool:
    """Whether the careful reader's parser reads the document as it is: it knows fewer letters in names than lxml."""
    try:
        expat.ParserCreate("utf-8", " ").Parse(xml.encode(), True)
    except expat.ExpatError:
        return False
    return True


def both(text: str, url: str | None) -> tuple[ParsedFeed, ParsedFeed] | None:
    """The records by the quick and the careful reader; None when the quick one leaves the document to the other."""
    prepared = prepare(open_document(text, start_of(text)), LIMITS)
    if prepared.root is None or not expat_takes(prepared.xml):
        return None
    try:
        quick = quickly(prepared, prepared.root, url, LIMITS)
    except Doubt:
        return None
    careful = carefully(prepared, url, LIMITS)
    return finish(quick, url, LIMITS, (), "quick"), finish(careful, url, LIMITS, (), "quick")


def agree_or_leave(text: str) -> bool:
    """Whether the quick reader took the document; it must then agree."""
    try:
        records = both(text, URL)
    except ParseError:
        return False
    if records is None:
        return False
    quick, careful = records
    assert quick == careful
    return True


@pytest.mark.parametrize(("name", "text"), list(zip(NAMES, WELL_FORMED, strict=True)), ids=NAMES)
def test_the_usual_formats_are_read_quickly_and_the_same(name: str, text: str) -> None:
    assert agree_or_leave(text), f"{name} was left to the careful reader"


@OFTEN
@given(composed_feeds())
def test_elements_in_any_order_give_the_same_record(text: str) -> None:
    agree_or_leave(text)


@OFTEN
@given(mutated_feeds())
def test_damaged_feeds_give_the_same_record(text: str) -> None:
    if text.strip():
        agree_or_leave(text)


def test_documents_without_an_address_give_the_same_record() -> None:
    for document in CORPUS:
        text = decode(document.body, document.content_type).text
        if document.name != "json":
            records = both(text, None)
            assert records is None or records[0] == records[1]


@pytest.mark.skipif(not (RECORDED / "INDEX.json").is_file(), reason="no folder of recorded feeds (PRESSROOM_FEEDS)")
def test_recorded_feeds_give_the_same_record_and_few_are_in_doubt() -> None:
    feeds = json.loads((RECORDED / "INDEX.json").read_text(encoding="utf-8"))["feeds"]
    left = []
    for feed in feeds:
        body = (RECORDED / feed["file"]).read_bytes()
        if feed["file"].endswith(".json") or len(body) > 300_000:
            continue  # the careful reader's share of the large ones would take most of the time
        records = both(decode(body, None).text, feed["url"])
        if records is None:
            left.append(feed["file"])
        else:
            assert records[0] == records[1], feed["file"]
    assert len(left) <= len(feeds) // 10, left
