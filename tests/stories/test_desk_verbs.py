"""Verbs: every one is a command, says what it does, and refuses bad questions in one line."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from pressroom.desk.office import Refused
from pressroom.desk.rooms import VERBS, find, rooms
from pressroom.desk.verbs import Verb, ask
from services.cli import VERBS as COMMANDS
from services.cli import pressroom as command


@pytest.mark.parametrize("room", rooms())
def test_every_room_is_a_command_with_exactly_its_verbs(room):
    assert room in COMMANDS
    found = command.get_command(click.Context(command), room)
    assert isinstance(found, click.Group)
    assert set(found.commands) >= {verb.name for verb in VERBS if verb.room == room}


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: f"{verb.room} {verb.name}")
def test_every_verb_has_a_help_text_for_itself_and_for_each_of_its_fields(verb: Verb):
    shown = CliRunner().invoke(command, [verb.room, verb.name, "--help"], catch_exceptions=False).output
    assert verb.text[:30] in shown
    for name, field in verb.asks.model_fields.items():
        assert field.description, f"{verb.room} {verb.name} does not say what {name} is"


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb.changes], ids=lambda verb: f"{verb.room} {verb.name}")
def test_whoever_changes_something_says_who_and_why(verb: Verb):
    with pytest.raises(Refused, match="why"):
        ask(verb, {"by": "night shift"})


def test_a_question_with_an_unknown_field_is_refused_by_name():
    verb = find("failures", "list")
    assert verb is not None
    with pytest.raises(Refused, match=r"failures list: colour: "):
        ask(verb, {"colour": "red"})
