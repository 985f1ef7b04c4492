"""What a GET gives back or raises, and the limits it keeps. Plain values: no library is needed to handle them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from schemas.errors import ErrorKind


class Headers(Mapping[str, str]):
    """Header fields by name in any case; values exactly as they came, repeated fields joined by ", "."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._fields = {name.lower(): fields[name] for name in fields}

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        return f"Headers({self._fields!r})"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one GET may cost. Every limit holds while bytes arrive, not after."""

    dns_s: float = 5.0
    connect_s: float = 10.0
    """To reach one of the host's addresses, and again for the TLS handshake."""
    total_s: float = 30.0
    """From the call to its end: names, connections, redirects, headers and body together."""
    wire_bytes_max: int = 10_000_000
    body_bytes_max: int = 20_000_000
    """The answer unpacked."""
    error_bytes_max: int = 65_536
    """Of the body of an error answer so much is kept; more is left unread."""
    redirects_max: int = 10


@dataclass(frozen=True, slots=True)
class Response:
    """One answer, whatever its status. `body` is unpacked; of a 304 it is empty."""

    url: str
    """The address that answered, after redirects."""
    status: int
    headers: Headers
    body: bytes
    wire_bytes: int
    """Bytes of the body as sent."""
    redirects: tuple[tuple[int, str], ...] = ()
    """Each hop's status and the address it came from, in order."""
    permanent_url: str | None = None
    """Where the leading 301 and 308 answers lead; None when the first hop was none of them."""
    elapsed_s: float = 0.0


class FetchError(Exception):
    """No answer that could be used. `url` is the address at which it ended; the message is for the operator."""

    def __init__(
        self,
        kind: ErrorKind,
        message: str,
        url: str = "",
        status: int | None = None,
        redirects: tuple[tuple[int, str], ...] = (),
    ) -> None:
        super().__init__(kind, message)
        self.kind = kind
        self.message = message
        self.url = url
        self.status = status
        self.redirects = redirects

    def __str__(self) -> str:
        return f"{self.kind.value}: {self.message}" + (f" ({self.url})" if self.url else "")
