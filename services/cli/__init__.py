"""The `pressroom` command: one verb a file, each calling what the services call."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from pressroom.objects.port import StoreMisconfigured
from pressroom.queues.port import QueueMisconfigured
from pressroom.settings import BadSettings

VERBS = {
    "run": "the whole newsroom in one process",
    "serve": "one or several services of a fleet",
    "fetch": "what the fetcher makes of one address, as JSON",
    "parse": "what the fetcher makes of a file, as JSON",
    "newsroom": "how the newsroom is, and what to do next",
    "failures": "list, show, preview, replay, stop and drop failures",
    "topics": "what waits on each topic; pause and resume one",
    "raws": "what sites really sent; read it again with today's parser",
    "traces": "the way of one refresh, over all services",
    "trace": "the same, shorter to type: trace ID",
    "feeds": "how feeds are; add, move, remove, roll back, refresh and pause them",
    "hosts": "the politeness ledger: whom we ask, and how that goes",
    "files": "the parts of the pages that people write, one by one or as a folder",
    "headlines": "a site's headlines; take one out for good",
    "audit": "who changed what, and what came of it",
    "password": "make the hash of the desk's password",
    "backup": "copy the store into another one, daily",
    "restore": "check a copy, or put it back into an empty store",
    "config": "every setting with its value and source",
    "schemas": "write the messages' JSON Schema",
    "topology": "declare or check RabbitMQ's queues",
    "health": "how a service is doing, as an exit code",
    "origin": "the sample papers of the demo, as a server",
}


class Verbs(click.Group):
    """Verbs are imported when they are asked for: `pressroom config` needs no HTTP library."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module: Any = importlib.import_module(f"services.cli.{cmd_name}")
        command: click.Command = module.command
        command.short_help = VERBS[cmd_name]
        return command


@click.command(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
def pressroom() -> None:
    """Pressroom: an event-driven news pipeline."""


def main() -> None:
    try:
        pressroom(prog_name="pressroom")
    except (BadSettings, QueueMisconfigured, StoreMisconfigured) as error:
        click.echo(f"pressroom: {error}", err=True)
        sys.exit(2)
