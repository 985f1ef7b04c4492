"""Which encoding a feed is in, where header, declaration, byte order mark and bytes disagree."""

from __future__ import annotations

import pytest

from tests.fakes.feeds import entry, read, rss, rss_title, titles

WINDOWS_1251 = "application/rss+xml; charset=windows-1251"
UTF_8 = "application/rss+xml; charset=utf-8"


def declared(encoding: str, title: str) -> str:
    item = f"<title>{title}</title><link>http://paper.example/1</link>"
    return rss(item, declaration=f'<?xml version="1.0" encoding="{encoding}"?>\n')


def test_a_label_without_charset_leaves_the_decision_to_the_declaration() -> None:
    assert entry(declared("UTF-8", "Snail’s pace – déjà vu"), "text/xml").title == "Snail’s pace – déjà vu"


def test_without_any_label_it_is_utf_8() -> None:
    assert rss_title("Привет, 日本") == "Привет, 日本"


def test_the_charset_of_the_header_decides_when_nothing_else_does() -> None:
    body = rss("<title>Ветер с моря</title>").encode("cp1251")
    assert titles(body, WINDOWS_1251) == ["Ветер с моря"]


def test_the_header_outranks_the_declaration() -> None:
    assert entry(declared("UTF-8", "Ветер").encode("cp1251"), WINDOWS_1251).title == "Ветер"
    assert entry(declared("iso-8859-1", "Ветер").encode(), UTF_8).title == "Ветер"


@pytest.mark.parametrize(
    "label", ['text/xml; charset="windows-1251"', "text/xml;charset=CP1251", "TEXT/XML; CHARSET='cp-1251'"]
)
def test_a_charset_is_understood_however_it_is_written(label: str) -> None:
    assert titles(rss("<title>Лёд</title>").encode("cp1251"), label) == ["Лёд"]


def test_a_byte_order_mark_is_a_signature_and_no_content() -> None:
    body = b"\xef\xbb\xbf" + declared("UTF-8", "Après l’orage").encode()
    assert entry(body, "application/rss+xml").title == "Après l’orage"
    assert read(body).warnings == ()


def test_a_byte_order_mark_outranks_every_label() -> None:
    assert entry(b"\xef\xbb\xbf" + declared("windows-1251", "Øre").encode(), WINDOWS_1251).title == "Øre"


def test_two_byte_order_marks_are_as_good_as_one() -> None:
    assert entry(b"\xef\xbb\xbf\xef\xbb\xbf" + declared("UTF-8", "Øre").encode()).title == "Øre"


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("label", [None, "text/xml", "text/xml; charset=utf-16", UTF_8])
def test_wide_encodings_are_known_by_their_first_bytes(codec: str, label: str | None) -> None:
    assert entry(declared("UTF-16", "Ünïcode 日本 🌊").encode(codec), label).title == "Ünïcode 日本 🌊"


def test_a_wide_label_before_narrow_bytes_is_a_lie() -> None:
    assert entry(declared("utf-16", "Größe")).title == "Größe"
    assert entry(declared("UTF-8", "Größe"), "text/xml; charset=UTF-16").title == "Größe"


@pytest.mark.parametrize("junk", ["\n  ", "<!-- made at 7:00 -->\n", "<br />\n<b>Notice</b>: cache<br />\n"])
def test_a_declaration_counts_though_junk_stands_before_it(junk: str) -> None:
    assert entry((junk + declared("windows-1251", "Ветер")).encode("cp1251"), "text/xml").title == "Ветер"


@pytest.mark.parametrize("title", ["\ufeffFog", "Fo\ufeffg", "&#65279;Fog"])
def test_a_byte_order_mark_inside_a_title_is_nothing(title: str) -> None:
    assert rss_title(title) == "Fog"


def test_one_broken_byte_costs_one_character() -> None:
    body = declared("UTF-8", "Вечерний выпуск").encode().replace("у".encode(), b"\xd1", 1)
    found = read(body, UTF_8)
    assert found.entries[0].title == "Вечерний вып\ufffdск"
    assert found.warnings == ("encoding_replaced",)


def test_a_title_cut_inside_a_character_loses_that_character_only() -> None:
    body = declared("UTF-8", "Příliš žluťoučký ků@ …").encode().replace(b"@", b"\xc5")
    assert entry(body).title == "Příliš žluťoučký ků\ufffd …"


def test_latin_1_is_read_as_windows_1252() -> None:
    body = declared("ISO-8859-1", "‘Oui’ — naïve… 5 €").encode("cp1252")
    assert entry(body, "text/xml").title == "‘Oui’ — naïve… 5 €"


@pytest.mark.parametrize("label", ["us-ascii", "latin1", "ISO_8859-1", "cp1252", "iso8859-1"])
def test_other_names_of_latin_1_are_windows_1252_too(label: str) -> None:
    assert entry(declared(label, "“Ja” – fünf").encode("cp1252")).title == "“Ja” – fünf"


@pytest.mark.parametrize(
    ("label", "codec", "title"),
    [
        ("gb2312", "gb18030", "镕基与喆：建国35周年"),
        ("GBK", "gb18030", "€ 中文"),
        ("shift_jis", "cp932", "天気①髙"),
        ("euc-kr", "cp949", "똠방각하"),
        ("big5", "big5hkscs", "香港天氣"),
        ("euc-jp", "euc_jp", "天気予報"),
        ("iso-2022-jp", "iso2022_jp", "天気予報"),
        ("koi8-r", "koi8-r", "Погода"),
        ("windows-1255", "cp1255", "שלום"),
        ("windows-1256", "cp1256", "مرحبا"),
        ("iso-8859-2", "iso8859-2", "Žluťoučký"),
        ("iso-8859-9", "cp1254", "Işık"),
        ("iso-8859-15", "iso8859-15", "5 € œuvre"),
        ("tis-620", "cp874", "สวัสดี"),
        ("macintosh", "mac-roman", "naïve"),
    ],
)
def test_labels_mean_what_browsers_take_them_for(label: str, codec: str, title: str) -> None:
    assert entry(declared(label, title).encode(codec)).title == title


def test_utf_8_bytes_under_a_latin_label_are_utf_8() -> None:
    body = declared("iso-8859-1", "Crème brûlée – 5 €").encode()
    assert entry(body).title == "Crème brûlée – 5 €"
    assert entry(body, "text/xml; charset=ISO-8859-1").title == "Crème brûlée – 5 €"


def test_latin_bytes_under_a_utf_8_label_are_read_as_windows_1252() -> None:
    found = read(declared("utf-8", "Élan à Besançon").encode("latin-1"))
    assert (found.entries[0].title, found.warnings) == ("Élan à Besançon", ("encoding_replaced",))


def test_an_unknown_label_is_passed_over() -> None:
    assert entry(declared("x-nonsense", "Größe"), "text/xml; charset=nonsense").title == "Größe"


@pytest.mark.parametrize("label", ["utf-7", "unicode_escape", "rot13", "idna", "base64", "hex"])
def test_a_label_never_reaches_codecs_that_are_no_encodings(label: str) -> None:
    assert entry(declared(label, "+ADw-b+AD4- \\u0041"), f"text/xml; charset={label}").title == "+ADw-b+AD4- \\u0041"


@pytest.mark.parametrize(
    "written", ["&#55357;&#56842; Fun", "&#xD83D;&#xDE0A; Fun", "&#xd83d;&#56842; Fun", "&amp;#55357;&amp;#56842; Fun"]
)
def test_an_emoji_in_two_halves_becomes_one(written: str) -> None:
    assert titles(rss(f"<title>{written}</title>", "<title>Next</title>")) == ["😊 Fun", "Next"]


@pytest.mark.parametrize("written", ["&#55357;", "&#xDE0A;&#xD83D;", "&#xDFFF;", "<![CDATA[&#55357;]]>"])
def test_half_an_emoji_alone_never_gives_text_that_cannot_be_written(written: str) -> None:
    first, second = titles(rss(f"<title>{written} Fun</title>", "<title>Next</title>"))
    assert first is not None
    assert first.encode().decode().endswith("Fun")
    assert second == "Next"


@pytest.mark.parametrize(
    "written", ["It&#146;s &#8220;on&#148;", "It\x92s “on\x94", "It&amp;#146;s &amp;ldquo;on&amp;rdquo;"]
)
def test_c1_codes_are_the_windows_characters_that_were_meant(written: str) -> None:
    assert rss_title(written) == "It’s “on”"


def test_text_that_was_encoded_twice_is_put_right() -> None:
    assert rss_title("Cinéma et théâtre".encode().decode("latin-1")) == "Cinéma et théâtre"
    assert rss_title("Ça va – déjà") == "Ça va – déjà"
