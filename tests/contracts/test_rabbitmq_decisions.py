"""The pure parts of the RabbitMQ engine: addresses, delays, acknowledgements, dead letters, what is held."""

from __future__ import annotations

import base64
import random
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pika.adapters.utils.io_services_utils import _AsyncTransportBase
from pika.spec import Basic

from pressroom.clock import SetClock
from pressroom.pulse import EXPIRES_S
from pressroom.queues.port import Parcel
from pressroom.queues.rabbitmq.acks import Acks
from pressroom.queues.rabbitmq.address import BadAddress, addresses
from pressroom.queues.rabbitmq.batch import Results
from pressroom.queues.rabbitmq.dead import dead_letter, is_ours, is_worthless
from pressroom.queues.rabbitmq.delays import STEPS, remaining, step_for
from pressroom.queues.rabbitmq.dial import READ_BYTES, parameters
from pressroom.queues.rabbitmq.link import BACKOFF_MAX_S, backoff_s, outdated
from pressroom.queues.rabbitmq.listener import Gaps, Numbering
from pressroom.queues.rabbitmq.publisher import IN_FLIGHT_BYTES_MAX, IN_FLIGHT_MAX, Publisher
from pressroom.queues.rabbitmq.received import Hand, Received, State
from pressroom.queues.rabbitmq.seat import explain
from pressroom.queues.rabbitmq.suspects import TIRED_DELIVERIES, is_tired, turn_s
from pressroom.queues.rabbitmq.wire import Outgoing, outgoing, read_stamp, routed
from schemas.codec import decode
from schemas.messages import DeadLetter

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def test_pika_reads_as_much_at_a_time_as_it_is_told_to() -> None:
    heard: list[int] = []

    class Socket:
        def recv(self, most: int) -> bytes:
            heard.append(most)
            return b"x" * most

    class Transport(_AsyncTransportBase):
        def __init__(self) -> None:
            self._state, self._sock, self._protocol = self._STATE_ACTIVE, Socket(), self

        def data_received(self, data: bytes) -> None:
            self._state = self._STATE_COMPLETED

    Transport.__abstractmethods__ = frozenset()
    Transport()._consume()

    assert heard == [READ_BYTES]


# --- addresses ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("amqp://u:p@a:5672/v", ["amqp://a:5672/v"]),
        ("amqp://u:p@a:5672,b:5673/v", ["amqp://a:5672/v", "amqp://b:5673/v"]),
        ("amqp://u:p@a/v,amqps://b", ["amqp://a/v", "amqps://b"]),
        ("amqp://u:p@a,b/v  amqp://c", ["amqp://a/v", "amqp://b/v", "amqp://c"]),
        ("amqps://u:p@a/v?cacertfile=/etc/ca.pem", ["amqps://a/v"]),
    ],
)
def test_every_broker_that_is_named_is_found(text: str, shown: list[str]) -> None:
    assert [str(address) for address in addresses(text)] == shown


def test_each_broker_gets_the_user_the_password_and_the_virtual_host() -> None:
    for address in addresses("amqp://writer:s%40c@ret@a,[::1]:1/news%2Fdesk"):
        given = parameters(address, heartbeat_s=7, name="test")
        assert (given.credentials.username, given.credentials.password) == ("writer", "s@c@ret")
        assert (given.host, given.port) in {("a", 5672), ("::1", 1)}
        assert (given.virtual_host, given.heartbeat, given.ssl_options) == ("news/desk", 7, None)


def test_a_user_without_a_password_has_an_empty_one() -> None:
    address = addresses("amqp://writer@a/")[0]
    assert (address.user, address.password, address.vhost) == ("writer", "", "/")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "it is empty"),
        ("  ", "it is empty"),
        ("http://u:s3cret@a", "does not read as amqp://"),
        ("amqp://u:s3/cret@a/v", "in names and passwords write @ as %40, / as %2F"),
        ("amqp://u:s3?cret@a/v", "? as %3F"),
        ("amqp://u:s3cret@/v", "names no host"),
        ("amqp://a amqp://u:s3cret@:1", "amqp://:1 is no address"),
        ("amqp://u:s3cret@a:port/v", "amqp://a:port/v has no good host and port"),
        ("amqp://u:s3cret@a:99999/v", "has no good host and port"),
        ("amqp://u:s3cret@[a/v", "has no good host and port"),
        ("amqp://u:s3cret@a/v/w", "with / in a vhost's name as %2F"),
        ("amqps://u:s3cret@a/v?x=s3cret", "knows no parameter x; there are cacertfile, certfile, keyfile"),
        ("amqps://a?cacertfile=", "at most once, and not empty"),
        ("amqps://a?keyfile=s3cret", "a keyfile without its certfile"),
        ("amqp://a?cacertfile=s3cret", "parameters that only amqps:// has: cacertfile"),
    ],
)
def test_a_bad_address_is_refused_with_what_is_wrong_and_without_its_password(text: str, complaint: str) -> None:
    with pytest.raises(BadAddress) as refused:
        addresses(text)
    assert complaint in str(refused.value)
    assert "cret" not in str(refused.value)


def test_no_form_of_an_address_shows_its_password() -> None:
    address = addresses("amqp://u:s3cret@a/v")[0]
    assert "s3cret" not in f"{address} {address!r}"


def test_back_off_grows_is_bounded_and_never_the_same() -> None:
    rng = random.Random(1)
    waits = [[backoff_s(failures, rng) for _ in range(200)] for failures in (0, 3, 60)]

    for several, longest_s in zip(waits, (0.25, 2.0, BACKOFF_MAX_S), strict=True):
        assert longest_s * 0.9 < max(several) <= longest_s
        assert min(several) < longest_s * 0.1


@pytest.mark.parametrize(
    ("version", "fits"), [("4.0.5", True), ("4.2.0-rc.1", True), ("10.0", True), ("3.13.7", False)]
)
def test_brokers_older_than_4_are_refused_by_name(version: str, *, fits: bool) -> None:
    trouble = outdated(addresses("amqp://a/")[0], {"version": version})
    assert (trouble is None) == fits
    assert trouble is None or version in trouble


# --- delays ------------------------------------------------------------------------------------------------


@given(st.floats(min_value=0, max_value=100_000))
def test_hopping_from_step_to_step_a_message_arrives_in_time_and_never_early(wait_s: float) -> None:
    not_before, now, hops = NOW + timedelta(seconds=wait_s), NOW, 0
    while (step := step_for(not_before, now)) is not None:
        now += timedelta(seconds=step.delay_s)
        hops += 1

    assert now <= not_before
    assert remaining(not_before, now) < STEPS[-1].delay_s
    assert hops <= 27 + 5 + 5 + 9 + 9


def test_a_due_message_takes_no_step() -> None:
    assert step_for(None, NOW) is None
    assert step_for(NOW, NOW) is None
    assert step_for(NOW - timedelta(hours=1), NOW) is None


def test_an_early_parcel_goes_to_a_delay_and_keeps_its_way() -> None:
    parcel = Parcel("record.publish", "k", b"x", not_before=NOW + timedelta(minutes=2))
    early = outgoing(parcel, NOW, 8)
    due = routed(early.body, early.headers, NOW + timedelta(minutes=2), 8)

    assert (early.exchange, early.bound) == ("delay.1min", None)
    assert (due.exchange, due.bound) == ("pressroom.work", 1250)
    assert early.routing_key == due.routing_key


def test_a_moment_survives_the_wire_without_getting_earlier() -> None:
    moment = NOW + timedelta(microseconds=1)
    stamp = read_stamp(outgoing(Parcel("dead", "one", b"", not_before=moment), NOW, 8).headers)

    assert stamp.not_before is not None
    assert timedelta(0) <= stamp.not_before - moment <= timedelta(milliseconds=1)


def test_the_broker_is_told_how_long_a_message_is_worth_something() -> None:
    tick = outgoing(Parcel("schedule", "one", b"", expires_s=2), NOW, 8)

    assert tick.properties("1").expiration == "2000"


def test_a_machine_whose_clock_is_an_hour_behind_is_still_heard_of() -> None:
    sent = outgoing(Parcel("schedule", "one", b"", expires_s=EXPIRES_S), NOW - timedelta(hours=1), 8)
    expires = read_stamp(sent.headers).expires

    assert expires is not None
    assert expires > NOW


@pytest.mark.parametrize("headers", [None, {}, {"topic": 3, "key": b"", "not-before-ms": "x", "x-delivery-count": "y"}])
def test_headers_of_strangers_are_read_as_absent(headers: dict[str, object] | None) -> None:
    stamp = read_stamp(headers)

    assert (stamp.topic, stamp.key, stamp.not_before, stamp.expires, stamp.deliveries) == (None, None, None, None, 1)


def test_a_date_beyond_all_calendars_is_read_as_absent() -> None:
    assert read_stamp({"not-before-ms": 10**18}).not_before is None


# --- acknowledgements --------------------------------------------------------------------------------------


@given(st.lists(st.lists(st.integers(1, 30), max_size=8), max_size=12), st.integers(1, 30))
def test_exactly_what_is_done_is_acknowledged_once(rounds: list[list[int]], delivered: int) -> None:
    acks, unacked, done = Acks(), set(range(1, delivered + 1)), set[int]()
    for tag in range(1, delivered + 1):
        acks.delivered(tag)
    for finished in rounds:
        for tag in finished:
            acks.done(tag)
            done |= {tag} & set(range(1, delivered + 1))
        for tag, multiple in acks.due():
            covered = {each for each in unacked if each <= tag} if multiple else {tag}
            assert covered <= unacked & done
            unacked -= covered

    assert unacked == set(range(1, delivered + 1)) - done


def test_a_finished_run_is_acknowledged_with_one_command() -> None:
    acks = Acks()
    for tag in range(1, 8):
        acks.delivered(tag)
    for tag in (3, 1, 2, 6):
        acks.done(tag)

    assert acks.due() == [(3, True), (6, False)]
    assert acks.due() == []


# --- what a subscription holds ------------------------------------------------------------------------------


class NoHolder:
    def take_back(self, received: Received) -> None:
        raise AssertionError

    def settled(self, several: Sequence[Received]) -> bool:
        raise AssertionError


def received(tag: int, *, deliveries: int = 1, topic: str = "t") -> Received:
    return Received(topic, "k", b"", deliveries=deliveries, tag=tag, seating=1, holder=NoHolder())


def test_what_is_released_is_handed_out_again_in_the_order_it_came() -> None:
    hand = Hand(credit=10)
    for tag in (1, 2, 3, 4):
        hand.put(received(tag))
    first, second, third = (hand.next() for _ in range(3))
    for each in (second, third, first):
        assert each is not None
        assert hand.take_back(each)

    assert [each.tag for each in iter(hand.next, None)] == [1, 2, 3, 4]


def test_no_more_than_the_credit_is_out() -> None:
    hand = Hand(credit=2)
    for tag in (1, 2, 3):
        hand.put(received(tag))
    out = [hand.next(), hand.next(), hand.next()]

    assert out[2] is None
    assert hand.out == 2
    assert out[0] is not None
    hand.settle([out[0]])
    assert hand.next() is not None


def test_a_message_ends_once_whatever_is_called_afterwards() -> None:
    hand = Hand(credit=2)
    hand.put(received(1))
    only = hand.next()
    assert only is not None

    assert hand.settle([only]) == [only]
    assert hand.settle([only]) == []
    assert not hand.take_back(only)
    assert only.state is State.SETTLED


def test_what_is_lost_with_its_channel_can_neither_be_settled_nor_released() -> None:
    hand = Hand(credit=1)
    for tag in (1, 2):
        hand.put(received(tag))
    out = hand.next()
    assert [each.tag for each in hand.lose_all()] == [1, 2]

    assert out is not None
    assert hand.settle([out]) == []
    assert not hand.take_back(out)
    assert (hand.out, hand.next()) == (0, None)


def test_whoever_waits_for_the_last_one_is_woken_by_its_end() -> None:
    hand = Hand(credit=1)
    hand.put(received(1))
    out = hand.next()
    assert out is not None
    assert not hand.wait_until_none_is_out(0)
    waiting = threading.Thread(target=hand.settle, args=([out],))
    waiting.start()

    assert hand.wait_until_none_is_out(5)
    waiting.join()


# --- suspects ----------------------------------------------------------------------------------------------


def test_every_key_has_its_turn_before_a_killer_long_before_the_limit() -> None:
    keys = [f"host-{number}.example" for number in range(31)]
    before_the_killer = [
        {key for key in keys if turn_s(key, deliveries) < turn_s("killer.example", deliveries)}
        for deliveries in range(2, TIRED_DELIVERIES + 1)
    ]

    assert set.union(*before_the_killer) == set(keys)


def test_only_where_there_is_a_limit_are_messages_sent_anew() -> None:
    tired = received(1, deliveries=TIRED_DELIVERIES, topic="feed.refresh@eu")

    assert is_tired(tired)
    assert not is_tired(received(1, deliveries=TIRED_DELIVERIES - 1, topic="feed.refresh@eu"))
    assert not is_tired(received(1, deliveries=TIRED_DELIVERIES, topic="dead"))


# --- what the broker gave up --------------------------------------------------------------------------------

GIVEN_UP = {
    "topic": "feed.refresh",
    "key": "news.example",
    "x-delivery-count": 21,
    "x-last-death-reason": "delivery_limit",
    "x-last-death-queue": "feed.refresh.3-of-8",
    "x-death": [{"reason": "delivery_limit", "queue": "feed.refresh.3-of-8", "time": NOW, "count": 1}],
}


def letter_of(body: bytes, headers: dict[str, object]) -> DeadLetter:
    payload = decode(dead_letter(body, headers, NOW)).payload
    assert isinstance(payload, DeadLetter)
    return payload


def test_a_message_that_the_broker_gave_up_explains_itself() -> None:
    letter = letter_of(b'{"job": 1}', GIVEN_UP)

    assert (letter.topic, letter.key, letter.kind) == ("feed.refresh", "news.example", "poison")
    assert (letter.body, letter.body_base64, letter.deliveries, letter.at) == ('{"job": 1}', False, 21, NOW)
    assert letter.reason.startswith("delivery_limit after 21 deliveries: ")


def test_bytes_that_are_no_text_are_kept_whole() -> None:
    letter = letter_of(b"\xff\x00", GIVEN_UP)

    assert letter.body_base64
    assert base64.b64decode(letter.body) == b"\xff\x00"


def test_the_same_dead_message_has_the_same_id_whenever_it_is_read() -> None:
    first, again = (dead_letter(b"x", GIVEN_UP, NOW + timedelta(hours=hours)) for hours in (0, 1))

    assert decode(first).id == decode(again).id
    assert decode(dead_letter(b"y", GIVEN_UP, NOW)).id != decode(first).id


@pytest.mark.parametrize(
    "headers", [{}, {"x-death": "nonsense"}, {"x-death": [3], "x-last-death-queue": 7}, {"x-delivery-count": -3}]
)
def test_a_message_of_unknown_origin_is_a_dead_letter_too(headers: dict[str, object]) -> None:
    letter = letter_of(b"by hand", headers)

    assert letter.body == "by hand"
    assert letter.reason


def test_the_topic_is_known_by_the_queue_when_the_message_does_not_say() -> None:
    assert letter_of(b"", {"x-last-death-queue": "weather.request.1-of-8"}).topic == "weather.request"


def test_a_body_of_the_largest_size_fits() -> None:
    assert len(letter_of(b"\xff" * (1 << 20), GIVEN_UP).body) > 1 << 20


def test_our_own_dead_letters_pass_as_they_are_and_expired_ones_not_at_all() -> None:
    assert is_ours({"topic": "dead"})
    assert not is_ours(GIVEN_UP)
    assert is_worthless({"x-last-death-reason": "expired"})
    assert not is_worthless(GIVEN_UP)


# --- notices -----------------------------------------------------------------------------------------------


def test_a_listener_sees_the_gap_that_dropped_notices_leave() -> None:
    clock = SetClock()
    sender = Numbering("a", clock)
    sent = [sender.next() for _ in range(5)]
    gaps = Gaps(since_ms=0)

    assert [gaps.missed(sent[number]) for number in (0, 1, 3, 4)] == [False, False, True, False]


def test_a_listener_that_came_later_has_missed_nothing() -> None:
    clock = SetClock()
    sender = Numbering("a", clock)
    sender.next()
    clock.advance(1)
    gaps = Gaps(since_ms=int(clock.now().timestamp() * 1000))
    clock.advance(1)

    assert not gaps.missed(sender.next())
    assert not gaps.missed({})


def test_a_first_notice_that_is_not_the_senders_first_since_then_shows_a_gap() -> None:
    clock = SetClock()
    gaps = Gaps(since_ms=int(clock.now().timestamp() * 1000))
    sender = Numbering("a", clock)
    clock.advance(1)
    sender.next()

    assert gaps.missed(sender.next())


# --- what the broker says ----------------------------------------------------------------------------------


def test_a_queue_that_exists_otherwise_is_named_with_what_to_do() -> None:
    text = explain(
        RuntimeError(
            "PRECONDITION_FAILED - inequivalent arg 'x-delivery-limit' for queue 'dead' in vhost '/': "
            "received '-1' but current is '20'"
        )
    )

    assert "queue dead exists with another x-delivery-limit" in text
    assert "pressroom topology check" in text


def test_another_partition_count_is_said_as_such() -> None:
    text = explain(
        RuntimeError(
            "PRECONDITION_FAILED - inequivalent arg 'x-max-length' for queue 'pressroom.partitions' in vhost '/': "
            "received '4' but current is '8'"
        )
    )

    assert "another number of partitions" in text
    assert "PRESSROOM_PARTITIONS" in text


# --- publishing --------------------------------------------------------------------------------------------


class FakeChannel:
    """Takes what is published, and confirms it when told."""

    is_open = True

    def __init__(self) -> None:
        self.published: list[str] = []

    def confirm_delivery(self, on_confirm: Any, callback: Any) -> None:
        self.on_confirm = on_confirm
        callback(None)

    def add_on_return_callback(self, _callback: Any) -> None: ...
    def add_on_close_callback(self, _callback: Any) -> None: ...

    def basic_publish(
        self, _exchange: str, routing_key: str, _body: bytes, properties: Any, *, mandatory: bool
    ) -> None:
        assert mandatory
        assert properties.delivery_mode == 2
        self.published.append(routing_key)

    def confirm(self, tag: int, *, multiple: bool = False) -> None:
        self.on_confirm(SimpleNamespace(method=Basic.Ack(tag, multiple)))


class FakeLink:
    """A connection that is up from the beginning, on this thread."""

    trouble = None
    alive = True

    def __init__(self) -> None:
        self.channel = FakeChannel()

    def watch(self, on_up: Any, _on_down: Any) -> None:
        self.up = on_up

    def call(self, function: Any) -> None:
        function()


def publisher_of(link: FakeLink) -> Publisher:
    declarer: Any = SimpleNamespace(ensure=lambda _needs, then: then(None), forget=lambda _needs: None)
    publisher = Publisher(link, declarer, timeout_s=1)  # type: ignore[arg-type]
    connection: Any = SimpleNamespace(
        add_on_connection_blocked_callback=lambda _callback: None,
        add_on_connection_unblocked_callback=lambda _callback: None,
        channel=lambda on_open_callback: link.channel,
    )
    link.up(connection)
    publisher._channel_is_open(link.channel)  # type: ignore[arg-type]
    return publisher


def messages(count: int, body: bytes = b"x") -> list[Outgoing]:
    return [outgoing(Parcel("record.publish", "k", body), NOW, 8) for _ in range(count)]


def test_confirms_are_waited_for_together_and_a_bounded_number_is_in_flight() -> None:
    link = FakeLink()
    publisher = publisher_of(link)
    done: list[Results] = []
    for several in (messages(400), messages(400)):
        publisher.submit(several, done.append)
    assert (len(link.channel.published), done) == (IN_FLIGHT_MAX, [])
    link.channel.confirm(400, multiple=True)
    assert (len(link.channel.published), done) == (800, [[None] * 400])
    link.channel.confirm(800)
    link.channel.confirm(799, multiple=True)
    assert done == [[None] * 400] * 2


def test_so_is_what_is_in_flight_in_bytes() -> None:
    link = FakeLink()
    publisher = publisher_of(link)
    publisher.submit(messages(40, bytes(1 << 20)), lambda _results: None)
    assert len(link.channel.published) == IN_FLIGHT_BYTES_MAX >> 20
