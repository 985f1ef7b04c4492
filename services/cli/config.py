"""`pressroom config`: every setting, its value, unit, default and source; secrets hidden."""

from __future__ import annotations

import dataclasses
import json

import click

from pressroom.settings import load, table


@click.command()
@click.option("--json", "as_json", is_flag=True, help="as one JSON array")
def command(as_json: bool) -> None:
    """Print every setting."""
    rows = table(load())
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(row) for row in rows], indent=1, ensure_ascii=False))
        return
    for row in rows:
        unit = f" {row.unit}" if row.unit else ""
        click.echo(f"{row.variable}={row.value}{unit}")
        click.echo(f"    {row.text} (from {row.source}; default {row.default or 'empty'}{unit})")
