"""Bodies that a server would rather not send: packed in every way, dripping, endless, bombs.

A stream is iterated anew for each answer; its pieces are bytes to send or a float, seconds to pause.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import brotli
import zstandard

Stream = Iterable[bytes | float]


@dataclass(frozen=True)
class Drip:
    """`body`, a few bytes at a time; its true length is announced."""

    body: bytes
    bytes_per_s: float
    piece_bytes: int = 1

    def __len__(self) -> int:
        return len(self.body)

    def __iter__(self) -> Iterator[bytes | float]:
        for start in range(0, len(self.body), self.piece_bytes):
            yield self.body[start : start + self.piece_bytes]
            yield self.piece_bytes / self.bytes_per_s


@dataclass(frozen=True)
class Repeat:
    """`prefix`, then `piece` for ever (or `times`), as fast as it is taken; no length is announced."""

    piece: bytes
    prefix: bytes = b""
    times: int | None = None

    def __iter__(self) -> Iterator[bytes | float]:
        yield self.prefix
        sent = 0
        while self.times is None or sent < self.times:
            yield self.piece
            sent += 1


def fill(decoded_bytes: int, prefix: bytes = b"", byte: bytes = b"A", encoding: str = "gzip") -> bytes:
    """A bomb: `prefix` and then `byte` up to `decoded_bytes`, packed without ever being whole in memory."""
    packers = {
        "gzip": lambda: zlib.compressobj(9, zlib.DEFLATED, 31),
        "deflate": lambda: zlib.compressobj(9),
        "br": _Brotli,
        "zstd": lambda: zstandard.ZstdCompressor().compressobj(),
    }
    packer = packers[encoding]()
    block = byte * (1 << 20)
    packed = [packer.compress(prefix)]
    for start in range(len(prefix), decoded_bytes, len(block)):
        packed.append(packer.compress(block[: decoded_bytes - start]))
    return b"".join([*packed, packer.flush()])


class _Brotli:
    def __init__(self) -> None:
        self._packer = brotli.Compressor(quality=1)

    def compress(self, data: bytes) -> bytes:
        return self._packer.process(data)

    def flush(self) -> bytes:
        return self._packer.finish()


def pack(body: bytes, encoding: str) -> bytes:
    """`encoding` as in Content-Encoding, or "deflate-raw" for the bare stream that some servers call deflate."""
    match encoding:
        case "gzip":
            return gzip.compress(body)
        case "deflate":
            return zlib.compress(body)
        case "deflate-raw":
            packer = zlib.compressobj(9, zlib.DEFLATED, -15)
            return packer.compress(body) + packer.flush()
        case "br":
            return brotli.compress(body)
        case "zstd":
            return zstandard.compress(body)
    raise ValueError(encoding)
