"""The documents say what is there: links lead somewhere, commands exist, topics and messages have their line."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from pressroom.queues.topics import TABLE
from schemas.codec import TYPES

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_inside_the_project_leads_to_a_file(page):
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_pressroom_verb_that_a_page_names_exists(page):
    from services.cli import VERBS  # noqa: PLC0415

    for verb in re.findall(r"`pressroom ([a-z]+)", page.read_text()):
        assert verb in VERBS, f"{page.name} names `pressroom {verb}`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_that_a_page_names_exists(page):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = page.read_text()
    for target in re.findall(r"`make ([a-z-]+)", text) + re.findall(r"^make ([a-z-]+)", text, re.MULTILINE):
        assert target in targets, f"{page.name} names `make {target}`"


def test_every_topic_and_every_message_type_has_its_line():
    text = (ROOT / "docs/messages.md").read_text()
    for name in [*TABLE, *(name for name, _ in TYPES)]:
        assert f"`{name}`" in text, f"docs/messages.md says nothing of {name}"


def test_no_path_of_a_machine_and_no_address_of_a_package_index_is_in_the_project():
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.split(b"\0")
    banned = re.compile(rb"/work/(main|shared)|/root/|--index-url|--find-links|pypi\.org/simple")
    for name in filter(None, files):
        path = ROOT / name.decode()
        if path.suffix in {".png", ".woff2", ".gz"} or path == Path(__file__) or not path.is_file():
            continue
        found = banned.search(path.read_bytes())
        assert found is None, f"{name.decode()} holds {found[0].decode()}"


def test_the_command_lists_every_verb_with_a_line():
    shown = subprocess.run(
        [sys.executable, "-c", "from services.cli import main; main()", "--help"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    from services.cli import VERBS  # noqa: PLC0415

    for verb, text in VERBS.items():
        assert re.search(rf"^  {verb} +{re.escape(text[:20])}", shown, re.MULTILINE), verb
