"""What one item says once it is read: typed facts with our names, times in UTC, absent text "" or None."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, TypeAlias

from privacy.models.arrivals import Kind
from privacy.reasons import Problem


class _Facts:
    """Facts made of the values that were read; what was not read is the default, which stands on the class."""

    @classmethod
    def of(cls, values: dict[str, Any], unknown: dict[str, Any] | None) -> Self:
        """Return facts with these values, of which they take possession: several times faster than __init__."""
        facts = cls.__new__(cls)
        values["unknown"] = unknown
        facts.__dict__ = values
        return facts


@dataclass
class CallFacts(_Facts):
    """One CDR (pushes.md 3.1). `first_at` is the first time present."""

    app_key: str = ""
    number: str = ""
    session_id: str = ""
    record_id: str = ""
    subscription_id: str = ""
    direction: int | None = None
    sp_id: str = ""
    caller_number: str | None = None
    callee_number: str | None = None
    display_number: str | None = None
    destination_number: str | None = None
    call_in_at: datetime | None = None
    forward_started_at: datetime | None = None
    alerting_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    failed_at: datetime | None = None
    unanswered_reason: int | None = None
    release_reason: int | None = None
    sip_status: int | None = None
    callout_unanswered_reason: int | None = None
    recorded: bool | None = None
    record_started_at: datetime | None = None
    record_object: str = ""
    record_bucket: str = ""
    record_domain: str = ""
    record_download_url: str | None = None
    record_push_url: str | None = None
    tts_play_times: int | None = None
    tts_duration: int | None = None
    mpty_id: str = ""
    service_type: str = ""
    host_name: str = ""
    user_data: str | None = None
    notify_mode: str = ""
    extension: str = ""
    voice_check_type: int | None = None
    unknown: dict[str, Any] | None = None
    first_at: datetime | None = None


@dataclass
class EventFacts(_Facts):
    """One call event (pushes.md 1.2)."""

    session_id: str = ""
    event_type: str = ""
    occurred_at: datetime | None = None
    caller_number: str | None = None
    called_number: str | None = None
    subscription_id: str = ""
    user_data: str | None = None
    notify_mode: str = ""
    digits: str | None = None
    state_code: int | None = None
    state_description: str = ""
    unknown: dict[str, Any] | None = None


@dataclass
class MessageFacts(_Facts):
    """One SMS notification (pushes.md 4.2). `split_count` and `sent_count` are what the upstream counted."""

    app_key: str = ""
    sms_id: str = ""
    notification_mode: str = ""
    calling_number: str | None = None
    called_number: str | None = None
    number: str = ""
    event: str = ""
    occurred_at: datetime | None = None
    subscription_id: str = ""
    content: str | None = None
    send_result: int | None = None
    area_code: str = ""
    direction: str = ""
    split_count: int | None = None
    sent_count: int | None = None
    user_data: str | None = None
    unknown: dict[str, Any] | None = None


@dataclass
class StatusFacts(_Facts):
    """One change of a number's status (pushes.md 5). The wire gives it no time."""

    number: str = ""
    status: int = 0
    cause: str = ""
    unknown: dict[str, Any] | None = None


Facts: TypeAlias = CallFacts | EventFacts | MessageFacts | StatusFacts


@dataclass(slots=True)
class Item:
    """One record of a body or a file: `sent` as it came, and its facts, unless there is a problem with it."""

    kind: Kind
    line: int
    sent: Mapping[str, Any]
    facts: Facts | None = None
    problem: Problem | None = None
