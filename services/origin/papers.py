"""The sample papers and what they print. All names and headlines are made up; time decides what is out."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

STORY_EVERY_S = 4
"""Somewhere a new story comes out so often."""

Format = Literal["rss", "atom", "rdf", "json"]
Manner = Literal["well", "bare_ampersand", "truncated", "not_found", "gone", "rate_limited", "slow", "html_page"]


@dataclass(frozen=True, slots=True)
class Paper:
    """A source: where it is, how it writes its feed, how it behaves."""

    name: str
    title: str
    subject: str
    format: Format = "rss"
    manner: Manner = "well"


@dataclass(frozen=True, slots=True)
class Story:
    number: int
    title: str
    teaser: str
    at: datetime


PAPERS = (
    Paper("kernel-notes", "Kernel Notes", "linux", "rss"),
    Paper("bench-report", "Bench Report", "linux", "atom"),
    Paper("distro-ledger", "Distro Ledger", "linux", "rdf"),
    Paper("planet-core", "Planet Core", "linux", "json"),
    Paper("footprints", "Footprints", "linux", "atom"),
    Paper("r-and-d-weekly", "R&D Weekly", "linux", "rss", "bare_ampersand"),
    Paper("tiny-boards", "Tiny Boards", "linux", "rss", "truncated"),
    Paper("engine-room", "Engine Room", "linux", "rss", "gone"),
    Paper("circuit-daily", "Circuit Daily", "linux", "rss", "rate_limited"),
    Paper("lost-and-found", "Lost and Found", "linux", "rss", "not_found"),
    Paper("orbit-post", "The Orbit Post", "space", "rss"),
    Paper("far-side", "Far Side Review", "space", "atom"),
    Paper("launch-window", "Launch Window", "space", "json"),
    Paper("dish-and-mirror", "Dish & Mirror", "space", "rdf"),
    Paper("slow-light", "Slow Light", "space", "rss", "slow"),
    Paper("visitor-centre", "Visitor Centre", "space", "rss", "html_page"),
)

_LINUX = (
    (
        "A scheduler rewrite lands after nine years, and desktops feel it first",
        "The merged series replaces the oldest heuristics in the tree with a deadline that users can reason about.",
    ),
    (
        "Security update closes a hole that fuzzers missed for ten years",
        "A length check on a path nobody had exercised; distributions shipped the fix within a day.",
    ),
    ("Immutable desktops, one month in: what broke, what did not", "Rollbacks worked every time. Printing did not."),
    ("Measuring what asynchronous I/O costs when it is idle", "Less than expected, and in an unexpected place."),
    ("What a filesystem owes its users after a crash", "Four promises, and which of them are kept."),
    ("Two-minute outage, nine-hour recovery: an honest postmortem", "The queue had no bound. The disk did."),
    ("Review: living with a tiling window manager for a year", "It is quicker until somebody else needs the keyboard."),
    ("The oldest server still in production turns thirty", "Its owners would rather not restart it to check."),
    ("Notes from the maintainers' summit, part two", "Stable interfaces, again, and why the answer is still no."),
    ("Compiler release brings faster builds and fewer surprises", "Warnings now name the line that is to blame."),
    ("Package numbers, week by week", "Growth is in small libraries; so is the risk."),
    ("How we stopped worrying and read the scheduler", "An afternoon with a tracer beats a month of guesses."),
    ("日本語の組版とウェブの二十年", "行の折り返しから縦書きまで。"),
    ("Open graphics stack gains ray queries on older cards", "Slow, but correct, and correct came first."),
    ("Build a weather station that outlives its battery", "Sleep is the feature. Everything else is an interruption."),
    ("Translating an interface into a language with no plural", "The strings were easy. The layout was not."),
)
_SPACE = (
    (
        "Probe wakes after eleven silent months and asks for the time",
        "Its clock had drifted by nine seconds; everything else was where engineers had left it.",
    ),
    ("Three telescopes, one faint blue dot", "The spectrum says water. The authors say: not yet."),
    ("Why satellites now run ordinary software", "Radiation is a fault model like any other."),
    ("Reusable boosters reach their fiftieth flight", "The inspection list is shorter than it was for the fifth."),
    ("A map of every crater larger than a football pitch", "Nine million of them, counted twice."),
    ("The antenna that listens to a forty-year-old spacecraft", "Twenty-two watts, twenty-four thousand million km."),
    ("Solar storm season: what operators switch off first", "Payloads, then pride."),
    ("Sample capsule lands nine metres from the painted cross", "The recovery team had parked on the cross."),
    ("A moon with weather", "Methane rain, slow rivers, and a lake that comes and goes."),
    ("Catalogue of small asteroids doubles in a year", "The survey got no bigger. The software got better."),
    ("What astronauts read on the long way home", "Mostly manuals. One novel, in turns."),
    ("Debris passes within four hundred metres of a crewed station", "The crew finished breakfast in the lifeboat."),
)
_FORMS = {
    "linux": (
        "{a} {v} is out: {b} without the usual regressions",
        "{b} in {a}: a second look at the numbers",
        "Why {a} moved {b} out of the kernel",
        "{a} maintainers vote on {b}",
    ),
    "space": (
        "{a} sees first light: {b} in the first frame",
        "{b} measured again, this time by {a}",
        "{a} delays launch over {b}",
        "Team behind {a} explains {b}",
    ),
}
_ACTORS = {
    "linux": ("Heron", "Lintel", "Quayside", "Brackish", "Ferrous", "Oarlock", "Sundial", "Tamarack", "Halyard"),
    "space": ("Kestrel 4", "the Long Mirror", "Pathseeker", "Station North", "Ember", "the Twin Dish", "Wayfarer"),
}
_THINGS = {
    "linux": (
        "memory tiers",
        "zoned storage",
        "user-space drivers",
        "lazy preemption",
        "signed boot chains",
        "wake-up latency",
        "network namespaces",
        "checkpointing",
    ),
    "space": (
        "a dusty disc",
        "the missing flare",
        "lunar water",
        "a slow pulsar",
        "valve chatter",
        "ring shadows",
        "the second antenna",
    ),
}


def shelf(subject: str) -> tuple[tuple[str, str], ...]:
    return _LINUX if subject == "linux" else _SPACE


LIVE = 12
"""As many as the scheduler looks at to learn a paper's rhythm: with older ones among them it asks once a minute."""


def stories(paper: Paper, now: datetime, count: int = 16) -> list[Story]:
    """What a paper's feed holds at `now`, newest first: this minute's stories before the day's and the week's."""
    live = _live(paper, now, min(LIVE, count))
    return live + _earlier(paper, now, count - len(live))


def _live(paper: Paper, now: datetime, count: int) -> list[Story]:
    tick = int(now.timestamp()) // STORY_EVERY_S
    peers = [one for one in PAPERS if one.subject == paper.subject]
    place = peers.index(paper)
    found: list[Story] = []
    for number in range(tick, tick - len(peers) * count * 2, -1):
        if len(found) == count:
            break
        # Every fifth story is everybody's: that is what top stories are made of.
        if number % len(peers) == place or (number % 5 == 0 and (number + place) % 3):
            found.append(_story(paper.subject, number))
    return found


def _story(subject: str, number: int) -> Story:
    pick = random.Random(f"{subject}{number}")  # noqa: S311 - made-up headlines need no secrets
    title = pick.choice(_FORMS[subject]).format(
        a=pick.choice(_ACTORS[subject]), b=pick.choice(_THINGS[subject]), v=f"{pick.randint(2, 9)}.{number % 100}"
    )
    at = datetime.fromtimestamp(number * STORY_EVERY_S, UTC)
    return Story(number, title[0].upper() + title[1:], "A sample story of the bundled papers.", at)


def _earlier(paper: Paper, now: datetime, count: int) -> list[Story]:
    """The back pages: chosen by the day, so that they stay the same all day."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    pick = random.Random(f"{paper.name}{day.date()}")  # noqa: S311 - as above
    chosen = pick.sample(shelf(paper.subject), min(count, len(shelf(paper.subject))))
    found = []
    at = day - timedelta(minutes=pick.randint(10, 240))
    for title, teaser in chosen:
        number = shelf(paper.subject).index((title, teaser)) + 1
        found.append(Story(number, title, teaser, at))
        at -= timedelta(minutes=pick.randint(90, 900))
    return found
