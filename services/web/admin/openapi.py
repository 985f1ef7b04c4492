"""The OpenAPI 3.1 document of `/admin/api/`, made from the verbs' models. Tests hold calls to it."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from pressroom.desk.rooms import VERBS
from pressroom.desk.verbs import Change, Verb
from services.web.admin import trouble
from services.web.admin.examples import example
from services.web.admin.forms import only_by_command

Schema = dict[str, Any]
REF: Final = "#/components/schemas/{model}"

_PROBLEM: Final[Schema] = {
    "type": "object",
    "required": ["title", "status", "detail", "kind"],
    "properties": {
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "for a person: what, why, what to do instead"},
        "kind": {"enum": list(trouble.KINDS)},
    },
}
_SAID: Final = (400, 401, 403, 404, 409, 413, 429, 500, 503)


@cache
def document() -> Schema:
    verbs = [verb for verb in VERBS if not only_by_command(verb.asks)]
    wanted: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        *((verb.asks, "validation") for verb in verbs),
        *((verb.answers, "serialization") for verb in verbs),
    ]
    named, made = models_json_schema(list(dict.fromkeys(wanted)), ref_template=REF)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Pressroom: the desk",
            "version": "1",
            "description": "Every verb of the `pressroom` command. Sign in by HTTP Basic with your name and the desk's "
            "password, or with the cookie of a signed-in browser and its token as X-CSRF-Token.",
        },
        "security": [{"password": []}, {"session": []}],
        "paths": {f"/admin/api/{verb.room}/{verb.name}": _path(verb, named) for verb in verbs},
        "components": {
            "schemas": {**_without_by(made.get("$defs", {}), verbs, named), "Problem": _PROBLEM},
            "responses": {str(status): _problem(status) for status in _SAID},
            "securitySchemes": {
                "password": {"type": "http", "scheme": "basic"},
                "session": {"type": "apiKey", "in": "cookie", "name": "pressroom_admin"},
            },
        },
    }


def _path(verb: Verb, named: Any) -> Schema:
    answer = {"description": verb.text, "content": _json(named[verb.answers, "serialization"])}
    if verb.changes:
        answer["headers"] = {
            "Pressroom-Audit": {"description": "the change's entry in the audit", "schema": {"type": "string"}}
        }
    responses = {"200": answer} | {str(status): {"$ref": f"#/components/responses/{status}"} for status in _SAID}
    call: Schema = {
        "operationId": f"{verb.room}_{verb.name}".replace("-", "_"),
        "summary": verb.text,
        "tags": [verb.room],
        "responses": responses,
    }
    if verb.does:
        content = _json(named[verb.asks, "validation"], example(verb))
        return {"post": call | {"requestBody": {"required": True, "content": content}}}
    return {"get": call | {"parameters": _parameters(verb)}}


def _parameters(verb: Verb) -> list[Schema]:
    schema = verb.asks.model_json_schema(ref_template=REF)
    required = schema.get("required", ())
    said = example(verb)
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "description": field.get("description", ""),
            "schema": {key: value for key, value in field.items() if key not in {"description", "argument"}},
        }
        | ({"example": said[name]} if name in said else {})
        for name, field in schema.get("properties", {}).items()
    ]


def _without_by(schemas: Schema, verbs: list[Verb], named: Any) -> Schema:
    """Who does it is whoever is signed in: a body need not say so."""
    for verb in verbs:
        if issubclass(verb.asks, Change):
            body = schemas[named[verb.asks, "validation"]["$ref"].rsplit("/", 1)[1]]
            body["required"] = [name for name in body.get("required", ()) if name != "by"]
    return schemas


def _problem(status: int) -> Schema:
    meant = "; ".join(f"{kind}: {text}" for kind, (code, text) in trouble.KINDS.items() if code == status)
    schema = {"$ref": REF.format(model="Problem")}
    return {"description": meant, "content": {"application/problem+json": {"schema": schema}}}


def _json(schema: Schema, said: Schema | None = None) -> Schema:
    return {"application/json": {"schema": schema} | ({"example": said} if said else {})}
