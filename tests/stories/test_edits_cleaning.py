"""What people may write into a page: the stated list, and nothing that runs, reaches out or breaks out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pressroom.parts import ATTRIBUTES, DROPPED_LINES_MAX, DROPPED_WHOLE, SCHEMES, TAGS, clean_part, dropped

OPERATING = Path(__file__).parents[2] / "docs" / "operating.md"

HOSTILE = [
    "<script>alert(1)</script>",
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "<img src=x onerror=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href="java\nscript:alert(1)">x</a>',
    '<a href="&#106;avascript:alert(1)">x</a>',
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    '<a href="vbscript:x">x</a>',
    '<iframe src="https://evil.example/"></iframe>',
    '<object data="x"></object><embed src="x">',
    '<form action="https://evil.example/"><input name=q><button>go</button></form>',
    "<style>body{display:none}</style>",
    '<p style="position:fixed;inset:0">x</p>',
    '<p class="top" id="news" data-feed="x">x</p>',
    '<base href="https://evil.example/"><meta http-equiv="refresh" content="0;url=https://evil.example/">',
    '<link rel="stylesheet" href="https://evil.example/x.css">',
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>',
    '<video src="https://evil.example/v.mp4" onerror=alert(1)></video>',
    "<details ontoggle=alert(1) open>x</details>",
    "<!--><img src=x onerror=alert(1)>-->",
    "</div></main></body><h1>taken over</h1>",
    '<img src="//evil.example/x.png"><img src="/\\evil.example/x.png"><img src="https://evil.example/x.png">',
    '<img srcset="https://evil.example/x.png 1x">',
    '<a href="//evil.example/" ping="https://evil.example/">x</a>',
]


@pytest.mark.parametrize("html", HOSTILE)
def test_nothing_is_left_that_runs_reaches_out_or_looks_like_the_page(html: str) -> None:
    clean = clean_part(html)
    for banned in ("script", "evil.example", "onerror", "onload", "ontoggle", "style", "class=", "id=", "data-", "<h1"):
        assert banned not in clean
    assert set(re.findall(r"</?([a-z0-9]+)", clean)) <= TAGS
    assert clean_part(clean) == clean


@pytest.mark.parametrize(
    "html",
    [
        '<h2>Head</h2><p dir="rtl" lang="ar">A <em>b</em> <code>c &lt; d</code><br>e</p>',
        '<ul><li value="3">a</li></ul><ol start="2"><li>b</li></ol>',
        '<table><tbody><tr><th colspan="2" scope="col">x</th></tr></tbody></table>',
        '<figure><img src="/static/map.png" alt="A &amp; B" width="600"><figcaption>c</figcaption></figure>',
        '<a href="/s/linux/about" rel="noopener noreferrer">here</a>',
        '<a href="https://paper.example/?a=1&amp;b=2" rel="noopener noreferrer">there</a>',
        '<a href="mailto:desk@paper.example" rel="noopener noreferrer">write</a>',
        "<details><summary>More</summary>text</details>",
    ],
)
def test_what_the_list_names_stays_as_it_was_written(html: str) -> None:
    assert clean_part(html) == html
    assert dropped(html, clean_part(html)) == ()


def test_images_come_from_the_newsroom_itself_and_from_its_own_assets_only() -> None:
    html = '<img src="https://cdn.example/press/a.png"><img src="https://cdn.example/pressed/b.png">'
    assert clean_part(html) == ""
    assert clean_part(html, "https://cdn.example/press/") == '<img src="https://cdn.example/press/a.png">'
    assert clean_part(html, "https://cdn.example/press") == '<img src="https://cdn.example/press/a.png">'


def test_unknown_elements_go_and_their_text_stays() -> None:
    assert clean_part("<article><font color=red>a</font> <blink>b</blink></article>") == "a b"


def test_the_list_has_no_element_that_is_also_dropped_whole_and_no_attribute_that_runs() -> None:
    assert not TAGS & DROPPED_WHOLE
    assert ATTRIBUTES.keys() - {"*"} <= TAGS
    names = {name for some in ATTRIBUTES.values() for name in some}
    assert not any(name.startswith("on") for name in names)
    assert not names & {"style", "srcdoc", "srcset", "class", "id", "name", "target"}


def test_what_was_left_out_is_counted_by_kind_and_has_an_end() -> None:
    html = "<script>1</script><p style=a>x</p><script>2</script><!-- c -->"
    assert dropped(html, clean_part(html)) == ("2 × <script>", "1 × style of <p>", "1 × comment")
    many = "".join(f"<x{number}>" for number in range(DROPPED_LINES_MAX + 7))
    assert dropped(many, clean_part(many))[-1] == "7 other kinds"


def test_the_operators_page_prints_the_list_as_it_is() -> None:
    text = OPERATING.read_text(encoding="utf-8")
    section = text[text.index("## The pages' own parts") :]
    section = section[: section.index("\n## ", 5) if "\n## " in section[5:] else None]
    words = set(re.findall(r"`([^`]+)`", section))
    assert words >= TAGS
    assert words >= {name for some in ATTRIBUTES.values() for name in some}
    assert words >= SCHEMES
    assert words >= DROPPED_WHOLE
