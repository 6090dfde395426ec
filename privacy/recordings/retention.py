"""The end of recordings: MASKLINE_RECORDING_DAYS after their CDR arrived, the file goes for good (pushes.md 3.4).

Each step may run twice, or be killed anywhere: a file goes before its row says so, and nobody gets one whose term is
over, though its file still lie there.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

from common import sql
from privacy.models import RecordingFile
from privacy.recordings import store
from privacy.recordings.links import term

AT_ONCE = 500
LEFT_FOR = timedelta(days=1)
STATE = RecordingFile.State
TERM_OVER = "term"


def join(now: datetime) -> int:
    """Join recordings that came before their CDR with it; return how many. Their term counts from its arrival then."""
    with connection.cursor() as cursor:
        cursor.execute(sql.load("privacy", "join_recordings"), {"days": term().days, "since": now - LEFT_FOR})
        return int(cursor.rowcount)


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
