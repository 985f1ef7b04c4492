"""Where an address roughly is, by a database on this machine in the MaxMind DB format, version 2
(https://maxmind.github.io/MaxMind-DB/): city databases of several makers come so. Nothing is sent and nothing is kept.
"""

from __future__ import annotations

import ipaddress
import logging
import mmap
import struct
from pathlib import Path
from typing import Any, Final

from pressroom.cells import Cell, cell_at

log = logging.getLogger(__name__)
NEAR_KM: Final = 100.0
"""A database that is less sure than this names a country's middle: that is nobody's place."""

_MARK: Final = b"\xab\xcd\xefMaxMind.com"
_METADATA_BYTES_MAX: Final = 128 * 1024
_SEPARATOR_BYTES: Final = 16
_DEPTH_MAX: Final = 20
_PARTS_MAX: Final = 2_000
_POINTER, _TEXT, _DOUBLE, _MAP, _INT32, _ARRAY, _BOOL, _FLOAT = 1, 2, 3, 7, 8, 11, 14, 15
_UNSIGNED: Final = frozenset({5, 6, 9, 10})


class Unusable(ValueError):
    """The file is no such database, or a broken one."""


def open_book(path: str) -> AddressBook | None:
    """The database, if one is named; one that cannot be used is said once, and no place is guessed."""
    try:
        return AddressBook(Path(path)) if path else None
    except (OSError, Unusable) as error:
        log.warning("no place is guessed from an address: %s cannot be used: %s", path, error)
        return None


class AddressBook:
    """For all threads: the file is only read. Raises `OSError` or `Unusable`."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            if path.stat().st_size == 0:
                raise Unusable("it is empty")
            self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        mark = self._data.rfind(_MARK, max(0, len(self._data) - _METADATA_BYTES_MAX))
        if mark < 0:
            raise Unusable("it has no metadata of the format")
        told = self._decode(mark + len(_MARK), mark + len(_MARK))
        try:
            self._nodes, bits, self._version = (told[name] for name in ("node_count", "record_size", "ip_version"))
        except (KeyError, TypeError):
            raise Unusable("its metadata are not those of the format") from None
        self._node_bytes = bits // 4
        self._section = self._nodes * self._node_bytes + _SEPARATOR_BYTES
        if bits not in {24, 28, 32} or self._version not in {4, 6} or self._section > mark:
            raise Unusable("its tree does not fit into it")

    def cell_of(self, address: str) -> Cell | None:
        """The cell of the place that the database has for an address, if it has one that is about a town."""
        try:
            found = self._find(ipaddress.ip_address(address))
            place = found["location"]
            if float(place.get("accuracy_radius", 0)) > NEAR_KM:
                return None
            return cell_at(float(place["latitude"]), float(place["longitude"]))
        except (ValueError, KeyError, TypeError, AttributeError):
            return None

    def _find(self, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> Any:
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        if address.version > self._version:
            return None
        bits = 128 if self._version == 6 else 32  # an IPv4 address lies in ::/96
        node = 0
        for place in range(bits - 1, -1, -1):
            if node >= self._nodes:
                break
            node = self._record(node, int(address) >> place & 1)
        # The tree's own number of nodes means "nothing"; what is larger leads behind the tree.
        return self._decode(self._section + node - self._nodes - _SEPARATOR_BYTES) if node > self._nodes else None

    def _record(self, node: int, side: int) -> int:
        start = node * self._node_bytes
        raw = self._data[start : start + self._node_bytes]
        if self._node_bytes == 7:  # two times 28 bits, the high four of both in the middle
            high = raw[3] >> 4 if side == 0 else raw[3] & 0x0F
            return high << 24 | int.from_bytes(raw[:3] if side == 0 else raw[4:])
        half = self._node_bytes // 2
        return int.from_bytes(raw[:half] if side == 0 else raw[half:])

    def _decode(self, place: int, section: int | None = None) -> Any:
        return _Decoder(self._data, self._section if section is None else section).value(place)[0]


class _Decoder:
    """One value of the data section; bounded, whatever a broken file says."""

    def __init__(self, data: mmap.mmap, section: int) -> None:
        self._data = data
        self._section = section
        self._parts = 0

    def value(self, place: int, depth: int = 0) -> tuple[Any, int]:
        """The value at `place`, and where the next one begins. Raises `Unusable`."""
        self._parts += 1
        if depth > _DEPTH_MAX or self._parts > _PARTS_MAX:
            raise Unusable("a value in it has no end")
        control = self._take(place, 1)[0]
        place += 1
        kind = control >> 5
        if kind == _POINTER:
            place, target = self._pointer(control, place)
            return self.value(self._section + target, depth + 1)[0], place
        if kind == 0:
            kind = self._take(place, 1)[0] + 7
            place += 1
        place, size = self._size(control & 0x1F, place)
        if kind == _MAP:
            return self._map(place, size, depth)
        if kind == _ARRAY:
            return self._array(place, size, depth)
        if kind == _BOOL:
            return size != 0, place
        return _scalar(kind, self._take(place, size)), place + size

    def _map(self, place: int, size: int, depth: int) -> tuple[dict[Any, Any], int]:
        found = {}
        for _ in range(size):
            name, place = self.value(place, depth + 1)
            found[str(name)], place = self.value(place, depth + 1)
        return found, place

    def _array(self, place: int, size: int, depth: int) -> tuple[list[Any], int]:
        found = []
        for _ in range(size):
            one, place = self.value(place, depth + 1)
            found.append(one)
        return found, place

    def _size(self, small: int, place: int) -> tuple[int, int]:
        if small < 29:
            return place, small
        count = small - 28
        return place + count, (29, 285, 65_821)[count - 1] + int.from_bytes(self._take(place, count))

    def _pointer(self, control: int, place: int) -> tuple[int, int]:
        count = (control >> 3 & 3) + 1
        raw = int.from_bytes(self._take(place, count))
        if count == 4:
            return place + count, raw
        return place + count, ((control & 7) << 8 * count | raw) + (0, 2_048, 526_336)[count - 1]

    def _take(self, place: int, count: int) -> bytes:
        raw = self._data[place : place + count] if place >= 0 else b""
        if len(raw) < count:
            raise Unusable("it ends before a value does")
        return raw


def _scalar(kind: int, raw: bytes) -> Any:
    try:
        if kind == _TEXT:
            return raw.decode("utf-8", "replace")
        if kind == _DOUBLE:
            return struct.unpack(">d", raw)[0]
        if kind == _FLOAT:
            return struct.unpack(">f", raw)[0]
    except struct.error:
        raise Unusable("a number in it has the wrong length") from None
    if kind == _INT32:
        return int.from_bytes(raw.rjust(4, b"\0"), signed=True)
    return int.from_bytes(raw) if kind in _UNSIGNED else raw
