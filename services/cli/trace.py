"""`pressroom trace ID`: `pressroom traces show ID`, for those who are in a hurry."""

from __future__ import annotations

from services.cli.traces import command as traces

command = traces.commands["show"]
