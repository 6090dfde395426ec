"""Heartbeats, pushes, settlement: whether what should be done is being done."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Count, Min

from common import sql
from config import health
from config.doctor.findings import BAD, OK, WARN, Finding, span, worse
from config.health import STALE_AFTER
from console.models import Heartbeat
from notifications.models import Endpoint, Push, ShardLease
from privacy.models import Usage

NEVER = "start bin/run, or the processes of docs/operations.md"
LEASE_GONE = timedelta(seconds=60)
BACKLOG_WARN, BACKLOG_BAD = timedelta(minutes=5), timedelta(hours=1)
BEHIND_WARN, BEHIND_BAD = timedelta(minutes=10), timedelta(hours=6)


def heartbeats(now: datetime) -> Iterator[Finding]:
    """Look at the sign of life that beat orders and the worker writes, each minute."""
    last = Heartbeat.objects.filter(name="worker").values_list("at", flat=True).first()
    if last is None:
        yield Finding(WARN, "worker and beat", "have never given a sign of life", NEVER)
        return
    stale = now - last >= STALE_AFTER
    cure = "start them, or restart a worker that is stuck; bin/run does it by itself" if stale else ""
    yield Finding(BAD if stale else OK, "worker and beat", f"last sign of life {span(now - last)} ago", cure)
    jobs = health.jobs()
    yield Finding(OK if jobs == "ok" else WARN, "worker of jobs", jobs, "" if jobs == "ok" else "exports wait for it")


def dispatchers(now: datetime) -> Iterator[Finding]:
    """Look who holds the shares of the outbox."""
    leases = list(ShardLease.objects.exclude(owner="").values_list("owner", "expires_at"))
    live = {owner for owner, until in leases if until > now}
    if live:
        held = sum(until > now for _, until in leases)
        yield Finding(OK, "dispatchers", f"{len(live)} running, {held} of 64 shares held")
    elif ShardLease.objects.exists():
        newest = max(ShardLease.objects.values_list("expires_at", flat=True))
        level = BAD if now - newest > LEASE_GONE else WARN
        yield Finding(level, "dispatchers", f"none for {span(now - newest)}: no push goes out", "bin/manage dispatch")
    else:
        yield Finding(WARN, "dispatchers", "none has ever run", NEVER)


def pushes(now: datetime) -> Iterator[Finding]:
    """Look for how long pushes to servers that are not known to fail have been due, and which servers fail."""
    with connection.cursor() as cursor:
        cursor.execute(sql.load("config", "metric_oldest_due"))
        ages = {state: timedelta(seconds=float(age)) for state, age in cursor.fetchall()}
    age = ages.get(Endpoint.State.ACTIVE, timedelta())
    level = worse(age / BACKLOG_WARN, 1, BACKLOG_BAD / BACKLOG_WARN)
    cure = "" if level == OK else "is a dispatcher running and keeping up? docs/pushes.md, 'it does not arrive'"
    waiting = Push.objects.filter(state=Push.State.PENDING).count()
    yield Finding(level, "pushes", f"{waiting} wait, the oldest due for {span(age)}", cure)
    states = dict(Endpoint.objects.exclude(state=Endpoint.State.ACTIVE).values_list("state").annotate(n=Count("pk")))
    if states:
        seen = ", ".join(f"{n} {state}" for state, n in sorted(states.items()))
        yield Finding(WARN, "endpoints", seen, "their pages in the console say why and since when")


def settlement(now: datetime) -> Iterator[Finding]:
    """Look for usage of hours that should be settled by now."""
    oldest = Usage.objects.filter(blocked_reason="").aggregate(oldest=Min("hour"))["oldest"]
    due = timedelta(hours=1, minutes=15 + settings.MASKLINE["settlement_delay_minutes"])
    behind = max(now - oldest - due, timedelta()) if oldest else timedelta()
    level = worse(behind / BEHIND_WARN, 1, BEHIND_BAD / BEHIND_WARN)
    cure = "" if level == OK else "is the worker running? at once: bin/manage settle"
    yield Finding(level, "settlement", f"behind by {span(behind)}" if behind else "up to date", cure)


def unpriced(now: datetime) -> Iterator[Finding]:
    """Look for usage that waits because something is missing to price it."""
    waits = Usage.objects.exclude(blocked_reason="").aggregate(n=Count("pk"), oldest=Min("hour"))
    if waits["n"]:
        seen = f"{waits['n']} lines wait uncharged, the oldest of {waits['oldest']:%Y-%m-%d %H:00}Z"
        yield Finding(
            WARN, "unpriced usage", seen, "add a price that was valid then (provision); it is settled by itself"
        )
    else:
        yield Finding(OK, "unpriced usage", "none")
