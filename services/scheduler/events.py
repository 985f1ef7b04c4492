"""The scheduler's log: how each refresh ended. News for everybody to see, the rest when somebody looks closer."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from schemas.messages import Check
from services.scheduler.policy import Heard

log = logging.getLogger(__name__)


def ended(check: Check, heard: Heard, sites: Iterable[str]) -> None:
    """`sites` show the feed. News is the first failure in a row, a failure that operators are told of, and its end:
    a source that has been ill for days does not fill the log.
    """
    is_news = heard.memory.failures == 1 or bool(heard.tell or heard.ended)
    facts: dict[str, object] = {"feed": check.feed, "site": ",".join(sites), "turn": check.turn, "result": check.result}
    trouble, fetch = check.trouble, check.fetch
    if fetch is not None:
        facts |= {"status": fetch.status, "seconds": round(fetch.elapsed_s, 3), "bytes": fetch.wire_bytes}
    if trouble is not None:
        facts |= {"kind": trouble.kind, "reason": trouble.message}
        facts |= {"status": trouble.status} if trouble.status is not None else {}
    if heard.memory.failures:
        facts["failures"] = heard.memory.failures
    if check.new_entries:
        facts["new_entries"] = check.new_entries
    log.log(logging.INFO if is_news else logging.DEBUG, "a refresh ended", extra=facts)
