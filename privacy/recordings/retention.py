"""The end of recordings: MASKLINE_RECORDING_DAYS after their CDR arrived, the file goes for good (pushes.md 3.4).

Each step may run twice, or be killed anywhere: a file goes before its row says so, and nobody gets one whose term is
over, though its file still lie there.
"""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F
from django.db.models.functions import Greatest

from privacy.models import RecordingFile
from privacy.recordings import store
from privacy.recordings.keeping import call_of
from privacy.recordings.links import term

log = logging.getLogger(__name__)
AT_ONCE = 500
LEFT_FOR = timedelta(days=1)
STATE = RecordingFile.State
TERM_OVER = "term"


def join(now: datetime) -> int:
    """Join recordings that came before their CDR with it; return how many. Their term counts from its arrival then."""
    joined = 0
    waiting = RecordingFile.objects.filter(call_id=None, deleted_at=None, delete_at__gte=now - LEFT_FOR)
    for row in waiting.order_by("-pk")[: 10 * AT_ONCE].iterator():
        call = call_of(row.account_id, row.upstream_id, row.domain, row.name)
        if call is not None:
            until = Greatest(F("delete_at"), call.received_at + term())
            joined += RecordingFile.objects.filter(pk=row.pk, call_id=None).update(call_id=call.pk, delete_at=until)
    return joined


def delete_due(now: datetime) -> int:
    """Delete the files whose term is over, and say so in their rows; return how many.

    Raises StorageAway: the next run goes on.
    """
    gone = 0
    due = RecordingFile.objects.filter(deleted_at=None, delete_at__lte=now).order_by("delete_at", "pk")
    while rows := list(due[:AT_ONCE]):
        for row in rows:
            gone += _delete(row, now)
    return gone


def forget_leftovers(now: datetime) -> int:
    """Delete what killed uploads left, and files that no row names and whose term is over; return how many.

    Raises StorageAway.
    """
    gone = store.forget_incoming(now - LEFT_FOR)
    old: list[str] = []
    for path, written in store.every():
        if written < now - term():
            old.append(path)
        if len(old) == AT_ONCE:
            gone += _forget(old)
            old = []
    return gone + _forget(old)


def forget_rows(now: datetime) -> int:
    """Delete rows of recordings that are gone for as long as calls are kept; return how many."""
    before = now - timedelta(days=settings.MASKLINE["retention_calls_days"])
    gone = 0
    while ids := list(RecordingFile.objects.filter(deleted_at__lt=before).values_list("pk", flat=True)[:AT_ONCE]):
        gone += RecordingFile.objects.filter(pk__in=ids).delete()[0]
    return gone


def _delete(row: RecordingFile, now: datetime) -> int:
    if row.path:
        store.delete(row.path)
    was = RecordingFile.objects.filter(pk=row.pk, deleted_at=None, path=row.path)
    if row.state == STATE.STORED:
        return was.update(state=STATE.DELETED, deleted_at=now, source_url=None, due_at=None)
    # It was never here: it stays what it is, and nobody asks the upstream any more.
    return was.update(
        state=STATE.FAILED, deleted_at=now, source_url=None, due_at=None, problem=row.problem or TERM_OVER
    )


def _forget(paths: list[str]) -> int:
    named = set(RecordingFile.objects.filter(path__in=paths).values_list("path", flat=True))
    unnamed = [path for path in paths if path not in named]
    for path in unnamed:
        store.delete(path)
    return len(unnamed)
