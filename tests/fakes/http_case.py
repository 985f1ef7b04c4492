"""Plays the "serve" part of a shared case on the fault server, under the case's own host names."""

from __future__ import annotations

import base64
from collections import defaultdict
from typing import Any

from pressroom.http.urls import parse_url
from tests.fakes.faultserver import Answer, Drip, FaultServer, fill
from tests.fakes.http_names import NameMap


def serve(case: dict[str, Any], server: FaultServer) -> NameMap:
    """Script every exchange of the case; names lead to `server`."""
    exchanges = case["serve"].get("exchanges", [case["serve"]])
    answers: dict[tuple[str, str], list[Answer]] = defaultdict(list)
    names = NameMap()
    for exchange in exchanges:
        url = parse_url(exchange["url"])
        answers[url.host, url.target].append(_answer(exchange))
        names.lead(url.host, server)
    for (host, target), scripted in answers.items():
        server.script(target, *scripted, host=host)
    return names


def asked_url(case: dict[str, Any]) -> str:
    """The address as an operator would have typed it."""
    first = case["serve"].get("exchanges", [case["serve"]])[0]
    return str(first.get("input_url", first["url"]))


def _answer(exchange: dict[str, Any]) -> Answer:
    headers = dict(exchange.get("headers", {}))
    length = headers.pop("Content-Length", None)
    return Answer(exchange["status"], _body(exchange), headers, length="true" if length is None else int(length))


def _body(exchange: dict[str, Any]) -> bytes | Drip:
    if "body_base64" in exchange:
        return base64.b64decode(exchange["body_base64"])
    match exchange.get("generate"):
        case {"kind": "gzip_fill", "prefix": prefix, "fill_byte": byte, "decoded_bytes": size}:
            return fill(size, prefix.encode(), byte.encode())
        case {"kind": "drip", "bytes_per_s": pace, "body": body}:
            return Drip(body.encode(), pace)
    return str(exchange["body"]).encode()
