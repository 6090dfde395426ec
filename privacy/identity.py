"""Which record it is, and whether it is the same as before (design.md 3, "Identity and the queue of usage"). Pure.

`keyed` stands for a keyed hash of 16 bytes: what is made of real numbers must not be found by trying all of them.
"""

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from common.timeid import time_id
from privacy.models.arrivals import Kind
from privacy.wire.facts import CallFacts, EventFacts, MessageFacts

Keyed = Callable[[str], bytes]
SEPARATOR = "\x1f"
KEY_BYTES = 16


def call_record_id(facts: CallFacts) -> str:
    """Return icid, else `session:`sessionId`|`callInTime."""
    if facts.record_id:
        return facts.record_id
    assert facts.call_in_at is not None
    return f"session:{facts.session_id}|{_instant(facts.call_in_at)}"


def event_record_id(facts: EventFacts, keyed: Keyed) -> str:
    """Return sessionId`|`eventType`|`timestamp`|`hash of its normalised fields."""
    fields = (
        facts.caller_number,
        facts.called_number,
        facts.subscription_id,
        facts.user_data,
        facts.notify_mode,
        facts.digits,
        facts.state_code,
        facts.state_description,
    )
    digest = keyed(_joined("event", *fields)).hex()
    return f"{facts.session_id}|{facts.event_type}|{_instant(facts.occurred_at)}|{digest}"


def message_record_id(facts: MessageFacts) -> str:
    """Return smsIdentifier`|`notificationMode."""
    return f"{facts.sms_id}|{facts.notification_mode}"


def record_key(record_id: str) -> bytes:
    """Return the 16 bytes that stand for a record id in the table of records."""
    return sha256(record_id.encode()).digest()[:KEY_BYTES]


def usage_id(at: datetime, upstream: str, kind: Kind, record_id: str) -> UUID:
    """Return the id of the stored row: the same for the same record on every load. `upstream` is its code."""
    return time_id(at, upstream, int(kind), record_id)


def call_fingerprint(facts: CallFacts, owner: str | int, keyed: Keyed) -> bytes:
    """Return a keyed hash of what a CDR charges and whom it names; absent, null and "" are the same."""
    parties = f"{owner}\x1f{facts.number}\x1f{facts.caller_number or ''}\x1f{facts.callee_number or ''}"
    times = f"{_instant(facts.call_in_at)}\x1f{_instant(facts.answered_at)}\x1f{_instant(facts.ended_at)}"
    return keyed(f"{parties}\x1f{facts.destination_number or ''}\x1f{times}")


def message_fingerprint(facts: MessageFacts, owner: str | int, keyed: Keyed) -> bytes:
    """Return a keyed hash of what an SMS notification charges and whom it names, its result and time included."""
    return keyed(
        _joined(
            owner,
            facts.number,
            facts.calling_number,
            facts.called_number,
            _instant(facts.occurred_at),
            facts.send_result,
            facts.split_count,
            facts.sent_count,
            facts.content,
        )
    )


def _instant(at: datetime | None) -> str:
    """Return a time of the wire, always UTC, as text; "" for none."""
    return "" if at is None else at.isoformat()


def _joined(*values: object) -> str:
    return SEPARATOR.join("" if value is None else str(value) for value in values)
