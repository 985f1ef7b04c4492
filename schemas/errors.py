"""Every kind of error that a message, a check or a failure may name, with what it means and what an operator can do.

The kinds are names of the world's faults, not of ours: who raises them says so in its own room. A permanent kind
stays until somebody changes something, so its failure opens at once; a passing one opens after the third in a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ErrorKind(StrEnum):
    """The documented list. The value is what travels and what people read."""

    HTTP_STATUS = "http_status"
    GONE = "gone"
    RATE_LIMITED = "rate_limited"
    EMPTY_BODY = "empty_body"
    NOT_A_FEED = "not_a_feed"
    MALFORMED = "malformed"
    TRUNCATED = "truncated"
    TOO_LARGE = "too_large"
    TIMEOUT = "timeout"
    REDIRECT_LOOP = "redirect_loop"
    BAD_REDIRECT = "bad_redirect"
    BAD_URL = "bad_url"
    BLOCKED_ADDRESS = "blocked_address"
    ROBOTS = "robots"
    DNS = "dns"
    TLS = "tls"
    CONNECT = "connect"
    DECODE_ERROR = "decode_error"
    UNSAFE_XML = "unsafe_xml"
    BAD_JSON = "bad_json"
    PROVIDER_REJECTED = "provider_rejected"
    NOT_FOUND = "not_found"
    BROKER_BLOCKED = "broker_blocked"
    CLOCK_SKEW = "clock_skew"
    MOVED = "moved"
    BUG = "bug"
    POISON = "poison"
    UNDECODABLE = "undecodable"
    EXPIRED = "expired"
    EXHAUSTED = "exhausted"
    BROKEN_OBJECT = "broken_object"
    CONFLICT = "conflict"
    LOST = "lost"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Remedy:
    """For the operator: what happened, what to do, and whether it stays until somebody does it."""

    meaning: str
    action: str
    permanent: bool = False


REMEDIES: dict[ErrorKind, Remedy] = {
    ErrorKind.HTTP_STATUS: Remedy(
        "The site answered with an error status.",
        "Open the address in a browser. 404: look for the feed's new address; what its home page names is proposed "
        "(`pressroom feeds proposals`). 401 and 403: the site refuses machines or us; ask its owner. "
        "5xx: the site is ill; wait.",
    ),
    ErrorKind.GONE: Remedy(
        "The site says that the feed is gone for good (410).",
        "Decide what `pressroom feeds proposals` shows: accepted, it is off its sites, or asked at the address that "
        "its home page names; declined, it is asked once a day. Until then it is not asked for again.",
        permanent=True,
    ),
    ErrorKind.RATE_LIMITED: Remedy(
        "The site asks us to come less often (429).",
        "Nothing: the whole host is left alone for the time it names. If it goes on, raise the host spacing.",
    ),
    ErrorKind.EMPTY_BODY: Remedy(
        "The site answered with success and not one byte of content.",
        "Nothing at first; the entries we have stay. If it goes on, tell the site's owner.",
    ),
    ErrorKind.NOT_A_FEED: Remedy(
        "What came is no RSS, Atom, RDF or JSON feed; often a web page or a bot check.",
        "Open the address in a browser and look for the feed's own address; one that the page names is proposed "
        "(`pressroom feeds proposals`).",
    ),
    ErrorKind.MALFORMED: Remedy(
        "The document is too broken to read even one entry.",
        "Tell the site's owner; a feed validator shows where it breaks. `pressroom fetch` shows the first bytes.",
    ),
    ErrorKind.TRUNCATED: Remedy(
        "The connection ended before the whole answer had come.",
        "Nothing at first: it is asked for again. If it goes on, the site's server or a proxy before it cuts answers.",
    ),
    ErrorKind.TOO_LARGE: Remedy(
        "The answer is larger than allowed, as sent or when unpacked.",
        "If the feed really is so large, raise the limit of bytes; otherwise it is an attack or a wrong address.",
        permanent=True,
    ),
    ErrorKind.TIMEOUT: Remedy(
        "The site did not answer in full within the time limit.",
        "Nothing at first: it is asked for again. If it goes on, the site is overloaded or drips on purpose.",
    ),
    ErrorKind.REDIRECT_LOOP: Remedy(
        "The site sends us in a circle, or through too many addresses.",
        "Open the address in a browser; give the address where it ends.",
    ),
    ErrorKind.BAD_REDIRECT: Remedy(
        "The site sends us to an address that we do not follow: none, another scheme, from https down to http.",
        "Open the address in a browser; give the address where it should lead.",
    ),
    ErrorKind.BAD_URL: Remedy(
        "The address cannot be used: not http or https, no host, a user name in it, or unreadable.",
        "Correct the address: in the site's file, or with `pressroom feeds move`.",
        permanent=True,
    ),
    ErrorKind.BLOCKED_ADDRESS: Remedy(
        "The address, or one it leads to, lies in a network or on a port that we do not fetch from.",
        "If it is yours and meant, allow its network or its port in the settings; otherwise correct the address.",
        permanent=True,
    ),
    ErrorKind.ROBOTS: Remedy(
        "The site's robots.txt asks us to leave this address alone, or cannot be read.",
        "Ask the site's owner, or take the feed off (`pressroom feeds remove`).",
    ),
    ErrorKind.DNS: Remedy(
        "The host's name was not found, or nobody answered for it in time.",
        "Check the spelling. If it is right, wait, and check that this machine can resolve names.",
    ),
    ErrorKind.TLS: Remedy(
        "No trusted encrypted connection: the certificate is out of date, for another name or of an unknown signer.",
        "Tell the site's owner. If the signer is yours, add its certificate to the trusted ones.",
    ),
    ErrorKind.CONNECT: Remedy(
        "No connection, or what answered does not speak HTTP.",
        "Check host and port. If they are right, the site is down or refuses us; wait.",
    ),
    ErrorKind.DECODE_ERROR: Remedy(
        "The answer is packed in a way that it does not say, or that cannot be unpacked.",
        "Nothing at first: it is asked for again. If it goes on, tell the site's owner which coding the message names.",
    ),
    ErrorKind.UNSAFE_XML: Remedy(
        "The document tries to load files or to swell without bound through XML entities; it was not read.",
        "Treat the site as hostile or broken into; remove the feed unless its owner explains.",
        permanent=True,
    ),
    ErrorKind.BAD_JSON: Remedy(
        "The document is JSON that cannot be read.",
        "Tell the site's owner; `pressroom fetch` shows the first bytes.",
    ),
    ErrorKind.PROVIDER_REJECTED: Remedy(
        "The weather provider says that our request is wrong.",
        "Read its reason in the message: a key, a place or a parameter needs correcting.",
        permanent=True,
    ),
    ErrorKind.NOT_FOUND: Remedy(
        "What the message speaks of does not exist here.",
        "Check the name; replay the message after it exists, or drop it.",
        permanent=True,
    ),
    ErrorKind.BROKER_BLOCKED: Remedy(
        "The broker takes no messages: its memory or disk alarm is on.",
        "Free memory or disk on the broker; waiting messages are sent by themselves afterwards.",
    ),
    ErrorKind.CLOCK_SKEW: Remedy(
        "This machine's clock and the other side's differ too much.",
        "Set the clock (NTP) of the machine that is wrong.",
    ),
    ErrorKind.MOVED: Remedy(
        "The site has answered with the same permanent redirect for a week.",
        "`pressroom feeds accept` has it asked at the new address from now on, `decline` leaves it; until then it is "
        "fetched by way of the old one.",
        permanent=True,
    ),
    ErrorKind.BUG: Remedy(
        "Our own code raised something that nobody expected.",
        "Read the trace in the log, mend the code, replay the message.",
        permanent=True,
    ),
    ErrorKind.POISON: Remedy(
        "The message ended the process that handled it, several times.",
        "Read the logs of those processes, mend the code, replay the message.",
        permanent=True,
    ),
    ErrorKind.UNDECODABLE: Remedy(
        "The bytes are no message of ours.",
        "Find out who sends them; drop the message.",
        permanent=True,
    ),
    ErrorKind.EXPIRED: Remedy(
        "Nobody handled the message in the time it was good for.",
        "Start more workers of its service. Feeds are asked for again by themselves.",
    ),
    ErrorKind.EXHAUSTED: Remedy(
        "A passing fault of ours did not pass in all attempts.",
        "Read its reason, mend the cause, replay the message.",
        permanent=True,
    ),
    ErrorKind.BROKEN_OBJECT: Remedy(
        "An object in the store cannot be read as what its key says.",
        "Roll back or remove the object, then replay the message.",
        permanent=True,
    ),
    ErrorKind.CONFLICT: Remedy(
        "What a command was based on has changed in the meantime.",
        "Look at the present state and decide again.",
        permanent=True,
    ),
    ErrorKind.LOST: Remedy(
        "A refresh, or the record that it brought, was given up on its way.",
        "Look at that message's own failure. The feed is asked for again in full, later each time.",
    ),
    ErrorKind.UNKNOWN: Remedy(
        "A kind that this version does not know: another service is newer.",
        "Finish the upgrade; treated as passing until then.",
    ),
}


def kind_of(name: str) -> ErrorKind:
    """The kind of that name; what only a newer version can name is `UNKNOWN`."""
    try:
        return ErrorKind(name)
    except ValueError:
        return ErrorKind.UNKNOWN
