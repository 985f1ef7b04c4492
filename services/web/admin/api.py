"""`/admin/api/`: every verb as one JSON call. What looks is a GET with its question in the query, the rest a POST."""

from __future__ import annotations

import json
import logging
from typing import Any, Final

from flask import Blueprint, Response, request
from pydantic import BaseModel
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from pressroom.desk.rooms import find
from pressroom.desk.verbs import Asked, Change, Verb, ask
from schemas.envelope import new_id
from services.web.admin import trouble
from services.web.admin.counter import Busy, Counter
from services.web.admin.door import Door, TooOften, Wrong
from services.web.admin.entrance import Foreign, only_our_own, signed_in
from services.web.admin.forms import given, only_by_command
from services.web.admin.openapi import document
from services.web.admin.sessions import Session
from services.web.admin.trouble import EXPECTED, Trouble
from services.web.limits import Limits, address_of

log = logging.getLogger(__name__)

AUDIT_HEADER: Final = "Pressroom-Audit"


class Refusal(Exception):
    """The call ends here."""

    def __init__(self, kind: str, text: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(kind)
        self.trouble = trouble.of(kind, text)
        self.headers = headers or {}


def add_calls(views: Blueprint, door: Door, counter: Counter, limits: Limits) -> None:
    calls = Calls(door, counter, limits)
    views.add_url_rule("/api/openapi.json", view_func=calls.document, endpoint="openapi")
    # One rule for whatever there is below, so that every mistake is answered in the one shape.
    views.add_url_rule(
        "/api/<path:rest>", view_func=calls.call, methods=["GET", "POST", "PUT", "PATCH", "DELETE"], endpoint="call"
    )


class Calls:
    """Answers are the verbs' own models; whatever ends otherwise is one shape with a `kind`."""

    def __init__(self, door: Door, counter: Counter, limits: Limits) -> None:
        self._door = door
        self._counter = counter
        self._limits = limits

    def document(self) -> Response:
        """For anybody who is signed in: it is all that the desk can do."""
        try:
            self._session()
        except Refusal as refusal:
            return problem(refusal.trouble, refusal.headers)
        return _json(document())

    def call(self, rest: str) -> Response:
        room, _, name = rest.partition("/")
        try:
            session = self._session()
            verb = self._verb(room, name)
            return self._answered(verb, self._asked(verb, session))
        except Refusal as refusal:
            return problem(refusal.trouble, refusal.headers)
        except Busy:
            return problem(trouble.of("busy"), {"Retry-After": "1"})
        except EXPECTED as error:
            return problem(trouble.told(error))
        except Exception:
            log.exception("the call %s %s", request.method, request.path)
            return problem(trouble.of("bug"))

    def _session(self) -> Session:
        if not self._door.is_there:
            raise Refusal("off")
        try:
            session = signed_in(self._door)
        except Wrong as wrong:
            raise Refusal("sign_in", str(wrong), _challenge()) from None
        except TooOften as often:
            raise Refusal("too_often", str(often), {"Retry-After": str(often.wait_s)}) from None
        if session is None:
            if not self._limits.allows(address_of(request.environ), request.user_agent.string):
                raise Refusal("too_often", headers={"Retry-After": "60"})
            raise Refusal("sign_in", "sign in, or send a name and the password by HTTP Basic", _challenge())
        return session

    def _verb(self, room: str, name: str) -> Verb:
        verb = find(room, name)
        if verb is None:
            raise Refusal("not_found", f"there is no call {room}/{name}; openapi.json names them all")
        if only_by_command(verb.asks):
            raise Refusal("only_by_command", f"`pressroom {room} {name}` works on files of the machine it is typed on")
        wanted = "POST" if verb.does else "GET"
        if request.method != wanted:
            raise Refusal("method", f"{room}/{name} is asked by {wanted}", {"Allow": wanted})
        return verb

    def _asked(self, verb: Verb, session: Session) -> Asked:
        if not verb.does:
            unknown = sorted(set(request.args) - set(verb.asks.model_fields))
            return ask(verb, dict.fromkeys(unknown, "") | given(verb, request.args))
        try:
            only_our_own(self._door, session)
        except Foreign:
            raise Refusal("foreign") from None
        said = _body()
        if issubclass(verb.asks, Change) and said.setdefault("by", session.by) != session.by:
            raise Refusal("bad_request", f"you are signed in as {session.by!r}: leave `by` out")
        return ask(verb, said)

    def _answered(self, verb: Verb, asked: Asked) -> Response:
        entry = new_id(self._counter.office.now())
        answer = _json(self._counter.perform(verb, asked, entry))
        if isinstance(asked, Change) and not asked.dry_run:
            answer.headers[AUDIT_HEADER] = entry
        return answer


def problem(found: Trouble, headers: dict[str, str] | None = None) -> Response:
    """RFC 9457 with a `kind` for machines."""
    body = {"title": found.kind.replace("_", " "), "status": found.status, "detail": found.text, "kind": found.kind}
    return Response(json.dumps(body), found.status, headers, content_type="application/problem+json")


def _body() -> dict[str, Any]:
    if not request.is_json:
        raise Refusal("bad_request", "send the question as JSON, with Content-Type: application/json")
    try:
        said = request.get_json()
    except RequestEntityTooLarge:
        raise Refusal("too_large") from None
    except (HTTPException, RecursionError):
        raise Refusal("bad_request", "the body is no JSON") from None
    if not isinstance(said, dict):
        raise Refusal("bad_request", "the question is a JSON object")
    return said


def _challenge() -> dict[str, str]:
    """For programs. A browser would ask for the password by itself and send it along from then on, with no way out."""
    if "Sec-Fetch-Mode" in request.headers:
        return {}
    return {"WWW-Authenticate": 'Basic realm="The desk", charset="UTF-8"'}


def _json(content: BaseModel | dict[str, Any]) -> Response:
    if isinstance(content, BaseModel):
        return Response(content.model_dump_json(), content_type="application/json")
    return Response(json.dumps(content, ensure_ascii=False), content_type="application/json")
