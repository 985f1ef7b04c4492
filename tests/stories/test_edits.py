"""Parts of the pages that people write: two editors, one part, and nobody's text lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from pressroom.desk.office import Conflict, NotFound, Refused
from pressroom.outcomes import Done, Reject
from schemas import keys
from schemas.parts import PART_CHARS_MAX, Edit
from services.publisher.edits import PART_VERSIONS_MAX
from tests.fakes.editors import Newsdesk


@pytest.fixture
def desk(tmp_path: Path) -> Newsdesk:
    return Newsdesk(tmp_path, "linux", "solar")


def edit(desk: Newsdesk, html: str | None, seen: int) -> Edit:
    return Edit(site="linux", name="block", html=html, seen=seen, at=desk.clock.now(), by="one", why="news")


def numbers(desk: Newsdesk) -> list[int]:
    return [one.number for one in desk.operator("files", "history", site="linux", name="block").versions]


def test_what_is_saved_is_cleaned_numbered_and_told_to_the_nodes(desk: Newsdesk) -> None:
    saved = desk.save("<p>Hello<script>alert(1)</script></p>", seen=0)
    assert (saved.state, saved.number, saved.before) == ("saved", 1, 0)
    assert saved.dropped == ("1 × <script>",)
    assert desk.text() == "<p>Hello</p>"
    assert keys.site_part("linux", "block") in [told.key for told in desk.told]


def test_saving_what_is_there_already_makes_no_new_version(desk: Newsdesk) -> None:
    desk.save("<p>Hello</p>", seen=0)
    assert desk.save("<p>Hello</p><!-- again -->", seen=0).state == "same"
    assert numbers(desk) == [1]


def test_who_saves_an_older_version_than_the_present_one_is_told_both_differences_and_how_to_merge(
    desk: Newsdesk,
) -> None:
    desk.save("<p>Ferry</p><p>Bridge</p>", seen=0)
    desk.save("<p>Ferry</p><p>Tunnel</p>", seen=1, by="first", why="it is a tunnel")
    with pytest.raises(Conflict) as refused:
        desk.save("<p>Ferries</p><p>Bridge</p>", seen=1, by="second")
    told = str(refused.value)
    assert "linux/block is at version 2 now, not at version 1: first saved it" in told
    assert "it is a tunnel" in told
    assert "-<p>Bridge</p>\n+<p>Tunnel</p>" in told
    assert "-<p>Ferry</p>\n-<p>Tunnel</p>\n+<p>Ferries</p>\n+<p>Bridge</p>" in told
    assert "save that with seen 2" in told
    assert desk.text() == "<p>Ferry</p><p>Tunnel</p>"


def test_of_two_who_save_in_the_same_moment_one_wins_and_the_other_is_told_and_their_text_is_kept(
    desk: Newsdesk,
) -> None:
    desk.held = []
    assert desk.save("<p>Mine</p>", seen=0, by="first").state == "asked"
    send = desk.send

    def send_then_release(emits: object) -> None:
        send(emits)  # type: ignore[arg-type]
        desk.release()

    desk.send = send_then_release  # type: ignore[method-assign, assignment]
    with pytest.raises(Conflict, match="version 1 now, not at version 0: first saved it"):
        desk.save("<p>Yours</p>", seen=0, by="second")
    assert desk.text() == "<p>Mine</p>"
    (line,) = desk.operator.failures()
    assert line.kind == "conflict"
    assert "Yours" in (desk.operator.failure(line.id).original or "")


def test_who_was_overwritten_at_once_by_somebody_who_had_seen_it_has_saved_all_the_same(desk: Newsdesk) -> None:
    desk.held = []
    send = desk.send

    def both(emits: object) -> None:
        send(emits)  # type: ignore[arg-type]
        desk.release()
        desk.give(edit(desk, "<p>Next</p>", seen=1))

    desk.send = both  # type: ignore[method-assign, assignment]
    saved = desk.save("<p>Mine</p>", seen=0)
    assert (saved.state, saved.number) == ("saved", 1)
    assert desk.text() == "<p>Next</p>"


def test_while_the_publisher_is_away_an_editor_waits_for_a_while_and_is_told_that_it_will_be_done(
    desk: Newsdesk,
) -> None:
    desk.held = []
    began_s = desk.clock.monotonic()
    assert desk.save("<p>Later</p>", seen=0).state == "asked"
    assert desk.clock.monotonic() - began_s == pytest.approx(10.0, abs=0.5)
    desk.release()
    assert desk.text() == "<p>Later</p>"


def test_an_edit_that_comes_again_changes_nothing_and_is_told_again(desk: Newsdesk) -> None:
    desk.held = []
    desk.save("<p>Once</p>", seen=0)
    (message,) = desk.held
    desk.release()
    told = len(desk.told)
    desk.save("<p>Twice</p>", seen=1)
    assert isinstance(desk.handle(message), Reject), "the second edit is not undone by the first one's redelivery"
    desk.save("<p>Once</p>", seen=2)
    assert desk.handle(message) == Done()
    assert numbers(desk) == [3, 2, 1]
    assert len(desk.told) > told


def test_a_version_whose_part_was_never_written_is_in_nobodys_way(desk: Newsdesk) -> None:
    class Cut(RuntimeError):
        pass

    swap = desk.store.swap

    def cut(*_: object, **__: object) -> str:
        raise Cut

    desk.store.swap = cut  # type: ignore[method-assign]
    with pytest.raises(Cut):
        desk.give(edit(desk, "<p>Cut off</p>", seen=0))
    desk.store.swap = swap  # type: ignore[method-assign]
    desk.save("<p>Other</p>", seen=0)
    desk.save("<p>More</p>", seen=1)
    history = desk.operator("files", "history", site="linux", name="block").versions
    assert [(one.number, one.characters) for one in history] == [(2, 11), (1, 12)]
    assert desk.operator("files", "show", site="linux", name="block", version=1).html == "<p>Other</p>"


def test_any_earlier_version_is_restored_as_a_new_one(desk: Newsdesk) -> None:
    for seen, html in enumerate(["<p>One</p>", "<p>Two</p>", "<p>Three</p>"]):
        desk.save(html, seen=seen)
    saved = desk.operator("files", "restore", site="linux", name="block", version=1)
    assert (saved.state, saved.number) == ("saved", 4)
    part = desk.part()
    assert part is not None
    assert (part.html, part.restores) == ("<p>One</p>", 1)


def test_a_removed_part_is_gone_keeps_its_history_and_comes_back(desk: Newsdesk) -> None:
    desk.save("<p>One</p>", seen=0)
    desk.operator("files", "remove", site="linux", name="block")
    assert desk.text() is None
    with pytest.raises(Conflict):
        desk.save("<p>Two</p>", seen=1)
    desk.operator("files", "restore", site="linux", name="block", version=1)
    assert desk.text() == "<p>One</p>"
    assert numbers(desk) == [3, 2, 1]


def test_a_dry_run_says_what_would_be_done_and_does_nothing(desk: Newsdesk) -> None:
    assert desk.save("<p>One</p>", seen=0, dry_run=True).state == "would"
    assert desk.part() is None


def test_a_preview_shows_what_would_stand_what_goes_and_what_changes(desk: Newsdesk) -> None:
    desk.save("<p>One</p>", seen=0)
    shown = desk.operator("files", "preview", site="linux", name="block", html='<p style="top:0">Two</p>')
    assert (shown.html, shown.dropped, shown.seen) == ("<p>Two</p>", ("1 × style of <p>",), 1)
    assert "-<p>One</p>\n+<p>Two</p>" in shown.diff
    assert desk.text() == "<p>One</p>"


def test_each_site_has_its_own_parts(desk: Newsdesk) -> None:
    desk.save("<p>Linux</p>", seen=0)
    desk.save("<p>Solar</p>", seen=0, site="solar", name="notice")
    listed = desk.operator("files", "list").parts
    assert [(one.site, one.name) for one in listed] == [("linux", "block"), ("solar", "notice")]
    assert [one.site for one in desk.operator("files", "list", site="solar").parts] == ["solar"]


@pytest.mark.parametrize(
    ("site", "name", "html", "says"),
    [
        ("nowhere", "block", "x", "there is no site nowhere; there are linux, solar"),
        ("linux", "sidebar", "x", "name: Input should be 'block', 'notice' or 'about'"),
        ("linux", "block", "x" * (PART_CHARS_MAX + 1), "html: String should have at most 50000 characters"),
        ("linux", "block", "<" * PART_CHARS_MAX, "cleaned, it has 200000 characters; a part has at most 50000"),
        ("linux", "block", "<b>" * 5000, "too many elements are open at once"),
    ],
)
def test_what_cannot_be_a_part_is_refused_with_the_reason(
    desk: Newsdesk, site: str, name: str, html: str, says: str
) -> None:
    with pytest.raises(Refused, match=says):
        desk.save(html, seen=0, site=site, name=name)
    assert desk.operator("files", "list").parts == ()


def test_a_version_that_never_was_is_not_found(desk: Newsdesk) -> None:
    desk.save("<p>One</p>", seen=0)
    with pytest.raises(NotFound, match="linux/block has no version 7"):
        desk.operator("files", "restore", site="linux", name="block", version=7)


def test_a_history_is_kept_to_its_length_and_its_end_is_no_error(desk: Newsdesk) -> None:
    for seen in range(PART_VERSIONS_MAX + 20):
        desk.give(edit(desk, f"<p>{seen}</p>", seen))
    kept = numbers(desk)
    assert kept == list(range(PART_VERSIONS_MAX + 20, 20, -1))
