"""Telling a webhook: one alert a message, in Alertmanager's form (version 4), with a line of `text` for chat rooms."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from pressroom.alerts.rules import ALERTS, runbook
from schemas.base import Id, Instant, Line, Model, Name

TOTAL_S: Final = 10.0
ANSWER_BYTES_MAX: Final = 4096

_ALERTS: Final = {alert.name: alert for alert in ALERTS}


class Word(Model):
    """What is to be told: an alert came up, or ended. `id` is the same however often it is told."""

    id: Id
    alert: Name
    severity: Name
    up: bool
    since: Instant
    at: Instant
    text: Line


class NotTold(Exception):
    """The webhook has not taken it. The text says why."""


def body_of(word: Word) -> bytes:
    status = "firing" if word.up else "resolved"
    known = _ALERTS.get(word.alert)
    annotations = {"summary": word.text}
    if known is not None:
        annotations |= {"action": known.action, "runbook": runbook(known)}
    alert = {
        "status": status,
        "labels": {"alertname": word.alert, "severity": word.severity},
        "annotations": annotations,
        "startsAt": word.since.isoformat(),
        "fingerprint": word.id,
    }
    if not word.up:
        alert["endsAt"] = word.at.isoformat()
    action = f" {known.action}" if known is not None else ""
    text = f"{word.severity}: {word.text}{action}" if word.up else f"over: {word.text}"
    message = {
        "version": "4",
        "receiver": "pressroom",
        "status": status,
        "groupKey": word.id,
        "groupLabels": {"alertname": word.alert},
        "alerts": [alert],
        "text": f"{word.alert}: {text}",
    }
    return json.dumps(message, ensure_ascii=False).encode()


@dataclass(frozen=True, slots=True)
class Webhook:
    """An operator's own address: it is asked as it stands, redirects are not followed. `total_s` bounds it all."""

    url: str
    total_s: float = TOTAL_S

    def tell(self, word: Word) -> None:
        """Raises `NotTold`; anything but a 2xx is no answer."""
        try:
            status = self._post(body_of(word), word.id)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NotTold(f"{type(error).__name__}: {error}") from None
        if not 200 <= status < 300:
            raise NotTold(f"it answered {status}")

    def _post(self, body: bytes, identity: str) -> int:
        parts = urlsplit(self.url)
        if not parts.hostname:
            raise ValueError("the address has no host")
        if parts.scheme == "https":
            context = ssl.create_default_context()
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                parts.hostname, parts.port, timeout=self.total_s, context=context
            )
        else:
            connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=self.total_s)
        # A limit of each read alone would let an answer that drips go on for ever.
        ended = threading.Timer(self.total_s, _cut, [connection])
        ended.daemon = True
        ended.start()
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            headers = {"Content-Type": "application/json", "User-Agent": "Pressroom", "Connection": "close"}
            # A word that was taken and not answered is told again: whoever minds can see that it is the same.
            connection.request("POST", path, body, {**headers, "Idempotency-Key": identity})
            answer = connection.getresponse()
            answer.read(ANSWER_BYTES_MAX)
            return answer.status
        finally:
            ended.cancel()
            connection.close()


def _cut(connection: http.client.HTTPConnection) -> None:
    if connection.sock is not None:
        try:
            connection.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return
