"""What `/crawler` tells publishers: who asks, how often, and how to have it otherwise. From the settings, so that the
page promises what is done.
"""

from __future__ import annotations

import re
from typing import Any, Final

from pressroom.introduction import introduction
from pressroom.settings import Settings
from pressroom.wiring import VERSION
from services.web.rendering import safe_link

_MAIL: Final = re.compile(r"(?:mailto:)?([^@\s:/<>]+@[^@\s:/<>]+\.[^@\s:/<>]+)")


def facts(settings: Settings) -> dict[str, Any]:
    """The values of crawler.html."""
    return {
        "agent": f"Pressroom/{VERSION} ({introduction(settings)}; 60 feeds)",
        "contact": settings.contact,
        "contact_link": contact_link(settings.contact),
        "interval_min": duration(settings.interval_min_s),
        "interval_max": duration(settings.interval_max_s),
        "spacing": duration(settings.fetch_host_spacing_s),
        "limit_s": duration(settings.fetch_total_s),
        "limit_bytes": f"{settings.fetch_wire_bytes_max / 1e6:.0f} MB",
        "asks_robots": settings.fetch_robots,
        "asks_pages": settings.fetch_page_images,
        "asks_gone_again": settings.remove_gone,
        "reader_feeds": settings.reader_feeds_max > 0,
    }


def contact_link(contact: str) -> str | None:
    """Where a click on the contact leads: a mail, a page, or nowhere."""
    mail = _MAIL.fullmatch(contact)
    return f"mailto:{mail[1]}" if mail else safe_link(contact)


def duration(seconds: float) -> str:
    """For people: 900 → "15 minutes"."""
    for size, name in ((3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size:
            count = round(seconds / size)
            return f"{count} {name}{'s' if count != 1 else ''}"
    return "a moment"
