"""Messages on the wire and what a feed's digest is made of."""

from __future__ import annotations

import json

import pytest

from schemas.codec import TooNew, Undecodable, decode, encode
from schemas.messages import Tick
from schemas.records import Source, digest
from tests.fakes.records import NOON, entry, envelope, minutes, record


def changed(body: bytes, **fields: object) -> bytes:
    """The same message with other fields, its own first as they were."""
    return json.dumps(json.loads(body) | fields).encode()


def test_a_record_comes_out_as_it_went_in() -> None:
    sent = envelope(record("paper", 7, entry(1, published=NOON), entry("ü")))
    assert decode(encode(sent)) == sent


def test_the_order_of_fields_says_nothing() -> None:
    sent = envelope(Tick(at=NOON))
    fields = list(reversed(json.loads(encode(sent)).items()))
    assert decode(json.dumps(dict(fields), indent=2).encode()) == sent


def test_an_id_with_quotes_is_read_all_the_same() -> None:
    sent = envelope(Tick(at=NOON), message_id='a","type":"schedule.wish","version":1,"x":"')
    assert decode(encode(sent)) == sent


def test_a_newer_version_and_a_new_type_are_told_from_what_nobody_will_ever_read() -> None:
    body = encode(envelope(Tick(at=NOON)))
    with pytest.raises(TooNew, match="version 9") as newer:
        decode(changed(body, version=9))
    assert (newer.value.kind, newer.value.stranger_since) == ("schedule.tick", None)
    with pytest.raises(TooNew, match="knows no type 'schedule.tock'") as stranger:
        decode(changed(body, type="schedule.tock", payload={"of": {"another": ["shape"]}}))
    assert (stranger.value.kind, stranger.value.stranger_since) == ("schedule.tock", NOON)
    with pytest.raises(Undecodable, match="message of the unknown type 'schedule.tock': field occurred_at"):
        decode(changed(body, type="schedule.tock", occurred_at="noon"))


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[1]", b'{"id":"1","type":"schedule.tick","version":1,', b'{"type":"\xff"}']
)
def test_what_is_no_message_is_undecodable(body: bytes) -> None:
    with pytest.raises(Undecodable):
        decode(body)


def test_a_digest_leaves_our_own_clock_out_and_nothing_else() -> None:
    source, one = Source(title="Paper"), entry(1, published=NOON)
    said = digest(source, [one, entry(2)])
    assert digest(source, [one.model_copy(update={"first_seen": NOON}), entry(2)]) == said
    others = (
        digest(source, [entry(2), one]),
        digest(source, [one]),
        digest(Source(title="Paper!"), [one, entry(2)]),
        digest(source, [one.model_copy(update={"published": NOON + minutes(1)}), entry(2)]),
    )
    assert said not in others
