"""What a backup holds besides the objects' bytes: which objects there were, and that a copy is whole."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Count, Hash, Id, Instant, Key, Line, Model, Name

PART_OBJECTS_MAX = 1000


class CopiedObject(Model):
    """One object of the store: its bytes are the blob `sha256`. `etag` is the store's, to know it again unread."""

    key: Key
    sha256: Hash
    size_bytes: Count
    etag: Name


class BackupPart(Model):
    """`parts/<run>/<number>.json.gz`: some of a run's objects, written as soon as their bytes are safe."""

    schema_version: Literal[1] = 1
    objects: Annotated[tuple[CopiedObject, ...], Field(max_length=PART_OBJECTS_MAX)]


class BackupRun(Model):
    """`done/<run>.json`: a run that is complete. `parts` are the SHA-256 of its parts as stored, in order.

    `copied` and `copied_bytes`: objects that had to be read, and their bytes; the rest was known from an earlier run.
    """

    schema_version: Literal[1] = 1
    run: Id
    store: Line
    began_at: Instant
    ended_at: Instant
    parts: Annotated[tuple[Hash, ...], Field(max_length=100_000)]
    objects: Count
    size_bytes: Count
    copied: Count = 0
    copied_bytes: Count = 0
    code_version: Name = ""


class BackupClaim(Model):
    """`running.json`: who copies to this place now. `at` is renewed with every part; an old one is nobody's."""

    schema_version: Literal[1] = 1
    run: Id
    at: Instant
