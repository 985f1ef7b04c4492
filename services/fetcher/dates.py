"""The dates that feeds really carry → an instant in UTC, or None; nothing is ever guessed.

Sources: RFC 822 section 5 with the RFC 2822 section 4.3 readings of old years and zones, RFC 3339, W3CDTF, asctime,
and what publishers write instead. No zone means UTC. A reading that could mean two instants is no reading.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.fetcher.months import MONTHS, fold

TEXT_CHARS_MAX = 100
YEAR_MIN, YEAR_MAX = 1900, 2999
"""Outside of these a year is a default of somebody's software (0001) or noise, never a day of news."""

_ENGLISH: Final = {
    "Jan": 1, "Feb": 2, "Mar": 3, "Apr": 4, "May": 5, "Jun": 6,
    "Jul": 7, "Aug": 8, "Sep": 9, "Oct": 10, "Nov": 11, "Dec": 12,
}  # fmt: skip
_RFC822: Final = re.compile(
    r"(?:[A-Z][a-z]{2}, )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) (?:(GMT|UTC|Z)|([+-])(\d\d)(\d\d))"
)
_RFC3339: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:[0-5]\d(?:\.\d{1,6})?(?:Z|[+-](?:0\d|1[0-4]):\d\d)")
_ISO: Final = re.compile(
    r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?(?:(?:\s*[Tt]\s*|\s+)(.*))?"
    r"|(\d{4})(\d\d)(\d\d)(?:[Tt ]?(\d\d)(\d\d)(\d\d)?)?(.*)"
)
_EAST_ASIAN: Final = re.compile(r"(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일]?(.*)")
_UNIT_BEFORE_DIGITS: Final = re.compile(r"\s?[時时点시分분:]\s?(?=\d)")
_DAY_FIRST: Final = re.compile(
    r"(?<!\d)(\d{1,2})(?:st|nd|rd|th)?[.,\s-]{0,3}(?:de |of )?([^\W\d_]{3,12})"
    r"\.?,?[\s-]{0,3}(?:de |del )?'?(\d{2,4})\b,?(.*)"
)
_MONTH_FIRST: Final = re.compile(r"([^\W\d_]{3,12})\.? (\d{1,2})(?:st|nd|rd|th)?(?:, ?| )(\d{4})\b,?(.*)")
_ASCTIME: Final = re.compile(
    r"([^\W\d_]{3,12})\.? (\d{1,2}),? (\d\d?:\d\d(?::\d\d)?)((?: [^\W\d_]{1,5}| [+-]\d{4})?) (\d{4})\b"
    r"((?: [^\W\d_]{1,5}| [+-]\d{4})?)"
)
_YEAR_FIRST: Final = re.compile(r"(\d{4}) ([^\W\d_]{3,12})\.? (\d{1,2})\b,?(.*)")
_WEEKDAY: Final = re.compile(r"^[^\W\d_]{2,12}\.?,? (?=\d)")
_DOTTED: Final = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4}|\d\d)(?:,|\s?-)?(.*)")
_SLASHED: Final = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})(?:,|\s?-)?(.*)")
_TIME: Final = re.compile(
    r"(\d{1,2})[:h.](\d\d?)(?:[:.](\d\d?)(?:[.,]\d{1,9})?)?\s?([AaPp]\.?[Mm]\.?)?(?:\s?Uhr)?\s?([^\W\d_]{1,6})?\s?(?:([+-]\d\d?)(?::?(\d\d))?(?:Z|\s[A-Z]{2,5})?|0000)?"
)
_COMPACT: Final = re.compile(r"^(\d\d)(\d\d)(\d\d)?(?=[Zz+-]|$)")
_BEFORE_TIME: Final = re.compile(r"^(?:[-–]\s+|[,@]\s*|(?:at|à|às|um|kl\.?)\s+)", re.IGNORECASE)
_REGION: Final = re.compile(r"(.*\d) ([A-Z][A-Za-z]{2,12}(?:/[A-Z][A-Za-z_-]{1,30}){1,2})")
"""A time in the zone of the database, as "20:19:00 America/Los_Angeles"."""

_EPOCH: Final = re.compile(r"([12]\d{9})(?:\.\d{1,9}|(\d{3}))?")
_COMMENT: Final = re.compile(r"\([^()]*\)")
_MARKERS: Final = {"오전": "am", "오후": "pm", "上午": "am", "下午": "pm", "午前": "am", "午後": "pm"}

_ZONE_HOURS: Final[dict[str, float]] = {
    "gmt": 0, "utc": 0, "ut": 0, "z": 0, "wet": 0, "west": 1, "bst": 1, "cet": 1, "met": 1, "cest": 2, "mest": 2,
    "mesz": 2, "mez": 1, "eet": 2, "eest": 3, "msk": 3, "msd": 4, "sast": 2, "ist": 5.5, "pkt": 5, "ict": 7, "wib": 7,
    "hkt": 8, "sgt": 8, "awst": 8, "jst": 9, "kst": 9, "acst": 9.5, "acdt": 10.5, "aest": 10, "aedt": 11, "nzst": 12,
    "nzdt": 13, "est": -5, "edt": -4, "et": -5, "cst": -6, "cdt": -5, "ct": -6, "mst": -7, "mdt": -6, "mt": -7,
    "pst": -8, "pdt": -7, "pt": -8, "akst": -9, "akdt": -8, "hst": -10, "ast": -4, "adt": -3, "nst": -3.5, "ndt": -2.5,
    "brt": -3, "brst": -2, "art": -3, "clt": -4, "clst": -3,
}  # fmt: skip
"""RFC 822's names, then those in common use. Any other name is UTC: RFC 2822 section 4.3 says so."""


def parse_date(text: str | None) -> datetime | None:
    """The instant that `text` names, in UTC, to the second; None when there is no single right reading."""
    if not text:
        return None
    try:
        quick = _RFC822.fullmatch(text)
        if quick:
            return _quick_rfc822(quick)
        return _quick_rfc3339(text) if _RFC3339.fullmatch(text) else _careful(text)
    except (ValueError, OverflowError):  # 31 February, hour 25, zone +9999
        return None


def _quick_rfc822(match: re.Match[str]) -> datetime | None:
    day, month, year, hour, minute, second, _utc, sign, zone_h, zone_m = match.groups()
    number = _ENGLISH.get(month)
    if number is None or second > "59" or hour > "23":
        return _careful(match[0])
    when = _day(int(year), number, int(day)).replace(hour=int(hour), minute=int(minute), second=int(second))
    if sign:
        when -= _offset(sign, int(zone_h), int(zone_m))
    return when


def _quick_rfc3339(text: str) -> datetime | None:
    if text[11:13] > "23" or not YEAR_MIN <= int(text[:4]) <= YEAR_MAX:
        return _careful(text)
    return datetime.fromisoformat(text).astimezone(UTC).replace(microsecond=0)


def _careful(text: str) -> datetime | None:
    if len(text) > TEXT_CHARS_MAX:
        return None
    text = " ".join(_COMMENT.sub(" ", text).replace("\N{MINUS SIGN}", "-").split())
    for mark, english in _MARKERS.items():
        if mark in text:
            text = _after_the_time(text, mark, english)
    for shape in (_epoch, _iso, _east_asian, _named, _numbers):
        found = shape(text)
        if found is not None:
            return found
    return None


def _after_the_time(text: str, mark: str, english: str) -> str:
    """Korean, Chinese and Japanese put morning and afternoon before the hour: "오후 11:23" → "11:23 pm"."""
    before, _, after = text.partition(mark)
    return f"{before.strip()} {after.strip()} {english}"


def _iso(text: str) -> datetime | None:
    match = _ISO.fullmatch(_WEEKDAY.sub("", text))
    if not match:
        return None
    if match[1]:
        clock = _COMPACT.sub(lambda time: f"{time[1]}:{time[2]}:{time[3] or '00'}", match[4] or "", count=1)
        return _at(_day(int(match[1]), int(match[2]), int(match[3] or 1)), clock)
    hour, minute, second = match[8], match[9], match[10]
    clock = f"{hour}:{minute}:{second or '00'}{match[11]}" if hour else match[11]
    return _at(_day(int(match[5]), int(match[6]), int(match[7])), clock)


def _east_asian(text: str) -> datetime | None:
    match = _EAST_ASIAN.search(text)
    if not match:
        return None
    clock = _UNIT_BEFORE_DIGITS.sub(":", match[4].strip())
    return _at(_day(int(match[1]), int(match[2]), int(match[3])), re.sub("[時时点시分분秒초]", "", clock))


def _named(text: str) -> datetime | None:
    """Dates with the month's name, in any order and language of `MONTHS`; names of days are passed over."""
    for match in _DAY_FIRST.finditer(text):
        month = MONTHS.get(fold(match[2]))
        if month:
            return _at(_day(_year(match[3]), month, int(match[1])), _without_weekday(match[4]))
    for match in _ASCTIME.finditer(text):
        month = MONTHS.get(fold(match[1]))
        if month:
            return _at(_day(int(match[5]), month, int(match[2])), match[3] + (match[4] or match[6]))
    for match in _MONTH_FIRST.finditer(text):
        month = MONTHS.get(fold(match[1]))
        if month:
            return _at(_day(int(match[3]), month, int(match[2])), match[4])
    for match in _YEAR_FIRST.finditer(text):
        month = MONTHS.get(fold(match[2]))
        if month:
            return _at(_day(int(match[1]), month, int(match[3])), match[4])
    return None


def _without_weekday(rest: str) -> str:
    """Of "Monday 14:42:57 GMT" the time and its zone."""
    return re.sub(r"^\s?[^\W\d_]{2,12},? (?=\d)", "", rest)


def _numbers(text: str) -> datetime | None:
    text = _WEEKDAY.sub("", text)
    match = _DOTTED.fullmatch(text)
    if match:
        return _at(_day(_year(match[3]), int(match[2]), int(match[1])), match[4])
    match = _SLASHED.fullmatch(text)
    if not match:
        return None
    first, second, rest = int(match[1]), int(match[2]), match[4]
    american = second > 12 or first == second or bool(re.search(r"[AaPp][Mm]", rest))
    if not american and first <= 12:  # 03/04 is March or April: no single reading
        return None
    month, day = (first, second) if american else (second, first)
    return _at(_day(int(match[3]), month, day), rest)


def _epoch(text: str) -> datetime | None:
    match = _EPOCH.fullmatch(text)
    return datetime.fromtimestamp(int(match[1]), UTC) if match else None


def _year(digits: str) -> int:
    """RFC 2822 section 4.3: 00–49 are of this century, 50–99 and three digits count from 1900."""
    year = int(digits)
    if len(digits) == 2:
        return year + (2000 if year < 50 else 1900)
    return year + 1900 if len(digits) == 3 else year


def _day(year: int, month: int, day: int) -> datetime:
    if not YEAR_MIN <= year <= YEAR_MAX:
        raise ValueError(f"year {year} is no year of a feed")
    return datetime(year, month, day, tzinfo=UTC)


def _at(day: datetime, clock: str) -> datetime | None:
    """Set the time that `clock` names ("14:42:57 GMT+2", "10:37 PM", "" for midnight) on `day`."""
    clock = _BEFORE_TIME.sub("", clock.strip())
    if not clock:
        return day
    if region := _REGION.fullmatch(clock):
        return _in_region(_at(day, region[1]), region[2])
    match = _TIME.fullmatch(clock)
    if not match:
        # A day with a zone and no time is still that day; a day with anything else is not understood.
        return day if clock.lower() in _ZONE_HOURS or clock == "T" else None
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    hour = _of_24(hour, match[4] or "")
    name = (match[5] or "").lower()
    if not match[4] and name in {"am", "pm"}:
        hour, name = _of_24(hour, name), ""
    if (hour, minute, second) == (24, 0, 0):  # ISO 8601 before 2019: the midnight that ends the day
        hour, day = 0, day + timedelta(days=1)
    second = min(second, 59)  # a leap second is told as the one before it
    when = day.replace(hour=hour, minute=minute, second=second)
    return when - _zone(name, match[6], match[7])


def _in_region(local: datetime | None, name: str) -> datetime | None:
    """An hour that a clock change gives twice is the first one; of a zone that is not known here nothing is known."""
    try:
        return local.replace(tzinfo=ZoneInfo(name)).astimezone(UTC) if local is not None else None
    except (ZoneInfoNotFoundError, OSError):
        return None


def _of_24(hour: int, half: str) -> int:
    if not half:
        return hour
    if half[0] in "Pp":
        return hour if hour >= 12 else hour + 12
    return 0 if hour == 12 else hour


def _zone(name: str, hours: str | None, minutes: str | None) -> timedelta:
    if hours:
        digits = hours[1:]
        return _offset(hours[0], int(digits), int(minutes or 0))
    return timedelta(hours=_ZONE_HOURS.get(name, 0))


def _offset(sign: str, hours: int, minutes: int) -> timedelta:
    if hours > 14 or minutes > 59:
        raise ValueError(f"zone {sign}{hours:02}{minutes:02} does not exist")
    offset = timedelta(hours=hours, minutes=minutes)
    return -offset if sign == "-" else offset
