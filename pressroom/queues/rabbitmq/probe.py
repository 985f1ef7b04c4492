"""What the broker has, asked over AMQP alone, and more of it where its management answers.

AMQP tells whether a queue exists; what it is like comes out by declaring it: the broker names the first argument
that is unlike and what it has instead, so declaring it that way shows the next one. Nothing is changed by it.
"""

from __future__ import annotations

import base64
import http.client
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pika import BlockingConnection
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import AMQPConnectionError, ChannelClosedByBroker

from pressroom.outcomes import BackendUnavailable
from pressroom.queues.port import QueueMisconfigured
from pressroom.queues.rabbitmq.address import Address
from pressroom.queues.rabbitmq.dial import BadFiles, explained, parameters, said
from pressroom.queues.rabbitmq.link import WHAT, outdated
from pressroom.queues.topology import Argument, Binding, Exchange, Topology

HEARTBEAT_S = 60
MANAGEMENT_TIMEOUT_S = 10
MANAGEMENT_SETTING = "PRESSROOM_MANAGEMENT_URL"
_MANAGEMENT = "rabbitmq management"
_NOT_FOR_US = {401, 403}
_UNLIKE = re.compile(
    r"inequivalent arg '(?P<argument>[^']+)' for .*? but current is "
    r"(?P<current>none|'(?P<plain>[^']*)'|the value '(?P<value>[^']*)' of type '(?P<type>[^']*)')",
    re.DOTALL,
)
_NOT_FOUND, _LOCKED, _UNLIKE_CODE = 404, 405, 406
_ARGUMENTS_MAX = 30


def connect(brokers: tuple[Address, ...]) -> BlockingConnection:
    """A connection to the first broker that answers. Raises `BackendUnavailable`, and as `QueueMisconfigured` when
    none will have us, or is too old.
    """
    trouble, is_refused = "no address", True
    for address in brokers:
        try:
            connection = BlockingConnection(parameters(address, heartbeat_s=HEARTBEAT_S, name="pressroom topology"))
        except (AMQPConnectionError, OSError, BadFiles) as error:
            why, refused = explained(error, address)
            trouble, is_refused = f"cannot connect to {address}: {why}", is_refused and refused
            continue
        # pika shows the broker's properties on its asynchronous connections only, of which this one has one inside.
        old = outdated(address, vars(connection)["_impl"].server_properties)
        if old is None:
            return connection
        connection.close()
        trouble = old
    raise (QueueMisconfigured if is_refused else BackendUnavailable)(WHAT, trouble)


def found(connection: BlockingConnection, wanted: Topology) -> Topology:
    """Those of the wanted exchanges and queues that exist, as they are. Bindings are taken as they should be."""
    asker = _Asker(connection)
    exchanges = {each for wish in wanted.exchanges if (each := asker.exchange(wish)) is not None}
    queues = {name: asker.arguments_of(name, arguments) for name, arguments in wanted.queues.items()}
    asker.close()
    return Topology(
        frozenset(exchanges),
        {name: arguments for name, arguments in queues.items() if arguments is not None},
        wanted.bindings,
    )


def arguments_of(
    connection: BlockingConnection, name: str, guess: Mapping[str, Argument]
) -> Mapping[str, Argument] | None:
    """A queue's arguments, None when it does not exist; a good `guess` saves questions.

    Also "durable", "exclusive" or "auto_delete" where that is not as it should be: then all else stays unknown.
    """
    asker = _Asker(connection)
    arguments = asker.arguments_of(name, guess)
    asker.close()
    return arguments


class _Asker:
    """Asks by declaring; an answer that is an error closes the channel, so the next question opens another."""

    def __init__(self, connection: BlockingConnection) -> None:
        self._connection = connection
        self._channel: BlockingChannel | None = None

    def exchange(self, wish: Exchange) -> Exchange | None:
        error = self._declare(lambda channel: channel.exchange_declare(wish.name, wish.kind, passive=True))
        if error is not None and error.reply_code == _NOT_FOUND:
            return None
        error = self._declare(lambda channel: channel.exchange_declare(wish.name, wish.kind, durable=True))
        if error is None:
            return wish
        argument, current = _unlike(error, {})
        return replace(wish, kind=_word(current) if argument == "type" else f"{wish.kind}, {argument} {_word(current)}")

    def arguments_of(self, name: str, guess: Mapping[str, Argument]) -> Mapping[str, Argument] | None:
        error = self._declare(lambda channel: channel.queue_declare(name, passive=True))
        if error is not None:
            return None if error.reply_code == _NOT_FOUND else {**guess, "exclusive": True}
        arguments = dict(guess)
        for _ in range(_ARGUMENTS_MAX):
            error = self._declare(lambda channel: channel.queue_declare(name, durable=True, arguments=dict(arguments)))
            if error is None:
                break
            argument, current = _unlike(error, arguments)
            if current is None:
                arguments.pop(argument, None)
            elif argument in arguments or argument.startswith("x-"):
                arguments[argument] = current
            else:
                return {**guess, argument: current == "true"}
        return arguments

    def close(self) -> None:
        if self._channel is not None:
            self._channel.close()

    def _declare(self, declare: Callable[[BlockingChannel], object]) -> ChannelClosedByBroker | None:
        """The broker's error, None when it agrees."""
        self._channel = self._channel or self._connection.channel()
        try:
            declare(self._channel)
        except ChannelClosedByBroker as error:
            self._channel = None
            if error.reply_code in {_NOT_FOUND, _LOCKED, _UNLIKE_CODE}:
                return error
            raise BackendUnavailable(WHAT, said(error)) from error
        return None


def _unlike(error: ChannelClosedByBroker, sent: Mapping[str, Argument]) -> tuple[str, Argument | None]:
    """(argument, what the broker has) from its text; None for nothing."""
    text = said(error)
    match = _UNLIKE.search(text)
    if match is None:
        raise BackendUnavailable(WHAT, f"the broker's answer is not understood: {text}")
    argument = match["argument"]
    if match["current"] == "none":
        return argument, None
    shown = match["plain"] if match["plain"] is not None else match["value"]
    kind = match["type"] or type(sent.get(argument)).__name__
    if kind in {"bool", "boolean"}:
        return argument, shown == "true"
    return argument, int(shown) if re.fullmatch(r"-?\d+", shown) and kind != "longstr" else shown


def _word(value: Argument | None) -> str:
    return str(value).lower()


def managed(management_url: str, vhost: str) -> Topology:
    """All of a virtual host, from RabbitMQ's management. Raises `BackendUnavailable`; shows no password."""
    where = urllib.parse.quote(vhost, safe="")
    exchanges = _get(management_url, f"exchanges/{where}")
    queues = _get(management_url, f"queues/{where}")
    bindings = _get(management_url, f"bindings/{where}")
    return Topology(
        frozenset(Exchange(each["name"], each["type"]) for each in exchanges),
        {each["name"]: each["arguments"] for each in queues},
        frozenset(Binding(each["source"], each["destination"], each["routing_key"]) for each in bindings),
    )


def _get(management_url: str, path: str) -> Any:
    where, login = _management(management_url)
    request = urllib.request.Request(  # noqa: S310 - the operator's own setting
        f"{where}/api/{path}", headers={"Authorization": "Basic " + base64.b64encode(login.encode()).decode()}
    )
    try:
        with urllib.request.urlopen(request, timeout=MANAGEMENT_TIMEOUT_S) as answer:  # noqa: S310
            return json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code in _NOT_FOR_US:
            advice = f"correct user and password in {MANAGEMENT_SETTING}; the user needs the tag monitoring"
            raise QueueMisconfigured(_MANAGEMENT, f"{where}: {error}: {advice}") from None
        raise BackendUnavailable(_MANAGEMENT, f"{where}: {error}") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise BackendUnavailable(_MANAGEMENT, f"{where}: {error}; is {MANAGEMENT_SETTING} right?") from None


def _management(url: str) -> tuple[str, str]:
    """(address without a login, user:password). Shows neither when it is none."""
    try:
        parts = urllib.parse.urlsplit(url)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good:
        raise QueueMisconfigured(_MANAGEMENT, f"{MANAGEMENT_SETTING} is http://user:password@host:15672")
    login = f"{urllib.parse.unquote(parts.username or '')}:{urllib.parse.unquote(parts.password or '')}"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}", login
