"""Documents that are attacks: nothing of them reaches a page, a file, the network or the limits of the machine."""

# ruff: noqa: E501  # documents, kept in one piece

from __future__ import annotations

import json
import re
from html import unescape

import pytest

from schemas.errors import ErrorKind
from services.fetcher.parse import ParseError, normal_form
from tests.fakes.feeds import atom, entry, read, rss

SAFE_ADDRESS = re.compile(r"(?:https?:|mailto:|[^:]*$)", re.IGNORECASE)


def is_safe(html: str) -> bool:
    """No script element, no on* attribute, no srcdoc, no style, and only web addresses once decoded."""
    if re.search(
        r"<(?:script|style|iframe|svg|math|object|embed|form|base|meta|link)\b|\s(?:on\w+|srcdoc|style|srcset)\s*=",
        html,
        re.I,
    ):
        return False
    addresses = re.findall(r'\s(?:href|src)="([^"]*)"', html)
    return all(SAFE_ADDRESS.match(re.sub(r"[\x00-\x20]", "", unescape(one))) for one in addresses)


def refused(document: str) -> ErrorKind:
    with pytest.raises(ParseError) as caught:
        read(document)
    return caught.value.kind


@pytest.mark.parametrize(
    "entity",
    [
        '<!ENTITY leak SYSTEM "file:///etc/hostname">',
        "<!ENTITY leak SYSTEM 'http://169.254.169.254/latest'>",
        '<!ENTITY leak PUBLIC "x" "file:///etc/hostname">',
        "<!ENTITY % p \"<!ENTITY leak SYSTEM 'file:///etc/hostname'>\"> %p;",
        '<!entity leak system "file:///etc/hostname">',
    ],
)
def test_an_entity_from_outside_is_refused(entity: str) -> None:
    document = rss("<title>[&leak;]</title>", declaration=f'<?xml version="1.0"?><!DOCTYPE rss [{entity}]>')
    assert refused(document) is ErrorKind.UNSAFE_XML


def bomb(levels: int, times: int) -> str:
    inner = "".join(f'<!ENTITY b{n} "{f"&b{n - 1};" * times}">' for n in range(1, levels))
    return f'<!DOCTYPE rss [<!ENTITY b0 "boom">{inner}]>'


def test_entities_made_of_entities_are_refused() -> None:
    assert refused(rss("<title>&b8;</title>", declaration=bomb(9, 10))) is ErrorKind.UNSAFE_XML


def test_one_long_entity_used_often_is_refused() -> None:
    declaration = f'<!DOCTYPE rss [<!ENTITY a "{"x" * 900}">]>'
    assert refused(rss(f"<title>{'&a;' * 10_000}</title>", declaration=declaration)) is ErrorKind.UNSAFE_XML


def test_an_entity_that_names_itself_by_a_trick_is_text() -> None:
    declaration = '<!DOCTYPE rss [<!ENTITY a "&#38;a;">]>'
    assert entry(rss("<title>&a;</title>", declaration=declaration)).title == "&a;"


HTML = (
    "<p onclick='x()'>Hi</p>", "<script>alert(1)</script>", "<scr<script>ipt>alert(1)</script>", "<img src=x onerror=alert(1)>",
    "<a href='javascript:alert(1)'>go</a>", "<a href=' &#1; java\nscript:alert(1)'>go</a>", "<a href='&#106;avascript&colon;alert(1)'>go</a>",
    "<a href='JaVaScRiPt:alert(1)'>go</a>", "<a href='vbscript:x'>go</a>", "<a href='data:text/html,<script>x</script>'>go</a>",
    "<img src='data:image/svg+xml,<svg onload=x>'>", "<iframe srcdoc='<script>x</script>'></iframe>", "<iframe src='http://x.example'></iframe>",
    "<svg onload=x><script>y</script></svg>", "<svg><a xlink:href='javascript:x'><text>t</text></a></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=y>", "<style>@import 'http://x.example'</style>", "<p style='position:fixed'>x</p>",
    "<form action='javascript:x'><input onfocus=x autofocus></form>", "<object data='javascript:x'></object>", "<embed src='javascript:x'>",
    "<base href='http://evil.example/'>", "<meta http-equiv=refresh content='0;url=javascript:x'>", "<link rel=stylesheet href='javascript:x'>",
    "<video><source onerror='x' src='javascript:x'></video>", "<audio src=x onerror=y></audio>", "<details open ontoggle=x>y</details>",
    "<a href='http://ok.example' onmouseover='x'>a</a>", "<img srcset='javascript:x' src='http://ok.example/i'>", "<body onload=x>",
    "<noscript><p title='</noscript><img src=x onerror=y>'>", "<textarea><img title='</textarea><img src=x onerror=y>'></textarea>",
    "<template><img src=x onerror=y></template>", "<xmp><img src=x onerror=y></xmp>", "<a href='//x.example/\"onclick=y'>a</a>",
    "<img alt='`' src='`onerror=y'>", "<!--><img src=x onerror=y>-->", "<![CDATA[<img src=x onerror=y>]]>", "<p/onclick=x>y", "<a href=x:y>z</a>",
)  # fmt: skip


@pytest.mark.parametrize("html", HTML)
def test_no_script_of_any_kind_reaches_the_content(html: str) -> None:
    escaped = html.replace("&", "&amp;").replace("<", "&lt;")
    for document in (
        rss(f"<title>T</title><description>before {escaped} after</description>"),
        rss(f"<title>T</title><content:encoded><![CDATA[before {html.replace(']]>', '')} after]]></content:encoded>"),
        atom(f'<id>1</id><title>T</title><content type="html">before {escaped} after</content>'),
    ):
        content = entry(document).content_html
        assert content is None or is_safe(content), content


@pytest.mark.parametrize("html", HTML)
def test_no_script_of_any_kind_reaches_the_plain_fields(html: str) -> None:
    escaped = html.replace("&", "&amp;").replace("<", "&lt;")
    found = entry(
        atom(
            f'<id>1</id><title type="html">a {escaped} b</title><summary type="html">a {escaped} b</summary>'
            f"<author><name>{escaped}</name></author><category term='c'/><link href='http://p.example/1'/>"
        )
    )
    for text in (found.title, found.summary, *found.authors):
        assert re.search(r"<[A-Za-z/!]", text or "") is None


def test_addresses_that_are_no_web_addresses_are_left_out_everywhere() -> None:
    bad = "javascript:alert(1)"
    found = entry(
        rss(
            f"<title>T</title><link>{bad}</link><guid>{bad}</guid><enclosure url='{bad}' type='image/png'/>"
            f"<media:thumbnail url='{bad}'/><media:content url='{bad}' medium='image'/><itunes:image href='data:x'/>"
            f"<image><url>{bad}</url></image><feedburner:origLink>{bad}</feedburner:origLink>",
            channel=f"<title>P</title><link>{bad}</link>",
        )
    )
    assert (found.link, found.link_clean, found.enclosures, found.image) == (None, None, (), None)


def test_every_field_is_bounded() -> None:
    long = "word " * 2000
    item = (
        f"<title>{long}</title><guid>{long}</guid><description>{long}</description><content:encoded>{'&amp;' * 60_000}</content:encoded>"
        + f"<category>{long}</category>" * 300
        + f"<author>{long}</author>" * 300
        + "".join(f"<enclosure url='/{n}' length='{'9' * 40}' type='{long}'/>" for n in range(100))
    )
    found = entry(rss(item))
    assert found.title is not None
    assert len(found.title) <= 1000
    assert len(found.id) <= 2000
    assert len(found.summary or "") <= 2000
    assert len(found.content_html or "") <= 65_536
    assert all(len(one) <= 200 for one in (*found.categories, *found.authors))
    assert (len(found.categories) <= 50, len(found.authors) <= 20, len(found.enclosures) <= 20) == (True, True, True)


def test_no_more_entries_than_the_limit_are_kept() -> None:
    assert len(read(rss(*(f"<title>{n}</title>" for n in range(500)))).entries) == 200


def test_deep_nesting_costs_its_entry_only() -> None:
    deep = "<x>" * 5000
    for closing in ("</x>" * 5000, ""):
        found = read(rss(f"<title>Deep</title>{deep}{closing}", "<title>Next</title>"))
        assert [one.title for one in found.entries] == ["Deep", "Next"]
    nested = "&lt;div&gt;" * 5000
    assert entry(rss(f"<title>T</title><description>{nested}text</description>")).summary == "text"


def test_the_normal_form_can_always_be_written() -> None:
    found = read(rss("<title>&#xD800;a\x00</title><guid>&#55357;</guid><description>&#xDFFF;</description>"))
    form = normal_form(found)
    assert json.loads(json.dumps(form, ensure_ascii=False).encode()) == form
