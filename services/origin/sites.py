"""The demo's sites: TOML files written for an origin's address, as a person would write them."""

from __future__ import annotations

from pathlib import Path

from services.origin.papers import PAPERS
from services.origin.server import Origin

_SITES = {
    "linux": ("Linux", "The demo's papers about kernels and desktops", "linux", "Utrecht"),
    "space": ("Space", "The demo's papers about rockets and stars", "space", "Kourou"),
}


def write_sites(folder: Path, origin: Origin) -> None:
    """Write `linux.toml` and `space.toml`; the papers' addresses are the origin's."""
    folder.mkdir(parents=True, exist_ok=True)
    for site, (title, description, theme, place) in _SITES.items():
        lines = [f'title = "{title}"', f'description = "{description}"', f'theme = "{theme}"', f'place = "{place}"']
        for paper in PAPERS:
            if paper.subject == site:
                lines += ["", "[[feeds]]", f'url = "{origin.address_of(paper)}"', f'title = "{paper.title}"']
        (folder / f"{site}.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
