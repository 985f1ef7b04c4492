"""Hostile feeds, parsed and cleaned as the fetcher does, opened in a real Chromium: no script runs, nobody else is
asked for anything, nothing leaves its box.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import product

import pytest
from playwright.sync_api import Browser, Page, Request

from schemas import keys
from schemas.records import Entry, Source
from services.fetcher.parse import parse
from tests.browser.conftest import SIZES, Press, eventually

pytestmark = pytest.mark.browser

RUN = "window.ran()"
PAYLOADS = [
    f"<script>{RUN}</script>",
    f"<ScRiPt >{RUN}</sCrIpT>",
    f"<scr<script>ipt>{RUN}</scr</script>ipt>",
    f"<img src=x onerror={RUN}>",
    f"<img src=https://evil.example/pixel.gif onerror={RUN}>",
    f"<svg onload={RUN}>",
    f"<svg><script>{RUN}</script></svg>",
    f"<svg><animate onbegin={RUN} attributeName=x dur=1s>",
    f"<math><mtext><table><mglyph><style><img src=x onerror={RUN}></style></mglyph></table></mtext></math>",
    f"<iframe srcdoc='<script>parent.{RUN}</script>'></iframe>",
    "<iframe src=https://evil.example/></iframe>",
    f"<body onload={RUN}>",
    f"<details open ontoggle={RUN}>x</details>",
    f"<input autofocus onfocus={RUN}>",
    f"<video><source onerror={RUN}></video>",
    f"<a href='javascript:{RUN}'>x</a>",
    f"<a href='java&#115;cript:{RUN}'>x</a>",
    f"<a href='&#x0A;javascript:{RUN}'>x</a>",
    f"<a href='data:text/html,<script>{RUN}</script>'>x</a>",
    f"<form action=javascript:{RUN}><button autofocus>x</button></form>",
    f"<object data='javascript:{RUN}'></object>",
    "<embed src=https://evil.example/x.swf>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<style>@import url(https://evil.example/x.css); body { display: none }</style>",
    "<div style='position:fixed;inset:0;background:red;z-index:9999'>covered</div>",
    "<base href=https://evil.example/>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
    f'"><script>{RUN}</script>',
    f"'><script>{RUN}</script>",
    f'" onmouseover="{RUN}',
    f"' autofocus onfocus='{RUN}",
    f"</title><script>{RUN}</script>",
    f"</a></li></ol></section></main><script>{RUN}</script>",
    f"--><script>{RUN}</script>",
    f"]]><script>{RUN}</script>",
    f"{{{{ {RUN} }}}}{{% for x in () %}}",
    f"${{{RUN}}}",
    f"\u2028{RUN}\u2029",
    "\u202e\u202dreversed\u202c" * 20,
    "\u0300" * 300,
    "W" * 3000,
    "㍿" * 900,
    "\u200b" * 900,
    "🏴‍☠️" * 200,
    "<xmp><script>x</script>",
    f"<noscript><p title='</noscript><img src=x onerror={RUN}>'>",
    f"<template><script>{RUN}</script></template>",
    f"<x contenteditable onblur={RUN}>",
    f"<textarea></textarea><script>{RUN}</script>",
    f"<marquee onstart={RUN}>x</marquee>",
    "<p id=news class=headline data-feed=x>clobbered</p><img name=documentElement><form id=body>",
    f"%3Cscript%3E{RUN}%3C/script%3E",
]
ITEMS = {
    "title": "<item><guid>{n}</guid><title>{text}</title><link>https://a.example/{n}</link></item>",
    "body": "<item><guid>{n}</guid><title>Body {n}</title><link>https://a.example/{n}</link>"
    "<description>{text}</description></item>",
    "link": "<item><guid>{n}</guid><title>Link {n}</title><link>{text}</link></item>",
    "name": "<item><guid>{text}</guid><title>Name {n}</title><author>{text}</author><category>{text}</category></item>",
    "scheme": "<item><guid>{n}</guid><title>Scheme {n}</title><link>javascript:{text}</link></item>",
}
TITLES_OF_FEEDS = PAYLOADS[:12]
NEVER = {"script", "style", "iframe", "object", "embed", "svg", "math", "img", "base", "link", "meta"}


def hostile_entries() -> list[Entry]:
    """Every payload in every place, through the parser; at least 200 of them come out as entries."""
    items = [
        ITEMS[place].format(n=number, text=escape(text).replace("\u2028", "&#x2028;"))
        for number, (place, text) in enumerate(product(ITEMS, PAYLOADS))
    ]
    body = f"<rss version='2.0'><channel><title>Hostile</title>{''.join(items)}</channel></rss>"
    parsed = parse(body.encode(), content_type="application/rss+xml", url="https://a.example/feed")
    return list(parsed.entries)


def publish(press: Press, entries: list[Entry]) -> int:
    """The entries as heads of the site's feeds, hostile names and home pages included; returns how many."""
    status = press.node.copies.get(keys.site_status("linux"))
    assert status is not None
    rows = []
    for number, row in enumerate(status.value.feeds[: len(TITLES_OF_FEEDS)]):  # type: ignore[attr-defined]
        name = TITLES_OF_FEEDS[number]
        changes = {"title": name, "home": f"javascript:{RUN}", "items_max": 100, "trouble": None, "failing_since": None}
        rows.append(row.model_copy(update=changes))
    sized = status.value.model_copy(update={"title": PAYLOADS[0], "description": PAYLOADS[27], "feeds": tuple(rows)})
    press.room.store.put(keys.site_status("linux"), sized)
    press.node.copies.refresh(keys.site_status("linux"))
    kept = 0
    for number, row in enumerate(rows):
        mine = entries[number :: len(rows)]
        head = press.node.copies.whole(keys.head("kernel-notes"))
        assert head is not None
        source = Source(title=row.title, home=row.home, language='"><b')
        document = head.document.model_copy(update={"entries": tuple(mine), "source": source})  # type: ignore[attr-defined]
        press.room.store.put(keys.head(row.feed), head.model_copy(update={"feed": row.feed, "document": document}))
        press.node.copies.refresh(keys.head(row.feed))
        kept += len(mine)
    press.node.renderer.mark(["linux"])
    eventually(lambda: "clobbered" in press.text("/s/linux") or "Scheme" in press.text("/s/linux"))
    return kept


@pytest.fixture
def watched(browser: Browser, press: Press) -> Iterator[Page]:
    context = browser.new_context(viewport=SIZES["pocket"], base_url=press.address, bypass_csp=True)
    page = context.new_page()
    page.add_init_script("window.runs = 0; window.ran = () => { window.runs += 1 }; window.alert = window.ran;")
    yield page
    context.close()


@pytest.mark.parametrize("path", ["/s/linux", "/s/linux/all", "/s/linux/search?q=body", "/s/linux/settings"])
def test_hostile_feeds_run_nothing_ask_nobody_and_stay_in_their_boxes(press: Press, watched: Page, path: str) -> None:
    """The policy that would stop scripts is off here: the page itself must be harmless."""
    assert publish(press, hostile_entries()) >= 200
    press.node.indexer.index_due()
    asked: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith(press.address):
            asked.append(request.url)

    watched.on("request", note)
    watched.goto(path)
    watched.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    watched.mouse.move(200, 400)
    watched.keyboard.press("Tab")
    watched.wait_for_timeout(200)
    assert watched.url == press.address + path
    assert watched.evaluate("window.runs") == 0
    assert asked == []
    links = watched.locator("main a").evaluate_all("links => links.map(link => link.protocol)")
    assert set(links) <= {"http:", "https:"}
    assert watched.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is wider than the window"
    names = watched.locator("main *").evaluate_all("all => [...new Set(all.map(one => one.localName))]")
    assert not set(names) & NEVER
