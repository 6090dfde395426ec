"""How long alerts and replays are kept: a fixed term, longer than the longest statement is asked about.

What is open is never forgotten, however old. The audit trail keeps who did what for good.
"""

from datetime import datetime, timedelta
from typing import TypeVar

from django.db.models import Model, QuerySet
from django.utils.translation import gettext_noop

from notifications.models import Alert, AlertMessage, Replay

KEPT = timedelta(days=400)
AT_ONCE = 1000
# A test whose process died while it waited for the answer.
BROKEN_OFF = timedelta(hours=1)
NEVER_ENDED = gettext_noop("The test was broken off.")
TEST = "test"

M = TypeVar("M", bound=Model)


def forget_alerts(now: datetime) -> int:
    """Delete alerts that were over 400 days ago, with their messages, and tests of routes; return how many alerts."""
    tests = AlertMessage.objects.filter(crossing=TEST)
    waiting = tests.filter(state=AlertMessage.State.WAITING, created_at__lt=now - BROKEN_OFF)
    waiting.update(state=AlertMessage.State.FAILED, reason=NEVER_ENDED)
    _delete(tests.filter(created_at__lt=now - KEPT))
    return _delete(Alert.objects.filter(closed_at__lt=now - KEPT))


def forget_replays(now: datetime) -> int:
    """Delete replays that ended or were cancelled 400 days ago; return how many."""
    over = Replay.objects.filter(state__in=[Replay.State.DONE, Replay.State.CANCELLED])
    return _delete(over.filter(finished_at__lt=now - KEPT)) + _delete(
        over.filter(finished_at=None, asked_at__lt=now - KEPT)
    )


def _delete(rows: QuerySet[M]) -> int:
    """Delete rows, some in each transaction; return how many."""
    total = 0
    while some := list(rows.order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
        rows.model._default_manager.filter(pk__in=some).delete()
        total += len(some)
    return total
