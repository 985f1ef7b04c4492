"""Sites as people write them: what is read, what is refused and how it is said, what a running newsroom picks up."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from services.scheduler.sites import SiteBook, SiteError, host_of, read_site, read_sites, wanted_feeds

GOOD = """
title = "News"
description = "All of it"
theme = "techno"
lane = "slow"
place = "Vienna"

[[feeds]]
url = " https://one.example/feed "
title = "One"
home = "https://one.example/"
max_items = 5
include = ["linux", "/\\\\bkernel\\\\b/"]
exclude = ["sponsored"]

[[feeds]]
url = "http://two.example:8000/feed"
"""


def write(folder: Path, text: str, name: str = "news.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_site_is_its_file(tmp_path: Path) -> None:
    site = read_site(write(tmp_path, GOOD))
    assert (site.id, site.title, site.lane, site.place, site.theme) == ("news", "News", "slow", "Vienna", "techno")
    one, two = site.feeds
    assert (one.url, one.title, one.max_items) == ("https://one.example/feed", "One", 5)
    assert one.include == ["linux", r"/\bkernel\b/"]
    assert (two.title, two.max_items, two.include) == (None, 10, [])


def test_a_site_without_feeds_may_be_about_to_get_some(tmp_path: Path) -> None:
    assert read_site(write(tmp_path, 'title = "Empty"')).feeds == []


@pytest.mark.parametrize(
    ("text", "field", "shown"),
    [
        ("title = 3", "field title", "got '3'"),
        ("", "field title", "Field required"),
        ('title = "x"\ncolour = "red"', "field colour", "got 'red'"),
        ('title = "x"\nlane = "A b"', "field lane", "got 'A b'"),
        ('title = "x"\n[[feeds]]\nurl = "ftp://x.example/"', "field feeds.0.url", "must be an http or https address"),
        ('title = "x"\n[[feeds]]\nurl = "https:///feed"', "field feeds.0.url", "with a host"),
        ('title = "x"\n[[feeds]]\nurl = "https://x.example:port/"', "field feeds.0.url", "not an address"),
        ('title = "x"\n[[feeds]]\ntitle = "no url"', "field feeds.0.url", "Field required"),
        ('title = "x"\n[[feeds]]\nurl = "https://x.example/"\nmax_items = 0', "field feeds.0.max_items", "got '0'"),
        ('title = "x"\n[[feeds]]\nurl = "https://x.example/"\nmax_items = "5"', "feeds.0.max_items", "got '5'"),
        ('title = "x"\n[[feeds]]\nurl = "https://x.example/"\ninclude = ["/(/"]', "feeds.0.include.0", "not a pattern"),
        (
            'title = "x"\n[[feeds]]\nurl = "https://x.example/"\nexclude = ["/(?!a)b/"]',
            "feeds.0.exclude.0",
            "look-ahead",
        ),
        ('title = "x" 4', "is not TOML", "line 1"),
    ],
)
def test_what_is_wrong_is_one_line_with_file_field_and_value(tmp_path: Path, text: str, field: str, shown: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(SiteError) as caught:
        read_site(path)
    said = str(caught.value)
    assert said.startswith(f"{path}: ")
    assert field in said
    assert shown in said
    assert "\n" not in said


def test_a_feed_given_twice_is_named_with_both_its_places(tmp_path: Path) -> None:
    twice = 'title = "x"\n' + 2 * '[[feeds]]\nurl = "https://x.example/feed"\n'
    with pytest.raises(SiteError, match=r"feeds\.1\.url: the same feed as feeds\.0, got 'https://x\.example/feed'"):
        read_site(write(tmp_path, twice))


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "news.toml"
    path.write_bytes(b'title = "\xff"')
    with pytest.raises(SiteError, match="cannot be read"):
        read_site(path)


def test_a_name_that_can_be_no_id_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SiteError, match="the site's id"):
        read_site(write(tmp_path, GOOD, "My Site.toml"))


def test_a_folder_that_is_missing_or_empty_says_so(tmp_path: Path) -> None:
    with pytest.raises(SiteError, match="no site in it"):
        read_sites(tmp_path)
    with pytest.raises(SiteError, match="no such folder"):
        read_sites(tmp_path / "nowhere")


def test_a_feed_of_several_sites_is_wanted_once(tmp_path: Path) -> None:
    write(tmp_path, 'title = "A"\n[[feeds]]\nurl = "https://x.example/"', "a.toml")
    write(tmp_path, 'title = "B"\nlane = "slow"\n[[feeds]]\nurl = "https://x.example/"', "b.toml")
    (wanted,) = wanted_feeds(read_sites(tmp_path).values()).values()
    assert (wanted.sites, wanted.lane) == (("a", "b"), "slow")


def test_the_same_address_with_other_filters_is_another_feed(tmp_path: Path) -> None:
    write(tmp_path, 'title = "A"\n[[feeds]]\nurl = "https://x.example/"', "a.toml")
    write(tmp_path, 'title = "B"\n[[feeds]]\nurl = "https://x.example/"\ninclude = ["linux"]', "b.toml")
    write(tmp_path, 'title = "C"\n[[feeds]]\nurl = "https://x.example/"\nexclude = ["linux"]', "c.toml")
    wanted = wanted_feeds(read_sites(tmp_path).values())
    assert sorted((feed.include, feed.exclude) for feed in wanted.values()) == [
        ((), ()),
        ((), ("linux",)),
        (("linux",), ()),
    ]


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Example.ORG/feed", "example.org"),
        ("http://example.org./feed", "example.org"),
        ("https://example.org:443/", "example.org"),
        ("http://example.org:80/", "example.org"),
        ("http://127.0.0.1:8001/feed", "127.0.0.1:8001"),
        ("http://[::1]:8001/feed", "[::1]:8001"),
    ],
)
def test_politeness_is_owed_to_a_host(url: str, host: str) -> None:
    assert host_of(url) == host


# --- while running ----------------------------------------------------------------------------------


def touch(path: Path, text: str) -> None:
    """Write a file as an editor does, with a time that differs however coarse the file system's clock is."""
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(before + 10**9, before + 10**9))


def test_a_change_is_picked_up_and_nothing_else_is(tmp_path: Path) -> None:
    path = write(tmp_path, 'title = "Old"')
    book = SiteBook(tmp_path)
    assert book.reread() == (False, ())
    touch(path, 'title = "New"')
    assert book.reread() == (True, ())
    assert book.sites["news"].title == "New"
    touch(path, 'title = "New" # a remark')
    assert book.reread() == (False, ())


def test_a_broken_edit_keeps_the_site_and_is_said_once(tmp_path: Path) -> None:
    path = write(tmp_path, 'title = "Old"')
    write(tmp_path, 'title = "Other"', "other.toml")
    book = SiteBook(tmp_path)
    touch(path, "title = ")
    touch(tmp_path / "other.toml", 'title = "Other, better"')
    changed, (error,) = book.reread()
    assert changed
    assert "news.toml" in error
    assert {name: site.title for name, site in book.sites.items()} == {"news": "Old", "other": "Other, better"}
    assert book.reread() == (False, ())


def test_a_site_comes_and_goes_with_its_file(tmp_path: Path) -> None:
    write(tmp_path, 'title = "Old"')
    book = SiteBook(tmp_path)
    more = write(tmp_path, 'title = "More"', "more.toml")
    assert book.reread() == (True, ())
    assert list(book.sites) == ["more", "news"]
    more.unlink()
    assert book.reread() == (True, ())
    assert list(book.sites) == ["news"]


def test_a_new_file_that_is_broken_adds_no_site(tmp_path: Path) -> None:
    write(tmp_path, 'title = "Old"')
    book = SiteBook(tmp_path)
    write(tmp_path, "title = ", "more.toml")
    changed, errors = book.reread()
    assert (changed, len(errors), list(book.sites)) == (False, 1, ["news"])


def test_the_sites_that_come_with_the_project_can_be_read() -> None:
    sites = read_sites(Path(__file__).parents[2] / "sites")
    assert sorted(sites) == ["ai", "covid", "linux", "solar", "space", "techno"]
    for site in sites.values():
        assert 8 <= len(site.feeds) <= 14
        assert site.description
        assert site.place
        assert all(feed.title and feed.home and feed.url.startswith("https://") for feed in site.feeds)
