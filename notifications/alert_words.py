"""What alerts are called and how they are told: a name and a sentence per kind, in the language of whoever reads.

Values that are instants (their names end in `_at` or `_since`) are shown in the reader's zone. A kind that is not
listed is told by its title.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any

from django.conf import settings
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notifications import reasons
from notifications.models import Alert

UNKNOWN = "?"
AMOUNTS = {"balance", "threshold"}


@dataclass(frozen=True)
class Words:
    """The name of a kind and the sentence that its values fill; `bare` for those who may not see money."""

    name: str | Promise
    sentence: str | Promise
    bare: str | Promise = ""


KINDS: dict[str, Words] = {
    "endpoint_failing": Words(
        gettext_lazy("Customer's server fails"),
        gettext_lazy(
            "Pushes to %(host)s of application %(application)s have failed since %(failing_since)s: %(reason)s"
        ),
    ),
    "endpoint_dark": Words(
        gettext_lazy("Customer's server switched off"),
        gettext_lazy(
            "%(host)s of application %(application)s has failed for so long that nothing is sent there any more. "
            "Its pushes are kept; enable it when it answers again. %(reason)s"
        ),
    ),
    "endpoint_gone": Words(
        gettext_lazy("Customer's server says gone"),
        gettext_lazy("%(host)s of application %(application)s answered 410 (gone): pushes to it are paused and kept."),
    ),
    "unpriced_usage": Words(
        gettext_lazy("Usage without a price"),
        gettext_lazy("%(n)s usage lines wait uncharged (%(reason)s), the oldest since %(oldest_since)s."),
    ),
    "low_balance": Words(
        gettext_lazy("Low balance"),
        gettext_lazy("The balance of account %(account)s is %(balance)s %(currency)s, below %(threshold)s."),
        gettext_lazy("The balance of account %(account)s is low."),
    ),
    "arrears": Words(
        gettext_lazy("Arrears"),
        gettext_lazy("Account %(account)s is in arrears: its balance is %(balance)s %(currency)s."),
        gettext_lazy("Account %(account)s is in arrears."),
    ),
    "package_running_out": Words(
        gettext_lazy("Package runs out"),
        gettext_lazy(
            "Package %(package)s of account %(account)s is used to %(percent)s %% "
            "(%(minutes)s minutes and %(messages)s SMS left) and ends %(ends_at)s."
        ),
    ),
    "silent_upstream": Words(
        gettext_lazy("Silent upstream"),
        gettext_lazy("Upstream %(code)s has delivered nothing since %(silent_since)s."),
    ),
    "silent_application": Words(
        gettext_lazy("Silent application"),
        gettext_lazy(
            "Application %(application)s had %(now)s calls and SMS in the hour from %(hour_at)s; "
            "in this hour of the week it usually has %(usual)s."
        ),
    ),
    "job_failed": Words(
        gettext_lazy("Job failed"),
        gettext_lazy("The job “%(job)s” (account %(account)s) failed: %(reason)s"),
    ),
    "task_failed": Words(
        gettext_lazy("Periodic work failed"),
        gettext_lazy(
            "%(task)s failed (%(error)s); the worker's log has the details. It is tried again at its next time."
        ),
    ),
    "partition_missing": Words(
        gettext_lazy("Partition missing"),
        gettext_lazy("Table %(table)s has no partition for %(missing_at)s: what happens then could not be stored."),
    ),
    "quarantine_growing": Words(
        gettext_lazy("Quarantine grows"),
        gettext_lazy("%(n)s records came into quarantine within the last hour; %(open)s are open."),
    ),
    "backup_old": Words(
        gettext_lazy("Backup too old"),
        gettext_lazy("The last backup is of %(backup_at)s."),
    ),
    "no_contact": Words(
        gettext_lazy("Nobody to write to"),
        gettext_lazy(
            "Account %(account)s has no contact with a mail address: its alerts reach nobody by the route %(route)s."
        ),
    ),
    "route_failing": Words(
        gettext_lazy("Alert route fails"),
        gettext_lazy("The alert route %(route)s could not deliver: %(reason)s"),
    ),
}


def kind_name(kind: str) -> str:
    """Return the name of a kind; an unknown one as it is."""
    return str(KINDS[kind].name) if kind in KINDS else kind


def sentence(alert: Alert, zone: tzinfo, *, money: bool = True) -> str:
    """Return what an alert says, in the active language; without `money` no amounts."""
    words = KINDS.get(alert.kind)
    if words is None:
        return alert.title or alert.kind
    shown: Mapping[str, Any] = defaultdict(lambda: UNKNOWN, {k: _shown(k, v, zone) for k, v in alert.values.items()})
    said = words.sentence if money or not words.bare else words.bare
    return (str(said) % shown).strip()


def subject_line(alert: Alert, crossing: str) -> str:
    """Return the first line of a message: what kind, how bad, whose; or that it is over."""
    whose = f" ({alert.account.code})" if alert.account else ""
    if crossing == "closed" and alert.closed_by:
        return _("[Maskline] closed by hand: %(kind)s%(whose)s") % {"kind": kind_name(alert.kind), "whose": whose}
    if crossing == "closed":
        return _("[Maskline] over: %(kind)s%(whose)s") % {"kind": kind_name(alert.kind), "whose": whose}
    words = {"severity": alert.get_severity_display(), "kind": kind_name(alert.kind), "whose": whose}
    return _("[Maskline] %(severity)s: %(kind)s%(whose)s") % words


def link(alert: Alert) -> str:
    """Return the absolute address of an alert's page."""
    return f"{settings.MASKLINE_PUBLIC_URL}/alerts/{alert.pk}/"


def _shown(name: str, value: Any, zone: tzinfo) -> str:
    if value is None:
        return UNKNOWN
    if name == "reason":
        return reasons.told(str(value), zone) if value else ""
    if name.endswith(("_at", "_since")):
        at = parse_datetime(str(value))
        return _instant(at, zone) if at else str(value)
    if name == "job":
        return _(value)
    if name in AMOUNTS:
        return _grouped(str(value))
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _grouped(amount: str) -> str:
    """Return an amount of money with its thousands grouped, all its digits kept."""
    try:
        return f"{Decimal(amount):,f}"
    except InvalidOperation:
        return amount


def _instant(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M %Z}"
