"""A site's page as a reader gets it, taken apart by what people's styles rely on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import lxml.html


@dataclass(frozen=True)
class Box:
    """A source's box: its state as a word, what it says about it, its headlines in order and where they lead."""

    state: str
    words: str
    headlines: tuple[str, ...]
    links: tuple[str, ...] = ()


@dataclass(frozen=True)
class FrontPage:
    """`boxes` by the feed's id. A page that is not there (404, 503) has none."""

    status: int
    boxes: dict[str, Box] = field(default_factory=dict)

    @property
    def headlines(self) -> list[str]:
        return [headline for box in self.boxes.values() for headline in box.headlines]

    @property
    def printed_twice(self) -> list[str]:
        """Links that stand in one box more than once."""
        several = (Counter(box.links) for box in self.boxes.values())
        return [link for counted in several for link, count in counted.items() if count > 1]


def read_page(status: int, html: str) -> FrontPage:
    if status != 200:
        return FrontPage(status)
    boxes = lxml.html.fromstring(html).xpath("//section[@data-feed]")
    return FrontPage(status, {box.get("data-feed"): _box(box) for box in boxes})


def _box(box: lxml.html.HtmlElement) -> Box:
    headlines = box.xpath(".//*[contains(@class, 'headline')]")
    return Box(
        state=box.get("data-state"),
        words=" ".join(text.text_content() for text in box.xpath("./p[@class='state']")),
        headlines=tuple(found.text_content() for found in headlines),
        links=tuple(found.get("href") for found in headlines if found.get("href")),
    )
