"""Names that nobody answers for hold nobody else up, however many there are."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.pipeline.papers import Paper
from tests.pipeline.waiting import eventually, within
from tests.pipeline.world import World

SILENT = 48
HELD_UP_S = 8.0
"""Three rounds of sixteen fetches that each wait as long as a name may take would be fifteen."""


@pytest.fixture
def silence(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The machine's resolver does not answer for .invalid, as behind a line that swallows its questions."""
    over = threading.Event()
    ask = socket.getaddrinfo

    def swallowed(host: Any, *args: Any, **named: Any) -> Any:
        if str(host).endswith(".invalid"):
            over.wait(60)
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return ask(host, *args, **named)

    monkeypatch.setattr(socket, "getaddrinfo", swallowed)
    yield
    over.set()


@pytest.mark.usefixtures("silence")
@pytest.mark.parametrize("world", ["embedded"], indirect=True)
def test_feeds_whose_names_nobody_answers_for_hold_up_no_other_feed(world: World) -> None:
    harbour = world.paper("harbour-post", "Ferry runs again")
    # Their hosts come before the good one's in every order of names.
    silent = [Paper(world.origin, f"silent-{number}", f"0-{number}.invalid") for number in range(SILENT)]
    world.site("news", *silent, harbour)
    began = time.monotonic()
    room = world.start()
    eventually(lambda: world.page(room).headlines, within_s=60)
    assert time.monotonic() - began < within(HELD_UP_S)
