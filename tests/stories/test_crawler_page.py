"""`/crawler` tells publishers what is really done: the same settings make the page and the User-Agent."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import pytest

from pressroom.settings import Settings
from services.staff import identity_of
from services.web.crawler import contact_link
from tests.fakes.web_stand import Stand


def page(folder: Path, **settings: Any) -> str:
    return html.unescape(re.sub(r"\s+", " ", Stand(folder, **settings).text("/crawler")))


def test_it_shows_the_user_agent_as_it_is_sent_and_the_user_agent_leads_to_it(tmp_path: Path) -> None:
    settings = {"public_url": "https://news.example/", "contact": "desk@news.example"}
    agent = identity_of(Settings(**settings)).user_agent(60)  # type: ignore[arg-type]
    assert re.fullmatch(r"Pressroom/\S+ \(\+https://news\.example/crawler; desk@news\.example; 60 feeds\)", agent)
    assert f"<code>{agent}</code>" in page(tmp_path, **settings)


def test_it_says_how_often_how_politely_and_within_which_limits_we_ask(tmp_path: Path) -> None:
    shown = page(tmp_path, interval_min_s=1800, fetch_host_spacing_s=5, fetch_wire_bytes_max=3_000_000)
    assert "at most every 30 minutes, at least every 24 hours" in shown
    assert "with at least 5 seconds between two" in shown
    assert "cut off after 30 seconds or 3 MB" in shown


def test_each_way_to_slow_us_down_or_to_stop_us_is_named(tmp_path: Path) -> None:
    shown = page(tmp_path, contact="desk@news.example")
    for way in ("<code>410</code>", "<code>429</code>", "<code>Retry-After</code>", "<code>Cache-Control</code>"):
        assert way in shown
    assert '<a href="mailto:desk@news.example">' in shown


@pytest.mark.parametrize(
    ("setting", "says", "else_says"),
    [
        ("fetch_robots", "is read before your feeds", "is not read here"),
        ("fetch_page_images", "for an entry’s own page once", "never for the articles behind it"),
        ("remove_gone", "we ask twice more, a day apart", "we do not ask again"),
    ],
)
def test_it_promises_what_the_settings_do(tmp_path: Path, setting: str, says: str, else_says: str) -> None:
    with_it, without = page(tmp_path / "a", **{setting: True}), page(tmp_path / "b", **{setting: False})
    assert says in with_it
    assert says not in without
    assert else_says in without
    assert else_says not in with_it


@pytest.mark.parametrize(
    ("contact", "leads_to"),
    [
        ("desk@news.example", "mailto:desk@news.example"),
        ("mailto:desk@news.example", "mailto:desk@news.example"),
        ("https://news.example/contact", "https://news.example/contact"),
        ("javascript:alert(1)", None),
        ("the night desk", None),
    ],
)
def test_a_contact_is_a_link_when_it_leads_somewhere(contact: str, leads_to: str | None) -> None:
    assert contact_link(contact) == leads_to


def test_a_newsroom_without_a_contact_promises_none(tmp_path: Path) -> None:
    assert "Write to us" not in page(tmp_path)


@pytest.mark.parametrize(
    ("contact", "named"), [("", "+http://localhost/crawler"), ("desk@a.example", "desk@a.example")]
)
def test_without_a_public_address_the_contact_alone_is_named(contact: str, named: str) -> None:
    assert f"({named})" in identity_of(Settings(contact=contact)).user_agent()
