"""Sources whose next edition a test decides."""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import format_datetime
from html import escape

from pressroom.clock import SystemClock
from schemas import keys
from tests.fakes.faultserver import Answer, FaultServer, conditional

RSS = {"Content-Type": "application/rss+xml"}


def rss(title: str, headlines: Sequence[str], home: str = "http://paper.example/") -> bytes:
    """A feed with these headlines, newest first. The same headline is the same entry in every edition."""
    now = format_datetime(SystemClock().now().replace(minute=0, second=0, microsecond=0), usegmt=True)
    items = "".join(
        f"<item><title>{escape(headline)}</title><guid>{home}{keys.short_hash(headline)}</guid>"
        f"<link>{home}{keys.short_hash(headline)}</link><pubDate>{now}</pubDate></item>"
        for headline in headlines
    )
    return (
        f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>{escape(title)}</title>'
        f"<link>{home}</link><description>news</description>{items}</channel></rss>"
    ).encode()


class Paper:
    """One feed on the fault server. Every edition has an ETag of its own and answers 304 to whoever has it."""

    def __init__(self, origin: FaultServer, name: str, address: str | None = None) -> None:
        self.name = name
        self.title = name.replace("-", " ").title()
        self.path = f"/{name}.xml"
        self.url = origin.url(self.path, address)
        self.feed = keys.feed_id(self.url)
        self._origin = origin
        self.prints()

    def prints(self, *headlines: str) -> None:
        body = rss(self.title, headlines, f"http://{self.name}.example/")
        self._origin.script(self.path, conditional(body, f'"{keys.short_hash(body.decode())}"', RSS))

    def answers(self, *answers: Answer) -> None:
        """In this order; the last one for good, until the next edition is printed."""
        self._origin.script(self.path, *answers)

    @property
    def fetches(self) -> int:
        return len(self._origin.asked(self.path))
