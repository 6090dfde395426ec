"""Fetching recordings from an upstream whose CDRs carry an address: only from hosts it lists, in the background.

A row that waits is claimed and its attempt counted before anything is sent, so that a worker that is killed repeats
it after `LEASE` at most `MOST_ATTEMPTS` times in all: what was claimed so often, and is due again, has failed.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from urllib.parse import urljoin

import aiohttp
from django.db import connection, transaction
from yarl import URL

from common import egress, sql
from common.errors import BadInput, Conflict, MasklineError
from notifications import guard
from privacy import wav
from privacy.models import RecordingFile
from privacy.recordings import keeping, store
from privacy.recordings.hosts import is_listed
from privacy.recordings.store import Growing, StorageAway, TooLarge

STATE = RecordingFile.State
LEASE = timedelta(minutes=10)
# After the first attempt, and so on: a recording may be ready only minutes after its CDR.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360))
MOST_ATTEMPTS = len(WAITS) + 1
TOTAL_SECONDS, CONNECT_SECONDS, SILENT_SECONDS = 180.0, 5.0, 30.0
MOST_REDIRECTS = 3
REDIRECTS = {301, 302, 303, 307, 308}
CHUNK = 64 * 1024
MOST_HEADER_BYTES = 8 * 1024

# Why it failed; console.recordings.words says it in words. An answer's status is "status 404".
HOST, FORBIDDEN, REDIRECT, TOO_LARGE, NO_WAV = "host", "forbidden", "redirect", "too_large", "no_wav"
TIMEOUT, UNREACHABLE, TLS, CUT, STORAGE = "timeout", "unreachable", "tls", "cut", "storage"
KILLED = "killed"
FINAL = {HOST, FORBIDDEN, REDIRECT, TOO_LARGE, NO_WAV}


# The advisory lock of whoever fetches ("reco" in ASCII).
LOCK = 0x7265636F


class NotFetched(MasklineError):
    """An attempt failed: `problem` says why, in a word of ours."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@contextmanager
def alone() -> Iterator[bool]:
    """Hold the lock of fetching, which goes with the connection; yields False where another process holds it.

    One fetches at a time: a slow upstream must not keep every process of the worker from settling.
    """
    with connection.cursor() as cursor:
        cursor.execute(sql.load("privacy", "try_fetch_lock"), {"lock": LOCK})
        held = bool(cursor.fetchone()[0])
    try:
        yield held
    finally:
        if held:
            with connection.cursor() as cursor:
                cursor.execute(sql.load("privacy", "free_fetch_lock"), {"lock": LOCK})


def claim(now: datetime) -> RecordingFile | None:
    """Return a row that is due, its attempt counted and leased; None when there is none."""
    with transaction.atomic():
        rows = RecordingFile.objects.select_related("upstream", "account").select_for_update(
            skip_locked=True, of=("self",)
        )
        due = rows.filter(state=STATE.AWAITED, due_at__lte=now)
        # Whoever had the last attempt was killed in it: no other leaves such a row.
        worn_out = [row.pk for row in due.filter(attempts__gte=MOST_ATTEMPTS)]
        if worn_out:
            RecordingFile.objects.filter(pk__in=worn_out).update(state=STATE.FAILED, problem=KILLED, due_at=None)
        row = due.filter(attempts__lt=MOST_ATTEMPTS).order_by("due_at").first()
        if row is not None:
            row.attempts, row.due_at = row.attempts + 1, now + LEASE
            row.save(update_fields=["attempts", "due_at"])
        return row


def fetch(row: RecordingFile, clock: Callable[[], datetime]) -> bool:
    """Fetch a claimed recording; return whether it is here. A failed attempt is noted with its reason."""
    try:
        with store.growing() as file:
            asyncio.run(_download(row.source_url or "", row.upstream.recording_hosts, file))
            spool = file.whole()
            with spool.path.open("rb") as content:
                wav.locate(content, spool.size)
            path = store.put(spool, store.path_of(row.account_id, row.domain, row.name))
            keeping.tell(spool, path, clock(), row)
    except NotFetched as problem:
        _failed(row, problem.problem, clock())
    except TooLarge:
        _failed(row, TOO_LARGE, clock())
    except BadInput:
        _failed(row, NO_WAV, clock())
    except StorageAway:
        _failed(row, STORAGE, clock())
    except Conflict:
        return True  # uploaded, or its term was over, meanwhile
    else:
        return True
    return False


def again(row: RecordingFile, now: datetime) -> bool:
    """Let a failed recording be fetched once more from the start; return whether it was failed and may be."""
    rows = RecordingFile.objects.filter(pk=row.pk, state=STATE.FAILED, deleted_at=None, source_url__isnull=False)
    return bool(rows.update(state=STATE.AWAITED, attempts=0, due_at=now))


def _failed(row: RecordingFile, problem: str, now: datetime) -> None:
    rows = RecordingFile.objects.filter(pk=row.pk, state=STATE.AWAITED)
    if problem in FINAL or row.attempts >= MOST_ATTEMPTS:
        rows.update(state=STATE.FAILED, problem=problem, due_at=None)
    else:
        rows.update(problem=problem, due_at=now + WAITS[max(row.attempts, 1) - 1])


async def _download(url: str, hosts: Sequence[str], file: Growing) -> None:
    """Write what is behind an address into the file. Raises NotFetched, TooLarge and StorageAway."""
    resolver = guard.Resolver()
    connector = aiohttp.TCPConnector(
        resolver=resolver, use_dns_cache=False, socket_factory=guard.open_socket, force_close=True
    )
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=SILENT_SECONDS)
    session = aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, auto_decompress=False,
        timeout=timeout, headers={"Accept": "audio/*", "Accept-Encoding": "identity", "User-Agent": "Maskline"},
        max_line_size=MOST_HEADER_BYTES, max_field_size=MOST_HEADER_BYTES,
    )  # fmt: skip
    try:
        async with asyncio.timeout(TOTAL_SECONDS):
            await _follow(session, url, hosts, file)
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise NotFetched(_judge(error)) from None
    finally:
        await session.close()
        await resolver.close()


async def _follow(session: aiohttp.ClientSession, url: str, hosts: Sequence[str], file: Growing) -> None:
    """Ask, and follow redirects to hosts of the list."""
    for hop in range(MOST_REDIRECTS + 1):
        if not is_listed(url, hosts):
            raise NotFetched(REDIRECT if hop else HOST)
        try:
            target = guard.check_url(url)
        except egress.Forbidden:
            raise NotFetched(FORBIDDEN) from None
        async with session.get(URL(target.url, encoded=True), allow_redirects=False) as answer:
            if answer.status not in REDIRECTS:
                await _read(answer, file)
                return
            url = urljoin(target.url, answer.headers.get("Location", ""))
    raise NotFetched(REDIRECT)


async def _read(answer: aiohttp.ClientResponse, file: Growing) -> None:
    if answer.status != 200:
        raise NotFetched(f"status {answer.status}")
    if (answer.content_length or 0) > store.most_bytes():
        raise TooLarge
    async for part in answer.content.iter_chunked(CHUNK):
        file.write(part)


def _judge(error: Exception) -> str:
    match error:
        case egress.Forbidden():
            return FORBIDDEN
        case aiohttp.ClientSSLError():
            return TLS
        case TimeoutError():
            return TIMEOUT
        case aiohttp.ClientPayloadError():
            return CUT
    return UNREACHABLE
