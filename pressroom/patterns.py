"""Patterns that people write and strangers' texts are held against, in time that grows with the text and no faster.

Python's own `re` tries every way to match and keeps the interpreter meanwhile: with `(a+)+!` a title of thirty
letters holds a whole process for minutes. The engine here is Rust's (docs.rs/regex), which comes with pydantic: it
knows no look-around and no back-references, and a bound keeps its programs small.
"""

from __future__ import annotations

from functools import lru_cache

from pydantic_core import SchemaError, SchemaValidator, core_schema


class BadPattern(ValueError):
    """What is no pattern, or one that needs what this engine leaves out. The text says which, in one line."""


def written_as_pattern(word: str) -> str | None:
    """What stands between the slashes of "/pattern/"; None for anything else."""
    return word[1:-1] if len(word) > 2 and word.startswith("/") and word.endswith("/") else None


def found(pattern: str, text: str) -> bool:
    """Whether `pattern` matches anywhere in `text`, in any case. Raises `BadPattern`."""
    return _compiled(pattern).isinstance_python(text)


def check(pattern: str) -> None:
    """Raises `BadPattern`."""
    _compiled(pattern)


@lru_cache(maxsize=1000)
def _compiled(pattern: str) -> SchemaValidator:
    try:
        return SchemaValidator(core_schema.str_schema(pattern=f"(?i){pattern}", regex_engine="rust-regex"))
    except SchemaError as error:
        lines = str(error).splitlines()
        raise BadPattern(lines[-1].removeprefix("error: ").strip() or "it cannot be read") from None
