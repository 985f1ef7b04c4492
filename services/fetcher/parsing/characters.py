"""Characters that are not what they seem: control codes that were windows-1252, UTF-8 that was encoded twice."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Final

FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
"""What XML 1.0 section 2.2 does not allow in a document."""

C1: Final = {
    code: bytes([code]).decode("cp1252") for code in range(0x80, 0xA0) if code not in {0x81, 0x8D, 0x8F, 0x90, 0x9D}
}
"""The C1 control codes, which nobody means, → the windows-1252 characters on their places (WHATWG HTML 13.2.5.80)."""

_C1_LEAD: Final = b"\xc2"
"""The first byte of every C1 code in UTF-8. Finding a byte costs a hundredth of searching for a range of characters."""


def mended(text: str) -> str:
    """`text` with UTF-8 that was taken for Latin-1 and encoded again put right, and C1 codes read as windows-1252."""
    if text.isascii():
        return text
    with suppress(UnicodeError):
        text = text.encode("iso-8859-1").decode()
    return text.translate(C1) if _C1_LEAD in text.encode("utf-8", "surrogatepass") else text
