"""Flask's part: pages made on demand, health, and errors in the look."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NoReturn

from flask import Blueprint, Response, abort, jsonify, request
from werkzeug.exceptions import HTTPException

from services.web.gate import send
from services.web.pages import Page

if TYPE_CHECKING:
    from services.web.app import Deps


def blueprint(deps: Deps) -> Blueprint:
    views = Blueprint("views", __name__)

    @views.get("/healthz")
    def healthz() -> Response:
        return jsonify(alive=True)

    @views.get("/readyz")
    def readyz() -> tuple[Response, int]:
        health = deps.health()
        return jsonify(health), 200 if health["ready"] else 503

    @views.get("/version/<site>")
    def version(site: str) -> Response:
        page = deps.table.get(request.path)
        return respond(page) if page is not None else missing(deps)

    @views.get("/crawler")
    def crawler() -> Response:
        settings = deps.settings
        return respond(
            deps.press.plain(
                "crawler.html",
                deps.started_at,
                interval_min=duration(settings.interval_min_s),
                interval_max=duration(settings.interval_max_s),
                spacing=duration(settings.fetch_host_spacing_s),
                contact=settings.contact,
            )
        )

    @views.app_errorhandler(HTTPException)
    def error(problem: HTTPException) -> Response:
        code = problem.code or 500
        if request.path.startswith("/api/"):
            return problem_document(code, problem)
        variant = deps.press.error(code, deps.clock.now()).variants["identity"]
        body = b"" if request.method == "HEAD" else variant.body
        answer = Response(body, status=code, headers=variant.full)
        if code == 429:
            answer.headers["Retry-After"] = "60"
        return answer

    return views


def missing(deps: Deps) -> NoReturn:
    abort(404 if deps.health()["ready"] else 503)


def base_address(deps: Deps) -> str:
    """Where readers find this node: as set, else as they asked for it."""
    return (deps.settings.public_url or request.host_url).rstrip("/")


def respond(page: Page) -> Response:
    """A ready page as Flask's answer, conditional requests and codings included."""
    parts: dict[str, Any] = {}

    def start(status: str, headers: list[tuple[str, str]]) -> None:
        parts.update(status=status, headers=headers)

    body = b"".join(send(page, request.environ, start))
    response = Response(body, status=parts["status"])
    response.headers.clear()
    response.headers.extend(parts["headers"])
    return response


def problem_document(code: int, problem: HTTPException) -> Response:
    """RFC 9457, for those who asked for data."""
    detail = (problem.description or "") if code < 500 else "this could not be answered; it has been noted"
    body = json.dumps({"title": problem.name, "status": code, "detail": detail})
    response = Response(body, status=code, content_type="application/problem+json")
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def duration(seconds: float) -> str:
    """For people: 900 → "15 minutes"."""
    for size, name in ((3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size:
            count = round(seconds / size)
            return f"{count} {name}{'s' if count != 1 else ''}"
    return "a moment"
