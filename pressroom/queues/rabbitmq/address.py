"""Where the brokers are: `amqp://user:password@host1:5672,host2:5672/vhost`, or several such URLs. Pure.

With `amqps://` the broker must show a certificate that is trusted here. The parameters behind `?` are those of
RabbitMQ's own URIs: cacertfile, certfile, keyfile, server_name_indication.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from pressroom.parameters import parameters_of

_BETWEEN_URLS = re.compile(r"[\s,]+(?=amqps?://)|\s+")
_URL = re.compile(r"(?P<scheme>amqps?)://(?:(?P<user>[^/?]*)@)?(?P<hosts>[^@/?]*)(?P<rest>.*)", re.DOTALL)
_PORTS = {"amqp": 5672, "amqps": 5671}
_TLS_PARAMETERS = ("cacertfile", "certfile", "keyfile", "server_name_indication")


class BadAddress(ValueError):
    """No broker can be found by this text. Says what is wrong, never the password."""


@dataclass(frozen=True, slots=True)
class Tls:
    """How a broker is trusted, and how it can trust us: paths of PEM files; empty: the system's CAs, no certificate
    of ours, the host's own name.
    """

    cacertfile: str = ""
    certfile: str = ""
    keyfile: str = ""
    server_name: str = ""


@dataclass(frozen=True, slots=True)
class Address:
    """One broker. It holds the password, so only `str(address)` may be shown: `amqp://host:5672/vhost`."""

    shown: str
    host: str
    port: int
    vhost: str = "/"
    user: str = "guest"
    password: str = field(default="guest", repr=False)
    tls: Tls | None = None

    def __str__(self) -> str:
        return self.shown


def addresses(text: str) -> tuple[Address, ...]:
    """All brokers that `text` names: URLs apart by comma or space, hosts of one URL apart by comma.

    Raises `BadAddress`.
    """
    urls = [part for part in _BETWEEN_URLS.split(text.strip()) if part.strip(",")]
    if not urls:
        raise BadAddress("it is empty; expected amqp://user:password@host:5672/vhost")
    return tuple(address for number, url in enumerate(urls, 1) for address in _of_one_url(url.strip(","), number))


def _of_one_url(url: str, number: int) -> list[Address]:
    parts = _URL.fullmatch(url)
    which = f"URL number {number}" if number > 1 else "the URL"
    if parts is None or "@" in parts["rest"]:
        raise BadAddress(
            f"{which} does not read as amqp://user:password@host:5672/vhost (or amqps://); "
            "in names and passwords write @ as %40, / as %2F, ? as %3F"
        )
    hosts = [host for host in parts["hosts"].split(",") if host]
    if not hosts:
        raise BadAddress(f"{which} names no host; expected amqp://user:password@host:5672/vhost")
    return [_address(parts["scheme"], parts["user"], host, parts["rest"]) for host in hosts]


def _address(scheme: str, user: str | None, host: str, rest: str) -> Address:
    shown = f"{scheme}://{host}{rest.partition('?')[0]}"
    try:
        parts = urlsplit(f"{scheme}://{host}{rest}")
        name, port = parts.hostname, parts.port
    except ValueError:
        raise BadAddress(f"{shown} has no good host and port; expected host:5672") from None
    if not name or parts.path.count("/") > 1 or parts.fragment:
        raise BadAddress(f"{shown} is no address; expected host:5672/vhost, with / in a vhost's name as %2F")
    login, _, password = (user or "guest:guest").partition(":")
    return Address(
        shown,
        name,
        port or _PORTS[scheme],
        vhost=unquote(parts.path[1:]) or "/",
        user=unquote(login),
        password=unquote(password),
        tls=_tls(shown, scheme, parts.query),
    )


def _tls(shown: str, scheme: str, query: str) -> Tls | None:
    try:
        given = parameters_of(query, _TLS_PARAMETERS, "amqps")
    except ValueError as error:
        raise BadAddress(f"{shown} {error}") from None
    if scheme == "amqp":
        if given:
            raise BadAddress(f"{shown} has parameters that only amqps:// has: {', '.join(sorted(given))}")
        return None
    if "keyfile" in given and "certfile" not in given:
        raise BadAddress(f"{shown} names a keyfile without its certfile")
    return Tls(
        cacertfile=given.get("cacertfile", ""),
        certfile=given.get("certfile", ""),
        keyfile=given.get("keyfile", ""),
        server_name=given.get("server_name_indication", ""),
    )
