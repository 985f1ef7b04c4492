"""Made-up papers and what they wrote."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.messages import Trouble

SITES = {"linux": "Linux", "ai": "AI", "space": "Space", "techno": "Techno", "solar": "Solar", "covid": "Covid"}


@dataclass(frozen=True)
class Story:
    title: str
    age_min: int
    summary: str | None = None
    link: str | None = None


@dataclass(frozen=True)
class Paper:
    feed: str
    title: str
    stories: tuple[Story, ...]
    language: str | None = "en"
    trouble: Trouble | None = None
    failing_min: int = 0
    items_max: int = 6


SCHEDULER = "https://lists.example/scheduler-rewrite"
BOOT = "https://regulator.example/open-boot-chains"

PAPERS = (
    Paper(
        "kernel-notes",
        "Kernel Notes",
        (
            Story("Scheduler rewrite lands after nine years, and desktops feel it first", 8, None, SCHEDULER),
            Story(
                "A look at memory tiers in the next kernel",
                34,
                "Slow memory is here to stay; the kernel learns to move pages before anybody waits for them.",
            ),
            Story("Debating the shape of a stable driver interface", 105),
            Story("What a filesystem owes its users after a crash", 230),
            Story("The week on the list: quotes and corrections", 1500),
            Story("Reading a lock's life from its trace", 2100),
            Story("Why the boot log got shorter", 3000),
            Story("Counting references without counting", 4300),
        ),
    ),
    Paper(
        "bench-report",
        "Bench Report",
        (
            Story(
                "A scheduler rewrite lands after nine years, and desktops feel it first",
                38,
                "The merged series replaces the oldest heuristics in the tree with a deadline that users can reason "
                "about; distributions plan to ship it in spring.",
                SCHEDULER,
            ),
            Story("Open graphics stack gains ray queries on older cards", 70),
            Story("Compiler release brings faster builds and fewer surprises", 160),
            Story("Eight filesystems on one very fast disk", 1600),
            Story("Idle power of small servers, measured at the wall", 2200),
        ),
    ),
    Paper(
        "distro-ledger",
        "Distro Ledger",
        (
            Story("A small system with a long memory gets its tenth release", 90),
            Story("Living with an immutable desktop for a month", 300),
            Story("Package numbers, week by week", 1700),
        ),
        trouble=Trouble(kind="http_status", message="answered 503", status=503),
        failing_min=160,
    ),
    Paper(
        "planet-core",
        "Planet Core",
        (
            Story("Scheduler rewrite lands after nine years and desktops feel it first", 21, None, SCHEDULER),
            Story("Regulators ask chip makers to open their boot chains", 64, None, BOOT),
            Story("Tracing a lock that nobody held", 118),
            Story("Notes from the maintainers’ summit, part two", 260),
            Story("How I stopped worrying and read the scheduler", 1450),
            Story("What an idle ring costs, measured", 2900),
        ),
    ),
    Paper(
        "circuit-daily",
        "Circuit Daily",
        (
            Story(
                "Regulators ask chip makers to open their boot chains",
                58,
                "Three agencies want owners to hold the keys of their own machines within two years.",
                BOOT,
            ),
            Story("The oldest server still in production turns thirty", 196),
            Story("Why satellites now run ordinary software", 1300),
            Story("A fab on a hill: how water decides where chips are made", 1900),
        ),
    ),
    Paper(
        "the-orange-list",
        "The Orange List",
        (
            Story("Regulators ask chip makers to open their boot chains", 41, None, BOOT),
            Story("Show: a terminal that remembers everything, locally", 12),
            Story("The unreasonable effectiveness of plain text", 48),
            Story("Ask: what did you stop hosting yourself?", 80),
            Story("A queue is a promise", 125),
            Story("Two-minute outage, nine-hour recovery: an honest postmortem", 219),
            Story("日本語の組版とウェブの二十年", 255),
            Story("Small languages, large programs", 700),
            Story("A museum for error messages", 900),
        ),
        items_max=7,
    ),
    Paper(
        "engine-room",
        "Engine Room",
        (
            Story("Shipping a smaller engine to slower phones", 6000),
            Story("Sandboxes inside sandboxes", 16000),
        ),
        trouble=Trouble(kind="gone", message="answered 410", status=410),
        failing_min=2880,
    ),
    Paper(
        "tiny-boards",
        "Tiny Boards",
        (
            Story(
                "Build a weather station that outlives its battery",
                180,
                "Two cells, one sensor and a radio that sleeps: eleven months and counting.",
            ),
            Story("Security update closes a hole that fuzzers missed for ten years", 140),
            Story("A classroom of forty boards, one image", 1800),
        ),
    ),
    Paper(
        "footprints",
        "Footprints",
        (
            Story("Accessibility fixes that everyone will notice", 102),
            Story("Security update closes a hole fuzzers missed for ten years", 121),
            Story("Two-minute outage, nine-hour recovery: an honest postmortem", 240),
            Story("Settings, rearranged once more, for good reasons", 1500),
            Story("Translating an interface into a language with no plural", 2600),
        ),
    ),
    Paper(
        "al-hadatha",
        "الحداثة التقنية",
        (
            Story("إصدار جديد من نواة النظام يعد بأداء أفضل على الأجهزة القديمة", 55),
            Story("كيف تعمل محطات الطاقة الشمسية الصغيرة في الصحراء", 400),
            Story("دليل المبتدئين إلى البرمجيات الحرة", 1700),
        ),
        language="ar",
    ),
    Paper(
        "wortmeldung",
        "Wortmeldung",
        (
            Story("Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz feiert stillen Geburtstag", 77),
            Story("Was ein Ausfall über Zuständigkeiten verrät", 500),
            Story("Leise Rechner, laute Lüfter", 1650),
        ),
        language="de",
    ),
    Paper("quiet-hours", "Quiet Hours", (), language="en"),
    Paper(
        "page-not-feed",
        "The Moved Gazette",
        (),
        trouble=Trouble(kind="not_a_feed", message="got a page"),
        failing_min=45,
    ),
)
