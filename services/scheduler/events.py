"""The scheduler's log: how each refresh ended. Trouble for everybody to see, the rest when somebody looks closer."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from schemas.messages import Check

log = logging.getLogger(__name__)


def ended(check: Check, sites: Iterable[str]) -> None:
    """`sites` show the feed."""
    facts: dict[str, object] = {"feed": check.feed, "site": ",".join(sites), "turn": check.turn, "result": check.result}
    trouble, fetch = check.trouble, check.fetch
    if fetch is not None:
        facts |= {"status": fetch.status, "seconds": round(fetch.elapsed_s, 3), "bytes": fetch.wire_bytes}
    if trouble is not None:
        facts |= {"kind": trouble.kind, "reason": trouble.message}
        facts |= {"status": trouble.status} if trouble.status is not None else {}
    if check.new_entries:
        facts["new_entries"] = check.new_entries
    log.log(logging.INFO if trouble is not None else logging.DEBUG, "a refresh ended", extra=facts)
