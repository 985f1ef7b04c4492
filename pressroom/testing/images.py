"""The images that tests need: there already, else pulled, else built, as `docker/images.sh` does it; else Missing."""

from __future__ import annotations

import functools
import subprocess
from pathlib import Path

from pressroom.testing.engine import Missing, has_image

BROKER = "rabbitmq:4-management"
STORE = "chrislusf/seaweedfs:4.48"
_SCRIPT = Path(__file__).parents[2] / "docker" / "images.sh"


@functools.cache
def need(tag: str) -> str:
    """Returns `tag` once the image is here. Building a local stand-in takes about a minute, once a machine."""
    if has_image(tag):
        return tag
    if not _SCRIPT.exists():
        raise Missing(f"{tag}: not on this machine; `docker pull {tag}`")
    done = subprocess.run([str(_SCRIPT), tag], capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip().splitlines()
        raise Missing(said[-1] if said else f"{tag}: docker/images.sh failed")
    return tag
