"""The desk on a node: who may come in, and every verb as a page and as a call."""

from __future__ import annotations

import base64
import html
import re
from pathlib import Path

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from werkzeug.test import Client

from pressroom.clock import SystemClock
from pressroom.desk.rooms import VERBS
from pressroom.objects.directory import DirectoryStore
from pressroom.settings import Settings
from services.web.admin.forms import only_by_command
from services.web.admin.openapi import document
from services.web.admin.passwords import hash_of
from services.web.node import WebNode
from tests.fakes.web_queue import Notices

PASSWORD = "ink and paper and ink"
HASH = hash_of(PASSWORD)


def name_of(verb) -> str:
    return f"{verb.room} {verb.name}"


class Desk:
    def __init__(self, folder: Path, **settings) -> None:
        self.queue = Notices()
        said = {"data": folder, "admin_password_hash": HASH, **settings}
        node = WebNode(DirectoryStore(folder / "objects"), self.queue, SystemClock(), Settings(**said))  # type: ignore[arg-type]
        self.client = Client(node.wsgi)

    def sign_in(self, password: str = PASSWORD):
        return self.client.post("/admin/sign-in", data={"by": "ann", "password": password})

    def token(self) -> str:
        found = re.search(r'name="token" value="(\w+)"', self.client.get("/admin/feeds/pause").text)
        assert found is not None
        return found[1]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """For those who only look: signed in."""
    desk = Desk(tmp_path_factory.mktemp("desk"))
    desk.sign_in()
    return desk


def basic(password: str = PASSWORD) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"ann:{password}".encode()).decode()}


def test_without_a_password_the_desk_is_closed_and_says_what_to_set(tmp_path):
    desk = Desk(tmp_path, admin_password_hash="")
    answer = desk.client.get("/admin/")
    assert answer.status_code == 403
    assert "PRESSROOM_ADMIN_PASSWORD_HASH" in answer.text
    assert desk.client.get("/admin/api/feeds/list").json["kind"] == "off"


def test_nobody_sees_a_page_before_signing_in(desk):
    answer = desk.client.get("/admin/failures")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/sign-in?next=%2Fadmin%2Ffailures")


def test_the_right_password_sets_a_cookie_that_no_script_and_no_other_site_gets(desk):
    cookie = desk.sign_in().headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Path=/admin" in cookie
    glance = desk.client.get("/admin/")
    assert glance.status_code == 200
    assert glance.headers["Cache-Control"] == "no-store"


def test_wrong_passwords_are_refused_and_then_have_to_wait(desk):
    said = [desk.sign_in("wrong").status_code for _ in range(7)]
    assert said[0] == 401
    assert said[-1] == 429


def test_a_form_without_its_token_does_nothing(desk):
    desk.sign_in()
    answer = desk.client.post("/admin/feeds/pause", data={"host": "news.example", "why": "x", "act": "do"})
    assert answer.status_code == 403
    assert desk.queue.published == []


def test_a_change_is_seen_first_and_done_once(desk):
    desk.sign_in()
    page = desk.client.get("/admin/feeds/pause?host=news.example").text
    entry = re.search(r'name="entry" value="(\w+)"', page)
    assert entry is not None
    said = {"host": "news.example", "token": desk.token(), "entry": entry[1], "why": "ill"}
    assert "would ask" in desk.client.post("/admin/feeds/pause", data=said | {"act": "preview"}).text
    assert desk.queue.published == []
    done = desk.client.post("/admin/feeds/pause", data=said | {"act": "do"})
    assert done.status_code == 303
    assert "Asked for" in desk.client.get(done.headers["Location"]).text
    assert desk.client.post("/admin/feeds/pause", data=said | {"act": "do"}).status_code == 409
    assert len(desk.queue.published) == 1


def test_a_call_takes_name_and_password_and_leaves_its_entry(desk):
    answer = desk.client.post("/admin/api/feeds/pause", json={"host": "news.example", "why": "ill"}, headers=basic())
    assert answer.status_code == 200
    shown = desk.client.get(f"/admin/api/audit/show?entry={answer.headers['Pressroom-Audit']}", headers=basic())
    assert (shown.json["by"], shown.json["outcome"]) == ("ann", "done")


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "feeds/list?colour=red", 400, "bad_request"),
        ("GET", "failures/show?failure=x", 404, "not_found"),
        ("GET", "nothing/here", 404, "not_found"),
        ("GET", "feeds/pause", 405, "method"),
        ("POST", "feeds/pause", 400, "bad_request"),
    ],
)
def test_each_mistake_has_its_status_and_its_kind(desk, method, path, status, kind):
    answer = desk.client.open(f"/admin/api/{path}", method=method, headers=basic())
    assert (answer.status_code, answer.json["kind"]) == (status, kind)


def test_a_call_by_nobody_or_with_a_wrong_password_is_401(desk):
    assert desk.client.get("/admin/api/feeds/list").status_code == 401
    assert desk.client.get("/admin/api/feeds/list", headers=basic("wrong")).status_code == 401


def test_the_document_of_all_calls_is_valid():
    assert list(OpenAPIV31SpecValidator(document()).iter_errors()) == []


@pytest.mark.parametrize("verb", VERBS, ids=name_of)
def test_every_verb_has_its_page_and_its_call(shared, verb):
    answer = shared.client.get(f"/admin/{verb.room}/{verb.name}")
    assert answer.status_code == 200, answer.text
    assert verb.text in html.unescape(answer.text)
    path = f"/admin/api/{verb.room}/{verb.name}"
    assert (path in document()["paths"]) != only_by_command(verb.asks)
