"""Logs: one event a line; readable on a terminal, JSON when not. Facts travel as `extra=`, never inside the text."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


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
    """Local time, level when it matters, what happened, the facts as name=value."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created).strftime("%H:%M:%S")  # noqa: DTZ006 - a terminal wants local time
        level = "" if record.levelno == logging.INFO else f"{record.levelname} "
        facts = "".join(f"  {name}={value}" for name, value in _facts(record).items())
        text = f"{at} {level}{record.getMessage()}{facts}"
        return f"{text}\n{self.formatException(record.exc_info)}" if record.exc_info else text


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
