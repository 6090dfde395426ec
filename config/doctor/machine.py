"""Disk, clocks, servers, storage: what lies below the program."""

import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import connection
from redis import Redis
from redis.exceptions import RedisError

from config.doctor.findings import BAD, OK, WARN, Finding, worse
from config.services.reach import OLDEST_POSTGRES
from config.storage import STORES

GIB = 1 << 30
# Signed requests may be 300 s off; between our own servers two seconds are much.
CLOCK_WARN, CLOCK_BAD = 2.0, 30.0
OLDEST_REDIS = (6, 2)
TIMEOUT_SECONDS = 5
DURABLE = ("fsync", "full_page_writes")


def disk(now: datetime) -> Iterator[Finding]:
    """Look at the space where DATA_DIR lies."""
    usage = shutil.disk_usage(settings.DATA_DIR)
    share = usage.free / usage.total
    level = BAD if usage.free < GIB or share < 0.02 else WARN if usage.free < 5 * GIB or share < 0.1 else OK
    cure = (
        "" if level == OK else "make room: old folders in backups/, recordings (docs/recordings.md), or a larger disk"
    )
    yield Finding(level, "disk", f"{usage.free / GIB:.1f} GiB free, {share:.0%} of where DATA_DIR lies", cure)


def storage(now: datetime) -> Iterator[Finding]:
    """Write, read and delete a small file in each store."""
    for name in STORES:
        store, path = storages[name], f".doctor-{uuid4().hex}"
        try:
            kept = store.save(path, ContentFile(b"doctor"))
            try:
                with store.open(kept) as file:
                    same = file.read() == b"doctor"
            finally:
                store.delete(kept)
        except Exception as error:
            cure = "see MASKLINE_STORAGE_URL, its keys, and who may write there"
            yield Finding(BAD, f"storage of {name}", f"cannot be used ({type(error).__name__})", cure)
        else:
            seen = "written, read and deleted" if same else "gives back other bytes than were written"
            yield Finding(OK if same else BAD, f"storage of {name}", seen)


def redis(now: datetime) -> Iterator[Finding]:
    """Look at Redis: is it there, which version, may it forget messages, its clock."""
    client = Redis.from_url(settings.REDIS_URL, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS)
    try:
        with client:
            told = client.info()
            before = time.time()
            seconds, microseconds = client.time()
            after = time.time()
    except (RedisError, OSError) as error:
        yield Finding(BAD, "redis", f"cannot be reached ({type(error).__name__})", "start it; see REDIS_URL")
        return
    version = str(told["redis_version"])
    old = tuple(int(part) for part in version.split(".")[:2]) < OLDEST_REDIS
    yield Finding(BAD if old else OK, "redis", f"version {version}", "6.2 or newer is needed" if old else "")
    if told.get("maxmemory") and told.get("maxmemory_policy") != "noeviction":
        seen = f"drops keys when its memory is full ({told['maxmemory_policy']})"
        yield Finding(WARN, "redis", seen, "set maxmemory-policy noeviction, or tasks are lost until a sweep")
    yield _skew("clock of redis", seconds + microseconds / 1e6, before, after)


def postgres(now: datetime) -> Iterator[Finding]:
    """Look at the version of the database server, and whether it keeps what it says it has."""
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version'), current_setting('server_version_num')::int / 10000")
        version, major = cursor.fetchone()
        off = []
        for name in DURABLE:
            cursor.execute("SELECT current_setting(%s)", [name])
            off += [name] if cursor.fetchone()[0] != "on" else []
    kind = "DATABASE_URL's" if settings.PRODUCTION else "embedded"
    old = major < OLDEST_POSTGRES
    cure = f"{OLDEST_POSTGRES} or newer is needed" if old else ""
    yield Finding(BAD if old else OK, "postgresql", f"version {version.split()[0]}, {kind}", cure)
    if off:
        yield Finding(BAD, "postgresql", f"{', '.join(off)} off: a power cut loses data", "switch on and restart it")


def clock(now: datetime) -> Iterator[Finding]:
    """Compare this machine's clock with the database's."""
    with connection.cursor() as cursor:
        before = time.time()
        cursor.execute("SELECT clock_timestamp()")
        (there,) = cursor.fetchone()
        after = time.time()
    yield _skew("clock of the database", there.astimezone(UTC).timestamp(), before, after)


def _skew(about: str, there: float, before: float, after: float) -> Finding:
    """Return how far another clock is off, what the way may have taken left out."""
    off = max(before - there, there - after, 0.0)
    level = worse(off, CLOCK_WARN, CLOCK_BAD)
    cure = "" if level == OK else "run a time service (chrony, systemd-timesyncd) on every machine"
    return Finding(level, about, f"{off:.1f} s off this machine's" if off >= 0.05 else "as this machine's", cure)
