"""The provider that docs/developing.md shows how to add: its code is taken from that page and put to work."""

from __future__ import annotations

import json
import random
import re
import sys
import textwrap
from pathlib import Path
from types import ModuleType

import pytest

from pressroom.cells import cell_at
from pressroom.clock import SetClock
from pressroom.objects.directory import DirectoryStore
from schemas.messages import WeatherRequest
from schemas.weather import WeatherRecord
from services.weather.calls import FILE_NAME, Calls
from services.weather.parse import AnswerError
from services.weather.provider import Provider
from services.weather.story import WeatherDesk
from tests.fakes.faultserver import Answer, FaultServer
from tests.fakes.http_names import a_client
from tests.fakes.records import envelope

PAGE = Path(__file__).parents[2] / "docs" / "developing.md"
HERE = cell_at(59.91, 10.75)


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text(encoding="utf-8").partition("## Add a weather provider")[2]


@pytest.fixture(scope="module")
def skyline(page: str) -> ModuleType:
    code = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert code is not None
    module = ModuleType("skyline")
    sys.modules["skyline"] = module  # dataclasses look their module up
    exec(textwrap.dedent(code[1]), module.__dict__)
    return module


@pytest.fixture(scope="module")
def answer(page: str) -> bytes:
    found = re.search(r"`(\{.*?\}\})`", page)
    assert found is not None
    return found[1].encode()


def test_the_page_s_provider_reads_the_page_s_answer(skyline: ModuleType, answer: bytes) -> None:
    provider: Provider = skyline.Skyline("http://skyline.example/v2/point", 100)
    sky = provider.read(answer)
    assert sky.now is not None
    assert (sky.now.temperature_c, sky.now.wind_speed_ms) == (5.0, 5.144)
    assert (sky.timezone, sky.utc_offset_s) == ("Europe/Oslo", 3600)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{}", b'{"now": {"at": 1}}', b'{"now": {"at": 1, "degF": NaN}}']
)
def test_the_helpers_see_to_what_is_no_weather(skyline: ModuleType, body: bytes) -> None:
    with pytest.raises(AnswerError):
        skyline.Skyline("http://skyline.example/", 100).read(body)


def test_it_makes_records_like_the_others(
    skyline: ModuleType, answer: bytes, faultserver: FaultServer, tmp_path: Path
) -> None:
    faultserver.script("/v2/point", Answer(503), Answer(body=json.dumps(json.loads(answer))))
    client, clock = a_client(ports=(faultserver.port,)), SetClock()
    desk = WeatherDesk(
        [skyline.Skyline(faultserver.url("/v2/point"), 100)],
        lambda url, headers: client.get(url, headers=headers),
        DirectoryStore(tmp_path / "objects"),
        clock,
        name_of=lambda cell: "Oslo",
        calls=Calls(tmp_path / FILE_NAME),
        fresh_s=3600,
        rng=random.Random(1),
    )
    request = WeatherRequest(cell=HERE.id, latitude=HERE.latitude, longitude=HERE.longitude)
    assert "http_status" in repr(desk.handle(envelope(request, key=HERE.id, at=clock.now())))
    clock.advance(60)
    outcome = desk.handle(envelope(request, key=HERE.id, at=clock.now()))
    record = outcome.emits[-1].payload  # type: ignore[union-attr]
    assert isinstance(record, WeatherRecord)
    assert (record.provider, record.place, record.attribution_url) == ("skyline", "Oslo", "https://skyline.example/")
