"""Delays: a message rests in the queue of one step after the other until its time, and is never early.

RabbitMQ expires messages from the head of a queue only, so each step has queues of its own in which all wait
equally long, one for each topic, so that it is known what waits for which. A message takes the longest step that
does not overshoot, comes back to where it was going, and takes the next one. What is left below the shortest step
is waited for by whoever received it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Step:
    """One delay: an exchange that sorts by topic, and a queue for each topic behind it."""

    name: str
    delay_s: int

    def queue(self, topic: str) -> str:
        return f"{self.name}.{topic}"


STEPS = (
    Step("delay.1h", 3600),
    Step("delay.10min", 600),
    Step("delay.1min", 60),
    Step("delay.10s", 10),
    Step("delay.1s", 1),
)
"""Longest first."""


def queues_of_delays(topic: str) -> tuple[str, ...]:
    """Where messages of a topic wait for their time."""
    return tuple(step.queue(topic) for step in STEPS)


def is_delay(queue: str) -> bool:
    return any(queue.startswith(f"{step.name}.") for step in STEPS)


def step_for(not_before: datetime | None, now: datetime) -> Step | None:
    """The next step of a message's way to its time; None when it is due or less than the shortest step away."""
    remaining_s = remaining(not_before, now)
    return next((step for step in STEPS if step.delay_s <= remaining_s), None)


def remaining(not_before: datetime | None, now: datetime) -> float:
    """Seconds until `not_before`; 0 when it is due."""
    return 0.0 if not_before is None else max(0.0, (not_before - now).total_seconds())
