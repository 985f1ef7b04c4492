"""The API held to its own document, with requests that schemathesis makes up: valid, broken and at the edges."""

from __future__ import annotations

import atexit
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings

from services.web.api_document import DOCUMENT
from tests.fakes.web_stand import Stand

schemathesis = pytest.importorskip("schemathesis")

pytestmark = pytest.mark.long
KNOWN = {"site": ["linux", "covid"], "feed": ["kernel-notes", "tiny-boards"]}


@cache
def stand() -> Stand:
    """One node for all requests; not made while tests are only being listed."""
    folder = TemporaryDirectory()
    atexit.register(folder.cleanup)
    made = Stand(Path(folder.name), rate_readers_minute=1_000_000, rate_bots_minute=1_000_000)
    made.work()
    return made


schema = schemathesis.openapi.from_dict(DOCUMENT)
# It offers codings that it does not undo.
schema.app = lambda environ, start_response: stand().node.wsgi(environ | {"HTTP_ACCEPT_ENCODING": ""}, start_response)


@schema.parametrize()
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_every_answer_is_one_that_the_document_knows(case) -> None:
    """Status, content type, headers and body, for good and bad requests alike; never a 5xx."""
    case.call_and_validate()


@schema.parametrize()
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_so_it_is_for_sites_and_feeds_that_exist(case) -> None:
    """Made-up names are hardly ever ones that there are."""
    for name in case.path_parameters or {}:
        case.path_parameters[name] = KNOWN[name][len(str(case.query)) % 2]
    case.call_and_validate()
