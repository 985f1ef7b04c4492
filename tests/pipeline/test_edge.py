"""The edge of deploy/nginx/: a real nginx before nodes of our own making, and in a browser before a real one."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import SIZES, Press, browser, chromium, press
from tests.fakes.edge import Edge, Node, Seen, fake_node, free_port, needs_nginx, running, until
from tests.fakes.web_papers import Story
from tests.fakes.web_servers import GUNICORN, answered_meanwhile, dripping, serving, slow_day
from tests.pipeline.waiting import eventually

__all__ = ["browser", "press"]

BROWSER = "gzip, deflate, br, zstd"
PROMISED_S = 35.0
"""From a copy's change until its headline is seen at the edge: 30 s of the page, and what a look takes."""

pytestmark = needs_nginx


@pytest.fixture
def nodes() -> Iterator[list[Node]]:
    made = [fake_node() for _ in range(2)]
    yield made
    for node in made:
        with contextlib.suppress(OSError):
            node.stop()


@pytest.fixture
def edge(tmp_path: Path, nodes: list[Node]) -> Iterator[Edge]:
    with running(tmp_path, addresses(nodes)) as started:
        yield started


def addresses(nodes: list[Node]) -> list[str]:
    return [node.address for node in nodes]


def asked(nodes: list[Node]) -> list[Seen]:
    return [seen for node in nodes for seen in node.seen]


def test_a_page_is_asked_for_once_and_kept(edge, nodes):
    assert [edge.get("/", Accept_Encoding=BROWSER).cache for _ in range(3)] == ["MISS", "HIT", "HIT"]
    assert len(asked(nodes)) == 1


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        (BROWSER, "br"),
        ("gzip, deflate, zstd", "zstd"),
        ("deflate, gzip;q=1.0, *;q=0.5", "gzip"),
        ("x-gzip", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("br; q=0.000 , zstd;q=0,gzip ; q=0.3", "gzip"),
        ("br;q=0.8", "br"),
        ("broken, sdch", "identity"),
        ("", "identity"),
    ],
)
def test_the_many_ways_to_accept_codings_are_four(edge, header, coding):
    assert edge.get("/", Accept_Encoding=header).text.split() == ["one", coding]


def test_each_coding_is_kept_by_itself(edge, nodes):
    for header in ("gzip", "br", "gzip, deflate", "br, gzip"):
        edge.get("/", Accept_Encoding=header)
    assert sorted(seen.headers["Accept-Encoding"] for seen in asked(nodes)) == ["br", "gzip"]


@pytest.mark.parametrize("cookie", ["pressroom_settings=a", "pressroom_admin=b; x=1", "x=1; pressroom_layout=c"])
def test_a_page_that_a_cookie_chose_goes_through_and_is_never_kept(edge, nodes, cookie):
    edge.get("/")
    mine = [edge.get("/", Cookie=cookie) for _ in range(2)]
    assert [(answer.cache, answer.text) for answer in mine] == [("BYPASS", f"one identity {cookie}")] * 2
    assert edge.get("/").text.split() == ["one", "identity"]


def test_a_strangers_cookie_costs_nothing_and_reaches_no_node(edge, nodes):
    edge.get("/")
    assert edge.get("/", Cookie="tracker=1").cache == "HIT"
    assert "Cookie" not in asked(nodes)[0].headers


def test_a_reader_who_has_the_page_gets_a_304_from_the_edge(edge, nodes):
    etag = edge.get("/").headers["etag"]
    assert edge.get("/", If_None_Match=etag).status == 304
    assert edge.get("/", "HEAD").status == 200
    assert len(asked(nodes)) == 1


def test_an_old_page_is_served_at_once_and_renewed_by_its_etag_behind_the_readers_back(edge, nodes):
    for node in nodes:
        node.keep_s = 1
    edge.get("/")
    until(lambda: edge.get("/").cache == "STALE")
    until(lambda: len(asked(nodes)) == 2)
    (renewal,) = (seen for seen in asked(nodes) if "If-None-Match" in seen.headers)
    assert (renewal.headers["If-None-Match"], renewal.status) == ('"one-identity"', 304)
    until(lambda: edge.get("/").cache == "HIT")


def test_new_content_is_seen_once_the_old_has_had_its_time(edge, nodes):
    for node in nodes:
        node.keep_s = 1
    edge.get("/")
    for node in nodes:
        node.content = "two"
    until(lambda: edge.get("/").text.startswith("two"), timeout_s=5)


def test_a_version_is_never_older_than_two_seconds(edge, nodes):
    edge.get("/version/news")
    for node in nodes:
        node.content = "two"
    began = time.monotonic()
    until(lambda: edge.get("/version/news").cache != "HIT")
    assert time.monotonic() - began < 3.5
    assert edge.get("/version/news").text.startswith("two")


def test_while_all_nodes_fail_readers_get_what_is_kept(edge, nodes):
    for node in nodes:
        node.keep_s = 1
    edge.get("/")
    edge.get("/version/news")
    for node in nodes:
        node.stop()
    until(lambda: all(edge.get(path).cache in {"STALE", "UPDATING"} for path in ("/", "/version/news")))
    answers = [edge.get(path) for path in ("/", "/version/news") for _ in range(3)]
    assert {answer.status for answer in answers} == {200}
    assert {answer.text for answer in answers} == {"one identity "}


def test_while_all_nodes_fail_an_unknown_page_is_a_calm_503(edge, nodes):
    for node in nodes:
        node.stop()
    answer = edge.get("/never/seen")
    assert (answer.status, answer.headers["cache-control"]) == (503, "no-store")
    assert "Try again in a few seconds" in answer.text
    assert edge.get("/edge/healthz").status == 200


def test_a_node_that_fails_is_left_alone_and_no_reader_notices(edge, nodes):
    nodes[0].status = 503
    paths = (f"/s/{number}" for number in itertools.count())
    assert {edge.get(next(paths)).status for _ in range(20)} == {200}
    assert len(nodes[0].seen) == 2
    assert len(nodes[1].seen) == 20


@pytest.mark.parametrize("path", ["/s/linux/archive/2026-11-20", "/static/front-123456789abc.css", "/admin/"])
def test_a_node_whose_store_is_away_is_asked_for_its_pages_all_the_same(edge, nodes, path):
    for node in nodes:
        node.failing_path = path
    assert {edge.get(path).status for _ in range(6)} == {503}
    assert {edge.get(f"/s/{number}").status for number in range(6)} == {200}
    assert all(any(seen.status == 200 for seen in node.seen) for node in nodes)


def test_what_a_client_claims_about_earlier_hops_is_not_passed_on(edge, nodes):
    edge.get("/", X_Forwarded_For="6.6.6.6", Forwarded="for=6.6.6.6", X_Forwarded_Host="evil.example")
    headers = asked(nodes)[0].headers
    assert (headers["X-Forwarded-For"], headers["X-Forwarded-Host"]) == ("127.0.0.1", "127.0.0.1")
    assert headers["Host"] == f"127.0.0.1:{edge.port}"
    assert "Forwarded" not in headers


def test_forms_and_the_desk_are_never_kept(edge, nodes):
    for method, path in [("POST", "/"), ("GET", "/admin/"), ("GET", "/settings")]:
        for _ in range(2):
            edge.get(path, method, Content_Length="0")
    assert len(asked(nodes)) == 6


def test_assets_stay_for_a_year(edge):
    edge.get("/assets/front-1234.css")
    answer = edge.get("/assets/front-1234.css")
    assert (answer.cache, answer.headers["cache-control"]) == ("HIT", "public, max-age=31536000, immutable")


def test_metrics_of_a_node_are_not_for_the_street(edge, nodes):
    assert edge.get("/metrics").status == 404
    assert asked(nodes) == []


def test_the_log_names_neither_readers_nor_what_they_search(edge, tmp_path):
    edge.get("/s/news/search?q=secret", X_Forwarded_For="6.6.6.6")
    until(lambda: "/s/news/search" in (tmp_path / "access.log").read_text())
    text = (tmp_path / "access.log").read_text()
    assert "secret" not in text
    assert "6.6.6.6" not in text


def test_what_is_kept_survives_a_restart_of_the_edge(tmp_path, nodes):
    with running(tmp_path, addresses(nodes)) as first:
        first.get("/")
    for node in nodes:
        node.stop()
    with running(tmp_path, addresses(nodes), first.port) as second:
        until(lambda: second.get("/").text == "one identity ")


def test_dripping_clients_hold_nothing_up_behind_the_edge_on_gunicorn_either(tmp_path: Path) -> None:
    """gunicorn's threads would wait for each of them; the edge hands over whole requests only."""
    port = free_port()
    with (
        serving(GUNICORN, tmp_path / "node", port),
        running(tmp_path / "edge", [f"127.0.0.1:{port}"]) as edge,
        dripping(edge.port, 200),
        slow_day(tmp_path / "node", edge.port, date(2026, 1, 1)),
    ):
        assert answered_meanwhile(edge.port) < 1.0
        assert edge.get("/s/linux/search?q=kernel").status == 200
        assert edge.get("/s/linux/settings", "POST", Content_Length="0").status == 303


# --- in a browser, before a real node -------------------------------------------------------------------


@pytest.fixture
def front(browser: Browser, press: Press, tmp_path: Path) -> Iterator[Page]:
    """A tab that looks at the node through the edge."""
    with running(tmp_path / "edge", [press.address.removeprefix("http://")]) as edge:
        context = browser.new_context(viewport=SIZES["desk"], base_url=f"http://127.0.0.1:{edge.port}")
        yield context.new_page()
        context.close()


@pytest.mark.browser
def test_a_new_headline_is_seen_at_the_edge_in_an_open_tab_and_in_a_new_one_within_35_seconds(
    front: Page, press: Press
) -> None:
    front.goto("/s/linux")
    second = front.context.new_page()
    press.news(Story("Otters elect a speaker", 0))
    first = front.locator("[data-feed=kernel-notes] .headline").first
    eventually(first.inner_text, lambda title: title == "Otters elect a speaker", within_s=PROMISED_S, every_s=0.25)
    second.goto("/s/linux")
    expect(second.locator("[data-feed=kernel-notes] .headline").first).to_have_text("Otters elect a speaker")


@pytest.mark.browser
def test_a_page_that_the_edge_has_kept_while_no_node_answers_tells_its_true_age(
    browser: Browser, press: Press, tmp_path: Path
) -> None:
    edge_folder, node = tmp_path / "edge", press.address.removeprefix("http://")
    with running(edge_folder, [node]) as edge:
        until(lambda: edge.get("/s/linux", Accept_Encoding=BROWSER).status == 200)
        # A reader was here before, so the scripts that tell ages are kept too.
        before = browser.new_page(base_url=f"http://127.0.0.1:{edge.port}")
        before.goto("/s/linux", wait_until="networkidle")
        before.close()
    # The same cache, and nobody behind it any more.
    with running(edge_folder, ["127.0.0.1:9"], edge.port) as edge:
        context = browser.new_context(base_url=f"http://127.0.0.1:{edge.port}")
        page = context.new_page()
        page.clock.set_fixed_time(datetime.now(UTC) + timedelta(minutes=50))
        answer = page.goto("/s/linux")
        assert answer is not None
        assert answer.headers["x-cache"] in {"HIT", "STALE", "UPDATING"}
        expect(page.locator(".masthead .meta")).to_contain_text("updated 52 min ago")
        expect(page.locator("[data-feed=kernel-notes] h3 time")).to_have_text("52 min ago")
        context.close()


@pytest.mark.browser
def test_settings_are_kept_for_a_reader_who_comes_through_the_edge_without_tls(
    press: Press, tmp_path: Path, browser: Browser
) -> None:
    """Browsers tell plain http less about where a form comes from: no Sec-Fetch-Site, only an Origin."""
    with running(tmp_path / "edge", [press.address.removeprefix("http://")]) as edge:
        plain = browser.browser_type.launch(
            executable_path=chromium(),
            args=["--no-sandbox", "--host-resolver-rules=MAP news.test 127.0.0.1"],
        )
        page = plain.new_page(base_url=f"http://news.test:{edge.port}")
        page.goto("/s/linux/settings")
        page.locator("select[name=scheme]").select_option("dark")
        page.get_by_role("button", name="Save").click()
        expect(page.locator("html")).to_have_attribute("data-scheme", "dark")
        plain.close()
