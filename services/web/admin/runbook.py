"""The runbook, docs/operating.md, as a page of the desk: who is woken at night needs it where the alert is read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from markupsafe import Markup, escape

from pressroom.alerts.rules import ALERTS
from schemas.errors import REMEDIES

FILE: Final = Path(__file__).with_name("operating.md")
"""A link to docs/operating.md, so that a wheel has it too."""

_HEADING: Final = re.compile(r"(#{1,4}) +(.+)")
_CODE: Final = re.compile(r"`([^`]+)`")
_LINK: Final = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
_STRONG: Final = re.compile(r"\*\*(.+?)\*\*")
_ITEM: Final = re.compile(r"(-|\d+\.) +(.*)")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of the page. `anchor` is what links to it: as other readers of Markdown make it."""

    anchor: str
    title: str
    depth: int


@dataclass(frozen=True, slots=True)
class Book:
    sections: tuple[Section, ...]
    html: Markup

    def has(self, name: str) -> bool:
        return any(one.anchor == anchor(name) for one in self.sections)


@cache
def book() -> Book:
    """Read once; a newer one comes with a newer version."""
    return read(FILE.read_text(encoding="utf-8"))


def read(text: str) -> Book:
    """The Markdown that our own pages are written in: headings, paragraphs, lists, tables, code."""
    blocks = list(_blocks(text))
    found = (_HEADING.fullmatch(block) for block in blocks)
    sections = tuple(Section(anchor(one[2]), one[2].replace("`", ""), len(one[1])) for one in found if one)
    return Book(sections, Markup("\n").join(_block(block, place) for place, block in enumerate(blocks)))


def anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def known(name: str) -> str:
    """What the code itself says of an alert or an error kind, for a section that is not written."""
    for alert in ALERTS:
        if alert.name == name:
            return alert.text
    return next((f"{one.meaning} {one.action}" for kind, one in REMEDIES.items() if kind == name), "")


def _blocks(text: str) -> Iterator[str]:
    """Paragraphs, with code kept whole; a heading is one of its own."""
    held: list[str] = []
    fenced = False
    for line in [*text.splitlines(), ""]:
        fence = line.startswith("```")
        ends = (not line.strip() or line.startswith("#")) and not fenced
        if held and (ends or (fence and not fenced)):
            yield "\n".join(held)
            held = []
        if line.startswith("#") and not fenced:
            yield line
        elif not ends:
            held.append(line)
        fenced ^= fence


def _block(block: str, place: int) -> Markup:
    heading = _HEADING.fullmatch(block)
    if heading is not None:
        # The page has its own first heading.
        level = min(len(heading[1]) + 1, 5)
        return Markup('<h{0} id="{1}">{2}</h{0}>').format(level, anchor(heading[2]), inline(heading[2]))
    lines = block.splitlines()
    if block.startswith("```"):
        return Markup("<pre>{}</pre>").format("\n".join(lines[1:-1]))
    if all(line.startswith("|") for line in lines):
        return _table(lines, f"Table {place}")
    if _ITEM.match(lines[0]):
        return _list(lines)
    return Markup("<p>{}</p>").format(inline(" ".join(lines)))


def _list(lines: list[str]) -> Markup:
    items: list[str] = []
    for line in lines:
        item = _ITEM.match(line)
        if item is not None:
            items.append(item[2])
        else:
            items[-1] += f" {line.strip()}"
    kind = "ul" if lines[0].startswith("-") else "ol"
    inner = Markup("").join(Markup("<li>{}</li>").format(inline(item)) for item in items)
    return Markup("<{0}>{1}</{0}>").format(kind, inner)


def _table(lines: list[str], label: str) -> Markup:
    head, *rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if "---" not in line]
    top = Markup("").join(Markup('<th scope="col">{}</th>').format(inline(cell)) for cell in head)
    body = Markup("").join(
        Markup("<tr>{}</tr>").format(Markup("").join(Markup("<td>{}</td>").format(inline(cell)) for cell in row))
        for row in rows
    )
    # A table wider than a phone is moved sideways, by keyboard too.
    wide = Markup(
        '<div class="scroll" tabindex="0" role="region" aria-label="{}"><table>{}<tbody>{}</tbody></table></div>'
    )
    return wide.format(f"{label}: {head[0]}", Markup("<thead><tr>{}</tr></thead>").format(top), body)


def inline(text: str) -> Markup:
    """Code first, so that nothing within it is taken for a mark."""
    parts = _CODE.split(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else _marked(part) for place, part in enumerate(parts)
    )


def _marked(text: str) -> Markup:
    safe = str(escape(text))
    safe = _LINK.sub(_linked, safe)
    return Markup(_STRONG.sub(r"<strong>\1</strong>", safe))  # noqa: S704 - escaped above; the marks are ours


def _linked(found: re.Match[str]) -> str:
    """Links to other pages of docs/ lead nowhere here: their words stay."""
    return f'<a href="{found[2]}">{found[1]}</a>' if found[2].startswith("#") else found[1]
