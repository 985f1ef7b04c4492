"""Content codings undone, within a limit of bytes. Pure: bytes in, bytes out, or `FetchError` without an address.

The whole packed body is at hand (its own limit holds while it arrives), so each decoder runs once and stops one byte
past the limit: a bomb costs the limit in memory and no more, whatever it claims to hold.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

import brotli
import zstandard

from pressroom.http.answer import FetchError
from schemas.errors import ErrorKind

ACCEPT_ENCODING = "gzip, deflate, br, zstd"

LAYERS_MAX = 3
# Each part (gzip member, zstd frame) costs a decoder and a copy of the rest; a few, at most dozens, are honest.
PARTS_MAX = 100
GZIP_MAGIC = b"\x1f\x8b"
# RFC 9659: an HTTP server must not ask for a larger window, and a larger one is memory before the first byte.
ZSTD_WINDOW_BYTES_MAX = 8 * 1024 * 1024
# A zstd block of 4 bytes may stand for 128 KiB, and its decoder has no output limit: small sips keep each bounded.
ZSTD_SIP_BYTES = 256
_BROTLI_STEP_BYTES = 1 << 20


def decode(body: bytes, coding: str, body_bytes_max: int) -> bytes:
    """Unpack `body` as its Content-Encoding says, and gzip once more if it is there without being said.

    Raises `FetchError` of kind `too_large`, `truncated` (the packed data ends early) or `decode_error`.
    """
    layers = [name.strip().lower() for name in coding.split(",") if name.strip()]
    if len(layers) > LAYERS_MAX:
        raise FetchError(ErrorKind.DECODE_ERROR, f"packed {len(layers)} times over: {coding[:80]}")
    undone = ""
    for name in reversed(layers):
        if name == undone == "gzip" and not body.startswith(GZIP_MAGIC):
            continue  # a proxy on the way named the coding again
        body, undone = _unpack(name, body, body_bytes_max), name
    # No feed starts with these bytes, and some servers always send gzip (or serve .gz files) without saying so.
    if body.startswith(GZIP_MAGIC):
        body = _unpack("gzip", body, body_bytes_max)
    if len(body) > body_bytes_max:
        raise _too_large()
    return body


def _unpack(name: str, body: bytes, body_bytes_max: int) -> bytes:
    if name == "identity" or not body:
        return body
    decoder = _DECODERS.get(name)
    if decoder is None:
        return _as_it_is(name, body)
    try:
        return decoder(body, body_bytes_max)
    except (zlib.error, brotli.error, zstandard.ZstdError) as error:
        raise FetchError(ErrorKind.DECODE_ERROR, f"labelled {name}, but it cannot be unpacked: {error}") from None


def _as_it_is(name: str, body: bytes) -> bytes:
    """Labels such as "utf-8" or "none" are mistakes, not codings, when a readable document follows."""
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"<", b"{"}:
        return body
    raise FetchError(ErrorKind.DECODE_ERROR, f"packed in a way that is not known here: {name[:40]}")


def _gzip(body: bytes, body_bytes_max: int) -> bytes:
    """RFC 1952: any number of members; what follows the last and is no member is padding."""
    if not body.startswith(GZIP_MAGIC):
        raise zlib.error("no gzip header")
    unpacked, start = b"", 0
    for _ in range(PARTS_MAX):
        member = zlib.decompressobj(wbits=31)
        unpacked += _inflate(member, body[start:], body_bytes_max - len(unpacked))
        start = len(body) - len(member.unused_data)
        if not body.startswith(GZIP_MAGIC, start):
            return unpacked
    raise zlib.error(f"more than {PARTS_MAX} members")


def _deflate(body: bytes, body_bytes_max: int) -> bytes:
    """RFC 9110 section 8.4.1.2 means zlib; a part of the servers sends the bare stream instead."""
    try:
        return _inflate(zlib.decompressobj(), body, body_bytes_max)
    except zlib.error:
        return _inflate(zlib.decompressobj(wbits=-15), body, body_bytes_max)


def _inflate(decoder: zlib._Decompress, body: bytes, bytes_left: int) -> bytes:
    unpacked = decoder.decompress(body, bytes_left + 1)
    if len(unpacked) > bytes_left:
        raise _too_large()
    if not decoder.eof:
        raise _cut()
    return unpacked


def _brotli(body: bytes, body_bytes_max: int) -> bytes:
    decoder = brotli.Decompressor()
    pieces, size = [], 0
    piece = decoder.process(body, output_buffer_limit=_BROTLI_STEP_BYTES)
    while piece:
        pieces.append(piece)
        size += len(piece)
        if size > body_bytes_max:
            raise _too_large()
        piece = decoder.process(b"", output_buffer_limit=_BROTLI_STEP_BYTES)
    if not decoder.is_finished():
        raise _cut()
    return b"".join(pieces)


def _zstd(body: bytes, body_bytes_max: int) -> bytes:
    """RFC 8878: any number of frames, skippable ones among them."""
    context = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW_BYTES_MAX)
    pieces, size, parts = [], 0, 1
    decoder = context.decompressobj()
    for start in range(0, len(body), ZSTD_SIP_BYTES):
        sip = body[start : start + ZSTD_SIP_BYTES]
        while sip:
            if decoder.eof:
                decoder, parts = context.decompressobj(), parts + 1
                if parts > PARTS_MAX:
                    raise zstandard.ZstdError(f"more than {PARTS_MAX} frames")
            pieces.append(decoder.decompress(sip))
            size += len(pieces[-1])
            if size > body_bytes_max:
                raise _too_large()
            sip = decoder.unused_data
    if not decoder.eof:
        raise _cut()
    return b"".join(pieces)


_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}


def _too_large() -> FetchError:
    return FetchError(ErrorKind.TOO_LARGE, "it unpacks to more bytes than are allowed")


def _cut() -> FetchError:
    return FetchError(ErrorKind.TRUNCATED, "the packed data ends before its end")
