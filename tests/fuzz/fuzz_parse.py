"""Throw damaged feeds at the parser for a while.

An input is a finding when parsing raises anything but a plain `ParseError`, takes too long, gives a text that cannot
be written or HTML that is not safe, or when the two readers disagree. Findings are printed with the seed that makes
them again.
"""

# ruff: noqa: E501  # a list of things to throw

from __future__ import annotations

import random
import re
import sys
import time
from collections.abc import Iterator
from html import unescape

from services.fetcher.parse import ParsedFeed, ParseError, parse
from services.fetcher.parsing.encoding import decode
from tests.fakes.feed_documents import CORPUS, URL, FeedDocument
from tests.fakes.feed_texts import FRAGMENTS, TEXTS
from tests.stories.test_parse_equivalence import both

CPU_S_MAX = 2.0
TOKENS = [one.encode() for one in (*FRAGMENTS, *TEXTS)] + [
    b"\xff\xfe", b"\xef\xbb\xbf", b"\x00", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"<![CDATA[", b"]]>", b"<!--", b"-->",
    b'<?xml version="1.0" encoding="utf-16"?>', b'<?xml encoding="gb2312"?>', b'<!DOCTYPE x [<!ENTITY a "b">]>', b"&a;", b"\\ud800",
    b"<b><p>" * 300, b"<div>" * 300, b"&amp;" * 300, b"&lt;b&gt;" * 300, b"((((", b"9" * 400, b" " * 2000, b"<a>" * 500,
    b'<img src="//x:99999/">', b"&lt;a href=&quot;java&#10;script:x&quot;&gt;y&lt;/a&gt;", b'"id": 1e999', b"[" * 2000, b"\x1b$B",
]  # fmt: skip
LABELS = (
    None,
    "text/xml",
    "text/html; charset=utf-8",
    "application/rss+xml; charset=gbk",
    "x; charset=utf-16",
    "; charset=",
)
UNSAFE = re.compile(
    r'^<(?:script|style|iframe|svg|math|object|embed|form|base|meta|link)\b|\s(?:on\w+|srcdoc|style|srcset)=""', re.I
)
TAG = re.compile(r"<[^>]*>")  # in what was cleaned, a ">" in a value is escaped
VALUE = re.compile(r'"[^"]*"')
ATTRIBUTE = re.compile(r'\s([\w:-]+)="([^"]*)"')


def damaged(random_: random.Random) -> FeedDocument:
    """A document of the corpus after up to eight accidents to its bytes."""
    document = random_.choice(CORPUS)
    body = document.body
    for _ in range(random_.randint(1, 8)):
        at = random_.randrange(len(body) + 1)
        end = at + random_.choice((1, 2, 5, 20, 100, 1000))
        to = random_.randrange(len(body) + 1)
        body = random_.choice(
            (
                lambda b=body, a=at, e=end: b[:a] + b[e:],
                lambda b=body, a=at, e=end, t=to: b[:t] + b[a:e] + b[t:],
                lambda b=body, a=at: b[:a] + random_.choice(TOKENS) + b[a:],
                lambda b=body, a=at, e=end: b[:a] + b[a:e] * random_.choice((2, 3, 50)) + b[e:],
                lambda b=body, a=at: b[:a] + bytes((random_.randrange(256),)) + b[a + 1 :],
                lambda b=body, a=at: b[:a] if a > 50 else b,
            )
        )()
    return FeedDocument(document.name, body, random_.choice((document.content_type, *LABELS)))


def faults(document: FeedDocument) -> Iterator[str]:
    """What is wrong with how `document` was parsed, in words."""
    begin = time.process_time()
    try:
        parsed = parse(document.body, content_type=document.content_type, url=document.url)
    except ParseError as error:
        if error.__cause__ is not None:
            yield f"unexpected {error.__cause__!r}"
        return
    finally:
        spent_s = time.process_time() - begin
    if spent_s > CPU_S_MAX:
        yield f"took {spent_s:.1f} s"
    yield from _unfit(parsed)
    if parsed.reader == "quick":
        yield from _disagreement(decode(document.body, document.content_type).text)


def _disagreement(text: str) -> Iterator[str]:
    try:
        records = both(text, URL)
    except ParseError:  # names and prefixes that only the careful reader's parser refuses
        return
    if records is not None and records[0] != records[1]:
        yield "the readers disagree"


def _unfit(parsed: ParsedFeed) -> Iterator[str]:
    for entry in parsed.entries:
        try:
            entry.model_dump_json().encode()
        except ValueError as error:
            yield f"not to be written: {error}"
        for tag in TAG.findall(entry.content_html or ""):
            found = [value for name, value in ATTRIBUTE.findall(tag) if name in {"href", "src"}]
            addresses = [re.sub(r"[\x00-\x20]", "", unescape(one)) for one in found]
            web = all(one.startswith(("http:", "https:", "mailto:")) for one in addresses)
            if UNSAFE.search(VALUE.sub('""', tag)) or not web:
                yield f"unsafe: {tag[:300]!r}"
        if entry.link is not None and not entry.link.startswith(("http://", "https://")):
            yield f"link {entry.link!r}"


def run(seconds: float, seed: int, inputs_max: int = sys.maxsize) -> list[str]:
    """Try inputs until the time or the count is over; the findings, each with what makes it again."""
    findings = []
    end = time.monotonic() + seconds
    number = 0
    while time.monotonic() < end and number < inputs_max:
        document = damaged(random.Random(f"{seed}/{number}"))
        findings += [f"seed {seed}, input {number} ({document.name}): {fault}" for fault in faults(document)]
        number += 1
    print(f"{number} inputs, {len(findings)} findings, seed {seed}")
    return findings
