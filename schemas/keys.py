"""The only place where names of objects and of feeds are spelled.

Keys depend on content and names only, never on a host or a process: any machine computes the same.
"""

from __future__ import annotations

import hashlib
import re
from datetime import date
from urllib.parse import urlsplit

SITES_INDEX = "sites/index.json"

STATUS_SERVICES = "status/services.json"
STATUS_HOSTS = "status/hosts.json"
STATUS_BUCKET = "status/bucket.json"
STATUS_FILES = "status/files.json"
STATUS_BACKUP = "status/backup.json"
ALERTS = "ledger/alerts.json"
"""The scheduler's own, like the rest of the ledger: which alerts are up, and what the webhook has still to be told."""
READERS_INDEX = "readers/index.json"
PAUSES = "status/pauses.json"
REPLAYS_STOPPED = "status/replays.json"
PREVIEWS = "previews/"
HEADS = "feeds/"
CELLS = "weather/"
RAWS = "raw/"
PARTS = "files/"
REMOVED = "removed/"
CHANGES = "changes/"
KEEPING = "keeping"
"""No object: the key of the publisher's round through the store, so that one publisher at a time is at it."""

_ODD = re.compile(r"[^a-z0-9]+")
_SITE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


def _slug(text: str, chars_max: int) -> str:
    return _ODD.sub("-", text.lower()).strip("-")[:chars_max].strip("-")


def short_hash(text: str, digits: int = 12) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:digits]


def feed_id(url: str) -> str:
    """A feed's name: readable host and path, and a hash of the whole address that keeps it unique."""
    parts = urlsplit(url)
    readable = _slug(f"{parts.hostname or ''} {parts.path}", 48) or "feed"
    return f"{readable}-{short_hash(url, 10)}"


def is_site_id(name: str) -> bool:
    """Whether a site may be called so: 1 to 40 of a-z 0-9 -."""
    return _SITE.fullmatch(name) is not None


def head(feed: str) -> str:
    return f"feeds/{feed}.json"


def feed_of(head_key: str) -> str:
    return head_key.removeprefix("feeds/").removesuffix(".json")


def version(feed: str, digest: str) -> str:
    return f"versions/{feed}/{digest[:32]}.json"


def versions(feed: str) -> str:
    return f"versions/{feed}/"


def raw(feed: str, content_hash: str) -> str:
    return f"raw/{feed}/{content_hash[:32]}.gz"


def raws(feed: str) -> str:
    return f"raw/{feed}/"


def weather(cell: str) -> str:
    return f"{CELLS}{cell}.json"


def cell_of(weather_key: str) -> str:
    return weather_key.removeprefix(CELLS).removesuffix(".json")


def site_status(site: str) -> str:
    return f"sites/{site}/status.json"


def site_archive(site: str, day: date) -> str:
    return f"sites/{site}/archive/{day.isoformat()}.json"


def site_part(site: str, name: str) -> str:
    """A part of a site's pages that people edit."""
    return f"{PARTS}{site}/{name}.json"


def part_version(site: str, name: str, number: int, edit: str) -> str:
    """A version of a part, in order of its number; `edit` is the id of the message that wrote it."""
    return f"files-history/{site}/{name}/{number:08d}-{short_hash(edit)}.json"


def part_number(version_key: str) -> int:
    return int(version_key.rsplit("/", 1)[1].partition("-")[0])


def part_versions(site: str, name: str) -> str:
    return f"files-history/{site}/{name}/"


def removed(site: str) -> str:
    return f"{REMOVED}{site}.json"


def site_changes(site: str) -> str:
    """Not under `sites/`: all of them are found by one short listing."""
    return f"{CHANGES}{site}.json"


def reader_feed(feed: str) -> str:
    return f"readers/{feed}.json"


def asset(hashed_name: str) -> str:
    return f"static/{hashed_name}"


def failure(day: date, failure_id: str) -> str:
    return f"failures/{day.isoformat()}/{failure_id}.json"


FAILURE_SUMMARIES = "failures/summary/"


def failure_summary(day: date, failure_id: str) -> str:
    """A sixteenth of a day's summary: what a list of 10,000 failures is read from, and small enough to rewrite."""
    return f"{FAILURE_SUMMARIES}{day.isoformat()}-{short_hash(failure_id, 1)}.json"


def audits(day: date) -> str:
    return f"audit/{day.isoformat()}/"


def audit(day: date, entry_id: str) -> str:
    return f"audit/{day.isoformat()}/{entry_id}.json"


def audit_end(day: date, entry_id: str) -> str:
    return f"audit/{day.isoformat()}/{entry_id}.end.json"


def day_of_summary(key: str) -> date:
    return date.fromisoformat(key.removeprefix(FAILURE_SUMMARIES)[:10])


def ledger(shard: int) -> str:
    return f"ledger/{shard:02d}.json"


def preview(run: str, subject: str) -> str:
    return f"{previews(run)}{subject}.json"


def previews(run: str) -> str:
    return f"{PREVIEWS}{run}/"
