"""Certificates of our own making, good and bad, and handshakes that never end."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import trustme

from tests.fakes.http_answers import paced

HANDSHAKE_S = 60.0


@dataclass(frozen=True)
class Handshake:
    """A TLS handshake that fails: silence, a record that comes byte by byte, or a `reply` that is no TLS."""

    bytes_per_s: float | None = None
    reply: bytes | None = None

    def stream(self) -> Iterator[bytes | float]:
        if self.reply is not None:
            yield self.reply
            return
        if self.bytes_per_s is None:
            yield HANDSHAKE_S
            return
        # The head of a handshake record and of a ServerHello, each announcing far more than will come.
        yield from paced(b"\x16\x03\x03\x3f\xff\x02\x00\x3f\xfb" + bytes(0x3FFB), self.bytes_per_s)


class Authority:
    """Signs certificates for reserved names. Clients trust it through `ca_file`."""

    def __init__(self) -> None:
        self._ca = trustme.CA()

    def ca_file(self, folder: Path) -> str:
        path = folder / "ca.pem"
        self._ca.cert_pem.write_to_path(str(path))
        return str(path)

    def good(self, *names: str) -> ssl.SSLContext:
        return _server(self._ca.issue_cert(*names))

    def expired(self, *names: str) -> ssl.SSLContext:
        now = datetime.now(UTC)
        return _server(
            self._ca.issue_cert(*names, not_before=now - timedelta(days=9), not_after=now - timedelta(days=2))
        )

    def strangers(self, *names: str) -> ssl.SSLContext:
        """Signed by somebody whom nobody trusts."""
        return _server(trustme.CA().issue_cert(*names))


@cache
def authority() -> Authority:
    """The one of this test run."""
    return Authority()


def _server(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context
