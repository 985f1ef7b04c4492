"""`pressroom`, in which a document that holds the poison ends whoever parses it, as a fault in a C library would."""

from __future__ import annotations

import os
from typing import Any

from services.cli import main
from services.fetcher import parse

POISON = b"<!-- the end of its reader -->"


def _deadly(honest: Any) -> Any:
    def parsed(body: bytes, **named: Any) -> Any:
        if POISON in body:
            os._exit(139)
        return honest(body, **named)

    return parsed


if __name__ == "__main__":
    parse.parse = _deadly(parse.parse)
    main()
