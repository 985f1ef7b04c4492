"""From a verb to a command: fields become arguments and options, the answer becomes text or JSON."""

from __future__ import annotations

import getpass
import types
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import click
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from pressroom.desk.rooms import of_room
from pressroom.desk.verbs import Verb, ask, perform
from services.cli.desk.office import office

Say = Callable[[Any], str]
"""From a verb's answer to what a person reads."""


def group(room: str, text: str, says: Mapping[str, Say]) -> click.Group:
    """`pressroom ROOM …` with a command for each verb of the room."""
    made = click.Group(room, help=text)
    for verb in of_room(room):
        made.add_command(_command(verb, says[verb.name]))
    return made


def _command(verb: Verb, say: Say) -> click.Command:
    def run(as_json: bool, **given: Any) -> None:
        with office() as desk:
            answer = perform(desk, verb, ask(verb, {name: one for name, one in given.items() if one is not None}))
        click.echo(written(answer) if as_json else say(answer))

    params = [_param(name, field) for name, field in verb.asks.model_fields.items()]
    as_json = click.Option(["--json", "as_json"], is_flag=True, help="the answer as JSON")
    return click.Command(verb.name, params=[*params, as_json], callback=run, help=verb.text)


def written(answer: BaseModel) -> str:
    return answer.model_dump_json(exclude_none=True, indent=1)


def _param(name: str, field: FieldInfo) -> click.Parameter:
    kind, many = _kind(field.annotation)
    required = field.is_required()
    extra = field.json_schema_extra
    if isinstance(extra, dict) and extra.get("argument"):
        return click.Argument([name], type=kind, nargs=-1 if many else 1, required=required)
    flag = f"--{name.replace('_', '-')}"
    if kind is click.BOOL:
        return click.Option([flag, name], is_flag=True, help=field.description)
    if name == "by":
        return click.Option([flag, name], default=getpass.getuser, help=field.description)
    default = None if required or many else field.default
    return click.Option(
        [flag, name],
        type=kind,
        multiple=many,
        required=required,
        default=default,
        show_default=default not in (None, ""),
        help=field.description,
    )


def _kind(annotation: Any) -> tuple[click.ParamType[Any], bool]:
    """(click's type, whether there may be many) of a field's type."""
    if get_origin(annotation) in (Union, types.UnionType):
        annotation = next(one for one in get_args(annotation) if one is not type(None))
    if hasattr(annotation, "__metadata__"):
        annotation = get_args(annotation)[0]
    if get_origin(annotation) is tuple:
        return _kind(get_args(annotation)[0])[0], True
    if get_origin(annotation) is Literal:
        return click.Choice(get_args(annotation)), False
    plain = {bool: click.BOOL, int: click.INT, float: click.FLOAT, Path: click.Path(path_type=Path)}
    return plain.get(annotation, click.STRING), False
