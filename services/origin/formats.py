"""A paper's stories as RSS 2.0, Atom 1.0, RSS 1.0 or JSON Feed 1.1."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC
from email.utils import format_datetime
from html import escape

from services.origin.papers import Format, Paper, Story


def _link(base: str, story: Story) -> str:
    return f"{base}/story/{story.number}"


def rss(paper: Paper, stories: Sequence[Story], base: str) -> str:
    title = paper.title if paper.manner == "bare_ampersand" else escape(paper.title)
    items = "".join(
        f"<item><title>{escape(one.title)}</title><link>{_link(base, one)}</link>"
        f'<guid isPermaLink="false">{paper.name}-{one.number}</guid>'
        f"<pubDate>{format_datetime(one.at.astimezone(UTC), usegmt=True)}</pubDate>"
        f"<description>{escape('<p>' + escape(one.teaser) + '</p>')}</description></item>\n"
        for one in stories
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0"><channel>'
        f"<title>{title}</title><link>{base}/{paper.name}/</link><description>{title}: a sample paper</description>\n"
        f"{items}</channel></rss>\n"
    )


def atom(paper: Paper, stories: Sequence[Story], base: str) -> str:
    entries = "".join(
        f"<entry><title>{escape(one.title)}</title><id>tag:pressroom.example,2026:{paper.name}/{one.number}</id>"
        f'<link href="{_link(base, one)}"/><updated>{one.at.isoformat()}</updated>'
        f'<summary type="html">{escape("<p>" + escape(one.teaser) + "</p>")}</summary></entry>\n'
        for one in stories
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">'
        f"<title>{escape(paper.title)}</title><id>tag:pressroom.example,2026:{paper.name}</id>"
        f'<link href="{base}/{paper.name}/"/><updated>{stories[0].at.isoformat()}</updated>\n{entries}</feed>\n'
    )


def rdf(paper: Paper, stories: Sequence[Story], base: str) -> str:
    items = "".join(
        f'<item rdf:about="{_link(base, one)}"><title>{escape(one.title)}</title><link>{_link(base, one)}</link>'
        f"<description>{escape(one.teaser)}</description><dc:date>{one.at.isoformat()}</dc:date></item>\n"
        for one in stories
    )
    listed = "".join(f'<rdf:li rdf:resource="{_link(base, one)}"/>' for one in stories)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="{base}/{paper.name}/">'
        f"<title>{escape(paper.title)}</title><link>{base}/{paper.name}/</link>"
        f"<description>A sample paper</description><items><rdf:Seq>{listed}</rdf:Seq></items></channel>\n"
        f"{items}</rdf:RDF>\n"
    )


def json_feed(paper: Paper, stories: Sequence[Story], base: str) -> str:
    items = [
        {
            "id": f"{paper.name}-{one.number}",
            "url": _link(base, one),
            "title": one.title,
            "content_html": f"<p>{escape(one.teaser)}</p>",
            "date_published": one.at.isoformat(),
        }
        for one in stories
    ]
    head = {"version": "https://jsonfeed.org/version/1.1", "title": paper.title}
    return json.dumps({**head, "home_page_url": f"{base}/{paper.name}/", "items": items}, ensure_ascii=False)


WRITERS: dict[Format, tuple[str, Callable[[Paper, Sequence[Story], str], str]]] = {
    "rss": ("application/rss+xml", rss),
    "atom": ("application/atom+xml", atom),
    "rdf": ("application/rdf+xml", rdf),
    "json": ("application/feed+json", json_feed),
}
