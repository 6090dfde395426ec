"""The log of requests to customers' servers: one row each, never changed. Bodies and answers are sealed."""

import logging
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import DatabaseError, transaction
from psycopg import errors

from common import partitions
from common.timeid import time_id
from notifications.models import Attempt

log = logging.getLogger(__name__)
KEPT_ANSWER_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Made:
    """One attempt as it is to be kept. `reason` is a message id in English, shown through gettext, without numbers."""

    push_id: UUID
    endpoint_id: int
    account_id: int
    application_id: int
    kind: str
    cause_id: UUID
    at: datetime
    result: str
    number: int = 1
    session_id: str = ""
    question: bool = False
    http_status: int | None = None
    duration_us: int = 0
    reason: str = ""
    body: bytes | None = None
    answer: bytes | None = None


def keep(made: Made) -> Attempt:
    """Write one attempt and return it. The same attempt of the same push has the same id."""
    row = Attempt(
        id=time_id(made.at, "attempt", made.push_id.bytes, made.number),
        push_id=made.push_id,
        endpoint_id=made.endpoint_id,
        account_id=made.account_id,
        application_id=made.application_id,
        kind=made.kind,
        cause_id=made.cause_id,
        session_id=made.session_id[:256].replace("\0", ""),
        question=made.question,
        number=made.number,
        result=made.result,
        http_status=made.http_status,
        duration_us=min(made.duration_us, 2**31 - 1),
        reason=made.reason[:300],
        body=made.body,
        answer=made.answer[:KEPT_ANSWER_BYTES] if made.answer else None,
    )
    try:
        _insert(row, made.at)
    except DatabaseError as error:
        cause = error.__cause__
        if not isinstance(cause, errors.CheckViolation) or cause.diag.constraint_name is not None:
            raise
        log.info("a partition of attempts was dropped since it was seen; it is made again")
        partitions.forget(Attempt._meta.db_table)
        _insert(row, made.at)
    return row


def _insert(row: Attempt, at: datetime) -> None:
    with transaction.atomic():
        partitions.ensure(Attempt, Attempt.partition_interval, [at])
        row.save(force_insert=True)
