"""Whatever a document holds, parsing ends soon, in bounded memory, with a record or a `ParseError`."""

# documents, kept in one piece

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from schemas.errors import ErrorKind
from services.fetcher.parse import Limits, ParseError, parse

SIZE = 3_000_000
START = '<rss version="2.0"><channel><title>t</title>'
END = "</channel></rss>"
ITEM = "<item><title>x</title>{}</item>"


def much(unit: str) -> str:
    return unit * (SIZE // len(unit))


DOCUMENTS = {
    "empty items": START + much("<item/>") + END,
    "items": START + much("<item><title>a</title><link>http://a.example/1</link></item>") + END,
    "items left open": START + much("<item><title>a<link>http://a.example/1"),
    "less-thans": START + ITEM.format(much("<")) + END,
    "less-thans with an end": START + ITEM.format(much("<") + ">") + END,
    "ampersands": START + ITEM.format(f"<description>{much('&')}</description>") + END,
    "deep": START + ITEM.format(much("<a>")) + END,
    "deep and closed": START + ITEM.format("<a>" * 300_000 + "</a>" * 300_000) + END,
    "cdata without end": START + much("<item><title>a</title><description><![CDATA[x"),
    "cdata with lost ends": START + much("<item><title>&<![CDATA[x]]</title></item>") + "]]>" + END,
    "comments without end": START + much("<!--") + END,
    "instructions without end": START + much("<?") + END,
    "attributes": START
    + f"<item {' '.join(f'a{n}={chr(34)}1{chr(34)}' for n in range(200_000))}><title>x</title></item>"
    + END,
    "the same attribute": START + f"<item {much('a=' + chr(34) + '1' + chr(34) + ' ')}><title>x</title></item>" + END,
    "quotes": START + f"<item {much(chr(34))}><title>x</title></item>" + END,
    "prefixes": START + "".join(f"<a{n}:b>" for n in range(200_000)) + END,
    "a name": "<" + much("a"),
    "a long title": START + f"<item><title>{much('a ')}</title></item>" + END,
    "markup in a title": START + f"<item><title>{much('&lt;b&gt;')}&lt;/b&gt;</title></item>" + END,
    "an author": START + ITEM.format(f"<author>{much('a@')}</author>") + END,
    "a date": START + ITEM.format(f"<pubDate>{much('1 ')}</pubDate>") + END,
    "formatting in contents": START
    + ITEM.format(f"<description>{''.join(f'&lt;b a{n}&gt;&lt;p&gt;' for n in range(3000))}</description>") * 40
    + END,
    "ampersands in contents": START + ITEM.format(f"<description>{'&amp;' * 13_000}</description>") * 45 + END,
    "markup in doubt": START + ITEM.format(f"<fullitem>{much('<b>x</b>')}</fullitem>") + END,
    "white space": much(" "),
    "json brackets": much("["),
    "json items": '{"title":"x","items":[' + much('{"id":1},') + "{}]}",
    "entities without end": "<!DOCTYPE rss [" + much('<!ENTITY a "b">'),
    "entities": f'<!DOCTYPE rss [<!ENTITY a "{"x" * 900}">]>'
    + START
    + f"<item><title>{much('&a;')}</title></item>"
    + END,
    "bases": '<feed xmlns="http://www.w3.org/2005/Atom">'
    + much('<entry xml:base="a/"><id>1</id><link href="b" xml:base="c"/></entry>')
    + "</feed>",
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_hostile_document_ends_soon(name: str) -> None:
    body = DOCUMENTS[name].encode()
    begin = time.process_time()
    try:
        entries = parse(body, content_type=None, url="http://h.example/").entries
    except ParseError:
        entries = ()
    assert len(entries) <= 200
    # At most a second here; the margin is for slow and busy machines, what this guards against takes minutes.
    assert time.process_time() - begin < 15.0


MEMORY = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (1_200_000_000, 1_200_000_000))
from services.fetcher.parse import ParseError, parse
start, end = '<rss version="2.0"><channel><title>t</title>', "</channel></rss>"
for unit in ("<item><title>a</title></item>", "<item/>", "&", "<a>"):
    try:
        parse((start + unit * (9_900_000 // len(unit)) + end).encode(), content_type=None, url=None)
    except ParseError as error:
        assert "MemoryError" not in str(error), unit
print("bounded")
"""


def test_ten_megabytes_of_anything_fit_into_bounded_memory() -> None:
    done = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.stdout == "bounded\n", done.stderr


def test_a_document_over_the_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(ParseError) as caught:
        parse(b"<rss>" + b" " * 100, content_type=None, url=None, limits=Limits(body_bytes_max=100))
    assert caught.value.kind is ErrorKind.TOO_LARGE


def test_feedparser_is_loaded_only_for_a_document_in_doubt() -> None:
    script = (
        "import sys; from services.fetcher.parse import parse; from tests.fakes.feed_documents import RSS_2, BROKEN\n"
        "parse(RSS_2.encode(), content_type=None, url=None); print('feedparser' in sys.modules)\n"
        "parse(BROKEN.encode(), content_type=None, url=None); print('feedparser' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.stdout.split() == ["False", "True"], done.stderr
