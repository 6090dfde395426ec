"""Forgetting pushes that were given up, once nobody can be expected to send them again (reliability.md 1: 30 days)."""

from datetime import datetime, timedelta

from notifications.models import Push
from notifications.retry import MOST_WAIT

AT_ONCE = 5000
GIVEN_UP = (Push.State.DEAD, Push.State.PARKED)


def forget_given_up(now: datetime, days: int) -> int:
    """Delete pushes given up more than `days` ago; return how many. Some in each transaction.

    When is not written down: at the latest that long after a push was due last, for nothing waits longer.
    """
    before = now - timedelta(days=days) - MOST_WAIT
    total = 0
    while True:
        some = Push.objects.filter(state__in=GIVEN_UP, due_at__lt=before).values("pk")[:AT_ONCE]
        deleted, _ = Push.objects.filter(pk__in=some, state__in=GIVEN_UP).delete()
        total += deleted
        if deleted < AT_ONCE:
            return total
