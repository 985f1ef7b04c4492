"""A verb with its question as somebody else would write it: a line for a terminal, a call for a program."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from pressroom.desk.verbs import Change, Verb

PATH = "/admin/api"


def command_line(verb: Verb, said: Mapping[str, Any]) -> str:
    """`pressroom ROOM VERB …`; a change without its reason is given three dots to fill in."""
    fields = verb.asks.model_fields
    arguments, options = [], []
    for name, value in said.items():
        extra = fields[name].json_schema_extra if name in fields else None
        if isinstance(extra, dict) and extra.get("argument"):
            arguments += [shlex.quote(str(one)) for one in _many(value)]
        else:
            options += list(_option(name, value))
    if issubclass(verb.asks, Change) and "why" not in said:
        options.append('--why "…"')
    return " ".join(["pressroom", verb.room, verb.name, *arguments, *options])


def call(verb: Verb, said: Mapping[str, Any], base: str) -> str:
    """The same as a JSON call by curl, which asks for the password. `base`: the newsroom's address."""
    address = f"{base.rstrip('/')}{PATH}/{verb.room}/{verb.name}"
    if not verb.does:
        query = urlencode(dict(said), doseq=True)
        return f"curl -u YOUR_NAME {shlex.quote(f'{address}?{query}' if query else address)}"
    body = dict(said) | ({"why": "…"} if issubclass(verb.asks, Change) and "why" not in said else {})
    return f"curl -u YOUR_NAME --json {shlex.quote(json.dumps(body, ensure_ascii=False, default=str))} {address}"


def _option(name: str, value: Any) -> Iterator[str]:
    flag = f"--{name.replace('_', '-')}"
    for one in _many(value):
        if one is True or one == "true":
            yield flag
        elif one is not False and one != "false":
            yield f"{flag} {shlex.quote(str(one))}"


def _many(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]
