"""Dropping what is past its term: whole partitions of calls, messages, events and API requests, silent sessions."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

from common import partitions, sql
from notifications import retention as push_terms
from notifications.models import Attempt
from privacy.models import (
    ApiRequest,
    Call,
    CallEvent,
    IdempotentAnswer,
    Message,
    MessageAnswer,
    RoutingDecision,
    TestCall,
)

SESSIONS_AT_ONCE = 10_000


def drop_expired(now: datetime) -> list[str]:
    """Drop partitions whose every row is past its term and return their names (docs/operations.md, terms).

    Calls and messages stay `retention_calls_days`, events and silent sessions `retention_events_days`, the log of
    requests `retention_requests_days`, routing decisions `retention_decisions_days`, attempts to reach customers
    `retention_attempts_days` as do test calls, pushes that were given up `retention_dead_pushes_days`, answers to
    Idempotency-Key and about an SMS a day. Records stay: a CDR of long ago that comes again is still a repeat.
    """
    calls_before = now - timedelta(days=settings.MASKLINE["retention_calls_days"])
    events_before = now - timedelta(days=settings.MASKLINE["retention_events_days"])
    requests_before = now - timedelta(days=settings.MASKLINE["retention_requests_days"])
    terms = {Call: calls_before, Message: calls_before, CallEvent: events_before, ApiRequest: requests_before}
    terms[RoutingDecision] = now - timedelta(days=settings.MASKLINE["retention_decisions_days"])
    terms[Attempt] = now - timedelta(days=settings.MASKLINE["retention_attempts_days"])
    gone: list[str] = []
    for model, before in terms.items():
        gone += partitions.detach_and_drop_before(model._meta.db_table, before)
    while _forget_sessions(events_before) == SESSIONS_AT_ONCE:
        pass
    IdempotentAnswer.objects.filter(created_at__lt=now - timedelta(days=1)).delete()
    MessageAnswer.objects.filter(decided_at__lt=now - timedelta(days=1)).delete()
    push_terms.forget_given_up(now, settings.MASKLINE["retention_dead_pushes_days"])
    TestCall.objects.filter(asked_at__lt=terms[Attempt]).delete()
    return gone


def _forget_sessions(before: datetime) -> int:
    """Delete some sessions not heard of since `before`; a few at a time, for ingest locks them too."""
    with connection.cursor() as cursor:
        cursor.execute(sql.load("privacy", "forget_sessions"), {"before": before, "limit": SESSIONS_AT_ONCE})
        return int(cursor.rowcount)
