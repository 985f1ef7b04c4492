"""The web node: serves front pages from its own copies.

`services.web:app` is the WSGI application for servers (granian, gunicorn, mod_wsgi), built when first asked for.
"""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from services.web.worker import app  # noqa: PLC0415 - importing the package must cost nothing

    return app
