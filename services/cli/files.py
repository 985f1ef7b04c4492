"""`pressroom files`: the parts of the pages that people write, one by one or as a folder."""

from __future__ import annotations

import getpass
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from pressroom import logs
from pressroom.desk import files_sync
from pressroom.desk.files import PartLine, Parts, Previewed, Saved, Versions
from pressroom.desk.files_folder import Folder
from pressroom.desk.files_sync import Outcome, Wanted, Way
from pressroom.desk.journal import TROUBLE
from pressroom.desk.office import Office, Refused
from pressroom.settings import load
from schemas.parts import PART_CHARS_MAX, Part
from services.cli.desk.commands import group, written
from services.cli.desk.office import office

log = logging.getLogger(__name__)


def _parts(answer: Parts) -> str:
    return "\n".join(f"{one.site}/{one.name}  {_line(one)}" for one in answer.parts) or "no parts yet"


def _versions(answer: Versions) -> str:
    return "\n".join(_line(one) for one in answer.versions) or "no versions"


def _line(one: PartLine) -> str:
    size = "removed" if one.characters is None else f"{one.characters} characters"
    again = f", version {one.restores} again" if one.restores else ""
    return f"version {one.number}{again}  {size}  {one.at:%Y-%m-%d %H:%M:%S} UTC by {one.by}: {one.why}"


def _part(answer: Part) -> str:
    head = f"{answer.site}/{answer.name}, version {answer.number}, {answer.at:%Y-%m-%d %H:%M:%S} UTC by {answer.by}"
    return f"{head}: {answer.why}\n{answer.html if answer.html is not None else '(removed)'}"


def _saved(answer: Saved) -> str:
    what = f"{answer.site}/{answer.name}"
    said = {
        "saved": f"saved: {what} is version {answer.number} now",
        "same": f"nothing to change: {what} is so already, version {answer.number}",
        "asked": f"sent, but not carried out yet: look again with `pressroom files show {answer.site} {answer.name}`",
        "would": f"would save {what} as version {answer.number + 1}",
    }[answer.state]
    return "\n".join([said, *(f"  left out: {one}" for one in answer.dropped)])


def _previewed(answer: Previewed) -> str:
    left_out = [f"  left out: {one}" for one in answer.dropped]
    lines = [f"{answer.characters} characters, against version {answer.seen}", *left_out, answer.html]
    return "\n".join([*lines, *(["", answer.diff] if answer.diff else [])])


class _Text(click.ParamType[str]):
    """A text, `-` for standard input, `@PATH` for a file."""

    name = "TEXT|-|@PATH"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            if value == "-":
                return sys.stdin.read(PART_CHARS_MAX + 1)
            if value.startswith("@"):
                return Path(value[1:]).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            self.fail(f"{value}: {error}", param, ctx)
        return str(value)


def _synchronise(way: Way, folder: Path, *, as_json: bool, **given: Any) -> None:
    """Log how it went, leave word of it for metrics, exit 1 unless all is well."""
    settings = load()
    logs.configure(settings.log_level, settings.log_json)
    wanted = Wanted(way=way, **given)
    with office() as desk:
        began_s = desk.clock.monotonic()
        try:
            outcome = files_sync.synchronise(desk, Folder(folder), wanted)
        except (Refused, *TROUBLE) as error:
            _said(desk, wanted, folder, None, desk.clock.monotonic() - began_s, str(error))
            raise
        click.echo(written(outcome) if as_json else _outcome(outcome))
        _said(desk, wanted, folder, outcome, outcome.seconds)
    if not outcome.ok:
        sys.exit(1)


def _said(
    desk: Office, wanted: Wanted, folder: Path, outcome: Outcome | None, seconds: float, trouble: str = ""
) -> None:
    if wanted.dry_run or wanted.way == "status":
        return
    facts = {"folder": str(folder), "seconds": round(seconds, 3)}
    if outcome is not None and outcome.ok:
        log.info("files %s: %s", wanted.way, outcome.counted(), extra=facts)
    else:
        log.error("files %s failed: %s", wanted.way, outcome.counted() if outcome else trouble, extra=facts)
    try:
        files_sync.report(desk, outcome, seconds, trouble)
    except TROUBLE as error:
        log.warning("nobody was told how it went: %s", error)


def _outcome(outcome: Outcome) -> str:
    lines = []
    for one in outcome.files:
        lines.append(f"{one.what:14} {one.path}")
        lines += [f"    {line}" for line in one.text.splitlines()]
    return "\n".join([*lines, outcome.counted()])


_FOLDER = click.Argument(["folder"], type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="DIR")
_JSON = click.Option(["--json", "as_json"], is_flag=True, help="the answer as JSON")
_ONLY = click.Option(["--only"], multiple=True, metavar="SITE/NAME", help="only this part; may be given more than once")
_CHANGING = (
    click.Option(["--take"], type=click.Choice(["mine", "theirs"]), help="whose text stands where both were changed"),
    click.Option(["--dry-run"], is_flag=True, help="say what would be done, and do nothing"),
    click.Option(["--by"], default=getpass.getuser, help="who does it"),
    click.Option(["--why"], default="a folder of files was synchronised", help="the reason, kept with what is done"),
)
_FOLDERS: dict[Way, str] = {
    "pull": "Bring what was changed in the store into DIR.",
    "push": "Bring what was changed in DIR into the store.",
    "sync": "Push, then pull, file by file: what the timer does.",
    "status": "Say how DIR and the store differ, and change nothing.",
}


def _folder_command(way: Way, text: str) -> click.Command:
    def run(folder: Path, only: Sequence[str], as_json: bool, **given: Any) -> None:
        _synchronise(way, folder, as_json=as_json, only=frozenset(only), **{"by": "", "why": "", **given})

    more = () if way == "status" else _CHANGING
    return click.Command(way, params=[_FOLDER, _ONLY, *more, _JSON], callback=run, help=text)


def _made() -> click.Group:
    made = group(
        "files",
        "The block above the headlines, the notice and the about text of each site.",
        {
            "list": _parts,
            "show": _part,
            "history": _versions,
            "save": _saved,
            "remove": _saved,
            "restore": _saved,
            "preview": _previewed,
        },
    )
    for one in made.commands.values():
        for param in one.params:
            if param.name == "html":
                param.type = _Text()
    for way, text in _FOLDERS.items():
        made.add_command(_folder_command(way, text))
    return made


command = _made()
