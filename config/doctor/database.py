"""Migrations, partitions, keys, backups: whether the database is as the program needs it."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from accounts.models import DataKey
from common import partitions, sql
from common.errors import MasklineError
from common.keyring import keyring
from config.doctor.findings import BAD, OK, WARN, Finding, span, worse
from console.models import Heartbeat

BACKUP = "backup"
# Writers make what is missing, and wait for it; it should not come to that.
AHEAD = {"week": timedelta(days=3), "month": timedelta(days=7)}
BAD_AFTER = 4
LONG, TOO_LONG = timedelta(minutes=15), timedelta(hours=2)


def migrations(now: datetime) -> Iterator[Finding]:
    """Look for migrations that are not applied."""
    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if pending:
        first = f"{pending[0][0].app_label} {pending[0][0].name}"
        seen = f"{len(pending)} not applied, first {first}"
        yield Finding(BAD, "migrations", seen, "bin/manage backup DIR, then bin/manage migrate")
    else:
        yield Finding(OK, "migrations", "all applied")


def partitions_ahead(now: datetime) -> Iterator[Finding]:
    """Look whether each partitioned table has room for now and for the days to come."""
    tables = partitions.partitioned_tables()
    cure = (
        "is beat running? at once: bin/manage shell -c 'from console.tasks import keep_partitions; keep_partitions()'"
    )
    none_now, none_soon = [], []
    for entry in tables:
        there = partitions.existing(entry.table)
        if not _covers(there, now):
            none_now.append(entry.table)
        elif not _covers(there, now + AHEAD[entry.interval]):
            none_soon.append(entry.table)
    if none_now:
        yield Finding(BAD, "partitions", f"none for now: {', '.join(none_now)}", cure)
    if none_soon:
        yield Finding(WARN, "partitions", f"none for the next days: {', '.join(none_soon)}", cure)
    if not none_now and not none_soon:
        yield Finding(OK, "partitions", f"of {len(tables)} tables made ahead")


def _covers(there: Sequence[partitions.Partition], at: datetime) -> bool:
    return any(one.lower <= at < one.upper for one in there)


def transactions(now: datetime) -> Iterator[Finding]:
    """Look for a transaction that was left open: behind it nothing is cleaned away, and lists of pushes stand still."""
    with connection.cursor() as cursor:
        cursor.execute(sql.load("config", "metric_transactions"))
        age = timedelta(seconds=float(cursor.fetchone()[0]))
    level = worse(age / LONG, 1, TOO_LONG / LONG)
    cure = "" if level == OK else "a backup or a long export? otherwise end it: pg_stat_activity, pg_terminate_backend"
    yield Finding(level, "transactions", f"the oldest has been open for {span(age)}" if age else "none open", cure)


def keys(now: datetime) -> Iterator[Finding]:
    """Compare the keys of this process with those the database was written with."""
    try:
        held = keyring().fingerprints()
    except MasklineError:
        yield Finding(BAD, "data keys", "MASKLINE_DATA_KEY cannot be read", "write kid:base64(64 bytes)[,kid:...]")
        return
    noted = {row.kid: bytes(row.fingerprint) for row in DataKey.objects.all()}
    wrong = sorted(kid for kid, mark in noted.items() if held.get(kid) != mark)
    if wrong:
        cure = "start with the keys this database was written with; without them no number in it can be read"
        yield Finding(BAD, "data keys", f"{', '.join(wrong)} missing or another than was used here", cure)
        return
    writer = next(iter(held))
    if others := sorted(set(noted) - {writer}):
        seen = f"{writer} writes, rows may still be under {', '.join(others)}"
        yield Finding(WARN, "data keys", seen, "bin/manage rotate_keys; then they may be left out")
    else:
        yield Finding(OK, "data keys", f"{writer} writes" + ("" if noted else ", nothing sealed yet"))


def backup(now: datetime) -> Iterator[Finding]:
    """Look when `bin/manage backup` last ended well; without one, for how long there has been something to lose."""
    hours = settings.MASKLINE["backup_hours"]
    if not hours:
        yield Finding(OK, "backup", "not judged: MASKLINE_BACKUP_HOURS is 0")
        return
    last = Heartbeat.objects.filter(name=BACKUP).values_list("at", flat=True).first()
    begun = DataKey.objects.order_by("first_seen_at").values_list("first_seen_at", flat=True).first()
    age = now - (last or begun or now)
    level = worse(age / timedelta(hours=hours), 1, BAD_AFTER)
    seen = f"the last one {span(age)} ago" if last else f"none yet; the database is {span(age)} old"
    level = WARN if last is None and level == OK else level
    cure = "" if level == OK else "bin/manage backup DIR, each night; MASKLINE_BACKUP_HOURS=0 if another tool does it"
    yield Finding(level, "backup", seen, cure)
