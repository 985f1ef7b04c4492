"""Logs: one event a line; readable on a terminal, JSON when not. Facts travel as `extra=`, never inside the text; what
message is being handled is known to every line that is logged meanwhile.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final

from schemas.envelope import Envelope

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_SUBJECTS: Final = ("feed", "site", "cell", "host")
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

_handled: ContextVar[Envelope[Any] | None] = ContextVar("handled", default=None)


@contextmanager
def about(envelope: Envelope[Any]) -> Iterator[None]:
    """What this thread logs inside the block is about this message."""
    token = _handled.set(envelope)
    try:
        yield
    finally:
        _handled.reset(token)


def facts_of(envelope: Envelope[Any]) -> dict[str, Any]:
    """Which message it is, and the feed, site, cell or host that it speaks of."""
    subjects = ((name, getattr(envelope.payload, name, None)) for name in _SUBJECTS)
    known = {name: value for name, value in subjects if isinstance(value, str)}
    return {"trace": envelope.trace, "id": envelope.id, "type": envelope.type, **known}


def _facts(record: logging.LogRecord) -> Mapping[str, Any]:
    envelope = _handled.get()
    handled = facts_of(envelope) if envelope is not None else {}
    return handled | {name: value for name, value in vars(record).items() if name not in _STANDARD}


class JsonLines(logging.Formatter):
    """One JSON object a line: at, level, logger, event, and the facts."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **_facts(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class Readable(logging.Formatter):
    """Local time, level when it matters, what happened, the facts as name=value. What strangers have written may hold
    line ends and commands for terminals: they are shown as what they are.
    """

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created).strftime("%H:%M:%S")  # noqa: DTZ006 - a terminal wants local time
        level = "" if record.levelno == logging.INFO else f"{record.levelname} "
        facts = "".join(f"  {name}={value}" for name, value in _facts(record).items())
        lines = [f"{at} {level}{record.getMessage()}{facts}"]
        if record.exc_info:
            lines += self.formatException(record.exc_info).splitlines()
        return "\n".join(map(_shown, lines))


def _shown(line: str) -> str:
    return _CONTROLS.sub(lambda found: f"\\x{ord(found[0]):02x}", line)


def configure(level: str, as_json: bool | None) -> None:
    """Send everything to standard error. `as_json` None: JSON unless standard error is a terminal."""
    handler = logging.StreamHandler(sys.stderr)
    use_json = not sys.stderr.isatty() if as_json is None else as_json
    handler.setFormatter(JsonLines() if use_json else Readable())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # These say at INFO what our own events say better.
    for chatty in ("pika", "botocore", "werkzeug", "waitress.queue"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    # Warns of every header of a stranger's server that it finds odd.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
