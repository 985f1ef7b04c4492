"""Which addresses a reader may bring as feeds of their own. Pure; the fetcher's guard says which are fetched."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

OWN_MAX: Final = 5
CHARS_MAX: Final = 500
_SHOWN: Final = 80


class BadAddress(ValueError):
    """What was given is no feed's address. The text is one sentence for the reader who gave it."""


def feed_address(text: str) -> str:
    """The address as it will be asked for. Raises `BadAddress`."""
    given = text.strip()
    shown = given if len(given) <= _SHOWN else given[:_SHOWN] + " …"
    if len(given) > CHARS_MAX:
        raise BadAddress(f"An address may have {CHARS_MAX} characters, this one has {len(given)}: {shown}")
    try:
        parts = urlsplit(given)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise BadAddress(f"This is not an address: {shown}") from None
    if parts.scheme not in {"http", "https"} or not host or not given.isprintable() or " " in given:
        raise BadAddress(f"A feed's address begins with https:// or http:// and names a host, not so: {shown}")
    if "@" in parts.netloc:
        raise BadAddress(f"An address with a name or password in it is not taken: {shown}")
    return given


def own_feeds(lines: Iterable[str]) -> tuple[str, ...]:
    """A reader's list, each address once. Raises `BadAddress`."""
    given = tuple(dict.fromkeys(feed_address(line) for line in lines if line.strip()))
    if len(given) > OWN_MAX:
        raise BadAddress(f"There is room for {OWN_MAX} feeds of your own, these are {len(given)}.")
    return given


def readable(text: str) -> tuple[str, ...]:
    """From a cookie: what is an address, as many as there may be."""
    kept = []
    for part in dict.fromkeys(text.split()):
        try:
            kept.append(feed_address(part))
        except BadAddress:
            continue
    return tuple(kept[:OWN_MAX])
