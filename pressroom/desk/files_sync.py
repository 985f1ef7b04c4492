"""A folder and the store brought into step, file by file: nothing is overwritten that its writer has not seen.

Every change goes through the verbs of the `files` room, so that it is kept in the audit as any other.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, Literal

from pressroom.desk import files, files_words
from pressroom.desk.files_folder import SUFFIX, THEIRS, Folder, Seen, State
from pressroom.desk.files_plan import INWARD, OUTWARD, Kind, Step, Take, plan
from pressroom.desk.office import Conflict, Office, Refused
from pressroom.desk.verbs import Answer, Verb, ask, perform
from pressroom.outcomes import Emit
from pressroom.queues.topics import RECORD_PUBLISH
from schemas import keys
from schemas.documents import SiteIndex
from schemas.parts import Part
from schemas.status import FilesStatus

Way = Literal["pull", "push", "sync", "status"]

_DOES: Final[dict[Way, frozenset[Kind]]] = {
    "pull": INWARD,
    "push": OUTWARD,
    "sync": INWARD | OUTWARD,
    "status": frozenset(),
}
_DONE: Final[dict[Kind, str]] = {
    "send": "pushed",
    "remove_there": "removed there",
    "fetch": "pulled",
    "remove_here": "removed here",
    "same": "in step",
    "adopt": "in step",
}
_LEFT: Final[dict[Kind, str]] = {
    "send": "changed here",
    "remove_there": "removed here, not there",
    "fetch": "changed there",
    "remove_here": "removed there, not here",
    "same": "in step",
    "adopt": "in step",
}
_BAD: Final = frozenset({"conflict", "refused", "failed"})


class FileLine(Answer):
    """What became of one file, or how it stands. `text` says more: a difference, a reason."""

    path: str
    what: str
    text: str = ""


class Outcome(Answer):
    """`ok`: nothing was refused, nothing failed, nothing waits for somebody to merge."""

    way: str
    dry_run: bool
    files: tuple[FileLine, ...]
    seconds: float

    @property
    def ok(self) -> bool:
        return not any(one.what in _BAD for one in self.files)

    def counted(self) -> str:
        whats = [one.what for one in self.files]
        return ", ".join(f"{whats.count(what)} {what}" for what in dict.fromkeys(whats)) or "no files"


@dataclass(frozen=True, slots=True)
class Wanted:
    """`only`: these paths (site/name), none: all."""

    way: Way
    by: str
    why: str
    take: Take | None = None
    only: frozenset[str] = frozenset()
    dry_run: bool = False


@dataclass(slots=True)
class _Run:
    office: Office
    folder: Folder
    wanted: Wanted
    state: State
    sites: frozenset[str]
    lines: list[FileLine] = field(default_factory=list)

    @property
    def changes_nothing(self) -> bool:
        return self.wanted.dry_run or self.wanted.way == "status"

    def take(self, step: Step) -> None:
        does = step.kind in _DOES[self.wanted.way]
        if step.kind == "conflict":
            self._conflict(step)
        elif self.wanted.dry_run and does:
            self._say(step, f"would be {_DONE[step.kind]}")
        elif does:
            self._do(step)
        else:
            if step.kind == "adopt":
                self._remember(step.path, step.number, step.local.sha256 if step.local else None)
            self._say(step, _LEFT[step.kind])

    def _do(self, step: Step) -> None:
        try:
            text = _ACTS[step.kind](self, step)
        except Conflict as conflict:
            self._say(step, "conflict", str(conflict))
        except (Refused, OSError) as error:
            self._say(step, "failed", str(error))
        else:
            self.folder.lay_beside(step.path, None)
            self._say(step, _DONE[step.kind], text)

    def send(self, step: Step) -> str:
        assert step.local is not None
        saved = self._change(_SAVE, step, html=step.local.text)
        self._remember(step.path, saved.number, step.local.sha256)
        return f"left out: {', '.join(saved.dropped)}" if saved.dropped else ""

    def remove_there(self, step: Step) -> str:
        self._remember(step.path, self._change(_REMOVE, step).number, None)
        return ""

    def fetch(self, step: Step) -> str:
        written = self.folder.write(step.path, step.theirs or "", step.local)
        self._remember(step.path, step.number, written.sha256)
        return files_words.line(step.remote) if step.remote is not None else ""

    def remove_here(self, step: Step) -> str:
        if step.local is not None:
            self.folder.remove(step.path, step.local)
        self._remember(step.path, step.number, None)
        return files_words.line(step.remote) if step.remote is not None else ""

    def _change(self, verb: Verb, step: Step, **more: str) -> files.Saved:
        site, _, name = step.path.partition("/")
        asked = ask(
            verb,
            {"site": site, "name": name, "seen": step.number, "by": self.wanted.by, "why": self.wanted.why, **more},
        )
        saved = perform(self.office, verb, asked)
        assert isinstance(saved, files.Saved)
        if saved.state == "asked":
            raise Refused("the publisher has not carried it out yet; the next run will tell")
        return saved

    def _conflict(self, step: Step) -> None:
        seen = self.state.files.get(step.path, Seen())
        text = "it was removed there"
        if step.remote is not None and step.theirs is not None:
            mine = step.local.text.strip() if step.local is not None else None
            text = files_words.conflict(_version(self.office, step.remote, seen.number), seen.number, step.remote, mine)
        if not self.changes_nothing:
            with contextlib.suppress(Refused):
                self.folder.lay_beside(step.path, step.theirs)
            self.state.files[step.path] = seen.model_copy(update={"shown": step.number})
            self.folder.remember(self.state)
        merge = (
            f"to merge: put what shall stand into {step.path}{SUFFIX} (theirs lies beside it as {THEIRS}), then push "
            f"--take mine --only {step.path}; or pull --take theirs --only {step.path}"
        )
        self._say(step, "conflict", f"{text}\n\n{merge}")

    def _remember(self, path: str, number: int, sha256: str | None) -> None:
        """After each file, so that a run that is cut off knows how far it came."""
        if self.changes_nothing:
            return
        if number == 0 and sha256 is None:
            self.state.files.pop(path, None)
        else:
            self.state.files[path] = Seen(number=number, sha256=sha256)
        self.folder.remember(self.state)

    def _say(self, step: Step, what: str, text: str = "") -> None:
        self.lines.append(FileLine(path=step.path, what=what, text=text))


_ACTS: Final[dict[Kind, Callable[[_Run, Step], str]]] = {
    "send": _Run.send,
    "remove_there": _Run.remove_there,
    "fetch": _Run.fetch,
    "remove_here": _Run.remove_here,
}
_SAVE, _REMOVE = (next(one for one in files.VERBS if one.name == name) for name in ("save", "remove"))


def synchronise(office: Office, folder: Folder, wanted: Wanted) -> Outcome:
    """Do what is wanted, one file after the other. Raises `Refused` when the folder as a whole cannot be used, and as
    verbs do when store or queue cannot be reached; what was done until then is remembered.
    """
    began_s = office.clock.monotonic()
    with folder.alone():
        run = _Run(office, folder, wanted, folder.state(office.store.name), frozenset(_sites(office)))
        found = folder.read()
        for path in [path for path in found.files if path.partition("/")[0] not in run.sites]:
            found.refused[path] = f"there is no site {path.partition('/')[0]}"
            del found.files[path]
        steps = plan(found.files, _remote(office, run.sites), run.state.files, wanted.take, _cleaner(office))
        for step in steps:
            if not found.is_refused(step.path) and (not wanted.only or step.path in wanted.only):
                run.take(step)
        refused = [FileLine(path=path, what="refused", text=why) for path, why in found.refused.items()]
    seconds = office.clock.monotonic() - began_s
    return Outcome(way=wanted.way, dry_run=wanted.dry_run, files=(*run.lines, *refused), seconds=seconds)


def report(office: Office, outcome: Outcome | None, seconds: float, trouble: str = "") -> None:
    """Leave word of how a run went, for metrics and alerts. `outcome` None: it ended in `trouble`."""
    now, old = office.now(), office.read(keys.STATUS_FILES, FilesStatus)
    ok = outcome is not None and outcome.ok
    status = FilesStatus(
        at=now,
        succeeded_at=now if ok else old.succeeded_at if old is not None else None,
        seconds=seconds,
        failures=0 if ok else (old.failures if old is not None else 0) + 1,
        message=(outcome.counted() if outcome is not None else trouble)[:1000],
    )
    office.sender.send([Emit(RECORD_PUBLISH, keys.STATUS_FILES, status)])


def _sites(office: Office) -> Iterable[str]:
    index = office.read(keys.SITES_INDEX, SiteIndex)
    return (one.site for one in index.sites) if index is not None else ()


def _remote(office: Office, sites: Iterable[str]) -> dict[str, Part]:
    """Every part of a site that there is, those that were removed too."""
    listed = office.store.list(keys.PARTS, limit=files.PARTS_MAX)
    found = (office.read(one.key, Part) for one in listed)
    return {f"{one.site}/{one.name}": one for one in found if one is not None and one.site in set(sites)}


def _cleaner(office: Office) -> Callable[[str], str]:
    def clean(text: str) -> str:
        try:
            return files.cleaned(office, text)[0]
        except Refused:
            return text

    return clean


def _version(office: Office, part: Part, number: int) -> Part | None:
    return next((one for one in files.chain(office, part) if one.number == number), None)
