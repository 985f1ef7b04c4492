"""The headers that every page carries."""

from __future__ import annotations

from urllib.parse import urlsplit

from services.web.pages import Headers


def headers(assets_url: str) -> Headers:
    """No script, style or font but our own files; nothing may frame a page or learn where a reader came from.

    The referrer stays within the site: without any, browsers tell our own forms' origin as "null" over plain http.
    """
    host = urlsplit(assets_url)
    own = f"'self' {host.scheme}://{host.netloc}" if host.netloc else "'self'"
    policy = (
        f"default-src 'none'; script-src {own}; style-src {own}; font-src {own}; img-src {own}; connect-src 'self'; "
        f"manifest-src {own}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return [
        ("Content-Security-Policy", policy),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "same-origin"),
        ("X-Frame-Options", "DENY"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Permissions-Policy", "geolocation=(self), camera=(), microphone=(), browsing-topics=()"),
    ]
