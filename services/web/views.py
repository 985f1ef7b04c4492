"""Flask's part for everybody: health, the version address, plain pages, old assets, errors in the look."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NoReturn

from flask import Blueprint, Response, abort, jsonify, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from pressroom.objects.port import Stored, StoreError
from pressroom.outcomes import BackendUnavailable
from schemas import keys
from services.web.assets import asset_page, is_asset_name
from services.web.crawler import facts
from services.web.encodings import IDENTITY
from services.web.gate import send
from services.web.pages import Page

if TYPE_CHECKING:
    from services.web.application import Deps

DATA: Final = ("/api/", "/weather/search")
"""Whoever asks here is told of trouble as data, too."""


def blueprint(deps: Deps) -> Blueprint:
    views, common = Blueprint("views", __name__), Common(deps)
    views.add_url_rule("/healthz", view_func=common.healthz)
    views.add_url_rule("/readyz", view_func=common.readyz)
    views.add_url_rule("/crawler", view_func=common.crawler)
    views.add_url_rule("/static/<name>", view_func=common.old_asset)
    views.app_errorhandler(HTTPException)(common.error)
    return views


class Common:
    """What does not depend on who asks."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    def healthz(self) -> Response:
        return jsonify(alive=True)

    def readyz(self) -> tuple[Response, int]:
        health = self._deps.health()
        return jsonify(health), 200 if health["ready"] else 503

    def crawler(self) -> Response:
        page = self._deps.press.plain("crawler.html", self._deps.started_at, **facts(self._deps.settings))
        return respond(page)

    def old_asset(self, name: str) -> Response:
        """Assets of other versions of this program: pages that name them are still in tabs and at the edge."""
        if not is_asset_name(name):
            abort(404)

        def from_store() -> Page:
            with self._deps.waiters.one():
                stored = self._deps.store.get(keys.asset(name))
            if not isinstance(stored, Stored):
                abort(404)
            return asset_page(name, stored.body, stored.modified)

        try:
            return respond(self._deps.kept.page(("asset", name), from_store))
        except (StoreError, BackendUnavailable, TimeoutError):
            abort(503)

    def error(self, problem: HTTPException) -> Response:
        code = problem.code or 500
        if request.path.startswith(DATA):
            answer = problem_document(code, problem)
        else:
            variant = self._deps.press.error(code, self._deps.clock.now()).variants[IDENTITY]
            body = b"" if request.method == "HEAD" else variant.body
            answer = Response(body, status=code, headers=variant.full)
        if code == 429:
            answer.headers["Retry-After"] = "60"
        if isinstance(problem, MethodNotAllowed):
            answer.headers["Allow"] = ", ".join(sorted(problem.valid_methods or ()))
        return answer


def missing(deps: Deps) -> NoReturn:
    """404, or 503 while this node has nothing yet."""
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
