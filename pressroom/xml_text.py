"""Texts and documents that XML parsers of others take."""

from __future__ import annotations

import re
from typing import Final
from xml.etree import ElementTree as ET

_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""XML 1.0 section 2.2: characters that no document may hold, escaped or not."""


def clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


def document(root: ET.Element) -> bytes:
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode").encode()
