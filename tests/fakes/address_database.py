"""A small database of places by address, written in the MaxMind DB format, version 2."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Mapping
from typing import Any


def database(places: Mapping[str, Any], bits: int = 24, version: int = 6) -> bytes:
    """Network → what is known of it. `bits` of a record: 24, 28 or 32."""
    section, offsets = b"", {}
    for network, place in places.items():
        offsets[network] = len(section)
        section += packed(place)
    nodes: list[list[int | None]] = [[None, None]]
    ends: dict[tuple[int, int], int] = {}
    for network, offset in offsets.items():
        net = ipaddress.ip_network(network)
        width = 128 if version == 6 else 32
        depth = net.prefixlen + (width - net.max_prefixlen)
        address, node = int(net.network_address), 0
        for place in range(depth):
            side = address >> (width - 1 - place) & 1
            if place == depth - 1:
                ends[node, side] = offset
            elif (below := nodes[node][side]) is None:
                nodes.append([None, None])
                nodes[node][side] = node = len(nodes) - 1
            else:
                node = below
    count = len(nodes)
    tree = b"".join(
        _record([ends[at, side] + count + 16 if (at, side) in ends else one[side] or count for side in (0, 1)], bits)
        for at, one in enumerate(nodes)
    )
    told = {"node_count": count, "record_size": bits, "ip_version": version, "binary_format_major_version": 2}
    return tree + bytes(16) + section + b"\xab\xcd\xefMaxMind.com" + packed(told)


def _record(sides: list[int], bits: int) -> bytes:
    left, right = sides
    if bits == 28:
        high = (left >> 24) << 4 | right >> 24
        return (left & 0xFFFFFF).to_bytes(3) + bytes([high]) + (right & 0xFFFFFF).to_bytes(3)
    return left.to_bytes(bits // 8) + right.to_bytes(bits // 8)


def packed(value: Any) -> bytes:
    match value:
        case bool():
            return bytes([int(value), 7])
        case int():
            raw = value.to_bytes(4)
            return _control(6, 4) + raw
        case float():
            return _control(3, 8) + struct.pack(">d", value)
        case str():
            return _control(2, len(value.encode())) + value.encode()
        case dict():
            inside = b"".join(packed(name) + packed(one) for name, one in value.items())
            return _control(7, len(value)) + inside
        case _:
            return bytes([len(value), 4]) + b"".join(packed(one) for one in value)


def _control(kind: int, size: int) -> bytes:
    return bytes([kind << 5 | size]) if size < 29 else bytes([kind << 5 | 29, size - 29])
