"""The command's verbs that need no newsroom: parse, fetch, config, schemas, health."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pressroom import settings
from services.cli import pressroom as command
from tests.fakes.faultserver import Answer, FaultServer

FEED = (
    b'<?xml version="1.0"?><rss version="2.0"><channel><title>Paper</title><link>http://paper.example/</link>'
    b"<item><title>One &amp; two</title><link>/1</link><pubDate>Mon, 06 May 2024 07:00:00 GMT</pubDate>"
    b"<description>&lt;p&gt;Text&lt;/p&gt;</description></item></channel></rss>"
)


@pytest.fixture(autouse=True)
def _clean(monkeypatch, tmp_path):
    for name in settings.Settings.model_fields:
        monkeypatch.delenv(settings.variable(name), raising=False)
    monkeypatch.setenv("PRESSROOM_DATA", str(tmp_path))
    monkeypatch.setenv("PRESSROOM_FETCH_ALLOW_NETWORKS", "127.0.0.0/8")


def run(*arguments: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(command, list(arguments), input=stdin, catch_exceptions=False)


def test_parse_shows_the_normal_form_of_a_document():
    result = run("parse", "--url", "http://paper.example/feed", "-", stdin=FEED)
    assert result.exit_code == 0
    shown = json.loads(result.output)
    assert (shown["outcome"], shown["error"], shown["warnings"]) == ("ok", None, [])
    assert shown["feed"] == {"title": "Paper", "link": "http://paper.example/"}
    (entry,) = shown["entries"]
    assert entry == {
        "id": "http://paper.example/1",
        "title": "One & two",
        "link": "http://paper.example/1",
        "published": "2024-05-06T07:00:00Z",
        "summary": "Text",
        "content_html": "<p>Text</p>",
    }


def test_parse_says_what_is_wrong_and_ends_with_1(tmp_path: Path):
    page = tmp_path / "page.html"
    page.write_bytes(b"<!doctype html><html><body>Hello</body></html>")
    result = run("parse", str(page))
    assert result.exit_code == 1
    shown = json.loads(result.output)
    assert (shown["outcome"], shown["error"]["kind"], shown["entries"]) == ("error", "not_a_feed", [])


def test_fetch_shows_what_the_fetcher_makes_of_an_address(faultserver: FaultServer, monkeypatch):
    monkeypatch.setenv("PRESSROOM_FETCH_PORTS", str(faultserver.port))
    faultserver.script("/feed", Answer(200, FEED, {"Content-Type": "application/rss+xml", "ETag": '"1"'}))
    result = run("fetch", faultserver.url("/feed"))
    assert result.exit_code == 0
    assert json.loads(result.output)["entries"][0]["title"] == "One & two"


def test_fetch_says_unchanged_for_a_304_and_ends_with_0(faultserver: FaultServer, monkeypatch):
    monkeypatch.setenv("PRESSROOM_FETCH_PORTS", str(faultserver.port))
    faultserver.script("/feed", Answer(304))
    result = run("fetch", "--etag", '"1"', faultserver.url("/feed"))
    assert (result.exit_code, json.loads(result.output)["outcome"]) == (0, "unchanged")
    assert faultserver.requests[0].headers["if-none-match"] == '"1"'


def test_fetch_tells_kind_address_status_and_what_to_do(faultserver: FaultServer, monkeypatch):
    monkeypatch.setenv("PRESSROOM_FETCH_PORTS", str(faultserver.port))
    faultserver.script("/feed", Answer(429, b"slow down", {"Retry-After": "120"}))
    result = run("fetch", faultserver.url("/feed"))
    error = json.loads(result.output)["error"]
    assert result.exit_code == 1
    assert (error["kind"], error["status"], error["retry_after_s"]) == ("rate_limited", 429, 120.0)
    assert error["url"] == faultserver.url("/feed")
    assert "host" in error["action"]


def test_fetch_refuses_loopback_unless_its_network_is_allowed(monkeypatch):
    monkeypatch.delenv("PRESSROOM_FETCH_ALLOW_NETWORKS")
    result = run("fetch", "http://127.0.0.1/feed")
    assert (result.exit_code, json.loads(result.output)["error"]["kind"]) == (1, "blocked_address")


def test_config_shows_every_setting_and_no_secret(monkeypatch):
    monkeypatch.setenv("PRESSROOM_S3_SECRET_KEY", "s3kr1t")
    shown = {row["variable"]: row for row in json.loads(run("config", "--json").output)}
    assert set(shown) == {settings.variable(name) for name in settings.Settings.model_fields}
    assert shown["PRESSROOM_S3_SECRET_KEY"]["value"] == "(hidden)"
    assert shown["PRESSROOM_FETCH_ALLOW_NETWORKS"]["source"] == "environment"
    assert "s3kr1t" not in run("config").output


def test_schemas_writes_one_file_for_each_message_and_document(tmp_path: Path):
    run("schemas", str(tmp_path / "out"))
    refresh = json.loads((tmp_path / "out" / "message.feed.refresh.v1.json").read_text())
    assert refresh["properties"]["key"]["maxLength"] == 500
    assert (tmp_path / "out" / "document.Head.json").exists()


def test_health_of_nothing_is_one_line_and_exit_1():
    result = run("health", "--port", "1")
    assert result.exit_code == 1
    assert result.output.startswith("no answer at 127.0.0.1:1")


def test_failures_list_over_an_empty_store_says_so():
    result = run("failures", "list")
    assert (result.exit_code, result.output) == (0, "0 failures\n")


def test_a_verb_on_something_that_is_not_there_is_one_line():
    result = run("failures", "show", "nobody")
    assert result.exit_code == 1
    assert "0 failures have an id that begins with 'nobody'" in result.output
