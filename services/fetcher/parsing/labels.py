"""Names of encodings, as servers and XML declarations write them → the codec that reads what is meant.

Source: the label table of the WHATWG Encoding standard, section 4.2, with what feeds were seen to write besides. Only
text encodings are in it: a label can never reach Python's transforming or escaping codecs, nor UTF-7.
"""

from __future__ import annotations

import re
from typing import Final

_LABELS: Final = {
    "utf-8": "utf8 unicode11utf8 unicode20utf8 xunicode20utf8 utf8mb4 utf8bom",
    "utf-16-le": "utf16 utf16le unicode ucs2 iso10646ucs2 csunicode unicodefeff",
    "utf-16-be": "utf16be unicodefffe",
    "utf-32-le": "utf32 utf32le ucs4",
    "utf-32-be": "utf32be",
    "cp1252": "windows1252 cp1252 xcp1252 ascii usascii ansix341968 iso646us iso88591 88591 latin1 l1 isoir100 cp819"
    " ibm819 csisolatin1 iso885911987 ansi",
    "cp1250": "windows1250 cp1250 xcp1250",
    "cp1251": "windows1251 cp1251 xcp1251 win1251",
    "cp1253": "windows1253 cp1253 xcp1253",
    "cp1254": "windows1254 cp1254 xcp1254 iso88599 88599 latin5 l5 isoir148 csisolatin5 iso885991989",
    "cp1255": "windows1255 cp1255 xcp1255",
    "cp1256": "windows1256 cp1256 xcp1256",
    "cp1257": "windows1257 cp1257 xcp1257",
    "cp1258": "windows1258 cp1258 xcp1258",
    "cp874": "windows874 dos874 iso885911 885911 tis620",
    "iso8859-2": "iso88592 88592 latin2 l2 isoir101 csisolatin2 iso885921987",
    "iso8859-3": "iso88593 88593 latin3 l3 isoir109 csisolatin3",
    "iso8859-4": "iso88594 88594 latin4 l4 isoir110 csisolatin4",
    "iso8859-5": "iso88595 88595 cyrillic isoir144 csisolatincyrillic",
    "iso8859-6": "iso88596 88596 arabic asmo708 ecma114 isoir127 csisolatinarabic",
    "iso8859-7": "iso88597 88597 greek greek8 ecma118 elot928 isoir126 csisolatingreek suneugreek",
    "iso8859-8": "iso88598 88598 hebrew isoir138 csisolatinhebrew visual iso88598e iso88598i logical",
    "iso8859-10": "iso885910 885910 latin6 l6 isoir157 csisolatin6",
    "iso8859-13": "iso885913 885913",
    "iso8859-14": "iso885914 885914",
    "iso8859-15": "iso885915 885915 latin9 l9 csisolatin9",
    "iso8859-16": "iso885916 885916",
    "koi8-r": "koi8r koi8 koi cskoi8r",
    "koi8-u": "koi8u koi8ru",
    "cp866": "cp866 ibm866 866 csibm866",
    "mac-roman": "macintosh mac xmacroman csmacintosh",
    "mac-cyrillic": "xmaccyrillic xmacukrainian",
    "gb18030": "gb2312 gbk gb18030 xgbk chinese gb231280 isoir58 csgb2312 csiso58gb231280 cp936 ms936 windows936 euccn",
    "big5hkscs": "big5 big5hkscs cnbig5 xxbig5 csbig5",
    "cp932": "shiftjis sjis xsjis mskanji windows31j csshiftjis ms932 cp932",
    "euc_jp": "eucjp xeucjp cseucpkdfmtjapanese",
    "iso2022_jp": "iso2022jp csiso2022jp",
    "cp949": "euckr ksc56011987 ksc56011989 ksc5601 korean windows949 cseuckr csksc56011987 isoir149 cp949 uhc",
}
_CODECS: Final = {label: codec for codec, labels in _LABELS.items() for label in labels.split()}
_PUNCTUATION: Final = re.compile(r"[^a-z0-9]")


def codec_of(label: str) -> str | None:
    """Python's codec for a label, by what browsers read it as; None for a label that nobody knows."""
    return _CODECS.get(_PUNCTUATION.sub("", label.lower()))
