"""Where the brokers are: `amqp://user:password@host1:5672,host2:5672/vhost`, or several such URLs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pika import URLParameters
from pika.connection import Parameters

_BETWEEN_URLS = re.compile(r"[\s,]+(?=amqps?://)|\s+")
_URL = re.compile(r"(?P<scheme>amqps?)://(?:(?P<user>[^@/?]*)@)?(?P<hosts>[^/?]*)(?P<rest>.*)", re.DOTALL)
CONNECT_TIMEOUT_S = 5
HANDSHAKE_TIMEOUT_S = 10


class BadAddress(ValueError):
    """No broker can be found by this text. Says what is wrong, never the password."""


@dataclass(frozen=True, slots=True)
class Address:
    """One broker. `url` holds the password, so only `str(address)` may be shown: `amqp://host:5672/vhost`."""

    url: str = field(repr=False)
    shown: str

    def __str__(self) -> str:
        return self.shown

    def parameters(self, *, heartbeat_s: int, name: str) -> Parameters:
        """For pika: every wait has a limit, and `name` tells people in the management page whose connection it is."""
        parameters = URLParameters(self.url)
        parameters.socket_timeout = CONNECT_TIMEOUT_S
        parameters.stack_timeout = HANDSHAKE_TIMEOUT_S
        parameters.connection_attempts = 1
        parameters.heartbeat = heartbeat_s
        parameters.client_properties = {"connection_name": name}
        return parameters


def addresses(text: str) -> tuple[Address, ...]:
    """All brokers that `text` names: URLs apart by comma or space, hosts of one URL apart by comma.

    Raises `BadAddress`.
    """
    urls = [part for part in _BETWEEN_URLS.split(text.strip()) if part.strip(",")]
    if not urls:
        raise BadAddress("the queue URL is empty; expected amqp://user:password@host:5672/vhost")
    return tuple(address for number, url in enumerate(urls, 1) for address in _of_one_url(url.strip(","), number))


def _of_one_url(url: str, number: int) -> list[Address]:
    parts = _URL.fullmatch(url)
    if parts is None:
        raise BadAddress(f"queue URL number {number} does not begin with amqp:// or amqps://")
    hosts = [host for host in parts["hosts"].split(",") if host]
    if not hosts:
        raise BadAddress(f"queue URL number {number} names no host")
    return [_address(parts["scheme"], parts["user"], host, parts["rest"]) for host in hosts]


def _address(scheme: str, user: str | None, host: str, rest: str) -> Address:
    shown = f"{scheme}://{host}{rest.partition('?')[0]}"
    if user and ":" not in user:
        user += ":"
    url = f"{scheme}://{user}@{host}{rest}" if user else f"{scheme}://{host}{rest}"
    try:
        URLParameters(url)
    except (ValueError, TypeError) as error:
        # pika's text may repeat a part of the query, which can hold a secret (a key's passphrase).
        raise BadAddress(f"queue URL for {shown} cannot be used: {type(error).__name__}") from None
    return Address(url, shown)
