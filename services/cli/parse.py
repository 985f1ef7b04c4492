"""`pressroom parse`: what the fetcher makes of a document, as JSON in the normal form."""

from __future__ import annotations

import json
import sys
from typing import BinaryIO

import click

from services.fetcher.parse import WHOLE, ParseError, normal_form, parse


@click.command()
@click.option("--url", help="the address it came from, for relative links")
@click.option("--content-type", "content_type", help="the Content-Type it came with")
@click.argument("file", type=click.File("rb"))
def command(url: str | None, content_type: str | None, file: BinaryIO) -> None:
    """Parse FILE (- is standard input). Exit 0 when it is a feed, 1 when it is not."""
    try:
        parsed = parse(file.read(), content_type=content_type, url=url, limits=WHOLE)
    except ParseError as error:
        click.echo(json.dumps(failure(error.kind, str(error)), ensure_ascii=False, indent=1))
        sys.exit(1)
    click.echo(json.dumps({"outcome": "ok", "error": None} | normal_form(parsed), ensure_ascii=False, indent=1))


def failure(kind: str, message: str) -> dict[str, object]:
    """The normal form of no feed."""
    error = {"kind": str(kind), "message": message}
    return {"outcome": "error", "error": error, "feed": None, "entries": [], "warnings": []}
