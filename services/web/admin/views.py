"""`/admin` as a blueprint: the sign-in, and what is behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from flask import Blueprint, Response, abort, redirect, request

from services.web.admin import trouble
from services.web.admin.api import add_calls, problem
from services.web.admin.counter import Counter
from services.web.admin.door import Door, TooOften, Wrong
from services.web.admin.entrance import PATH, Foreign, cookie, keep, local_path, only_from_our_pages, only_our_own
from services.web.admin.pages import add_pages
from services.web.admin.paper import HEADERS, Paper
from services.web.admin.sessions import BY_CHARS_MAX
from services.web.limits import Limits, address_of
from services.web.rendering import Templates

if TYPE_CHECKING:
    from services.web.application import Deps

BODY_BYTES_MAX = 1024 * 1024
"""An edited part of 50,000 characters, however a form writes them."""


def blueprint(deps: Deps, limits: Limits) -> Blueprint:
    views = Blueprint("admin", __name__, url_prefix=PATH)
    settings = deps.settings
    door = Door(settings.admin_password_hash.get_secret_value(), deps.clock, settings.admin_session_s)
    paper = Paper(Templates(deps.assets), deps.clock, door.sessions)
    entrance = Entrance(door, paper, limits)
    counter = Counter(deps.store, deps.queue, deps.clock, settings)

    views.before_request(entrance.off)
    views.after_request(entrance.headers)
    views.add_url_rule("/sign-in", view_func=entrance.ask, methods=["GET"], endpoint="sign_in")
    views.add_url_rule("/sign-in", view_func=entrance.sign_in, methods=["POST"], endpoint="try")
    views.add_url_rule("/sign-out", view_func=entrance.sign_out, methods=["POST"], endpoint="sign_out")
    add_calls(views, door, counter, limits)
    add_pages(views, door, counter, paper, deps.health)
    return views


class Entrance:
    """Asks for the password, sets the cookie, takes it away."""

    def __init__(self, door: Door, paper: Paper, limits: Limits) -> None:
        self._door = door
        self._paper = paper
        self._limits = limits

    def off(self) -> Response | None:
        """Before everything: whether there is a desk at all, and how much a request may hold."""
        request.max_content_length = BODY_BYTES_MAX
        if self._door.is_there:
            return None
        if request.path.startswith(f"{PATH}/api/"):
            return problem(trouble.of("off"))
        return self._paper.answer("off.html", None, 403)

    def headers(self, answer: Response) -> Response:
        for name, value in HEADERS:
            answer.headers[name] = value
        return answer

    def ask(self) -> Response:
        if not self._limits.allows(address_of(request.environ), request.user_agent.string):
            abort(429)
        return self._page(request.args.get("next", ""))

    def sign_in(self) -> Response:
        wanted = request.form.get("next", "")
        by, password = request.form.get("by", "").strip(), request.form.get("password", "")
        try:
            only_from_our_pages()
            if not by:
                return self._page(wanted, wrong="Say who you are: it is kept with what you do.", status=400)
            session = self._door.sign_in(by, password, address_of(request.environ), cookie(self._door))
        except Foreign:
            return self._page(wanted, wrong="This form must be sent from its own page.", status=403)
        except Wrong as error:
            return self._page(wanted, wrong=f"{str(error).capitalize()}.", by=by, status=401)
        except TooOften as error:
            answer = self._page(wanted, wrong=f"{str(error).capitalize()}.", by=by, status=429)
            answer.headers["Retry-After"] = str(error.wait_s)
            return answer
        answer = cast(Response, redirect(local_path(wanted), 303))
        keep(answer, self._door, session)
        return answer

    def sign_out(self) -> Response:
        session = cookie(self._door)
        answer = cast(Response, redirect(f"{PATH}/sign-in", 303))
        if session is None:
            return answer
        try:
            only_our_own(self._door, session)
        except Foreign:
            return self._paper.trouble(trouble.of("foreign"), session)
        keep(answer, self._door, self._door.sessions.ended(session))
        return answer

    def _page(self, wanted: str, wrong: str = "", by: str = "", status: int = 200) -> Response:
        values = {"next": wanted, "wrong": wrong, "by": by, "by_chars_max": BY_CHARS_MAX}
        return self._paper.answer("sign-in.html", None, status, **values)
