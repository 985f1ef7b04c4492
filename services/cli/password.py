"""`pressroom password`: the hash of the desk's password, for `PRESSROOM_ADMIN_PASSWORD_HASH`."""

from __future__ import annotations

import sys

import click

from services.web.admin.passwords import PASSWORD_CHARS_MIN, hash_of


@click.command()
def command() -> None:
    """Ask for a password (or read one line from a pipe) and print its hash, alone on a line."""
    if sys.stdin.isatty():
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        password = sys.stdin.readline().rstrip("\n")
    if len(password) < PASSWORD_CHARS_MIN:
        raise click.ClickException(f"a password has at least {PASSWORD_CHARS_MIN} characters")
    click.echo(hash_of(password))
