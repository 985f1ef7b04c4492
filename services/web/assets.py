"""Styles, scripts and fonts under names that carry their content's hash, immutable for a year."""

from __future__ import annotations

import contextlib
import hashlib
import mimetypes
import re
from datetime import datetime
from pathlib import Path
from typing import Final

from pressroom.objects.port import AlreadyThere, ObjectStore
from schemas import keys
from services.web.encodings import IDENTITY
from services.web.pages import Headers, Page, make

FOLDER: Final = Path(__file__).parent / "static"
MAX_AGE_S: Final = 31_536_000
_CACHING: Final[Headers] = [("Cache-Control", f"public, max-age={MAX_AGE_S}, immutable")]
_EXTRA: Final[Headers] = [("Access-Control-Allow-Origin", "*"), ("X-Content-Type-Options", "nosniff")]
_REFERENCE: Final = re.compile(rb"url\(\"([\w.-]+)\"\)")
_HASHED: Final = re.compile(r"[a-z-]{1,40}-[0-9a-f]{12}\.(css|js|svg|woff2)")
_TYPES: Final = {".woff2": "font/woff2", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}


class Assets:
    """All assets, read and compressed once. `base` is the CDN's address; empty: this node's own."""

    def __init__(self, base: str, modified: datetime) -> None:
        self._base = base.rstrip("/")
        self._names: dict[str, str] = {}
        self.pages: dict[str, Page] = {}
        files = sorted(path for path in FOLDER.iterdir() if path.is_file() and not path.name.startswith("."))
        # Styles name fonts, so they come last: their own hash covers the fonts' hashes.
        for path in sorted(files, key=lambda path: path.suffix == ".css"):
            self._add(path, modified)

    def url(self, name: str) -> str:
        """The address of an asset by its plain name; `KeyError` for one there is not."""
        return self._base + self.path(name)

    def path(self, name: str) -> str:
        return f"/static/{self._names[name]}"

    def publish(self, store: ObjectStore) -> None:
        """Lay all of them into the store, for a CDN and for nodes of other versions. Raises as `ObjectStore.create`."""
        for path, page in self.pages.items():
            name = path.removeprefix("/static/")
            headers = dict(page.variants[IDENTITY].full)
            with contextlib.suppress(AlreadyThere):
                store.create(
                    keys.asset(name),
                    page.variants[IDENTITY].body,
                    content_type=headers["Content-Type"],
                    cache_control=headers["Cache-Control"],
                )

    def _add(self, path: Path, modified: datetime) -> None:
        body = path.read_bytes()
        if path.suffix == ".css":
            body = _REFERENCE.sub(lambda match: b'url("%s")' % self._names[match[1].decode()].encode(), body)
        hashed = f"{path.stem}-{hashlib.sha256(body).hexdigest()[:12]}{path.suffix}"
        self._names[path.name] = hashed
        self.pages[f"/static/{hashed}"] = asset_page(hashed, body, modified)


def asset_page(name: str, body: bytes, modified: datetime) -> Page:
    kind = _TYPES.get(Path(name).suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return make(
        body,
        modified,
        content_type=kind,
        caching=_CACHING,
        vary="Accept-Encoding",
        packed_already=kind == "font/woff2",
        extra=_EXTRA,
    )


def is_asset_name(name: str) -> bool:
    """A name that only an asset of ours, of some version, can have."""
    return bool(_HASHED.fullmatch(name))
