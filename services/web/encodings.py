"""Content codings: which one a client gets (RFC 9110 section 12.5.3), and the bytes in each."""

from __future__ import annotations

import functools
import gzip
from typing import Final

import brotli
import zstandard

CODINGS: Final = ("br", "zstd", "gzip")
"""Best first, where a client likes several equally: measured on front pages, brotli 6 is the smallest."""

IDENTITY: Final = "identity"
SMALL_BYTES: Final = 256
"""Under this a coding costs more than it saves."""


def pack(body: bytes) -> dict[str, bytes]:
    """The body in each coding that makes it smaller, and as it is. Equal bodies give equal bytes."""
    packed = {IDENTITY: body}
    if len(body) < SMALL_BYTES:
        return packed
    made = {
        "br": brotli.compress(body, quality=6),
        "zstd": zstandard.ZstdCompressor(level=9).compress(body),
        "gzip": gzip.compress(body, compresslevel=7, mtime=0),
    }
    return packed | {coding: data for coding, data in made.items() if len(data) < len(body)}


@functools.lru_cache(maxsize=512)
def accepted(header: str) -> tuple[str, ...]:
    """The codings a client accepts, best first; `identity` is always last, even where the client would rather have
    nothing: a 406 helps nobody. Clients send few different headers, so the answers are kept.
    """
    weights = dict(_weight(part) for part in header.split(",") if part.strip())
    any_weight = weights.get("*", 0.0)
    liked = [(coding, weights.get(coding, any_weight)) for coding in CODINGS]
    ranked = sorted((pair for pair in liked if pair[1] > 0), key=lambda pair: -pair[1])
    return (*(coding for coding, _ in ranked), IDENTITY)


def _weight(part: str) -> tuple[str, float]:
    name, _, parameters = part.partition(";")
    coding = name.strip().lower().removeprefix("x-")
    for parameter in parameters.split(";"):
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "q":
            try:
                return coding, float(value)
            except ValueError:
                return coding, 0.0
    return coding, 1.0
