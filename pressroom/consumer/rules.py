"""How often the loop tries, when it gives up, and what it may hold: numbers by topic."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from pressroom.breaker import BreakerRules
from pressroom.queues.topics import DEAD, SCHEDULE


@dataclass(frozen=True, slots=True)
class LoopRules:
    """`None` as a limit means for ever.

    `attempts_max`: how often a message is handled that ends as Retry; `bugs_max`: that raises;
    `deliveries_max`: how many processes may die with it before it is taken for poison (None where the broker counts).
    `full_tries`: how often a full topic is tried (about ten seconds) before that counts as not available.
    `pace_s`: a batch begins no sooner than this after the one before, so that what comes in between goes along.
    `gives_up` False: no message ever goes to the dead. `dropped_types`: messages not worth a second try.
    """

    attempts_max: int | None = 5
    bugs_max: int | None = 5
    deliveries_max: int | None = 5
    gives_up: bool = True
    dropped_types: frozenset[str] = frozenset()
    backoff_first_s: float = 1.0
    backoff_max_s: float = 600.0
    unavailable_first_s: float = 0.5
    unavailable_max_s: float = 15.0
    unavailable_leave_s: float = 60.0
    full_tries: int = 20
    pace_s: float = 0.0
    in_flight_bytes_max: int = 64 << 20
    breaker: BreakerRules = field(default_factory=BreakerRules)


TOO_NEW_S = (60.0, 600.0)
"""A message of a newer version waits between these, for the upgrade to get here."""
STRANGER_MAX = timedelta(days=1)
"""A rolling upgrade takes no longer; a message of a type that is unknown for so long is nobody's."""

_BY_TOPIC = {
    # Its consumer files the dead: what it gave up would be lost.
    DEAD: LoopRules(attempts_max=None, bugs_max=None, deliveries_max=None, gives_up=False, backoff_max_s=60.0),
    # Checks and wishes are never given up for a passing fault, and the next tick says what the last one did. Each batch
    # saves the ledger, which costs more than many checks; somebody who waits for one hardly notices the pace.
    SCHEDULE: LoopRules(attempts_max=None, dropped_types=frozenset({"schedule.tick"}), backoff_max_s=60.0, pace_s=0.04),
}


def rules_for(topic: str) -> LoopRules:
    """The rules of a topic or of a lane of one."""
    return _BY_TOPIC.get(topic.partition("@")[0], LoopRules())
