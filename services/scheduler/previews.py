"""A look ahead at a feed: what its site wants of it goes along, and its host's pause."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from pressroom.outcomes import Emit
from pressroom.queues.topics import FEED_REFRESH, on_lane
from schemas.envelope import Envelope, Hop
from schemas.operating import PreviewRequest, PreviewWish
from services.scheduler.plan import Plan
from services.scheduler.sites import host_of

log = logging.getLogger(__name__)

OF_USE_S = 120.0
"""Who asked waits no longer."""
PUBLISH_S = 3600.0


def previewed(plan: Plan, envelope: Envelope[PreviewWish], now: datetime) -> list[Emit]:
    """The request that a wish becomes. A feed that is nowhere any more is asked at the address that the wish names."""
    wish = envelope.payload
    memory, wanted = plan.ledger.feeds.get(wish.feed), plan.wanted.get(wish.feed)
    url = memory.address if memory is not None else wish.url or ""
    try:
        host = host_of(url)
    except ValueError:
        host = ""
    if not host:
        log.warning("a look at a feed that is not known: %s, at %r", wish.feed, url)
        return []
    known = plan.ledger.hosts.get(host)
    request = PreviewRequest(
        run=wish.run,
        feed=wish.feed,
        url=url,
        look=wish.look,
        publish=wish.publish,
        include=wanted.include if wanted else (),
        exclude=wanted.exclude if wanted else (),
        feeds_served=len(plan.wanted),
        wait_until=known.pause_until if known else None,
    )
    of_use_s = PUBLISH_S if wish.publish else OF_USE_S
    lane = wanted.lane if wanted else ""
    return [
        Emit(
            on_lane(FEED_REFRESH, lane),
            host,
            request,
            not_after=now + timedelta(seconds=of_use_s),
            expires_s=of_use_s,
            trace=envelope.trace,
            hops=envelope.hopped(Hop(at=now, service="scheduler", what="handled schedule.preview")),
        )
    ]
