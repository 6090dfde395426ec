"""Idempotency-Key: an order sent again is answered as the first time, byte for byte, and is done once.

The answer is kept in the transaction of what was ordered, so a crash leaves both or neither. Successes are kept, and
what was refused for a reason of trade; an order that could not be read, or failed, may be sent again under its key.
"""

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from typing import Any

from django.db import OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse

from common import sql
from common.errors import BadInput
from common.keyring import keyring
from privacy.api.northbound import answers
from privacy.api.northbound.orders import Order

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
KEPT = timedelta(hours=24)
LONGEST = 255
TRIES = 3
DEADLOCK, SERIALIZATION = "40P01", "40001"


def answer_once(request: HttpRequest, order: Order, body: bytes, carry_out: Callable[[], HttpResponse]) -> HttpResponse:
    """Return the answer of `carry_out`, or the one kept for the same key and request. Raises BadInput for another."""
    if order.method not in {"POST", "PUT"} or not (key := read_key(request)):
        return carry_out()
    sent = "\n".join((order.method, request.path_info, request.META.get("QUERY_STRING", ""), ""))
    values = {
        "application": order.application.pk,
        "key": hashlib.sha256(key.encode()).digest(),
        "body": hashlib.sha256(sent.encode("utf-8", "replace") + body).digest(),
        "now": order.now,
        "expired": order.now - KEPT,
    }
    for attempt in range(1, TRIES + 1):
        try:
            with transaction.atomic():
                return _answer(values, carry_out)
        except OperationalError as error:
            # Whoever meets others in another order than usual may be the one that has to step back: nothing is done.
            if attempt == TRIES or getattr(error.__cause__, "sqlstate", "") not in {DEADLOCK, SERIALIZATION}:
                raise
            order.binding = None
    raise AssertionError("unreachable")


def read_key(request: HttpRequest) -> str:
    """Return the key of a request, "" for none. Raises BadInput for one that is too long or no printable ASCII."""
    key = request.headers.get(HEADER, "").strip()
    if len(key) > LONGEST or not (key.isascii() and key.isprintable()):
        raise BadInput(HEADER, f"is longer than {LONGEST} characters or not of printable ASCII")
    return key


def undone_if_refused() -> AbstractContextManager[Any]:
    """Return a savepoint where a key is being taken: the answer to a refused order is kept, and nothing else of it."""
    return transaction.atomic() if connection.in_atomic_block else nullcontext()


def _answer(values: dict[str, Any], carry_out: Callable[[], HttpResponse]) -> HttpResponse:
    """Claim the key and carry out, or give what is kept. Of many at once, one claims and the others wait for it."""
    with connection.cursor() as cursor:
        cursor.execute(sql.load("privacy", "claim_idempotency_key"), values)
        claimed = cursor.fetchone()
        if claimed is None:
            cursor.execute(sql.load("privacy", "idempotent_answer"), values)
            return _kept(values, cursor.fetchone())
    response = carry_out()
    kept = {"id": claimed[0], "status": response.status_code, "answer": keyring().seal_body(response.content)}
    with connection.cursor() as cursor:
        cursor.execute(sql.load("privacy", "keep_idempotent_answer"), kept)
    return response


def _kept(values: dict[str, Any], row: tuple[bytes, int, bytes]) -> HttpResponse:
    body, status, answer = row
    if bytes(body) != values["body"]:
        raise BadInput(HEADER, "was used with another request")
    response = answers.again(keyring().open_body(bytes(answer)), status)
    response[REPLAYED] = "true"
    return response
