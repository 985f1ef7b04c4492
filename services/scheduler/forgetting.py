"""What nobody wants any more is forgotten, here and, by the publisher, in the store."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from services.scheduler.ledger import Ledger
from services.scheduler.memory import FeedMemory
from services.scheduler.policy import forgotten
from services.scheduler.sites import host_of

SAID_FOR: Final = timedelta(hours=6)
"""For so long it is said every hour that what is stored of a feed is to go: who says it may die before it is sent."""


def forget(ledger: Ledger, unwanted_days: float, now: datetime) -> list[FeedMemory]:
    """Drop feeds that nobody has wanted for so long, and hosts that nothing is known of any more. Returns the feeds of
    which all that is stored is to be deleted.
    """
    unwanted = []
    for memory in [one for one in ledger.feeds.values() if one.dropped_at is not None and one.state == "idle"]:
        over = now - (memory.dropped_at or now) - timedelta(days=unwanted_days)
        if over >= SAID_FOR:
            ledger.drop(memory)
        elif over >= timedelta():
            # What is about to be deleted must not hide behind 304s if somebody brings the feed back now.
            ledger.keep(forgotten(memory))
            unwanted.append(memory)
    hosts = {host_of(memory.address) for memory in ledger.feeds.values()}
    for host in [one for one in ledger.hosts.values() if one.host not in hosts and one.weather is None]:
        if host.free_at <= now.timestamp():
            ledger.drop_host(host.host)
    return unwanted
