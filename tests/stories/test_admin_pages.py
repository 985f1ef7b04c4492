"""The desk's pages in a bad night and in a quiet one: what they say to do next, and what they let nobody lose."""

from __future__ import annotations

import gzip
import html
import re
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from werkzeug.test import Client

from pressroom.alerts.rules import ALERTS
from pressroom.clock import SystemClock
from pressroom.desk.rooms import VERBS, find
from pressroom.desk.verbs import ask
from pressroom.desk.written import call, command_line
from pressroom.settings import Settings
from schemas import keys
from schemas.codec import decode
from schemas.errors import REMEDIES
from schemas.messages import FailureAct
from schemas.operating import Preview
from services.cli.demo import sample_world
from services.web.admin import charts, runbook
from services.web.admin.examples import example
from services.web.admin.forms import only_by_command
from services.web.admin.passwords import hash_of, is_right
from services.web.node import WebNode
from tests.fakes.desk import answering
from tests.fakes.desk_night import BLOCK, Night, pages
from tests.fakes.records import entry as entry_of

PASSWORD = "ink and paper and ink"
CALLS = [verb for verb in VERBS if not only_by_command(verb.asks)]

MARKDOWN = """# Top

A `<b>` and a [link](#top), not [there](x.md).
More.

- one
  on
- **two**

```sh
run # it
```

| a | b |
| --- | --- |
| `x` | y |
"""


class Desk:
    """Signed in, before a store that a night has filled."""

    def __init__(self, folder: Path, *, quiet: bool = False) -> None:
        clock = SystemClock()
        self.night = Night(folder / "objects", clock)
        self.night.fill_quietly() if quiet else self.night.fill()
        settings = Settings(data=folder / "data", admin_password_hash=hash_of(PASSWORD))  # type: ignore[arg-type]
        self.client = Client(WebNode(self.night.store, self.night.queue, clock, settings).wsgi)  # type: ignore[arg-type]
        self.client.post("/admin/sign-in", data={"by": "ann", "password": PASSWORD})

    def text(self, address: str, status: int = 200) -> str:
        answer = self.client.get(address)
        assert answer.status_code == status, answer.text
        return html.unescape(answer.text)

    def form(self, address: str) -> dict[str, str]:
        """What the page's form sends by itself, filled in from its address."""
        fields = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', self.client.get(address).text)
        return {name: html.unescape(value) for name, value in fields} | dict(parse_qsl(address.partition("?")[2]))

    def send(self, address: str, **said: str):
        return self.client.post(address.partition("?")[0], data=self.form(address) | said)


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> Desk:
    return Desk(tmp_path_factory.mktemp("night"))


@pytest.fixture
def own_desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


EDITOR = "/admin/files/save?site=linux&name=block"


class TestGlance:
    def test_the_gravest_thing_is_the_headline_and_says_what_to_do_next(self, desk):
        page = desk.text("/admin/")
        assert re.search(r"<h1[^>]*>More than half of all feeds fail: the fault is probably on our side.</h1>", page)
        assert "Begin with 21 × dns at news.example. Check the spelling." in page
        assert re.search(r"<title>\(\d+\) More than half", page)
        first = re.search(r'href="(/admin/failures/replay\?[^"]+)"', page)
        assert first is not None
        assert "All of cause" in desk.text(html.unescape(first[1]))

    def test_a_quiet_night_is_quiet(self, tmp_path):
        page = Desk(tmp_path, quiet=True).text("/admin/")
        assert "All is well." in page
        assert "Nothing needs you." in page
        assert '<section id="also" aria-labelledby="also-title" data-part hidden>' in page
        assert "weight page" not in page

    def test_every_alert_that_is_up_leads_to_its_section_of_the_runbook(self, desk):
        page = desk.text("/admin/")
        for one in desk.night.operator("newsroom", "show").fleet.firing:
            name = one.alert
            has_section = runbook.book().has(name)
            address = f"/admin/runbook#{name.lower()}" if has_section else f"/admin/runbook?of={name}"
            assert f'href="{address}"' in page

    def test_every_next_step_is_a_verb_with_a_question_that_it_takes(self, desk):
        glance = desk.night.operator("newsroom", "show")
        assert glance.says == glance.advice[0].action
        steps = [step for one in glance.advice for step in one.steps]
        assert len(steps) > 5
        for step in steps:
            verb = find(step.room, step.verb)
            assert verb is not None
            ask(verb, dict(step.asked) | ({"by": "ann", "why": "x"} if verb.changes else {}))


class TestEveryPage:
    def test_none_has_a_style_or_a_script_within_it_and_none_links_into_nothing(self, desk):
        seen = pages(desk.night)
        for name, address in seen.items():
            answer = desk.client.get(address)
            assert answer.status_code == (404 if name == "nothing" else 200), address
            assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?![^>]*src=)", answer.text), name
            for link in re.findall(r'href="(/admin/[^"#]*)', answer.text):
                path = html.unescape(link).partition("?")[0].strip("/").split("/")[1:]
                known = len(path) < 2 or path[0] in {"done", "api"} or find(*path) is not None
                assert known, f"{name} links to {link}"

    def test_the_same_is_shown_as_a_command_and_as_a_call(self, desk):
        page = desk.text("/admin/failures/list?kind=dns")
        assert "pressroom failures list --kind dns" in page
        assert "/admin/api/failures/list?kind=dns" in page

    def test_what_is_typed_elsewhere_is_quoted_for_the_shell(self):
        verb = find("failures", "drop")
        assert verb is not None
        said = {"failures": ["0a1b", "x; rm"], "all_of_cause": "true"}
        assert command_line(verb, said) == "pressroom failures drop 0a1b 'x; rm' --all-of-cause --why \"…\""
        assert call(verb, {"failures": ["it's"]}, "http://n.example/").count("'\"'\"'") == 1

    @pytest.mark.parametrize("verb", CALLS, ids=lambda verb: f"{verb.room} {verb.name}")
    def test_every_call_has_an_example_that_it_takes(self, verb):
        said = example(verb)
        asked = ask(verb, said | ({"by": "ann"} if verb.changes else {}))
        assert said.keys() <= asked.model_fields_set


class TestFailures:
    def test_the_list_is_filtered_and_paged_without_losing_the_filter(self, desk):
        page = desk.text("/admin/failures/list?kind=dns&limit=20")
        assert "21 open failures" in page
        older = re.search(r'rel="next" href="([^"]+)"', page)
        assert older is not None
        rest = desk.text(older[1])
        assert rest.count('name="failures"') == 1
        assert "harbour.example" not in rest.partition("One by one")[2]

    def test_a_story_shows_the_first_bytes_the_headers_the_remedy_and_the_original(self, desk):
        seen = pages(desk.night)
        page = desk.text(seen["failure"])
        assert "Down for maintenance" in page
        assert "retry-after" in page
        assert "5xx: the site is ill; wait." in page
        assert '"turn": 12' in desk.text(seen["dead-letter"])

    def test_a_look_ahead_shows_what_would_come_and_is_not_made_again_by_the_replay(self, own_desk):
        night = own_desk.night
        night.queue.answer = answering(entry_of(1, title="New pier opens"))
        address = pages(night)["replay"]
        preview = own_desk.send(address, act="preview").text
        assert "3 would be sent again" in preview
        assert '<ins dir="auto">New pier opens</ins>' in preview
        run = re.search(r'name="run" value="(\w+)"', preview)
        assert run is not None
        asked = len(night.queue.published)
        done = own_desk.send(address, act="do", run=run[1], why="mended")
        sent = [decode(one.body).payload for one in night.queue.published[asked:]]
        assert [type(one) for one in sent] == [FailureAct] * 3
        before = own_desk.text(done.headers["Location"])
        assert "0 of 3 done, 3 not begun yet" in before
        assert "Stop all replays" in before
        for number, status in enumerate(("closed", "replaying", "replaying")):
            night.became(30 + number, status)
        assert "1 of 3 done, 2 wait for their turn" in own_desk.text(done.headers["Location"])

    def test_what_would_fail_again_is_held_back_and_the_page_says_why(self, own_desk):
        night = own_desk.night
        trouble = {"kind": "dns", "message": "no such name"}
        night.queue.answer = lambda feed: Preview.model_validate({"subject": feed, "at": night.now, "trouble": trouble})
        done = own_desk.send(pages(night)["replay"], act="do", why="a try")
        page = own_desk.text(done.headers["Location"])
        assert "Nothing was done" in page
        assert "3 × held back: not sent: dns: no such name" in page


class TestRaws:
    def test_a_reading_in_parts_goes_on_behind_the_last_feed(self, own_desk):
        night = own_desk.night
        night.queue.answer = answering(entry_of(1, title="New pier opens"))
        night.store.create(keys.raw("bench-report", "4c1d0f27aa00bb12"), gzip.compress(b"<rss/>"))
        page = own_desk.send("/admin/raws/reparse?every=true&limit=1", act="preview").text
        onward = re.search(r'href="([^"]+)">There are more, behind bench-report', page)
        assert onward is not None
        assert re.search(r'name="after"[^>]* value="bench-report"', own_desk.text(html.unescape(onward[1])))


class TestEditor:
    def test_fifty_thousand_characters_fit_however_the_form_writes_them(self, own_desk):
        text = "😀" * 50_000
        answer = own_desk.send(EDITOR, act="preview", html=text)
        assert answer.status_code == 200
        assert "As it will look" in answer.text
        too_much = own_desk.send(EDITOR, act="preview", html=text + "x")
        assert too_much.status_code == 400
        assert "50000 characters" in too_much.text

    def test_the_preview_shows_what_will_stand_what_is_left_out_and_what_changes(self, own_desk):
        page = own_desk.send(EDITOR, act="preview", html="<p>New <b>rules</b></p><script>alert(1)</script>").text
        look = page.partition('class="part block"')[2].partition("</section>")[0]
        assert "<p>New <b>rules</b></p>" in look
        assert "alert(1)" not in look
        assert "Left out: " in page
        assert "<ins>+&lt;p&gt;New " in page

    def test_who_comes_second_keeps_their_text_and_sees_the_other_one(self, own_desk):
        before = own_desk.form(EDITOR)
        own_desk.night.part(4, "<p>Closed all week.</p>", by="cleo")
        said = before | {"html": "<p>Mine</p>", "why": "news", "act": "do"}
        answer = own_desk.client.post("/admin/files/save", data=said)
        page = html.unescape(answer.text)
        assert answer.status_code == 409
        assert "<p>Mine</p></textarea>" in page
        assert "version 4 by <bdi>cleo</bdi>" in page
        assert "<ins>+<p>Closed all week.</p></ins>" in page
        assert 'name="seen" value="4"' in page
        assert "Save over version 4" in page

    def test_an_earlier_version_is_opened_and_offered_for_a_restore(self, desk):
        page = desk.text(f"{EDITOR}&version=1")
        assert "<p>Closed on Friday.</p></textarea>" in page
        assert "/admin/files/restore?site=linux&name=block&version=2&seen=3" in page
        assert BLOCK not in page.partition("<textarea")[2].partition("</textarea>")[0]

    def test_a_part_of_no_site_is_not_there(self, desk):
        assert "nowhere" in desk.text("/admin/files/save?site=nowhere&name=block", status=404)


class TestRunbook:
    def test_every_alert_and_every_kind_has_words_even_without_a_section(self):
        for name in [*(alert.name for alert in ALERTS), *map(str, REMEDIES)]:
            assert runbook.book().has(name) or runbook.known(name)

    def test_no_two_tables_have_one_name(self):
        names = re.findall(r'aria-label="([^"]*)"', runbook.book().html)
        assert len(names) > 1
        assert len(set(names)) == len(names)

    def test_markdown_as_we_write_it_becomes_a_page(self):
        book = runbook.read(MARKDOWN)
        assert [one.anchor for one in book.sections] == ["top"]
        assert '<p>A <code>&lt;b&gt;</code> and a <a href="#top">link</a>, not there. More.</p>' in book.html
        assert "<ul><li>one on</li><li><strong>two</strong></li></ul>" in book.html
        assert "<pre>run # it</pre>" in book.html
        assert "<tbody><tr><td><code>x</code></td><td>y</td></tr></tbody>" in book.html


class TestCharts:
    def test_the_busiest_hour_is_as_tall_as_the_chart_and_the_latest_is_on_the_right(self):
        bars = charts.hours([0, 5, 10], SystemClock().now())
        assert [bar.height for bar in bars] == [0.0, 23.0, 46.0]
        assert bars[-1].x + bars[-1].width == pytest.approx(charts.WIDTH - 1)
        assert charts.hours([0, 0], SystemClock().now()) == ()

    def test_a_line_needs_two_points(self):
        assert charts.line([5.0]) == ""
        assert charts.line([1.0, 2.0]) == "0.0,26.0 240.0,4.0"


class TestDemo:
    def test_each_run_has_a_password_of_its_own_unless_the_settings_name_one(self, tmp_path):
        said = []
        for _ in range(2):
            with sample_world(Settings(data=tmp_path, port=0)) as (settings, password):
                assert is_right(password, settings.admin_password_hash.get_secret_value())
                said.append(password)
        assert len(set(said)) == 2
        assert all(re.fullmatch(r"\w{4}-\w{4}-\w{4}", password) for password in said)
        own = Settings(data=tmp_path, port=0, admin_password_hash=hash_of(PASSWORD))  # type: ignore[arg-type]
        with sample_world(own) as (settings, password):
            assert password == ""
            assert is_right(PASSWORD, settings.admin_password_hash.get_secret_value())
