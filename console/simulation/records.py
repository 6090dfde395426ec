"""The wire shape of what is simulated: pushes as a switch writes them (pushes.md 1, 3, 4, 5). Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

Json = dict[str, Any]
BEIJING = ZoneInfo("Asia/Shanghai")


class Kind(Enum):
    """What a record tells."""

    EVENT = "call events"
    CDR = "CDRs"
    SMS = "SMS"
    NUMBER_STATUS = "number statuses"


@dataclass(frozen=True, slots=True)
class Record:
    """One push with one item in it, and when it reaches us; `serial` keeps the order of those of one instant."""

    arrives_at: datetime
    serial: int
    kind: Kind
    push: Json

    def __lt__(self, other: "Record") -> bool:
        return (self.arrives_at, self.serial) < (other.arrives_at, other.serial)


def wire_time(at: datetime) -> str:
    """Return an instant as calls write it: UTC, no zone. `at` is in UTC."""
    return at.strftime("%Y-%m-%d %H:%M:%S")


def wire_time_ms(at: datetime) -> str:
    """Return an instant as SMS write it. `at` is in UTC."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def event(kind: str, at: datetime, session_id: str, **fields: Any) -> Json:
    """Return one call event; fields that are None or empty are left out, as the platform does."""
    status = {"sessionId": session_id, "timestamp": wire_time(at)}
    status.update((name, value) for name, value in fields.items() if value not in (None, ""))
    return {"eventType": kind, "statusInfo": status}


def fee(info: Json) -> Json:
    """Return the push of one CDR."""
    return {"eventType": "fee", "feeLst": [info]}


def number_status(number: str, status: str, cause: str = "") -> Json:
    """Return the push of one change of a number's status."""
    entry = {"number": number, "status": status}
    return {"eventType": "numStatus", "numInfo": [{**entry, "cause": cause} if cause else entry]}


def recording(answered_at: datetime, session_key: str) -> Json:
    """Return the recording fields of a CDR; the file name begins with Beijing time, as in real traffic."""
    name = answered_at.astimezone(BEIJING).strftime("%y%m%d%H%M%S") + session_key[:5]
    return {
        "recordFlag": 1,
        "recordStartTime": wire_time(answered_at),
        "recordObjectName": f"{name}.wav",
        "recordBucketName": "sp-demo",
        "recordDomain": "rec.switch1.example",
    }


def seconds(count: float) -> timedelta:
    """Return a duration."""
    return timedelta(seconds=count)
