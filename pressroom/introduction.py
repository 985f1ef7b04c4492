"""How we introduce ourselves to the sites that we ask: by the page that says what we do, and whom to write to."""

from __future__ import annotations

from pressroom.settings import Settings


def introduction(settings: Settings) -> str:
    """What stands in the User-Agent's brackets. Without a public address there is no page, and the contact alone."""
    page = f"+{settings.public_url.rstrip('/') or 'http://localhost'}/crawler"
    if not settings.contact:
        return page
    return f"{page}; {settings.contact}" if settings.public_url else settings.contact
