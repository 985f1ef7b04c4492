"""The demo's world: sample papers on loopback, sites that name them, settings in a hurry, and a key to the desk."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from pydantic import SecretStr

from pressroom.clock import SystemClock
from pressroom.settings import Settings
from services.origin.server import Origin
from services.origin.sites import write_sites
from services.web.admin.passwords import hash_of

HURRIED: dict[str, Any] = {
    # Papers that print every few seconds are asked every few seconds; real ones never are.
    "interval_min_s": 4.0,
    "interval_max_s": 60.0,
    "fetch_host_spacing_s": 0.0,
    "status_interval_s": 2.0,
    "status_trust_s": 10.0,
    "fetch_allow_networks": ("127.0.0.0/8", "::1/128"),
}


LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""None that looks like another."""


@contextmanager
def sample_world(settings: Settings) -> Iterator[tuple[Settings, str]]:
    """The settings of a newsroom that reads the sample papers, which run until the block ends.

    Beside them the desk's password: a new one for each run, to be shown once; empty when the settings name one.
    """
    password = "" if settings.admin_password_hash.get_secret_value() else new_password()
    origin = _started(settings)
    try:
        data = settings.data / "demo"
        write_sites(data / "sites", origin)
        changed = {
            **HURRIED,
            "data": data,
            "sites": data / "sites",
            "weather_url": f"http://127.0.0.1:{origin.port}/v1/forecast",
            **({"admin_password_hash": SecretStr(hash_of(password))} if password else {}),
        }
        yield settings.model_copy(update=changed), password
    finally:
        origin.stop()


def new_password() -> str:
    """To be typed by hand: twelve letters and figures, near 60 bits."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(3))


def _started(settings: Settings) -> Origin:
    """Beside the web node's port where that is free, so that a restart finds the papers where they were."""
    for port in (settings.port + 1, 0):
        origin = Origin(SystemClock(), port)
        try:
            origin.start()
        except OSError:
            continue
        return origin
    raise OSError("no free port for the sample papers")
