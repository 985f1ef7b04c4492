"""The shared file of hard cases, where it is there (PRESSROOM_CASES, or beside the project): its parse cases."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from schemas.errors import ErrorKind
from services.fetcher.parse import ParseError, normal_form, parse
from tests.cases.shared import shared_cases

CASES = shared_cases("parse", "parse_store")


def matches(got: Any, wanted: Any) -> bool:
    if not isinstance(wanted, dict):
        return bool(got == wanted)
    if isinstance(got, int):
        return bool(wanted.get("min", got) <= got <= wanted.get("max", got))
    text = got or ""
    text.encode()
    return (
        ("one_of" not in wanted or got in wanted["one_of"])
        and all(part in text for part in wanted.get("contains", ()))
        and not any(part.lower() in text.lower() for part in wanted.get("not_contains", ()))
    )


def outcome(case: dict[str, Any]) -> dict[str, Any] | ErrorKind:
    serve = case["serve"]
    body = base64.b64decode(serve["body_base64"]) if "body_base64" in serve else serve["body"].encode()
    try:
        return normal_form(parse(body, content_type=serve["headers"].get("Content-Type"), url=serve["url"]))
    except ParseError as error:
        return error.kind


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_shared_case_comes_out_as_it_says(case: dict[str, Any]) -> None:
    expect, record = case["expect"], outcome(case)
    if isinstance(record, ErrorKind):
        assert expect["outcome"] in {"error", "any"}
        assert record == expect.get("error_kind", record)
        return
    assert expect["outcome"] in {"ok", "any"}
    entries = record["entries"]
    assert matches(len(entries), expect.get("entries_count", len(entries)))
    for entry, wanted in zip(entries, expect.get("entries", ()), strict=False):
        for field, value in wanted.items():
            assert matches(entry[field], value), (field, entry[field], value)
    if expect.get("ids_distinct"):
        assert len({entry["id"] for entry in entries}) == len(entries)
    assert not expect.get("warnings_any") or set(expect["warnings_any"]) & set(record["warnings"])
    assert set(expect.get("titles_include", ())) <= {entry["title"] for entry in entries}
    assert not any(forbidden in json.dumps(record) for forbidden in expect.get("text_not_contains", ()))
