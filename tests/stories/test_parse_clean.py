"""Cleaning: what may stand stays as it was, all else goes, and no markup costs more than it is long."""

from __future__ import annotations

import threading
import time

import pytest

from pressroom.nesting import is_too_deep
from services.fetcher.clean import ATTRIBUTES, DROPPED_WHOLE, TAGS, clean_html, text_of_clean, text_of_html

BASE = "http://paper.example/2024/story"


@pytest.mark.parametrize(
    "html",
    [
        '<h2>Head</h2><p dir="rtl">A <em>b</em> <code>c &lt; d</code><br>e</p>',
        '<ul><li value="3">a</li></ul><ol start="2"><li>b</li></ol>',
        '<table><tbody><tr><th colspan="2">x</th></tr></tbody></table>',
        '<figure><img src="http://p.example/i.jpg" alt="A &amp; B" width="600"><figcaption>c</figcaption></figure>',
        "<blockquote>q</blockquote><pre>  two\n  lines</pre>",
        '<video src="https://p.example/v.mp4" controls=""></video>',
    ],
)
def test_what_the_list_names_stays_as_it_was(html: str) -> None:
    assert clean_html(html, BASE) == html


def test_unknown_elements_go_and_their_text_stays() -> None:
    assert clean_html("<article><font color=red>a</font> <blink>b</blink></article>", BASE) == "a b"


def test_the_list_has_no_element_that_is_also_dropped_whole() -> None:
    assert not TAGS & DROPPED_WHOLE
    assert ATTRIBUTES.keys() <= TAGS
    assert not any(
        name.startswith("on") or name in {"style", "srcdoc", "srcset"}
        for names in ATTRIBUTES.values()
        for name in names
    )


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("i.png", "http://paper.example/2024/i.png"),
        ("/i.png", "http://paper.example/i.png"),
        ("//cdn.example/i.png", "http://cdn.example/i.png"),
        ("#note", "http://paper.example/2024/story#note"),
        ("?a=1&amp;b=2", "http://paper.example/2024/story?a=1&amp;b=2"),
        ("http://x.example/", "http://x.example/"),
        ("mailto:a@x.example", "mailto:a@x.example"),
    ],
)
def test_addresses_become_absolute(address: str, expected: str) -> None:
    assert clean_html(f'<a href="{address}">x</a>', BASE) == f'<a href="{expected}" rel="noopener noreferrer">x</a>'


def test_a_relative_address_without_a_base_goes() -> None:
    assert clean_html('<a href="/x">x</a><img src="y">', None) == '<a rel="noopener noreferrer">x</a>'


def test_each_thread_has_its_own_base() -> None:
    found: dict[int, set[str]] = {0: set(), 1: set()}

    def work(number: int) -> None:
        for _ in range(300):
            found[number].add(clean_html('<img src="i">', f"http://host{number}.example/"))

    threads = [threading.Thread(target=work, args=(number,)) for number in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: {f'<img src="http://host{number}.example/i">'} for number in found}


def test_pixels_that_count_readers_go() -> None:
    html = '<p>a<img src="http://t.example/p.gif" width="1" height="1"><img height="0" src="http://t.example/q"></p>'
    assert clean_html(html, BASE) == "<p>a</p>"
    kept = '<img src="http://p.example/i.png" alt=\'width="1"\' width="100">'
    assert "<img" in clean_html(kept, BASE)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two</p>", "One Two"),
        ("in<b>li</b>ne<br>next", "inline next"),
        ("a &lt; b &amp; c&nbsp;d", "a < b & c d"),
        ("<script>x</script><style>y</style>z", "z"),
        ("<a title='a > b'>t</a>", "t"),
        ("<td>1</td><td>2</td>", "12"),
        ("plain\n words", "plain words"),
        ("&#55357;&#56842;", "😊"),
    ],
)
def test_the_text_of_html_is_what_a_reader_sees(html: str, text: str) -> None:
    assert text_of_html(html) == text
    assert text_of_clean(clean_html(html, BASE)) == text


HOSTILE = {
    "distinct formatting": "".join(f"<b id={n}><p>" for n in range(5000)),
    "formatting, then paragraphs": "".join(f"<i id={n}>" for n in range(200)) + "<p>x" * 12_000,
    "blocks": "<div>" * 13_000,
    "lists": "<ul><li>" * 8000,
    "ruby": "<rt>" * 16_000,
    "tables": "<table>x" * 8000,
    "anchors": "<a href=x><p>" * 5000,
    "fonts": "<font><div>" * 6000 + "</font>" * 3000,
    "stray ends": "<div>" * 190 + "</x>" * 16_000,
    "ampersands": "&" * 65_000,
    "signs": "<" * 65_000,
    "attributes": "<p " + " ".join(f"a{n}=1" for n in range(8000)) + ">",
    "quotes": '<a href="' * 7000,
    "relative": "<a href=x>y</a>" * 4000,
    "pixels": '<img width="1" ' * 4000,
}


@pytest.mark.parametrize("html", HOSTILE.values(), ids=list(HOSTILE))
def test_no_markup_costs_more_than_it_is_long(html: str) -> None:
    begin = time.process_time()
    cleaned = clean_html(html, BASE)
    assert time.process_time() - begin < 5.0
    assert len(cleaned) < 10 * len(html) + 1000


def test_markup_of_the_usual_depth_is_not_suspected() -> None:
    article = "<div><p>A <b>bold</b> word and <a href='x'>a link</a>.</p><ul><li>one<li>two</ul></div>" * 300
    assert not is_too_deep(article)
    assert not is_too_deep("<p>old style without ends" * 2000)
    assert is_too_deep("<blockquote>" * 300)
