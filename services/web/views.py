"""Flask's part: health, pages on demand, errors in the look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from services.web.gate import send

if TYPE_CHECKING:
    from services.web.app import Deps
    from services.web.pages import Page


def blueprint(deps: Deps) -> Blueprint:
    views = Blueprint("views", __name__)

    @views.get("/healthz")
    def healthz() -> Response:
        return jsonify(alive=True)

    @views.get("/readyz")
    def readyz() -> tuple[Response, int]:
        health = deps.health()
        return jsonify(health), 200 if health["ready"] else 503

    @views.get("/")
    @views.get("/s/<site>")
    def front(site: str = "") -> Any:
        page = deps.table.get(f"/s/{site}" if site else "/")
        return respond(page) if page is not None else missing()

    def missing() -> tuple[bytes, int]:
        if deps.health()["ready"]:
            return _error(404), 404
        return _error(503), 503

    @views.app_errorhandler(HTTPException)
    def error(problem: HTTPException) -> tuple[bytes, int]:
        code = problem.code or 500
        return _error(code), code

    def _error(code: int) -> bytes:
        return deps.templates.render("error.html", code=code)

    return views


def respond(page: Page) -> Response:
    """A ready page as Flask's answer, conditional requests and codings included."""
    parts: dict[str, Any] = {}

    def start(status: str, headers: list[tuple[str, str]]) -> None:
        parts.update(status=status, headers=headers)

    body = send(page, request.environ, start)
    response = Response(b"".join(body), status=parts["status"])
    response.headers.clear()
    response.headers.extend(parts["headers"])
    return response
