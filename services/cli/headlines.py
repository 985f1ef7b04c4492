"""`pressroom headlines`: what the verbs of `pressroom.desk.archive` answer, in words."""

from __future__ import annotations

from pressroom.desk.archive import Acted, Headlines
from services.cli.desk.commands import group


def _listed(answer: Headlines) -> str:
    lines = []
    for one in answer.headlines:
        at = f"{one.at:%Y-%m-%d %H:%M}" if one.at is not None else "-"
        lines.append(f"{one.entry}  {at:16}  {'removed  ' if one.removed else ''}{one.title or one.link or one.id}")
        lines.append(f"    {one.feed}")
    shown = len(answer.headlines)
    return "\n".join([*lines, f"{shown} shown, {answer.left} more" if answer.left else f"{shown} headlines"])


def _acted(answer: Acted) -> str:
    what = f"{answer.entry} of {answer.site}: {answer.title or answer.feed}"
    return {
        "done": f"{'put back' if answer.was_removed else 'removed'}: {what}",
        "same": f"nothing to change, it {'is removed' if answer.was_removed else 'is not removed'}: {what}",
        "asked": f"sent, but not carried out yet: {what}",
        "would": f"would {'put back' if answer.was_removed else 'remove'}: {what}",
    }[answer.state]


command = group(
    "headlines",
    "What a site shows and has shown, and entries that it shall not show any more.",
    {"list": _listed, "remove": _acted, "restore": _acted},
)
