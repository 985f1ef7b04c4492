"""Templates and what they may call. Autoescape is on for all of them, whatever their names."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, tzinfo
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Protocol

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from services.web.assets import Assets
from services.web.wishes import NONE, Wishes

TEMPLATES: Final = Path(__file__).parent / "templates"
LISTS_KEPT: Final = 2048
"""Lists of headlines whose HTML is kept, at some 4 KB each: two a box."""


class Dated(Protocol):
    """When a page is made, and the time zone of its clocks."""

    @property
    def at(self) -> datetime: ...

    @property
    def zone(self) -> tzinfo: ...


@dataclass(frozen=True, slots=True)
class _Day:
    at: datetime
    zone: tzinfo


class Templates:
    """Renders a template by name. Undefined names are errors: a page is never quietly half empty."""

    def __init__(self, assets: Assets, public_url: str = "") -> None:
        """`public_url`: where readers find the pages, for those that must name their own address."""
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.filters |= {
            "iso": iso,
            "clock": clock_text,
            "day": day_text,
            "calendar": calendar_text,
            "safe_link": safe_link,
            "sentence": sentence,
            "is_rtl": is_rtl,
        }
        self._environment.globals |= {
            "asset": assets.url,
            "public_url": public_url.rstrip("/"),
            "lines": self._lines_of,
        }
        self._kept = lru_cache(LISTS_KEPT)(self._lines)

    def render(self, name: str, /, **values: Any) -> bytes:
        return self._environment.get_template(name).render(**values).encode("utf-8", "replace")

    def _lines_of(self, some: tuple[Any, ...], page: Dated, wishes: Wishes) -> Markup:
        """A box's headlines: most are as they were on the page before, whatever else has changed there."""
        return self._kept(some, page.at.astimezone(page.zone).date(), page.zone, wishes.tab)

    def _lines(self, some: tuple[Any, ...], day: date, zone: tzinfo, tab: bool) -> Markup:
        page = _Day(datetime.combine(day, time(12), zone), zone)
        template = self._environment.get_template("lines.html")
        return Markup(template.render(some=some, page=page, wishes=replace(NONE, tab=tab)))  # noqa: S704 - it escapes


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def clock_text(moment: datetime, now: datetime, zone: tzinfo) -> str:
    """Absolute and short: the hour today (the page says which day that is), else the day, with its year if another."""
    local, today = moment.astimezone(zone), now.astimezone(zone)
    if local.date() == today.date():
        return f"{local:%H:%M}"
    return f"{local.day} {local:%b}" if local.year == today.year else f"{local.day} {local:%b %Y}"


def day_text(moment: datetime, zone: tzinfo) -> str:
    return calendar_text(moment.astimezone(zone).date())


def calendar_text(day: date) -> str:
    return f"{day:%A}, {day.day} {day:%B %Y}"


def safe_link(link: str | None) -> str | None:
    """Only web addresses become links, whatever a document says: the last gate before the page."""
    return link if link is not None and link.lower().startswith(("https://", "http://")) else None


def sentence(text: str) -> str:
    """The first letter large, the rest as it is."""
    return text[:1].upper() + text[1:]


def is_rtl(text: str) -> bool:
    """By the first letter that has a direction, as `dir=auto` does: here for the line around a title."""
    for character in text:
        direction = unicodedata.bidirectional(character)
        if direction in {"L", "R", "AL"}:
            return direction != "L"
    return False
