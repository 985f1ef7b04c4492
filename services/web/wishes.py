"""What a reader has set, kept in one readable cookie: no account, nothing on the node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import parse_qsl, urlencode

from services.web.addresses import own_feeds, readable

COOKIE: Final = "pressroom_settings"
COOKIE_CHARS_MAX: Final = 3_800
"""Browsers keep 4 KB a cookie."""

SCHEMES: Final = {"auto": "as the system", "light": "light", "dark": "dark"}
CONTRASTS: Final = {"auto": "as the system", "more": "high"}
SIZES: Final = {"s": "small", "m": "medium", "l": "large", "xl": "very large"}
UNITS: Final = {
    "auto": "as my language has it",
    "metric": "°C, m/s",
    "kmh": "°C, km/h",
    "british": "°C, mph",
    "imperial": "°F, mph",
}
CLOCKS: Final = {"auto": "as my language has it", "24": "15:00", "12": "3:00 pm"}
LINES_MAX: Final = 30
FEEDS_MAX: Final = 200
PLACE_CHARS_MAX: Final = 80


@dataclass(frozen=True, slots=True)
class Wishes:
    """The defaults are what anonymous readers get. `lines` 0: as many headlines a box as the site says. `own`: the
    addresses of feeds that the reader brought.
    """

    scheme: str = "auto"
    contrast: str = "auto"
    size: str = "m"
    units: str = "auto"
    clock: str = "auto"
    lines: int = 0
    tab: bool = False
    top: bool = True
    place: str = ""
    hidden: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    own: tuple[str, ...] = ()


NONE: Final = Wishes()


def read(text: str) -> Wishes:
    """From a cookie or from what a reader pasted. What makes no sense is left at its default; never raises."""
    try:
        fields = dict(parse_qsl(text[:COOKIE_CHARS_MAX], max_num_fields=20))
    except ValueError:
        return NONE
    return Wishes(
        scheme=_one_of(fields, "scheme", SCHEMES, NONE.scheme),
        contrast=_one_of(fields, "contrast", CONTRASTS, NONE.contrast),
        size=_one_of(fields, "size", SIZES, NONE.size),
        units=_one_of(fields, "units", UNITS, NONE.units),
        clock=_one_of(fields, "clock", CLOCKS, NONE.clock),
        lines=_lines(fields.get("lines", "")),
        tab=fields.get("tab") == "1",
        top=fields.get("top") != "0",
        place=" ".join(fields.get("place", "").split())[:PLACE_CHARS_MAX],
        hidden=tuple(sorted(set(_feeds(fields.get("hidden", ""))))),
        order=_feeds(fields.get("order", "")),
        own=readable(fields.get("own", "")),
    )


def written(wishes: Wishes) -> str:
    """Only what differs from the defaults; equal wishes give equal texts."""
    fields: dict[str, str] = {}
    for name in ("scheme", "contrast", "size", "units", "clock", "place"):
        if getattr(wishes, name) != getattr(NONE, name):
            fields[name] = getattr(wishes, name)
    if wishes.lines:
        fields["lines"] = str(wishes.lines)
    if wishes.tab:
        fields["tab"] = "1"
    if not wishes.top:
        fields["top"] = "0"
    if wishes.hidden:
        fields["hidden"] = " ".join(wishes.hidden)
    if wishes.order:
        fields["order"] = " ".join(wishes.order)
    if wishes.own:
        fields["own"] = " ".join(wishes.own)
    return urlencode(fields)


def from_form(form: Mapping[str, str], feeds: Sequence[str], before: Wishes) -> Wishes:
    """The settings page's form. It knows the boxes of one site only: what was set for others stays. Raises
    `BadAddress`.
    """
    plain = read(urlencode({name: value for name, value in form.items() if name in _PLAIN}))
    mine = set(feeds)
    hidden = {feed for feed in feeds if f"show.{feed}" not in form}
    positions = {feed: _position(form.get(f"place.{feed}", ""), number) for number, feed in enumerate(feeds)}
    ordered = sorted(feeds, key=lambda feed: positions[feed])
    order = [feed for feed in before.order if feed not in mine]
    if ordered != list(feeds):
        order += ordered
    return replace(
        plain,
        tab="tab" in form,
        top="top" in form,
        hidden=tuple(sorted(hidden | {feed for feed in before.hidden if feed not in mine})),
        order=tuple(order),
        own=own_feeds(form["own"].splitlines()) if "own" in form else before.own,
    )


_PLAIN: Final = frozenset({"scheme", "contrast", "size", "units", "clock", "lines", "place"})


def _one_of(fields: Mapping[str, str], name: str, known: Mapping[str, str], default: str) -> str:
    value = fields.get(name, default)
    return value if value in known else default


def _lines(text: str) -> int:
    return min(int(text), LINES_MAX) if text.isascii() and text.isdecimal() and len(text) < 4 else 0


def _position(text: str, default: int) -> float:
    """Typed numbers count from 1; a box moved to a taken place goes before the one that is there."""
    if text.isascii() and text.isdecimal() and len(text) < 5 and int(text) - 1 != default:
        wanted = int(text) - 1
        return wanted - 0.5 if wanted < default else wanted + 0.5
    return float(default)


def _feeds(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text.split()))[:FEEDS_MAX]
