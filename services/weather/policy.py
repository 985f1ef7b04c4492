"""What the weather service decides: pure functions, the time passed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from pressroom.http.answer import FetchError, Response
from schemas.errors import ErrorKind
from schemas.messages import Trouble
from services.weather.parse import AnswerError

MINUTE_S, HOUR_S, DAY_S = 60.0, 3600.0, 86_400.0
WAIT_MAX_S: Final = DAY_S
FIRST_WAIT_S: Final = 30.0
SHUT_WAIT_S: Final = HOUR_S
"""For a provider that does not let us in: only a person can change that."""

PLACES_REFUSED_MAX: Final = 3
"""So many refusals of places in a row, and it is the provider that is left alone."""

SAID_EVERY: Final = timedelta(minutes=1)
"""How often a process says of a provider that it is well: the one that said it was ill may be gone."""

SOON: Final = timedelta(minutes=2)
UNSEEN_S: Final = 60.0
FIRST_BYTES: Final = 300
_SHUT: Final = frozenset({401, 403})
_ABOUT_THE_PLACE: Final = frozenset({400, 404, 422})


# --- is it wanted? ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sent:
    """The record of a cell that was sent last: for which message, when, and whether the store is known to have it."""

    message_id: str
    at: datetime
    stored: bool = False


def believed(sent: Sent | None, message_id: str, now: datetime) -> datetime | None:
    """When the cell was fetched, as far as memory may be trusted; None: ask the store.

    A record that was sent may still get lost with the connection. Then the message that it was for comes again; and
    in case that one does not, memory alone is trusted for a minute only.
    """
    if sent is None or (not sent.stored and sent.message_id == message_id):
        return None
    return sent.at if sent.stored or (now - sent.at).total_seconds() < UNSEEN_S else None


def when_wanted(
    fetched_at: datetime | None, now: datetime, fresh_s: float, reason: Literal["due", "reader", "replay"]
) -> datetime | None:
    """When to ask a provider: now, a little later, or never (None), because the cell is fresh.

    A site's default place is asked for every hour: were it dropped for being some seconds too young, its weather
    would be two hours old before the next turn. A time in the future is a wrong clock's, not a fresh cell's.
    """
    if fetched_at is None or abs((now - fetched_at).total_seconds()) >= fresh_s:
        return now
    stale_at = fetched_at + timedelta(seconds=fresh_s)
    return stale_at if reason == "due" and stale_at - now <= SOON else None


# --- what went wrong? ---------------------------------------------------------------------------------


def refused(status: int, reason: str, retry_after_s: float | None) -> Trouble | None:
    """What a status means, HTTP's or one inside an answer; None when the body is worth reading."""
    if status == 200:
        return None
    if status == 429:
        wait_s = retry_after_s or _limit_s(reason)
        return Trouble(kind=ErrorKind.RATE_LIMITED, message=reason[:300], status=429, retry_after_s=wait_s)
    rejected = status in _SHUT | _ABOUT_THE_PLACE
    kind = ErrorKind.PROVIDER_REJECTED if rejected else ErrorKind.HTTP_STATUS
    message = f"the provider answered with status {status}: {reason[:200]}"
    return Trouble(kind=kind, message=message, status=status, retry_after_s=retry_after_s)


def refused_by(response: Response, retry_after_s: float | None) -> Trouble | None:
    """The status is read before the body."""
    return refused(response.status, response.body[:FIRST_BYTES].decode("utf-8", "replace"), retry_after_s)


def _limit_s(reason: str) -> float:
    """Open-Meteo names which of its limits was reached instead of sending Retry-After."""
    lowered = reason.lower()
    if "daily" in lowered:
        return DAY_S / 2
    return HOUR_S if "hourly" in lowered else MINUTE_S


def misread(error: AnswerError, response: Response) -> Trouble:
    """An answer that says success and is none."""
    coded = refused(error.status, str(error), None) if error.status is not None else None
    first = response.body[:FIRST_BYTES].decode("utf-8", "replace")
    trouble = coded or Trouble(kind=error.kind, message=str(error)[:1000], status=response.status)
    return trouble.model_copy(update={"first_bytes": first})


def unanswered(error: FetchError) -> Trouble:
    return Trouble(kind=error.kind, message=str(error.message)[:1000], status=error.status)


def is_about_place(trouble: Trouble) -> bool:
    """Whether our request is what was wrong: sent unchanged it would be refused again, and other places may be well."""
    return trouble.kind == ErrorKind.PROVIDER_REJECTED and trouble.status in _ABOUT_THE_PLACE


def without(text: str, secrets: tuple[str, ...]) -> str:
    for secret in secrets:
        text = text.replace(secret, "…")
    return text


# --- how long to wait? --------------------------------------------------------------------------------


def wait_s(trouble: Trouble, failures: int, chance: float) -> float:
    """How long a provider is left alone after its `failures`-th trouble in a row; `chance` in [0, 1) is the jitter."""
    if is_about_place(trouble) and failures < PLACES_REFUSED_MAX:
        return 0.0
    first_s = SHUT_WAIT_S if trouble.status in _SHUT else FIRST_WAIT_S
    backed_off = min(first_s * 2.0 ** min(failures - 1, 12), HOUR_S) * (1 + 0.2 * chance)
    return min(max(backed_off, trouble.retry_after_s or 0.0), WAIT_MAX_S)
