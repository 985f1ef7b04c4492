"""How a broker is connected to, and what keeps a connection from being made: in words that say what to do."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator

from pika import ConnectionParameters, PlainCredentials, SSLOptions
from pika.adapters.utils import io_services_utils
from pika.exceptions import IncompatibleProtocolError

from pressroom.queues.rabbitmq.address import Address, Tls

SETTING = "PRESSROOM_QUEUE_URL"
CONNECT_TIMEOUT_S = 5
HANDSHAKE_TIMEOUT_S = 10
_REFUSED, _NOT_ALLOWED = 403, 530
_REPLY = re.compile(r"ConnectionClosedByBroker: \((?P<code>\d{3})\) '(?P<text>[^']*)")
_TLS_REASON = re.compile(r"\[SSL: (\w+)\]")
_WRONG_NAME = {62, 64}
"""OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH."""
_OUT_OF_DATE = {9, 10}
_TLS_REASONS = {
    "WRONG_VERSION_NUMBER": "no TLS is spoken at that port; its TLS port is mostly 5671, and amqp:// goes without",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "the broker asks for a certificate; name ours with certfile= and keyfile=",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "the broker asks for a certificate, or knows no cipher of ours; see certfile=",
    "TLSV1_ALERT_UNKNOWN_CA": "the broker does not trust the CA of the certificate in certfile=",
    "SSLV3_ALERT_BAD_CERTIFICATE": "the broker does not take the certificate in certfile=",
}
READ_BYTES = 65_536

# pika reads 4 KiB at a time and looks for a whole frame after each: ten times for a message of 40 KB.
io_services_utils._AsyncTransportBase._MAX_RECV_BYTES = READ_BYTES  # type: ignore[attr-defined]


class BadFiles(ValueError):
    """The files that an address names for TLS cannot be used. The text names them."""


def parameters(address: Address, *, heartbeat_s: int, name: str) -> ConnectionParameters:
    """For pika: every wait has a limit, and `name` tells people in the management page whose connection it is.

    Raises `BadFiles`.
    """
    return ConnectionParameters(
        host=address.host,
        port=address.port,
        virtual_host=address.vhost,
        credentials=PlainCredentials(address.user, address.password),
        ssl_options=None if address.tls is None else _ssl_options(address, address.tls),
        socket_timeout=CONNECT_TIMEOUT_S,
        stack_timeout=HANDSHAKE_TIMEOUT_S,
        connection_attempts=1,
        heartbeat=heartbeat_s,
        client_properties={"connection_name": name},
    )


def _ssl_options(address: Address, tls: Tls) -> SSLOptions:
    """The files are read for each connection, so that a certificate that was renewed is used without a restart."""
    what = f"cacertfile {tls.cacertfile}"
    try:
        context = ssl.create_default_context(cafile=tls.cacertfile or None)
        what = f"certfile {tls.certfile}" + (f", keyfile {tls.keyfile}" if tls.keyfile else "")
        if tls.certfile:
            # Asked for a passphrase, OpenSSL would wait for somebody at a terminal.
            context.load_cert_chain(tls.certfile, tls.keyfile or None, password=lambda: "")
    except (OSError, ValueError) as error:
        why = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
        raise BadFiles(f"{what} cannot be used ({why}); it must be a readable PEM file without a passphrase") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return SSLOptions(context, tls.server_name or address.host)


def said(error: BaseException | None) -> str:
    """An error in a line: pika's carry their text in several forms, some of them none."""
    inner = _innermost(error)
    return _reply(inner)[1] or f"{type(inner).__name__}: {inner}".rstrip(": ")


def _reply(error: BaseException | None) -> tuple[int, str]:
    """(code, text) of what the broker said; what it said while it was being connected to, pika keeps as text only."""
    text = getattr(error, "reply_text", None)
    if text:
        return getattr(error, "reply_code", 0), str(text)
    found = _REPLY.search(str(error))
    return (int(found["code"]), found["text"]) if found else (0, "")


def explained(error: BaseException, address: Address) -> tuple[str, bool]:
    """(what kept a connection from being made and what to do about it, whether waiting will not help)."""
    inner = _innermost(error)
    advice, is_refusal = _advice(inner, address)
    return (f"{advice} ({said(inner).rstrip('.')})" if advice else said(inner)), is_refusal


def _advice(error: BaseException | None, address: Address) -> tuple[str, bool]:
    match error:
        case BadFiles():
            return f"see {SETTING}", True
        case ssl.SSLCertVerificationError():
            return _of_certificate(error, address), True
        case socket.gaierror():
            return f"the name {address.host} cannot be resolved; is it written right in {SETTING}?", False
        case ConnectionRefusedError():
            return f"nothing listens at port {address.port} there; is the broker up, and {SETTING} right?", False
    # A refusal in the middle of things reaches us as the text of a lost connection.
    found = _TLS_REASON.search(str(error))
    if found is not None and found[1] in _TLS_REASONS:
        return f"{_TLS_REASONS[found[1]]} in {SETTING}", True
    if isinstance(error, IncompatibleProtocolError):
        # So it looks, too, while a broker behind a proxy is starting.
        return f"no AMQP is spoken at that port, or not yet; with TLS it is amqps:// in {SETTING}", False
    code, _ = _reply(error)
    if code == _REFUSED:
        return f"the broker does not know user {address.user} with that password; correct them in {SETTING}", True
    if code == _NOT_ALLOWED:
        what = f"virtual host {address.vhost}"
        return f"create the {what}, let user {address.user} use it, or correct it in {SETTING}", True
    return "", False


def _of_certificate(error: ssl.SSLCertVerificationError, address: Address) -> str:
    if error.verify_code in _WRONG_NAME:
        return (
            f"the broker's certificate is not for {address.host}; use the name that it was made for in {SETTING}, "
            "or give that with server_name_indication="
        )
    if error.verify_code in _OUT_OF_DATE:
        return "the broker's certificate is not valid today; renew it, or set this machine's clock"
    return f"the broker's certificate is of a CA that is not trusted here; name its file with cacertfile= in {SETTING}"


def _innermost(error: BaseException | None) -> BaseException | None:
    """Errors of pika wrap what happened up to four deep."""
    while error is not None and not getattr(error, "reply_text", None):
        deeper = next(_inside(error), None)
        if deeper is None:
            break
        error = deeper
    return error


def _inside(error: BaseException) -> Iterator[BaseException]:
    candidates = [*getattr(error, "exceptions", ()), getattr(error, "exception", None), *getattr(error, "args", ())]
    return (each for each in reversed(candidates) if isinstance(each, BaseException))
