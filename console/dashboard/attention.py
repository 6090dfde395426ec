"""What needs a person: each finding is a sentence with a colour and a page to go to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Min
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Account
from accounts.scope import Scope
from billing.models import Tariff
from console import words as in_words
from console.models import Job
from console.templatetags.maskline import age
from notifications.models import Alert
from privacy.completeness import Completeness
from privacy.models import Quarantined, Usage, VoiceFile

BAD, WARN = "bad", "warn"
FAILED_JOBS_FOR = timedelta(days=7)


@dataclass(frozen=True)
class Finding:
    """One thing to look at."""

    level: str
    text: str
    link: str = ""


def findings(scope: Scope, arrived: Sequence[Completeness], now: datetime) -> list[Finding]:
    """Return what needs attention, worst first; an empty list means that nothing does."""
    found = [
        *_alerts(scope, now), *_prices(scope), *_waiting(scope), *_behind(scope, now), *_quarantine(scope),
        *_standing(scope), *_silent(arrived, now), *_jobs(scope, now), *_voices(scope),
    ]  # fmt: skip
    return sorted(found, key=lambda finding: finding.level != BAD)


def _alerts(scope: Scope, now: datetime) -> list[Finding]:
    """Return how many alerts are open that nobody looks after and nobody silenced."""
    open_ones = scope.rows(Alert).filter(closed_at__isnull=True, acknowledged_at__isnull=True)
    open_ones = open_ones.exclude(silenced_until__gt=now)
    counted = dict(open_ones.values_list("severity").annotate(n=Count("pk")).order_by())
    n = sum(counted.values())
    if not n:
        return []
    text = ngettext("%(n)s alert is open.", "%(n)s alerts are open.", n) % {"n": f"{n:,}"}
    return [Finding(BAD if counted.get(Alert.Severity.CRITICAL) else WARN, text, _link("alerts", "?state=new"))]


def _prices(scope: Scope) -> list[Finding]:
    if scope.account_id is not None or scope.rows(Tariff).exists():
        return []
    text = _("No price is set. Usage waits uncharged until provision brings tariffs.")
    return [Finding(BAD, text, _link("admin:billing_tariff_changelist"))]


def _waiting(scope: Scope) -> list[Finding]:
    rows = scope.rows(Usage).exclude(blocked_reason="").values("blocked_reason")
    return [
        _waits(row["blocked_reason"], row["n"], row["oldest"])
        for row in rows.annotate(n=Count("pk"), oldest=Min("hour")).order_by("-n")
    ]


def _waits(reason: str, n: int, oldest: datetime) -> Finding:
    text = ngettext(
        "%(n)s usage line waits uncharged: %(reason)s (oldest %(age)s).",
        "%(n)s usage lines wait uncharged: %(reason)s (oldest %(age)s).",
        n,
    )
    words = {"n": f"{n:,}", "reason": in_words.BLOCKED.get(reason, reason), "age": age(oldest)}
    return Finding(BAD, text % words, _link("admin:privacy_usage_changelist", "?waits=1"))


def _behind(scope: Scope, now: datetime) -> list[Finding]:
    """Hours are due some minutes after their end; ten more are given before anyone is told."""
    due = now - timedelta(minutes=70 + settings.MASKLINE["settlement_delay_minutes"])
    rows = scope.rows(Usage).filter(hour__lte=due, blocked_reason="")
    oldest = rows.aggregate(oldest=Min("hour"))["oldest"]
    if oldest is None:
        return []
    text = _("Settlement is behind: usage of an hour that ended %(age)s ago is not charged. Is the worker running?")
    return [Finding(WARN, text % {"age": age(oldest + timedelta(hours=1))}, _link("settlement_runs"))]


def _quarantine(scope: Scope) -> list[Finding]:
    open_ = scope.rows(Quarantined).filter(state=Quarantined.State.OPEN)
    found = open_.aggregate(n=Count("pk"), oldest=Min("received_at"))
    if not found["n"]:
        return []
    text = ngettext(
        "%(n)s record is in quarantine (oldest %(age)s).",
        "%(n)s records are in quarantine (oldest %(age)s).",
        found["n"],
    )
    return [Finding(WARN, text % {"n": f"{found['n']:,}", "age": age(found["oldest"])}, _link("quarantine"))]


def _standing(scope: Scope) -> list[Finding]:
    counted = dict(scope.rows(Account).exclude(state=Account.State.GOOD).values_list("state").annotate(n=Count("pk")))
    found = []
    if n := counted.get(Account.State.ARREARS, 0):
        text = ngettext("%(n)s account is in arrears.", "%(n)s accounts are in arrears.", n) % {"n": n}
        found.append(Finding(BAD, text, _link("balances", "?state=arrears")))
    if n := counted.get(Account.State.LOW, 0):
        text = ngettext("%(n)s account is low on balance.", "%(n)s accounts are low on balance.", n) % {"n": n}
        found.append(Finding(WARN, text, _link("balances", "?state=low")))
    return found


def _silent(arrived: Sequence[Completeness], now: datetime) -> list[Finding]:
    minutes = settings.MASKLINE["silent_upstream_minutes"]
    return [Finding(WARN, _silence(one)) for one in arrived if one.silent(now, minutes)]


def _silence(one: Completeness) -> str:
    if one.last_arrival is None:
        return _("Upstream %(code)s has never delivered a record.") % {"code": one.code}
    return _("Upstream %(code)s has been silent for %(age)s.") % {"code": one.code, "age": age(one.last_arrival)}


def _jobs(scope: Scope, now: datetime) -> list[Finding]:
    failed = scope.rows(Job).filter(state=Job.State.FAILED, requested_at__gte=now - FAILED_JOBS_FOR).count()
    if not failed:
        return []
    text = ngettext("%(n)s job failed this week.", "%(n)s jobs failed this week.", failed) % {"n": failed}
    return [Finding(WARN, text, _link("jobs"))]


def _voices(scope: Scope) -> list[Finding]:
    """A customer's bindings cannot name a file before someone listened to it."""
    if scope.account_id is not None:
        return []
    found = scope.rows(VoiceFile).filter(state=VoiceFile.State.WAITING)
    waiting = found.aggregate(n=Count("pk"), oldest=Min("uploaded_at"))
    if not waiting["n"]:
        return []
    text = ngettext(
        "%(n)s voice file waits for review (oldest %(age)s).",
        "%(n)s voice files wait for review (oldest %(age)s).",
        waiting["n"],
    )
    words = {"n": f"{waiting['n']:,}", "age": age(waiting["oldest"])}
    return [Finding(WARN, text % words, _link("voice_files", "?state=waiting"))]


def _link(name: str, query: str = "") -> str:
    try:
        return reverse(name) + query
    except NoReverseMatch:
        return ""
