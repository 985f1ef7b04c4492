"""The desk says of each alert what to do, in the words that a webhook and Prometheus carry or with the verbs for it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pressroom.alerts.rules import WATCHED, Alert
from pressroom.desk.advice import advice
from schemas.status import Census, Firing, FleetStatus

NOON = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("alert", WATCHED, ids=lambda alert: alert.name)
def test_each_alert_has_something_to_do_and_its_section(alert: Alert) -> None:
    firing = Firing(alert=alert.name, severity=alert.severity, since=NOON, text=f"{alert.text} (m is 1, limit 0)")
    (one,) = advice(FleetStatus(at=NOON, census=Census(), firing=(firing,)), (), (), NOON)
    assert (one.weight, one.text, one.section) == (alert.severity, alert.text, alert.name)
    assert one.action == alert.action or one.steps or "Start one more" in one.action
