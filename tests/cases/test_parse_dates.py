"""Dates as publishers write them: the right instant, or none; never another one."""

# ruff: noqa: E501  # documents, kept in one piece

from __future__ import annotations

import pytest

from services.fetcher.dates import parse_date
from tests.fakes.feeds import atom, entries, entry, rss


def instant(text: str) -> str | None:
    found = parse_date(text)
    return found.strftime("%Y-%m-%dT%H:%M:%SZ") if found else None


RFC_822 = {
    "Mon, 06 May 2024 07:00:00 GMT": "2024-05-06T07:00:00Z",
    "6 May 2024 07:00 +0000": "2024-05-06T07:00:00Z",
    "Thu, 07 Mar 19 08:15:00 +0300": "2019-03-07T05:15:00Z",
    "Fri, 07 Mar 97 08:15:00 -0500": "1997-03-07T13:15:00Z",
    "Wed, 04 Jun 2025 06:30:00 EST": "2025-06-04T11:30:00Z",
    "Wed, 04 Jun 2025 06:30:00 PDT": "2025-06-04T13:30:00Z",
    "Wed, 04 Jun 2025 06:30:00 CST": "2025-06-04T12:30:00Z",
    "Wed, 04 Jun 2025 06:30:00 Z": "2025-06-04T06:30:00Z",
    "Wed, 04 Jun 2025 06:30:00 CEST": "2025-06-04T04:30:00Z",
    "Wed, 04 Jun 2025 06:30:00 +0530 (IST)": "2025-06-04T01:00:00Z",
    "Wed, 04 Jun 2025 06:30:00 +05:30": "2025-06-04T01:00:00Z",
    "Wed, 04 Jun 2025 06:30:00 GMT+2": "2025-06-04T04:30:00Z",
    "Wed, 04 Jun 2025 06:30:00": "2025-06-04T06:30:00Z",
    "Wed, 04 Jun 2025 06:30:00 XYZ": "2025-06-04T06:30:00Z",
    "Wednesday, 4 June 2025 6:30:00 GMT": "2025-06-04T06:30:00Z",
    "Wed,04 Jun 2025 06:30:00 GMT": "2025-06-04T06:30:00Z",
    " Wed,  04  Jun\t2025 06:30:00\nGMT ": "2025-06-04T06:30:00Z",
    "Tue, 04 Jun 2025 06:30:00 GMT": "2025-06-04T06:30:00Z",
    "Sat, 30 Jun 2012 23:59:60 GMT": "2012-06-30T23:59:59Z",
    "04 June 2025 Wednesday 06:30:00 GMT": "2025-06-04T06:30:00Z",
    "Wed, 04-Jun-2025 06:30:00 GMT": "2025-06-04T06:30:00Z",
    "Wed Jun 4 06:30:00 2025": "2025-06-04T06:30:00Z",
    "Wed Jun  4 06:30:00 EDT 2025": "2025-06-04T10:30:00Z",
    "June 4, 2025 6:30 pm": "2025-06-04T18:30:00Z",
    "Jun 4th, 2025": "2025-06-04T00:00:00Z",
    "Wed, 04 Jun 2025": "2025-06-04T00:00:00Z",
    "Wed, 04 Jun 2025 24:00:00 GMT": "2025-06-05T00:00:00Z",
    "Wed, 4th Jun 2025 06:30:00 GMT": "2025-06-04T06:30:00Z",
    "Wed, 4, Jun 2025 6:5": "2025-06-04T06:05:00Z",
    "Wed, 04 Jun 2025 6:0:0 Z": "2025-06-04T06:00:00Z",
    "Wed Jun 4 06:30:00 2025 EDT": "2025-06-04T10:30:00Z",
    "Wednesday, June 4, 2025 - 6:30pm": "2025-06-04T18:30:00Z",
    "June 4, 2025 at 6:30 PM EDT": "2025-06-04T22:30:00Z",
    "4 June 2025 @ 06:30": "2025-06-04T06:30:00Z",
    "4 June 2025 at 06:30 GMT": "2025-06-04T06:30:00Z",
    "2025 June 4": "2025-06-04T00:00:00Z",
    "Wed, 04 Jun 2025 06:30:00 \N{MINUS SIGN}0400": "2025-06-04T10:30:00Z",
    "Wed, 04 Jun 2025 06:30:00 America/New_York": "2025-06-04T10:30:00Z",
    "Wed, 08 Jan 2025 06:30:00 America/New_York": "2025-01-08T11:30:00Z",
    "Wed, 04 Jun 2025 06:30:00 America/Argentina/Buenos_Aires": "2025-06-04T09:30:00Z",
}
W3CDTF = {
    "2024-05-06T07:00:00Z": "2024-05-06T07:00:00Z",
    "2024-05-06t07:00:00z": "2024-05-06T07:00:00Z",
    "2024-05-06T07:00:00.987654321+02:00": "2024-05-06T05:00:00Z",
    "2024-05-06T07:00:00,5Z": "2024-05-06T07:00:00Z",
    "2024-05-06T07:00+02:00": "2024-05-06T05:00:00Z",
    "2024-05-06T07:00:00+0200": "2024-05-06T05:00:00Z",
    "2024-05-06T07:00:00-07": "2024-05-06T14:00:00Z",
    "2024-05-06T07:00:00": "2024-05-06T07:00:00Z",
    "2024-05-06 07:00:00 +0200": "2024-05-06T05:00:00Z",
    "2024-05-06 07:00:00 UTC": "2024-05-06T07:00:00Z",
    "2024-05-06": "2024-05-06T00:00:00Z",
    "2024-05": "2024-05-01T00:00:00Z",
    "20240506T070000Z": "2024-05-06T07:00:00Z",
    "20240506": "2024-05-06T00:00:00Z",
    "2024-02-28T24:00:00Z": "2024-02-29T00:00:00Z",
    "2023-12-31T24:00:00+01:00": "2023-12-31T23:00:00Z",
    "2024-5-6 7:00": "2024-05-06T07:00:00Z",
    "2024/05/06 07:00:00": "2024-05-06T07:00:00Z",
    "2024-05-06T070000Z": "2024-05-06T07:00:00Z",
    "2024-05-06T0700+0200": "2024-05-06T05:00:00Z",
    "2024-05-06 07:00:00 +0200 CEST": "2024-05-06T05:00:00Z",
    "2024-05-06 07:00:00.25 +0000 UTC": "2024-05-06T07:00:00Z",
    "2024-05-06T07:00:00.1234567": "2024-05-06T07:00:00Z",
    "2024-05-06T07:00:00+02:00Z": "2024-05-06T05:00:00Z",
    "2024-05-06 at 07:00:00": "2024-05-06T07:00:00Z",
    "Mon, 2024-05-06 07:00": "2024-05-06T07:00:00Z",
}
ELSEWHERE = {
    "lun, 10 ott 2022 09:20:00 GMT": "2022-10-10T09:20:00Z",
    "mar, 7 mar 2023 09:20:00 +0100": "2023-03-07T08:20:00Z",
    "gio, 05 gen 2023 09:20:00 GMT": "2023-01-05T09:20:00Z",
    "mer., 14 févr. 2024 10:00:00 +0100": "2024-02-14T09:00:00Z",
    "jeu, 15 août 2024 10:00:00 GMT": "2024-08-15T10:00:00Z",
    "ven, 20 déc 2024 10:00:00 GMT": "2024-12-20T10:00:00Z",
    "Di, 05 Mär 2024 10:00:00 +0100": "2024-03-05T09:00:00Z",
    "Dienstag, 14. Mai 2024 10:00 Uhr": "2024-05-14T10:00:00Z",
    "Do, 10 Okt 2024 10:00:00 MESZ": "2024-10-10T08:00:00Z",
    "mié, 10 ene 2024 10:00:00 GMT": "2024-01-10T10:00:00Z",
    "15 de agosto de 2024 10:00": "2024-08-15T10:00:00Z",
    "Lundi, 18. Novembre 2024 - 15:54": "2024-11-18T15:54:00Z",
    "18 novembre 2024 à 15h54": "2024-11-18T15:54:00Z",
    "18. november 2024 kl. 15.54": "2024-11-18T15:54:00Z",
    "Sex, 13 Set 2024 10:00:00 -0300": "2024-09-13T13:00:00Z",
    "Qua, 09 Out 2024 10:00:00 -0300": "2024-10-09T13:00:00Z",
    "Śr, 09 paź 2024 10:00:00 +0200": "2024-10-09T08:00:00Z",
    "Pt, 15 lis 2024 10:00:00 +0100": "2024-11-15T09:00:00Z",
    "Пн, 06 май 2024 10:00:00 +0300": "2024-05-06T07:00:00Z",
    "6 сентября 2024 10:00": "2024-09-06T10:00:00Z",
    "Sal, 08 Eki 2024 10:00:00 +0300": "2024-10-08T07:00:00Z",
    "ons, 09 okt 2024 10:00:00 +0200": "2024-10-09T08:00:00Z",
    "wo, 06 mrt 2024 10:00:00 +0100": "2024-03-06T09:00:00Z",
    "Út, 08 říj 2024 10:00:00 +0200": "2024-10-08T08:00:00Z",
    "Δευ, 07 Οκτ 2024 10:00:00 +0300": "2024-10-07T07:00:00Z",
    "06.05.2024 07:00": "2024-05-06T07:00:00Z",
    "6.5.2024": "2024-05-06T00:00:00Z",
    "Mon, 10/03/2011 10:37 PM": "2011-10-03T22:37:00Z",
    "10/03/2011 12:05 am": "2011-10-03T00:05:00Z",
    "31/12/2024 10:00": "2024-12-31T10:00:00Z",
    "2024年5月6日 07:30": "2024-05-06T07:30:00Z",
    "2024-05-06 오후 11:23:17": "2024-05-06T23:23:17Z",
    "2024年5月6日 上午9时05分": "2024-05-06T09:05:00Z",
    "1714978800": "2024-05-06T07:00:00Z",
    "1714978800000": "2024-05-06T07:00:00Z",
}
UNREADABLE = (
    "yesterday evening", "?", "", "   ", "TBA", "0000-00-00 00:00:00", "0001-01-01T00:00:00Z", "Mon, 32 May 2024 07:00:00 GMT",
    "Thu, 31 Feb 2024 07:00:00 GMT", "2024-13-01", "2024-02-30T00:00:00Z", "Mon, 06 May 2024 25:00:00 GMT",
    "Mon, 06 May 2024 07:61:00 GMT", "2024-02-28T24:30:00Z", "2024-05-06T07:00:00+25:00", "03/04/2024 10:00", "12345", "2024",
    "Mon, 06 Foo 2024 07:00:00 GMT", "{{ date }}",
    "Mon, 06 May 2024 07:00:00 Nowhere/Atall", "Mon, 06 May 2024 07:00:00 Europe/../Oslo", "Mon, 06 May 2024 07:00:00 GMT and more words", "99999999999999999999",
    "Mon, , GMT", "1 " * 60, "２０２４",
)  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), [*RFC_822.items(), *W3CDTF.items(), *ELSEWHERE.items()])
def test_a_date_is_read_as_it_was_meant(text: str, expected: str) -> None:
    assert instant(text) == expected


@pytest.mark.parametrize("text", UNREADABLE)
def test_a_date_without_one_right_reading_is_none(text: str) -> None:
    assert parse_date(text) is None


def test_every_instant_is_in_utc_and_whole_seconds() -> None:
    found = parse_date("2024-05-06T07:00:00.75+02:00")
    assert found is not None
    assert (found.utcoffset(), found.microsecond) == (parse_date("2024-05-06").utcoffset(), 0)  # type: ignore[union-attr]


def test_a_missing_or_unreadable_date_costs_neither_the_entry_nor_the_others() -> None:
    dated, undated, odd = entries(
        rss(
            "<title>Dated</title><pubDate>Mon, 06 May 2024 07:00:00 GMT</pubDate>",
            "<title>Undated</title>",
            "<title>Odd</title><pubDate>some day soon</pubDate>",
        )
    )
    assert dated.published is not None
    assert (undated.title, undated.published) == ("Undated", None)
    assert (odd.title, odd.published) == ("Odd", None)


def test_a_date_far_ahead_is_kept_as_the_publisher_said_it() -> None:
    found = entry(rss("<title>T</title><pubDate>Fri, 01 Jan 2100 00:00:00 GMT</pubDate>"))
    assert found.published is not None
    assert found.published.year == 2100


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        ("<dc:date>2023-02-11</dc:date>", "2023-02-11T00:00:00"),
        ("<pubDate>no date</pubDate><dc:date>2023-02-11T10:00:00+01:00</dc:date>", "2023-02-11T09:00:00"),
        ("<pubDate>Mon, 06 May 2024 07:00:00 GMT</pubDate><dc:date>2020-01-01</dc:date>", "2024-05-06T07:00:00"),
        ("<atom:published>2024-05-06T07:00:00Z</atom:published>", "2024-05-06T07:00:00"),
        ("<atom:updated>2024-05-06T07:00:00Z</atom:updated>", "2024-05-06T07:00:00"),
        ("<date>2024-05-06T07:00:00Z</date>", "2024-05-06T07:00:00"),
    ],
)
def test_an_rss_date_may_stand_in_several_elements(dates: str, expected: str) -> None:
    found = entry(rss(f"<title>T</title>{dates}"))
    assert found.published is not None
    assert found.published.isoformat() == f"{expected}+00:00"


def test_an_atom_entry_has_both_dates_and_the_update_stands_in() -> None:
    updated = "<updated>2024-05-07T00:00:00Z</updated>"
    both, one = entries(
        atom(
            f"<id>1</id><published>2024-05-06T00:00:00Z</published>{updated}",
            f"<id>2</id>{updated}",
        )
    )
    assert [str(moment)[:10] for moment in (both.published, both.updated, one.published, one.updated)] == [
        "2024-05-06", "2024-05-07", "2024-05-07", "2024-05-07",
    ]  # fmt: skip
