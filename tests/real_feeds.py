"""Read a folder of recorded feeds and compare each with the folder's INDEX.json: `python tests/real_feeds.py FOLDER`.

INDEX.json: {"feeds": [{"file", "url", "served_charset", "expect": {"title", "entries_count", "entries": [{"index"}]}}]
"entries", each with its "index" and what is expected there: a plain value, {"one_of": […]} or {"min", "max"}.
Prints what differs, with the reader that was used and the time; ends with 1 when anything differs. The feeds belong to
their publishers and stay outside.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from services.fetcher.parse import WHOLE, ParsedFeed, ParseError, normal_form, parse


def matches(got: object, wanted: object) -> bool:
    if not isinstance(wanted, dict):
        return got == wanted
    if "one_of" in wanted:
        return got in wanted["one_of"]
    return isinstance(got, int) and wanted.get("min", got) <= got <= wanted.get("max", got)


def read(feed: dict[str, Any], body: bytes) -> ParsedFeed:
    charset = feed.get("served_charset")
    return parse(body, content_type=charset and f"text/xml; charset={charset}", url=feed["url"], limits=WHOLE)


def differences(record: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    """One line for each field that is not as expected."""
    found = []
    entries = record["entries"]
    if not matches(record["feed"]["title"], expected["title"]):
        found.append(f"title: {record['feed']['title']!r}, expected {expected['title']!r}")
    if not matches(len(entries), expected["entries_count"]):
        found.append(f"entries: {len(entries)}, expected {expected['entries_count']}")
    for wanted in expected["entries"]:
        index = wanted["index"]
        for field in ("title", "link", "id", "published"):
            if field in wanted and not (index < len(entries) and matches(entries[index][field], wanted[field])):
                got = entries[index][field] if index < len(entries) else "no such entry"
                found.append(f"entry {index} {field}: {got!r}, expected {wanted[field]!r}")
    return found


def main(folder: str) -> int:
    index = json.loads((Path(folder) / "INDEX.json").read_text(encoding="utf-8"))
    readers: Counter[str] = Counter()
    wrong = 0
    for feed in index["feeds"]:
        body = (Path(folder) / feed["file"]).read_bytes()
        begin = time.process_time()
        try:
            parsed = read(feed, body)
        except ParseError as error:
            wrong += 1
            print(f"{feed['file']}: {error.kind}: {error}")
            continue
        spent_ms = (time.process_time() - begin) * 1000
        readers[parsed.reader] += 1
        found = differences(normal_form(parsed), feed["expect"])
        wrong += bool(found)
        print(f"{feed['file']}: {parsed.reader} {spent_ms:.1f} ms {' '.join(parsed.warnings)}")
        print("".join(f"  {line}\n" for line in found), end="")
    total = len(index["feeds"])
    print(f"{total - wrong} of {total} as expected; readers: {dict(readers)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
