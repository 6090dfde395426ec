"""Delivering wire bodies in tests, past the HTTP door."""

from datetime import UTC, datetime
from typing import Any

from accounts.models import Upstream
from privacy import arrivals
from privacy.arrivals import Origin, Outcome
from privacy.models import Quarantined
from privacy.tests import wires
from privacy.wire import read_body

NOW = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)


def deliver(upstream: Upstream, *pushes: Any, now: datetime = NOW, signed: str = "", push: bool = True) -> Outcome:
    """Deliver one request with these pushes."""
    items = read_body(wires.body(*pushes), now)
    return arrivals.receive(items, upstream=upstream, signed_app_key=signed, source=Origin(), now=now, push=push)


def deliver_fees(upstream: Upstream, *infos: dict[str, Any], now: datetime = NOW) -> Outcome:
    """Deliver one request with these CDRs."""
    return deliver(upstream, wires.fees(*infos), now=now)


def reasons() -> list[tuple[str, str]]:
    """Return reason and field of everything in quarantine."""
    return sorted(Quarantined.objects.values_list("reason", "field"))
