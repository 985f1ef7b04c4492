"""Every verb of the desk is performed on both engines."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pressroom.desk.rooms import VERBS
from pressroom.desk.verbs import Verb

PIPELINE = Path(__file__).parents[1] / "pipeline"
TOLD = "\n".join(path.read_text() for path in (*PIPELINE.glob("test_operators*.py"), PIPELINE / "test_edits.py"))


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: f"{verb.room} {verb.name}")
def test_every_verb_is_performed_by_a_story_of_both_worlds(verb: Verb) -> None:
    assert re.search(rf'operator\(\s*"{verb.room}",\s*"{verb.name}"', TOLD)
