"""Looking at every endpoint: which fail for a while, and which the dispatcher left alone for good."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.db.models import Q

from accounts.models import Account
from notifications import alert_mail, alerts
from notifications.alerts import Trouble
from notifications.models import Alert, Endpoint

FAILING_FOR = timedelta(minutes=15)
State = Endpoint.State


def endpoints(now: datetime) -> None:
    """Raise an alert for each endpoint that has failed for 15 minutes, was disabled for failing, or answered 410.

    It is over when the endpoint is in use again. What a person switched off by hand is no trouble.
    """
    _follow("endpoint_dark", "critical", Q(state=State.DISABLED, state_by=""), now)
    _follow("endpoint_gone", "critical", Q(state=State.PAUSED, state_by=""), now)
    _follow("endpoint_failing", "warning", Q(state=State.FAILING, failing_since__lte=now - FAILING_FOR), now)


def contacts(now: datetime) -> None:
    """Close the alerts of accounts that had nobody to write to once they have a contact with an address."""
    for alert in Alert.objects.filter(kind=alerts.NO_CONTACT, closed_at=None):
        account = Account.objects.filter(pk=int(alert.subject.rpartition(":")[2])).first()
        if account is None or alert_mail.has_reader(account):
            alerts.close_alert(alert.kind, alert.subject, now=now)


def subject(endpoint_id: int) -> str:
    """Return the subject of an endpoint's alerts."""
    return f"endpoint:{endpoint_id}"


def host(url: str) -> str:
    """Return the host of a URL: the rest of it may hold a token."""
    try:
        return urlsplit(url).hostname or "?"
    except ValueError:
        return "?"


def _follow(kind: str, severity: str, which: Q, now: datetime) -> None:
    found = Endpoint.objects.filter(which).select_related("account", "application").order_by("pk")
    alerts.follow(kind, [_trouble(endpoint, severity) for endpoint in found], now=now)


def _trouble(endpoint: Endpoint, severity: str) -> Trouble:
    values = {
        "host": host(endpoint.url),
        "application": endpoint.application.app_key,
        "failing_since": endpoint.failing_since,
        "reason": endpoint.state_reason or endpoint.last_reason,
    }
    return Trouble(subject(endpoint.pk), severity, endpoint.account, values=values)
