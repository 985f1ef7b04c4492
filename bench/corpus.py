"""Feeds to measure with: 30 entries with about 2 KB of HTML each, three times RSS 2.0 to once Atom, always the same.

A version is the whole corpus at one moment; the next one brings each feed five new entries and drops its five oldest.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from html import escape
from typing import Final

ENTRIES: Final = 30
NEW_ENTRIES: Final = 5
_BEGIN: Final = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
_WORDS: Final = (
    "harbour council bridge museum river budget orchestra ferry school season market winter station election garden"
    " theatre engine factory valley record island summer director company witness weather captain library railway"
    " painter century village festival morning journey cathedral minister laboratory mountain telescope newspaper"
).split()
_SAID: Final = ("Opening hours & prices", "“More than we hoped for”", "What it costs – and whom", "Über Nacht", "Q&A")


@dataclass(frozen=True, slots=True)
class Item:
    """One entry as its author wrote it."""

    link: str
    title: str
    teaser: str
    html: str
    at: datetime


def feed(number: int, version: int) -> bytes:
    """Feed `number` of the corpus in its state `version`."""
    items = [_item(number, count) for count in _counts(version)]
    return (_atom if number % 4 == 2 else _rss)(number, items).encode()


def _counts(version: int) -> Iterator[int]:
    """The newest entry first."""
    newest = ENTRIES + NEW_ENTRIES * version
    return iter(range(newest, newest - ENTRIES, -1))


@cache
def _sentences() -> tuple[str, ...]:
    rng = random.Random(7)
    return tuple(" ".join(rng.choices(_WORDS, k=rng.randint(8, 13))).capitalize() + "." for _ in range(1500))


def _item(number: int, count: int) -> Item:
    rng = random.Random(number * 1_000_003 + count)
    link = f"https://paper-{number}.example/stories/{count}"
    title = f"{rng.choice(_SAID)}: {' '.join(rng.choices(_WORDS, k=5))}"
    return Item(link, title, rng.choice(_sentences()), _html(rng, link), _BEGIN + timedelta(minutes=41 * count))


def _html(rng: random.Random, link: str) -> str:
    paragraphs = [
        f"<p>{' '.join(rng.choices(_sentences(), k=3))} "
        f'<a href="{link}/more?page={part}&amp;from=feed" class="more">{rng.choice(_WORDS)}</a></p>'
        for part in range(4)
    ]
    picture = f'<img src="{link}.jpg" alt="{rng.choice(_WORDS)}" width="640">'
    figure = f"<figure>{picture}<figcaption>{_caption(rng)}</figcaption>"
    points = "".join(f"<li><em>{rng.choice(_WORDS)}</em> {rng.choice(_sentences())}</li>" for _ in range(3))
    return f"{figure}</figure>{''.join(paragraphs)}<ul>{points}</ul>"


def _caption(rng: random.Random) -> str:
    return " ".join(rng.choices(_WORDS, k=4)).title()


def _rss(number: int, items: list[Item]) -> str:
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"'
        ' xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">\n'
        f"<channel><title>Paper {number}</title><link>https://paper-{number}.example/</link>"
        f"<description>News of place {number}</description><language>en</language>"
    ]
    parts += [
        f'<item><title>{escape(item.title)}</title><link>{item.link}</link><guid isPermaLink="true">{item.link}</guid>'
        f"<pubDate>{item.at:%a, %d %b %Y %H:%M:%S} GMT</pubDate><dc:creator>Desk {number}</dc:creator>"
        f"<description>{escape(item.teaser)}</description>"
        f"<content:encoded><![CDATA[{item.html}]]></content:encoded></item>"
        for item in items
    ]
    return "\n".join([*parts, "</channel></rss>"])


def _atom(number: int, items: list[Item]) -> str:
    parts = [
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">'
        f"<title>Paper {number}</title><id>https://paper-{number}.example/</id>"
        f'<updated>{items[0].at.isoformat()}</updated><link href="https://paper-{number}.example/"/>'
    ]
    parts += [
        f'<entry><title>{escape(item.title)}</title><id>{item.link}</id><link href="{item.link}"/>'
        f"<updated>{item.at.isoformat()}</updated><author><name>Desk {number}</name></author>"
        f'<content type="html">{escape(item.html)}</content></entry>'
        for item in items
    ]
    return "\n".join([*parts, "</feed>"])
