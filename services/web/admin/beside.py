"""What a page shows beside a verb's own answer: causes beside a list of failures, the sites beside their parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

from pydantic import BaseModel

from pressroom.desk import failures, files, newsroom
from pressroom.desk.failures_again import Acts
from pressroom.desk.office import Office
from pressroom.desk.verbs import Asked, Verb
from schemas import keys
from schemas.documents import SiteIndex
from schemas.parts import PART_NAMES
from services.web.admin import charts

CAUSES_SHOWN: Final = 8


def beside(office: Office, verb: Verb, asked: Asked, answer: BaseModel) -> dict[str, Any]:
    """Raises as verbs do."""
    more = _BESIDE.get((verb.room, verb.name))
    return more(office, asked, answer) if more is not None else {}


def looked_at(said: dict[str, Any], answer: BaseModel) -> dict[str, Any]:
    """The question as it is asked in earnest after a look ahead: one that found all well is not made again."""
    looks = answer.looks if isinstance(answer, Acts) else ()
    if looks and not any(one.look.verdict in {"trouble", "waiting"} for one in looks):
        return said | {"run": looks[0].look.run}
    return said


def sites(office: Office) -> tuple[str, ...]:
    index = office.read(keys.SITES_INDEX, SiteIndex)
    return tuple(one.site for one in index.sites) if index else ()


def _failures(office: Office, asked: Asked, answer: BaseModel) -> dict[str, Any]:
    wanted = failures.Wanted(**asked.model_dump(include=set(failures.Wanted.model_fields)))
    found = failures.causes(office, wanted).causes
    return {"causes": found[:CAUSES_SHOWN], "count": sum(one.count for one in found), "more": len(found) - CAUSES_SHOWN}


def _glance(office: Office, asked: Asked, answer: BaseModel) -> dict[str, Any]:
    seen = cast(newsroom.Glance, answer)
    sizes = [one.bytes for one in seen.bucket.history] if seen.bucket else []
    now_bytes = sum(one.bytes for one in seen.bucket.prefixes) if seen.bucket else 0
    return {
        "hours": charts.hours(seen.opened, seen.at),
        "opened": sum(seen.opened),
        "sizes": charts.line([*sizes, now_bytes]),
        "bytes": now_bytes,
        "share": charts.share,
        "slowest_s": max((one.mean_s or 0.0 for one in seen.slowest), default=0.0),
        "causes_most": max((one.count for one in seen.causes), default=0),
        "busy": newsroom.BUSY_RATIO,
    }


def _parts(office: Office, asked: Asked, answer: BaseModel) -> dict[str, Any]:
    """Every part that there could be, site by site: those that nobody has written yet want a place to begin."""
    written = {(one.site, one.name): one for one in cast(files.Parts, answer).parts}
    rows = [(site, [(name, written.get((site, name))) for name in PART_NAMES]) for site in sites(office)]
    return {"sites": rows}


_BESIDE: Final[dict[tuple[str, str], Callable[[Office, Asked, BaseModel], dict[str, Any]]]] = {
    ("failures", "list"): _failures,
    ("newsroom", "show"): _glance,
    ("files", "list"): _parts,
}
