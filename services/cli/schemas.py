"""`pressroom schemas DIR`: the JSON Schema of each message and document, one file each."""

from __future__ import annotations

import json
from pathlib import Path

import click

from schemas.changes import SiteChanges
from schemas.codec import TYPES
from schemas.documents import ArchiveDay, Failure, FailureDay, Head, SiteIndex, SiteStatus
from schemas.envelope import Envelope
from schemas.parts import Part, RemovedHeadlines
from schemas.weather import WeatherRecord

DOCUMENTS = (
    Head,
    SiteIndex,
    SiteStatus,
    SiteChanges,
    ArchiveDay,
    Failure,
    FailureDay,
    WeatherRecord,
    Part,
    RemovedHeadlines,
)


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def command(folder: Path) -> None:
    """Write JSON Schema files into FOLDER: messages as they travel, documents as they lie in the store."""
    wanted = {f"message.{name}.v{version}": Envelope[model] for (name, version), model in TYPES.items()}  # type: ignore[valid-type]
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in wanted.items():
        _write(folder / f"{name}.json", schema.model_json_schema())
    for document in DOCUMENTS:
        _write(folder / f"document.{document.__name__}.json", document.model_json_schema())
    click.echo(f"{len(wanted) + len(DOCUMENTS)} schemas written to {folder}")


def _write(path: Path, schema: object) -> None:
    path.write_text(json.dumps(schema, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
