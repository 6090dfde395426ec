"""How endpoints fare, as pages and charts show it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from console.deliveries import words
from notifications import endpoint_health
from notifications.endpoint_health import COUNTED, Fared, Queue
from notifications.models import Endpoint


@dataclass(frozen=True, slots=True)
class Line:
    """An endpoint in a list."""

    endpoint: Endpoint
    level: str
    queue: Queue
    fared: Fared
    left_alone: bool


def lines(endpoints: Sequence[Endpoint], now: datetime) -> list[Line]:
    """Return endpoints with what waits for them and how the last hour went."""
    ids = [endpoint.pk for endpoint in endpoints]
    queues, fared = endpoint_health.queues(ids), endpoint_health.lately(ids, now)
    return [
        Line(
            endpoint,
            words.ENDPOINTS[Endpoint.State(endpoint.state)],
            queues.get(endpoint.pk, Queue()),
            fared.get(endpoint.pk, Fared()),
            words.is_left_alone(endpoint),
        )
        for endpoint in endpoints
    ]


def counted(number: int) -> str:
    """Return a count that ends at a limit: "10,000+"."""
    return f"{COUNTED:,}+" if number > COUNTED else f"{number:,}"


def charts(endpoint: Endpoint, now: datetime) -> list[dict[str, Any]]:
    """Return the charts of the last 24 hours by half-hours: success rate, and how long answers took."""
    spans = endpoint_health.day(endpoint.pk, now)
    if not any(fared.requests for _at, fared in spans):
        return []
    labels = [timezone.localtime(at).strftime("%m-%d %H:%M") for at, _fared in spans]
    rate = [round(100 * fared.delivered / fared.requests, 1) if fared.requests else None for _at, fared in spans]
    half = [_milliseconds(fared.half_us) for _at, fared in spans]
    most = [_milliseconds(fared.most_us) for _at, fared in spans]
    success = {"labels": labels, "series": [{"label": _("Success rate"), "axis": "percent", "data": rate}]}
    took = {
        "labels": labels,
        "series": [
            {"label": _("Half within, ms"), "type": "line", "data": half},
            {"label": _("95 % within, ms"), "type": "line", "data": most},
        ],
    }
    drawn = [("success", _("Attempts that arrived, 24 hours"), success), ("took", _("Time to answer, 24 hours"), took)]
    return [{"id": f"chart-{key}", "title": title, "data": data} for key, title, data in drawn]


def _milliseconds(microseconds: int | None) -> float | None:
    return None if microseconds is None else round(microseconds / 1000, 1)
