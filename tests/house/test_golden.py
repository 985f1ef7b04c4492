"""Every message and document ever sent or stored can still be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from schemas.audit import AuditEnd, AuditEntry
from schemas.backup import BackupClaim, BackupPart, BackupRun
from schemas.changes import SiteChanges
from schemas.codec import TYPES, TooNew, Undecodable, decode, encode
from schemas.documents import ArchiveDay, Failure, FailureDay, Head, ReaderFeed, ReadersIndex, SiteIndex, SiteStatus
from schemas.operating import Pauses, Preview, ReplaysStopped
from schemas.parts import Part, RemovedHeadlines
from schemas.status import BackupStatus, BucketStatus, FilesStatus, FleetStatus, HostsStatus
from schemas.weather import WeatherRecord

GOLDEN = Path(__file__).parents[1] / "golden"
DOCUMENTS = {
    model.__name__: model
    for model in (
        Head,
        SiteIndex,
        SiteStatus,
        ReaderFeed,
        ReadersIndex,
        ArchiveDay,
        Failure,
        FailureDay,
        WeatherRecord,
        FleetStatus,
        HostsStatus,
        BucketStatus,
        FilesStatus,
        BackupStatus,
        BackupPart,
        BackupClaim,
        BackupRun,
        AuditEntry,
        AuditEnd,
        Part,
        RemovedHeadlines,
        SiteChanges,
        Preview,
        Pauses,
        ReplaysStopped,
    )
}


@pytest.mark.parametrize(("name", "version"), list(TYPES), ids=str)
def test_each_message_type_and_version_has_a_golden_message_that_is_read_and_written_back(name, version):
    body = (GOLDEN / f"{name}.v{version}.json").read_bytes()
    message = decode(body)
    assert (message.type, message.version) == (name, version)
    assert decode(encode(message)) == message


@pytest.mark.parametrize("name", list(DOCUMENTS))
def test_each_document_has_a_golden_one_that_is_read_and_written_back(name):
    model = DOCUMENTS[name]
    document = model.model_validate_json((GOLDEN / f"document.{name}.v1.json").read_bytes())
    assert model.model_validate_json(document.model_dump_json(exclude_none=True)) == document


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_a_field_that_is_not_known_yet_is_passed_over(path):
    content = json.loads(path.read_text())
    content["from_the_future"] = {"x": 1}
    if path.stem.startswith("document."):
        DOCUMENTS[path.stem.split(".")[1]].model_validate_json(json.dumps(content))
    else:
        content["payload"]["from_the_future"] = [1]
        assert decode(json.dumps(content).encode()) == decode(path.read_bytes())


def _changed(**changes: object) -> bytes:
    content = json.loads((GOLDEN / "feed.refresh.v1.json").read_text())
    return json.dumps(content | changes).encode()


def test_a_newer_version_of_a_known_type_is_too_new_and_not_broken():
    with pytest.raises(TooNew, match=r"feed\.refresh has version 9; this code reads up to 1"):
        decode(_changed(version=9))
    with pytest.raises(TooNew, match=r"this code knows no type 'feed\.refesh'"):
        decode(_changed(type="feed.refesh"))


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"\xff\xfe", "message: field its beginning"),
        (b'{"type": "feed.refresh"', "message: field its beginning"),
        (_changed(type="feed.refesh", payload=[1]), "unknown type 'feed.refesh': field payload: .*should be an object"),
        (_changed(key=7), "field key: .*valid string, got '7'"),
        (_changed(id=""), "field id: .*at least 1 character"),
        (_changed(payload={"feed": "f", "url": "u", "turn": -1}), "field payload.turn: .*greater than or equal to 0"),
        (_changed(payload={"feed": "f", "url": "u", "turn": "3"}), "field payload.turn: .*valid integer"),
        (_changed(occurred_at="2026-01-01T00:00:00"), "field occurred_at: .*timezone"),
        (_changed(payload={"feed": "f" * 201, "url": "u", "turn": 1}), "field payload.feed: .*at most 200"),
    ],
)
def test_what_is_no_message_is_refused_naming_field_and_value(body, says):
    with pytest.raises(Undecodable, match=says):
        decode(body)
