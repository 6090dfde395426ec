"""What a message is charged as after the results reported for it (billing.md 1). Pure.

The result with the newest time stands, of two with the same time the one that came later. Going from chargeable to
failed undoes the charge; going back, or from wholly to partly sent, is a charge of its own with its own id. It was sent
at the first of the results since then that say so.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from common.timeid import time_id

SENT, PARTLY_SENT = 0, 9
CHARGEABLE = frozenset({SENT, PARTLY_SENT})


class Reported(NamedTuple):
    """One result as it arrived; the ordinal counts arrivals of one message from 0."""

    ordinal: int
    result: int | None
    at: datetime


class Charged(NamedTuple):
    """As what a message is charged: the usage id, when it was sent, and by which result."""

    usage_id: UUID
    sent_at: datetime
    result: int


def standing(reported: Iterable[Reported]) -> list[Reported]:
    """Return the results that took effect when they came, in order of arrival; the last one stands."""
    took: list[Reported] = []
    for report in sorted(reported, key=lambda one: one.ordinal):
        if not took or report.at >= took[-1].at:
            took.append(report)
    return took


def charged(message_id: UUID, reported: Iterable[Reported]) -> Charged | None:
    """Return as what a message with these results is charged, None when it is not."""
    now: Charged | None = None
    for report in standing(reported):
        if report.result not in CHARGEABLE or report.result is None:
            now = None
        elif now is None:
            now = Charged(_charge_id(message_id, report), report.at, report.result)
        elif now.result != report.result:
            now = Charged(_charge_id(message_id, report), now.sent_at, report.result)
    return now


def reversal_id(charge: Charged, at: datetime) -> UUID:
    """Return the usage id of what takes a charge back because of a result of `at`."""
    return time_id(at, "sms reversal", charge.usage_id.bytes)


def units(result: int | None, parts: int | None, parts_sent: int | None) -> int | None:
    """Return the parts charged: all of a sent message, those sent of a partly sent one; None when nobody knows."""
    return parts if result == SENT else parts_sent


def _charge_id(message_id: UUID, report: Reported) -> UUID:
    if report.ordinal == 0:
        return message_id
    return time_id(report.at, "sms charge", message_id.bytes, report.ordinal)
