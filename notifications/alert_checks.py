"""Looking at every endpoint: which fail for a while, and which alerts of them are over."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.db.models import Q

from notifications import alerts
from notifications.alerts import Trouble
from notifications.models import Alert, Endpoint

FAILING_FOR = timedelta(minutes=15)
KINDS = ("endpoint_dark", "endpoint_gone")


def endpoints(now: datetime) -> None:
    """Raise an alert for each endpoint that has failed for 15 minutes; close all those that are over.

    Whoever switches an endpoint off or pauses it raises that alert himself (`endpoint_dark`, `endpoint_gone`); it is
    over when the endpoint is in use again.
    """
    failing = Endpoint.objects.select_related("account", "application").filter(
        state=Endpoint.State.FAILING, failing_since__lte=now - FAILING_FOR
    )
    alerts.follow("endpoint_failing", [_trouble(endpoint) for endpoint in failing.order_by("pk")], now=now)
    in_use = Q(state=Endpoint.State.ACTIVE) | Q(state=Endpoint.State.FAILING)
    open_ones = Alert.objects.filter(kind__in=KINDS, closed_at__isnull=True)
    told = [text.removeprefix("endpoint:") for text in open_ones.values_list("subject", flat=True)]
    ids = [int(text) for text in told if text.isascii() and text.isdecimal()]
    over = Endpoint.objects.filter(in_use, pk__in=ids).values_list("pk", flat=True)
    alerts.close(open_ones.filter(subject__in=[subject(pk) for pk in over]), now=now)


def subject(endpoint_id: int) -> str:
    """Return the subject of an endpoint's alerts."""
    return f"endpoint:{endpoint_id}"


def _trouble(endpoint: Endpoint) -> Trouble:
    return Trouble(
        subject(endpoint.pk),
        account=endpoint.account,
        values={
            "host": host(endpoint.url),
            "application": endpoint.application.app_key,
            "failing_since": endpoint.failing_since,
            "reason": endpoint.last_reason,
        },
    )


def host(url: str) -> str:
    """Return the host of a URL: the rest of it may hold a token."""
    try:
        return urlsplit(url).hostname or url[:64]
    except ValueError:
        return "?"
