"""The log of requests: a row for each one, refused ones too, that its owner can search (design.md 5).

A row is written outside the transaction of what was ordered, and never makes a request fail: that it cannot be written
is told to the operator.
"""

import logging
import os
import re
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import DatabaseError, IntegrityError, InterfaceError, connection, transaction
from django.http import HttpRequest, HttpResponse

from accounts import headers
from accounts.addresses import UNKNOWN, client_address
from accounts.models import Application
from accounts.refusals import Refused
from common import partitions, sql
from common.keyring import keyring
from common.phone import mask_in_text
from common.prepared import execute
from common.timeid import time_id
from privacy.models import ApiRequest

log = logging.getLogger(__name__)
KEPT_BYTES = 64 * 1024
MOST_MICROSECONDS = 2**31 - 1
SHORTEST_NUMBER = 7


@dataclass
class Entry:
    """What the log keeps of one request; it is filled while the request is answered."""

    id: UUID
    at: datetime
    method: str
    path: str
    address: str
    query: str
    headers: Mapping[str, str]
    app_key: str = ""
    application: Application | None = None
    operation: str = ""
    code: str = ""
    parameter: str = ""
    step: str = ""
    detail: str = ""
    binding_id: UUID | None = None
    body: bytes = b""
    started: float = field(default_factory=time.perf_counter)

    def refused(self, refused: Refused) -> None:
        """Note which check of the signature failed, and whose request it was."""
        self.step, self.detail = refused.step.value, refused.detail or refused.description
        self.app_key = refused.key or self.app_key
        if refused.principal is not None:
            self.application = refused.principal.application


def begin(request: HttpRequest) -> Entry:
    """Return the entry of a request that just came in."""
    now = datetime.now(UTC)
    return Entry(
        id=time_id(now, os.urandom(16)),
        at=now,
        method=request.method or "",
        path=request.path_info,
        address=client_address(request),
        query=request.META.get("QUERY_STRING", ""),
        headers=request.headers,
    )


def keep(entry: Entry, response: HttpResponse) -> None:
    """Write the row. What hinders it is logged, never raised."""
    try:
        if entry.application is None:
            entry.app_key = entry.app_key or headers.key_of(entry.headers)
            entry.application = _owner(entry.app_key)
        values = _values(entry, response)
        partitions.ensure(ApiRequest, ApiRequest.partition_interval, [entry.at])
        try:
            _insert(values)
        except IntegrityError:  # retention dropped the partition since this process saw it
            partitions.forget(ApiRequest._meta.db_table)
            partitions.ensure(ApiRequest, ApiRequest.partition_interval, [entry.at])
            _insert(values)
    except (DatabaseError, InterfaceError) as error:
        log.warning("request %s is not in the log: %s", entry.id, type(error.__cause__ or error).__name__)


def _owner(app_key: str) -> Application | None:
    """Return whose app_key a refused request named: its owner looks for the reason in the log."""
    if not app_key or len(app_key) > headers.LONGEST or not app_key.isprintable():
        return None
    return Application.objects.filter(app_key=app_key).only("id", "account_id").first()


def _insert(values: dict[str, Any]) -> None:
    with _apart():
        execute(sql.load("privacy", "keep_request"), values)


def _apart() -> AbstractContextManager[Any]:
    """Return a savepoint inside a transaction; outside one the statement is its own."""
    return transaction.atomic() if connection.in_atomic_block else nullcontext()


def _values(entry: Entry, response: HttpResponse) -> dict[str, Any]:
    application = entry.application
    return {
        "id": entry.id,
        "account": application.account_id if application else None,
        "application": application.pk if application else None,
        # What nobody has may be anything, also somebody's number.
        "app_key": _fit(entry.app_key if application else mask_in_text(entry.app_key), 128),
        "address": None if entry.address == UNKNOWN else entry.address,
        "method": _fit(_without_numbers(entry.method), 16),
        "path": _fit(_without_numbers(entry.path), 128),
        "operation": entry.operation,
        "http_status": response.status_code,
        "code": entry.code,
        "parameter": _fit(_without_numbers(entry.parameter), 64),
        "step": entry.step,
        "detail": _fit(entry.detail, 200),
        "duration_us": min(int((time.perf_counter() - entry.started) * 1e6), MOST_MICROSECONDS),
        "binding": entry.binding_id,
        "request": keyring().seal_body(_request(entry)),
        "answer": keyring().seal_body(response.content[:KEPT_BYTES]),
    }


def _request(entry: Entry) -> bytes:
    """Return {"query": ..., "body": ...} as JSON, both as they came."""
    body = entry.body[:KEPT_BYTES].decode("utf-8", "replace")
    return orjson.dumps({"query": _clean(entry.query[:KEPT_BYTES]), "body": body})


def _without_numbers(text: str) -> str:
    """Return what a client chose freely with phone numbers masked; our own paths and names have few digits."""
    masked = mask_in_text(text)
    return masked if sum(map(str.isdecimal, masked)) < SHORTEST_NUMBER else re.sub(r"\d", "*", masked)


def _fit(text: str, longest: int) -> str:
    return _clean(text)[:longest].replace("\0", "�")


def _clean(text: str) -> str:
    """Return a text that can be written: WSGI gives bytes that are no UTF-8 as lone surrogates."""
    return text.encode("utf-8", "replace").decode()
