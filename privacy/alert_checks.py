"""Looking at what arrives: upstreams that are silent, quarantine that grows."""

from collections import defaultdict
from datetime import datetime, timedelta

from django.conf import settings

from common import periods
from notifications import alerts
from notifications.alerts import Trouble
from privacy import silence
from privacy.completeness import completeness, counts_by_hour
from privacy.models import Quarantined

HOUR, WEEK = timedelta(hours=1), timedelta(weeks=1)


def silent_upstreams(now: datetime) -> None:
    """Raise an alert for each upstream that delivered and does not any more; close those that deliver again.

    Not where the same hours of the last weeks had nothing either: a switch of shops is quiet at night.
    """
    minutes = settings.MASKLINE["silent_upstream_minutes"]
    silent = [one for one in completeness() if one.last_arrival is not None and one.silent(now, minutes)]
    quiet = _quiet_hours(now) if silent else {}
    troubles = [
        Trouble(
            f"upstream:{one.upstream_id}",
            "critical",
            values={"code": one.code, "silent_since": one.last_arrival},
        )
        for one in silent
        if one.last_arrival is not None and not _as_usual(one.last_arrival, now, quiet.get(one.upstream_id, set()))
    ]
    alerts.follow("silent_upstream", troubles, now=now)


def growing_quarantine(now: datetime) -> None:
    """Raise an alert while as many records as the setting says came into quarantine within an hour and are open."""
    open_ones = Quarantined.objects.filter(state=Quarantined.State.OPEN)
    recent = open_ones.filter(received_at__gt=now - HOUR).count()
    troubles = []
    if recent >= settings.MASKLINE["quarantine_alert"]:
        troubles.append(Trouble("quarantine", values={"n": recent, "open": open_ones.count()}))
    alerts.follow("quarantine_growing", troubles, now=now)


def _quiet_hours(now: datetime) -> dict[int, set[datetime]]:
    """Return of each upstream the hours of this week that had nothing in most of the weeks before."""
    counts: dict[int, dict[datetime, int]] = defaultdict(dict)
    for count in counts_by_hour(periods.hour_of(now) - (silence.WEEKS + 1) * WEEK):
        counts[count.upstream_id][count.hour] = count.received
    last = periods.hour_of(now)
    found: dict[int, set[datetime]] = {}
    for upstream, hours in counts.items():
        first = min(hours)
        found[upstream] = set()
        for back in range(7 * 24):
            hour = last - back * HOUR
            weeks = [hour - week * WEEK for week in range(1, silence.WEEKS + 1)]
            past = [hours.get(one, 0) for one in weeks if one >= first]
            if silence.is_usually_quiet(past):
                found[upstream].add(hour)
    return found


def _as_usual(since: datetime, now: datetime, quiet: set[datetime]) -> bool:
    """Return whether all full hours since then are quiet ones; within an hour nothing can be said."""
    hour, end = periods.hour_of(since) + HOUR, periods.hour_of(now)
    hours = [hour + n * HOUR for n in range(max(0, int((end - hour) / HOUR)))]
    return bool(hours) and all(one in quiet for one in hours)
