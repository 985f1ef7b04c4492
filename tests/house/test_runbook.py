"""The runbook: every alert and every error kind has its section with commands, and every command named is one."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from pressroom.alerts.rules import ALERTS
from schemas.errors import ErrorKind
from services.cli import pressroom
from services.web.admin.runbook import book

ROOT = Path(__file__).parents[2]
RUNBOOK = ROOT / "docs/operating.md"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
UNITS = {path.name for path in (ROOT / "deploy/systemd").iterdir()}

NAMES = [alert.name for alert in ALERTS] + [str(kind) for kind in ErrorKind]


def sections(text: str) -> dict[str, str]:
    """Heading → what stands below it."""
    parts = re.split(r"^#{1,4} (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def commands(text: str) -> list[str]:
    """Everything in a code span, and every line of a code block, that calls our command."""
    spans = re.findall(r"`([^`\n]+)`", text) + re.findall(r"^ *(pressroom .+)$", text, re.MULTILINE)
    return [span[span.index("pressroom ") :] for span in spans if re.match(r"([A-Z_]+=\S+ )*pressroom [a-z]", span)]


def wrong(line: str) -> str:
    """What is wrong with a command; empty when there are such verbs and options. Words in capitals stand for values."""
    words = shlex.split(line.replace("…", "x").split(" | ")[0], comments=True)
    command: click.Command = pressroom
    places = 0
    rest = words[1:]
    while rest:
        word = rest.pop(0)
        if isinstance(command, click.Group):
            found = command.get_command(click.Context(command), word)
            if found is None:
                return f"there is no {word!r} under {command.name!r}"
            command = found
        elif word.startswith("--"):
            name, _, value = word.partition("=")
            option = next((one for one in command.params if name in one.opts), None)
            if not isinstance(option, click.Option):
                return f"{command.name!r} has no {name}"
            if not option.is_flag and not value:
                if not rest:
                    return f"{name} wants a value"
                rest.pop(0)
        else:
            places += 1
    arguments = [one for one in command.params if isinstance(one, click.Argument)]
    if places > len(arguments) and not any(one.nargs == -1 for one in arguments):
        return f"{command.name!r} takes {len(arguments)} words, not {places}"
    return ""


@pytest.mark.parametrize("name", NAMES)
def test_every_alert_and_every_error_kind_has_its_section_with_something_to_do(name):
    text = sections(RUNBOOK.read_text()).get(name, "")
    assert re.search(r"^(\d\.|-) ", text, re.MULTILINE), f"docs/operating.md does not say what to do about {name}"


def test_the_desk_finds_each_section_by_its_name():
    assert [name for name in NAMES if not book().has(name)] == []


def test_no_section_is_about_an_alert_that_there_is_not():
    assert {title for title in sections(RUNBOOK.read_text()) if title.startswith("Pressroom")} <= set(NAMES)


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_what_an_alert_says_to_do_can_be_typed(alert):
    assert [wrong(line) for line in commands(alert.action) if wrong(line)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_a_page_names_is_one(page):
    found = {line: wrong(line) for line in commands(page.read_text())}
    assert {line: fault for line, fault in found.items() if fault} == {}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_place_on_a_page_that_a_link_names_is_there(page):
    for target, place in re.findall(r"\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)", page.read_text()):
        text = (page.parent / target).read_text() if target else page.read_text()
        places = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in sections(text)}
        assert place in places, f"{page.name} links to {target}#{place}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_unit_that_a_page_names_is_there(page):
    for unit in re.findall(r"\b(pressroom[a-z-]*@?)[a-z0-9]*\.(service|timer|target)\b", page.read_text()):
        assert ".".join(unit) in UNITS, f"{page.name} names {'.'.join(unit)}"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("pressroom failures list --kind dns", ""),
        ("pressroom failures lsit", "there is no 'lsit' under 'failures'"),
        ("pressroom feeds pause --hots a.example", "'pause' has no --hots"),
        ("pressroom feeds move FEED URL MORE", "'move' takes 2 words, not 3"),
        ("pressroom failures drop ID --why", "--why wants a value"),
    ],
)
def test_a_command_that_is_none_is_found(line, says):
    assert wrong(line) == says
