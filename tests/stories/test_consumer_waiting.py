"""How long the loop waits, when it stops trying, and whose turn it is: pure decisions."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pressroom.backoff import MANY, Outage, full_jitter
from pressroom.breaker import Breaker, BreakerRules
from pressroom.consumer.bench import Bench
from tests.fakes.scripted_queue import ScriptedDelivery

# --- waiting -----------------------------------------------------------------------------------------------


@given(st.integers(0, 10_000), st.floats(0.01, 10), st.floats(10, 1_000), st.integers())
def test_jitter_is_within_its_bounds(tries: int, first_s: float, most_s: float, seed: int) -> None:
    wait_s = full_jitter(tries, first_s=first_s, most_s=most_s, rng=random.Random(seed))
    assert 0 <= wait_s <= most_s
    assert tries > 0 or wait_s <= first_s


def outage() -> Outage:
    return Outage(first_s=1, most_s=8, leave_s=60, rng=random.Random(1))


def test_an_outage_pauses_then_lets_one_through_and_ends_when_that_comes_off() -> None:
    down = outage()
    assert down.allowance(0) == MANY
    down.failed(0, "no answer")
    assert down.allowance(0.4) == 0
    assert down.allowance(1.1) == 1
    down.came_off(1.1)
    assert down.allowance(1.1) == MANY


def test_echoes_of_what_was_begun_before_an_outage_change_nothing() -> None:
    down = outage()
    down.failed(0, "no answer")
    until = down.until
    for _ in range(20):
        down.failed(0.1, "no answer")
    down.came_off(0.2)

    assert down.until == until
    assert down.allowance(0.3) == 0


def test_pauses_of_an_outage_grow_to_their_limit() -> None:
    down, now, pauses = outage(), 0.0, []
    for _ in range(8):
        down.failed(now, "no answer")
        pauses.append(down.until - now)
        now = down.until

    assert all(bound / 2 <= pause <= bound for pause, bound in zip(pauses, [1, 2, 4, 8, 8, 8, 8, 8], strict=True))


def test_a_long_outage_keeps_away_but_for_its_probes() -> None:
    down = outage()
    down.failed(0, "no answer")
    assert not down.keeps_away(0.1)
    down.failed(59.9, "no answer")
    assert down.keeps_away(60.1)
    assert not down.keeps_away(down.until)
    assert down.next_change(59.95) == 60


# --- the breaker -------------------------------------------------------------------------------------------


def breaker(*outcomes: tuple[float, bool]) -> Breaker:
    made = Breaker(BreakerRules(window_s=60, least=20, share=0.5, cool_down_s=30))
    for now, bad in outcomes:
        made.record(now, bad=bad)
    return made


def test_it_takes_twenty_bad_ones_that_are_half_of_all() -> None:
    assert not breaker(*[(0, True)] * 19).is_open
    assert breaker(*[(0, True)] * 20).is_open
    assert breaker(*[(0, False)] * 20, *[(1, True)] * 20).is_open
    assert not breaker(*[(0, False)] * 21, *[(1, True)] * 20).is_open


def test_only_the_last_minute_counts() -> None:
    assert not breaker(*[(0, True)] * 19, (61, True)).is_open
    assert breaker(*[(0, True)] * 19, (59, True)).is_open


def test_one_good_message_after_the_cool_down_closes_it_and_one_bad_one_does_not() -> None:
    broken = breaker(*[(0, True)] * 20)
    assert broken.allowance(29.9) == 0
    assert broken.allowance(30) == 1
    broken.record(31, bad=True)
    assert broken.allowance(60.9) == 0
    broken.record(61, bad=False)
    assert broken.allowance(61) == MANY
    broken.record(62, bad=True)
    assert not broken.is_open


def test_what_was_under_way_when_it_opened_decides_nothing() -> None:
    broken = breaker(*[(0, True)] * 20)
    broken.record(1, bad=False)
    assert broken.is_open


# --- the bench ---------------------------------------------------------------------------------------------


def bench(allowance: int = MANY, batch_max: int = 1) -> Bench:
    return Bench(batch_max=batch_max, bytes_max=1_000, allowance=lambda: allowance, tell=lambda: None)


def item(key: str, name: str, deliveries: int = 1) -> Any:
    return ScriptedDelivery("t", key, name.encode(), deliveries)


def names(batch: Any) -> list[str]:
    return [each.body.decode() for each in batch]


def test_one_of_each_key_is_under_way_at_a_time() -> None:
    some = bench()
    for key, name in [("a", "a1"), ("a", "a2"), ("b", "b1")]:
        some.put(item(key, name))
    first, second = some.take(), some.take()
    assert first is not None
    assert names(first) + names(second) == ["a1", "b1"]
    some.done(first)
    assert names(some.take()) == ["a2"]


def test_what_comes_back_goes_before_its_followers() -> None:
    some = bench(batch_max=2)
    for name in ("1", "2", "3"):
        some.put(item("a", name))
    batch = some.take()
    assert batch is not None
    assert names(batch) == ["1", "2"]
    some.done(batch, back=[batch[1]])
    assert names(some.take()) == ["2", "3"]


def test_a_batch_ends_before_a_suspect_and_a_suspect_is_alone_in_its_own() -> None:
    some = bench(batch_max=10)
    for name, deliveries in [("1", 1), ("2", 1), ("bad", 2), ("3", 1)]:
        some.put(item("a", name, deliveries))
    taken = []
    for _ in range(3):
        batch = some.take()
        assert batch is not None
        taken.append(names(batch))
        some.done(batch)

    assert taken == [["1", "2"], ["bad"], ["3"]]


def test_a_handler_that_hangs_with_what_was_lost_holds_up_its_own_key_only() -> None:
    some = bench(batch_max=10)
    for name in ("hangs", "first"):
        some.put(item(name, name))
    hung, first = some.take(), some.take()
    assert hung is not None
    assert first is not None
    some.done(first)
    for delivery in hung:
        delivery.state = "lost"
    for key in ("hangs", "suspect", "other"):
        some.put(item(key, f"{key} again", deliveries=2))
    some.put(item("new", "new"))
    taken = []
    for _ in range(3):
        batch = some.take()
        assert batch is not None
        taken += names(batch)
        some.done(batch)
    assert taken == ["suspect again", "other again", "new"]
    some.done(hung)
    assert names(some.take()) == ["hangs again"]


def test_a_probe_is_a_single_message_even_where_batches_are_handled() -> None:
    some = bench(allowance=1, batch_max=10)
    some.put(item("a", "1"))
    some.put(item("a", "2"))
    assert names(some.take()) == ["1"]


def test_a_closed_bench_gives_back_what_was_not_begun_and_takes_nothing_more() -> None:
    some = bench()
    for key in "abc":
        some.put(item(key, key))
    some.take()
    assert names(some.close()) == ["b", "c"]
    assert some.take() is None
    assert not some.put(item("d", "d"))
