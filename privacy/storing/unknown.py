"""Codes that no table of ours has are counted for the operator (privacy.causes), at next to no cost of ingest.

They are written after the commit, so that no record waits for a row that all of them count on, and each code at most
once a minute a process: `seen` may be short by what was not written yet when a process ended.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from threading import Lock

from django.db import transaction

from privacy import causes
from privacy.storing import bulk
from privacy.storing.candidates import Candidate
from privacy.storing.statuses import Report

EVERY = timedelta(minutes=1)
SIP_FAILURES = 400
Code = tuple[str, int]

_lock = Lock()
_waiting: Counter[Code] = Counter()
_written: dict[Code, datetime] = {}


def note(calls: Sequence[Candidate], events: Sequence[Candidate], reports: Sequence[Report], now: datetime) -> None:
    """Count the unknown codes of records that are being stored, once their transaction is committed.

    Of SMS there are none: one with an unknown sendResult waits in quarantine, nobody knows if it is charged.
    """
    found = Counter(
        [
            *_unknown(causes.STATE, (one.facts.state_code for one in events)),
            *_unknown(causes.RELEASE, (one.facts.release_reason for one in calls)),
            *_unknown(causes.Q850, (one.facts.unanswered_reason for one in calls)),
            *_unknown(causes.SIP, (one.facts.sip_status for one in calls)),
            *_unknown(causes.NUMBER_CAUSE, (_number(report.facts.cause) for report in reports)),
        ]
    )
    if found:
        transaction.on_commit(partial(_count, found, now), robust=True)


def _unknown(table: str, codes: Iterable[int | None]) -> Iterable[Code]:
    told = Counter(codes)
    for code, times in told.items():
        if code and causes.LOOK_UP[table](code) is None and (table != causes.SIP or code >= SIP_FAILURES):
            yield from [(table, code)] * times


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def _count(found: Counter[Code], now: datetime) -> None:
    with _lock:
        _waiting.update(found)
        due = sorted(code for code in found if code not in _written or now - _written[code] >= EVERY)
        seen = [_waiting.pop(code) for code in due]
        _written.update(dict.fromkeys(due, now))
    if due:
        tables, codes = [table for table, _code in due], [code for _table, code in due]
        bulk.run("count_unknown_codes", {"tables": tables, "codes": codes, "seen": seen, "now": now})
