"""`pressroom feeds`: what the verbs of `pressroom.desk.feeds` answer, in words."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from pressroom.desk.feeds import Health, Moved, Sent, Shown, Statuses, Wished
from pressroom.desk.feeds_proposals import Proposals
from pressroom.desk.site_words import Changed
from pressroom.opml import BadOpml, decoded
from services.cli.desk.commands import group
from services.cli.desk.looks import looked


def _statuses(answer: Statuses) -> str:
    return "\n".join(line for one in answer.feeds for line in _lines(one)) or "no feeds"


def _lines(one: Health) -> list[str]:
    facts = [
        f"well {one.ok_at:%Y-%m-%d %H:%M} UTC" if one.ok_at else "",
        f"every {one.interval_s / 60:.0f} min" if one.interval_s else "",
        f"next {one.next_at:%Y-%m-%d %H:%M} UTC" if one.next_at else "",
        f"{one.unchanged_ratio:.0%} unchanged (304)" if one.unchanged_ratio is not None else "",
        f"on {', '.join(one.sites)}",
        "put there by an operator" if one.origin == "operator" else "",
    ]
    lines = [f"{one.word:9} {one.feed}", f"          {'; '.join(fact for fact in facts if fact)}"]
    if one.trouble:
        since = f" since {one.failing_since:%Y-%m-%d %H:%M} UTC" if one.failing_since else ""
        lines.append(f"          {one.failures} × {one.trouble.kind}{since}: {one.trouble.message}")
    if one.redirect:
        lines.append(f"          redirected for good to {one.redirect.url}, at {one.redirect.checks} checks")
    return [*lines, f"          → {one.needs}"] if one.needs else lines


def _changed(answer: Changed) -> str:
    what, where = f"{len(answer.feeds)} feeds" if len(answer.feeds) != 1 else answer.feeds[0], ", ".join(answer.sites)
    said = {
        "done": f"done: {what}, on {where}",
        "same": f"nothing to change on {where}",
        "asked": f"sent, but not carried out yet: {what}, on {where}; look again with `pressroom feeds list`",
        "would": f"would change {what}, on {where}",
    }[answer.state]
    look = looked(answer.look) if answer.look else ()
    return "\n".join([said, *look, *(f"  left out: {one}" for one in answer.left_out)])


def _proposals(answer: Proposals) -> str:
    lines = []
    for one in answer.proposals:
        asked = one.proposal
        what = f"ask it at {asked.url}" if asked.url else "take it off its sites"
        lines.append(f"{asked.kind:6} {one.feed} (on {', '.join(one.sites)})")
        lines.append(f"       {one.now_at}: {what}; {asked.checks} checks since {asked.since:%Y-%m-%d %H:%M} UTC")
    return "\n".join(lines) or "nothing is proposed"


class _List(click.ParamType[str]):
    """A file with a list of feeds, `-` for standard input."""

    name = "FILE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return decoded(sys.stdin.buffer.read() if value == "-" else Path(value).read_bytes())
        except (OSError, BadOpml) as error:
            self.fail(f"{value}: {error}", param, ctx)


def _shown(answer: Shown) -> str:
    head = answer.head
    lines = [
        f"{head.feed}: turn {head.turn}, revision {head.revision}, {'held' if head.hold else 'following its source'}",
        f"  {head.fetch.url}, fetched {head.fetch.at:%Y-%m-%d %H:%M:%S} UTC, {len(head.document.entries)} entries",
    ]
    for one in answer.versions:
        lines.append(f"  {'*' if one.current else ' '} {one.digest}  {one.stored_at:%Y-%m-%d %H:%M:%S} UTC")
    return "\n".join(lines)


def _moved(answer: Moved) -> str:
    asked = "asked for" if answer.sent else "would ask for"
    if answer.version is None:
        return f"{asked}: {answer.feed} follows its source again"
    return (
        f"{asked}: {answer.feed} shows {answer.version} and holds it; `pressroom feeds release {answer.feed}` lets go"
    )


def _sent(answer: Sent) -> str:
    return answer.text


def _wished(answer: Wished) -> str:
    return f"{answer.text}; `pressroom trace {answer.trace}` tells its way"


def _made() -> click.Group:
    made = group(
        "feeds",
        "See how feeds are doing, and change which there are and what readers get of them.",
        {
            "list": _statuses,
            "show": _shown,
            "rollback": _moved,
            "release": _moved,
            "refresh": _wished,
            "pause": _sent,
            "resume": _sent,
            "add": _changed,
            "remove": _changed,
            "move": _changed,
            "import-opml": _changed,
            "export-opml": lambda answer: answer.opml,
            "proposals": _proposals,
            "accept": _changed,
            "decline": _changed,
        },
    )
    for param in made.commands["import-opml"].params:
        if param.name == "opml":
            param.type, param.metavar = _List(), "FILE"
    return made


command = _made()
