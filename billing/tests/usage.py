"""Usage rows as ingest writes them, for the tests of settlement."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from accounts.tests.fixtures import Company
from common.periods import hour_of
from common.timeid import time_id
from privacy.models import Usage


def call(company: Company, answered_at: datetime, seconds: int, name: str = "", **fields: Any) -> Usage:
    """Return the unsaved usage of an answered call."""
    identity = name or f"{answered_at.isoformat()} {seconds}"
    return row(
        company,
        Usage.Item.CALL,
        identity,
        answered_at,
        answered_at + timedelta(seconds=seconds),
        seconds=seconds,
        **fields,
    )


def sms(company: Company, sent_at: datetime, parts: int | None, name: str = "", **fields: Any) -> Usage:
    """Return the unsaved usage of a message."""
    identity = name or f"sms {sent_at.isoformat()} {parts}"
    return row(company, Usage.Item.SMS, identity, sent_at, sent_at, units=parts, **fields)


def unanswered(company: Company, ended_at: datetime, name: str = "") -> Usage:
    """Return the unsaved usage of an unanswered call."""
    return row(company, Usage.Item.UNANSWERED, name or f"unanswered {ended_at.isoformat()}", None, ended_at)


def reversal(company: Company, of: Usage, at: datetime) -> Usage:
    """Return the unsaved usage that takes back another."""
    identity = f"reversal {of.usage_id}"
    return row(company, Usage.Item.REVERSAL, identity, of.rated_at, at, reverses=of.usage_id)


def row(
    company: Company, item: str, identity: str, rated_at: datetime | None, ended_at: datetime, **fields: Any
) -> Usage:
    """Return unsaved usage with the deterministic id of its identity."""
    defaults: dict[str, Any] = {
        "usage_id": usage_id(company, rated_at or ended_at, identity),
        "account": company.account,
        "shard": company.account.shard,
        "hour": hour_of(ended_at),
        "application": company.application,
        "number": company.number,
        "number_kind": company.number.kind,
    }
    return Usage(item=item, rated_at=rated_at, ended_at=ended_at, **(defaults | fields))


def usage_id(company: Company, at: datetime, identity: str) -> UUID:
    """Return the id of a company's record."""
    return time_id(at, company.account.code, identity)


def queue(*usages: Usage | Iterable[Usage]) -> None:
    """Put usage in the queue, as an ingest transaction does."""
    rows = [usage for given in usages for usage in ([given] if isinstance(given, Usage) else given)]
    Usage.objects.bulk_create(rows)
