"""What stands behind the `?` of an engine's address."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qsl


def parameters_of(query: str, known: Sequence[str], scheme: str) -> dict[str, str]:
    """Each of the `known` at most once, and none empty.

    Raises ValueError that goes on after the address's name. It repeats names only: a value may be a secret in the
    wrong place.
    """
    pairs = parse_qsl(query, keep_blank_values=True)
    given = dict(pairs)
    there_are = ", ".join(known)
    if unknown := ", ".join(sorted(given.keys() - set(known))):
        raise ValueError(f"knows no parameter {unknown}; there are {there_are}, for {scheme}://")
    if len(given) < len(pairs) or not all(given.values()):
        raise ValueError(f"has each of {there_are} at most once, and not empty")
    return given
