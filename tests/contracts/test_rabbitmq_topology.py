"""What must exist on RabbitMQ, on a real broker: declared, checked, told where it differs, and moved."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from pressroom import testing
from pressroom.queues.port import Depth, Parcel, Unroutable
from pressroom.queues.rabbitmq.admin import Broker, Report, apply, check
from pressroom.queues.rabbitmq.move import CannotMove
from pressroom.queues.rabbitmq.queue import RabbitQueue
from services.cli.topology import command as topology_command
from tests.contracts.queue_tools import CLOCK, Box, eventually
from tests.contracts.rabbitmq_tools import TOPIC, opened, raw, settle

pytestmark = pytest.mark.containers


@pytest.fixture
def url(amqp_vhost_url: str) -> str:
    return amqp_vhost_url


@pytest.fixture
def queue(url: str) -> Iterator[RabbitQueue]:
    with opened(url) as queue:
        yield queue


def test_a_queue_that_exists_otherwise_is_one_clear_error_and_recovers_when_mended(
    queue: RabbitQueue, url: str
) -> None:
    with raw(url) as connection:
        connection.channel().queue_declare("dead", durable=True, arguments={"x-queue-type": "quorum"})
    with pytest.raises(Unroutable, match=r"queue dead exists with another x-\S+ .*pressroom topology check"):
        queue.publish([Parcel("dead", "one", b"1")])
    subscription = queue.subscribe("dead", Box(), credit=1)
    eventually(lambda: "queue dead exists with another" in (subscription.trouble or ""), "the trouble is told")
    with raw(url) as connection:
        connection.channel().queue_delete("dead")

    eventually(lambda: subscription.trouble is None, "recovered")
    queue.publish([Parcel("dead", "one", b"1")])


def test_processes_with_different_partition_counts_do_not_work_side_by_side(queue: RabbitQueue, url: str) -> None:
    queue.publish([Parcel(TOPIC, "a", b"1")])
    with opened(url, partitions=3) as other, pytest.raises(Unroutable, match="another number of partitions"):
        other.publish([Parcel(TOPIC, "a", b"2")])


def test_check_tells_all_that_differs_and_apply_creates_what_is_missing(amqp_broker: testing.Broker, url: str) -> None:
    wanted = Broker(url, 1, (), managed(amqp_broker))
    locked = "weather.request.0-of-1"
    with raw(url) as connection:
        channel = connection.channel()
        channel.queue_declare(
            "dead", durable=True, arguments={"x-queue-type": "quorum", "x-delivery-limit": 3, "x-expires": 3_600_000}
        )
        channel.exchange_declare("pressroom.dead", "direct", durable=True)
        channel.exchange_declare("pressroom.notices", "fanout", durable=False)
        channel.queue_declare("schedule", durable=False)
        channel.queue_declare(locked, exclusive=True)
        channel.queue_declare("feed.refresh@us.0-of-1", durable=True, arguments={"x-queue-type": "quorum"})
        report = apply(wanted, CLOCK, lambda _line: None)

    assert [str(each) for each in report.differences] == [
        f"binding pressroom.work → {locked}: wanted routing key '{locked}', found nothing",
        "exchange pressroom.dead: type: wanted fanout, found direct",
        "exchange pressroom.notices: type: wanted fanout, found fanout, durable false",
        "queue dead: x-delivery-limit: wanted -1, found 3",
        "queue dead: x-expires: wanted nothing, found 3600000",
        "queue dead: x-overflow: wanted reject-publish, found nothing",
        "queue dead: x-single-active-consumer: wanted true, found nothing",
        "queue schedule: durable: wanted true, found false",
        f"queue {locked}: exclusive: wanted false, found true",
    ]
    assert report.strays == ["feed.refresh@us.0-of-1"]
    with raw(url) as connection:
        channel = connection.channel()
        for name in ("dead", "schedule", "feed.refresh@us.0-of-1"):
            channel.queue_delete(name)
        for name in ("pressroom.dead", "pressroom.notices"):
            channel.exchange_delete(name)
    assert apply(wanted, CLOCK, lambda _line: None) == Report([], [])
    with raw(url) as connection:
        connection.channel().queue_unbind("delay.1s.dead", "delay.1s", "dead.#")
    assert "binding delay.1s → delay.1s.dead" in [each.what for each in check(wanted).differences]


def test_the_command_says_what_is_missing_declares_it_and_moves_nothing_under_a_fleet_at_work(
    url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in {
        "QUEUE_URL": url,
        "PARTITIONS": "2",
        "DATA": str(tmp_path),
        "SITES": str(tmp_path / "-"),
    }.items():
        monkeypatch.setenv(f"PRESSROOM_{name}", value)
    looked, applied = (CliRunner().invoke(topology_command, [verb]) for verb in ("check", "apply"))
    with opened(url) as queue:
        place = queue.subscribe(TOPIC, Box(), credit=1)
        eventually(lambda: place.trouble is None, "at work")
        monkeypatch.setenv("PRESSROOM_PARTITIONS", "3")
        refused = CliRunner().invoke(topology_command, ["apply"])
    checked = CliRunner().invoke(topology_command, ["check", "--json"])

    assert (looked.exit_code, applied.exit_code, refused.exit_code, checked.exit_code) == (1, 0, 1, 1)
    assert "queue schedule: wanted a queue, found nothing" in looked.output.splitlines()
    assert applied.output.splitlines()[-1] == "the broker has what is wanted"
    assert re.search(r"consumers are at work on record\.publish\.\d-of-2: stop the fleet first", refused.output)
    assert "queue pressroom.partitions: x-max-length: wanted 3, found 2" in json.loads(checked.output)["differences"]


def managed(server: testing.Broker) -> str:
    return f"http://guest:guest@{server.management_url.removeprefix('http://')}"


def test_with_another_partition_count_all_that_is_queued_moves_and_keeps_its_order(
    amqp_broker: testing.Broker, url: str
) -> None:
    apply(Broker(url, 3, ("eu",)), CLOCK, lambda _line: None)
    later = CLOCK.now() + timedelta(seconds=3)
    with opened(url, partitions=3) as before:
        before.publish([Parcel(TOPIC, f"k{number % 10}", b"%d" % number) for number in range(500)])
        before.publish([Parcel(TOPIC, f"k{number}", b"late", not_before=later) for number in range(10)])
        before.publish([Parcel("feed.refresh@eu", "host", b"lane"), Parcel("dead", "one", b"stays")])
        before.publish([Parcel("feed.refresh@eu", "host", b"lane", not_before=CLOCK.now() + timedelta(hours=2))])
        consuming = before.subscribe(TOPIC, lambda _delivery: None, credit=1)
        eventually(lambda: consuming.trouble is None, "consuming")
        with pytest.raises(CannotMove, match="stop the fleet first"):
            apply(Broker(url, 2), CLOCK, lambda _line: None)
    said: list[str] = []
    # No site names the lane any more.
    report = apply(Broker(url, 2, (), managed(amqp_broker)), CLOCK, said.append)

    assert report.is_fine
    assert "from 3 to 2 partitions: 512 messages moved" in said
    assert [name for name in report.strays if "-of-3" in name] == []
    with opened(url, partitions=2) as after:
        assert after.depth("feed.refresh@eu") == Depth(ready=1, in_flight=0, delayed=1)
        assert after.depth("dead").ready == 1
        box = Box()
        after.subscribe(TOPIC, box, credit=100)
        by_key: dict[str, list[bytes]] = {}
        for _ in range(510):
            delivery = box.one()
            by_key.setdefault(delivery.key, []).append(delivery.body)
            settle(after, delivery)
        assert CLOCK.now() >= later
    for key, bodies in by_key.items():
        bodies.remove(b"late")
        assert bodies == [b"%d" % number for number in range(500) if f"k{number % 10}" == key]


def test_a_move_that_was_interrupted_is_finished_by_the_next_one(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    apply(Broker(url, 3), CLOCK, lambda _line: None)
    with opened(url, partitions=3) as before:
        before.publish([Parcel(TOPIC, f"k{number % 10}", b"%d" % number) for number in range(300)])
    lines: list[str] = []

    def stop_at_the_first_queue_moved(line: str) -> None:
        lines.append(line)
        if "moved" in line and TOPIC in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply(Broker(url, 2), CLOCK, stop_at_the_first_queue_moved)
    with opened(url, partitions=2) as early, pytest.raises(Unroutable, match="another number of partitions"):
        early.publish([Parcel(TOPIC, "a", b"")])
    assert apply(Broker(url, 2), CLOCK, lines.append).is_fine

    with opened(url, partitions=2) as after:
        assert after.depth(TOPIC).ready == 300


def test_a_move_that_finds_no_room_says_so_and_can_be_taken_back(amqp_broker: testing.Broker, url: str) -> None:
    one, four = (Broker(url, count, (), managed(amqp_broker)) for count in (1, 4))
    with opened(url, partitions=1) as before:
        for _ in range(17):
            before.publish([Parcel(TOPIC, "a", b"x")] * 200)
    with pytest.raises(CannotMove, match=r"\.\d-of-4 is full, .* set the old number of partitions again"):
        apply(four, CLOCK, lambda _line: None)
    assert apply(one, CLOCK, lambda _line: None) == Report([], [])

    with opened(url, partitions=1) as after:
        assert after.depth(TOPIC).ready == 3400
