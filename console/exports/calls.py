"""Call and SMS detail. Real numbers are sealed in the database, so rows are opened and masked here, batch by batch.

`_party` is the one place that decides whether a number is masked. X itself is no real number and stays clear.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Model, Q, QuerySet

from accounts.scope import Scope
from billing.reports import columns
from billing.reports.copying import snapshot
from billing.reports.extract import BLOCK_BYTES, Extract, RowsDiffer
from billing.reports.period import Period
from common import timeid
from common.phone import mask
from privacy.models import Call, Message, Quarantined
from privacy.models.arrivals import Kind
from privacy.segments import minutes, talk_seconds

BATCH = 2000
ESTIMATE_LIMIT = 20_001

CALL_COLUMNS = columns.parse(
    """call_id account application app_key mode number:phone direction:count session_id record_id subscription_id
    caller:phone dialled:phone displayed:phone callee:phone call_in_at:time forward_started_at:time alerting_at:time
    answered_at:time ended_at:time failed_at:time talk_seconds:count minutes:count unanswered_reason:count
    release_reason:count sip_status:count recorded received_at:time"""
)
CALL_FIELDS = (
    *("id", "account__code", "application__name", "application__app_key", "application__mode", "number__number"),
    *("direction", "session_id", "record_id", "subscription_id"),
    *("caller_number", "callee_number", "display_number", "destination_number"),
    *("call_in_at", "forward_started_at", "alerting_at", "answered_at", "ended_at", "failed_at"),
    *("unanswered_reason", "release_reason", "sip_status", "recorded", "received_at"),
)
MESSAGE_COLUMNS = columns.parse(
    """message_id account application app_key mode number:phone sms_id notification_mode direction subscription_id
    sender:phone receiver:phone event occurred_at:time sent_at:time send_result:count parts:count parts_sent:count
    area_code received_at:time"""
)
MESSAGE_FIELDS = (
    *("id", "account__code", "application__name", "application__app_key", "application__mode", "number__number"),
    *("sms_id", "notification_mode", "direction", "subscription_id", "calling_number", "called_number", "event"),
    *("occurred_at", "sent_at", "send_result", "parts", "parts_sent", "area_code", "received_at"),
)
X = 5  # where number__number stands in both


@dataclass(frozen=True)
class CallRequest:
    """A period, whose rows, the zone of the times, who asks when, and why in full if numbers are not masked."""

    period: Period
    zone: str
    made_by: str
    made_at: datetime
    scope: Scope
    account_code: str = ""
    unmasked: bool = False
    reason: str = ""


class RecordDetail(Extract):
    """What call and SMS detail have in common. A record belongs to the instant in its id: its first time."""

    model: type[Model]
    fields: tuple[str, ...]
    phones: slice
    kind: Kind

    def __init__(self, request: CallRequest) -> None:
        self.request = request
        self.zone = request.zone

    def opened(self) -> AbstractContextManager[None]:
        """Return the snapshot that rows and count share."""
        return snapshot("UTC")

    def found(self) -> QuerySet[Any]:
        """Return the rows of the scope and period, unordered."""
        first, last = timeid.id_range(self.request.period.start, self.request.period.end)
        return self.request.scope.rows(self.model).filter(pk__gte=first, pk__lt=last)

    def blocks(self) -> Iterator[bytes]:
        """Yield the machine CSV in blocks of about 256 KB, from a server-side cursor."""
        self.rows = 0
        yield columns.header(self.columns)
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        for row in self.found().order_by("pk").values_list(*self.fields).iterator(chunk_size=BATCH):
            cells = list(row)
            cells[self.phones] = [
                _party(number, cells[X], unmasked=self.request.unmasked) for number in cells[self.phones]
            ]
            writer.writerow(self._text(cells))
            self.rows += 1
            if buffer.tell() >= BLOCK_BYTES:
                yield _taken(buffer)
        if buffer.tell():
            yield _taken(buffer)

    def facts(self) -> dict[str, Any]:
        """Return the filter, its count, and what the period lacks."""
        period, request = self.request.period, self.request
        inside = Q(occurred_at__isnull=True) | Q(occurred_at__gte=period.start, occurred_at__lt=period.end)
        counted = self.found().count()
        if counted != self.rows:
            raise RowsDiffer(f"{self.rows} rows were written, {counted} counted")
        waiting = request.scope.rows(Quarantined).filter(inside, state="open", kind=self.kind).count()
        return {
            "from": period.start.isoformat(),
            "to": period.end.isoformat(),
            "time_zone": request.zone,
            "scope": request.account_code or "all accounts",
            "masking": f"real numbers, because: {request.reason}" if request.unmasked else "both parties masked",
            "made_by": request.made_by,
            "made_at": request.made_at.isoformat(),
            "control_totals": {"rows": counted},
            "complete": "no" if waiting or period.end > request.made_at else "yes",
            "quarantined": waiting,
            "provisional": False,
        }

    def stem(self) -> str:
        """Return e.g. calls_acme_20260301T000000Z_20260308T000000Z, with `unmasked` where numbers are real."""
        marks = [self.name, self.request.account_code or "all"]
        marks += [f"{at:%Y%m%dT%H%M%SZ}" for at in (self.request.period.start, self.request.period.end)]
        return "_".join([*marks, "unmasked"] if self.request.unmasked else marks)

    def estimate(self) -> int:
        """Return how many rows there are, counted no further than a page streams at once."""
        return self.found()[:ESTIMATE_LIMIT].count()

    def _text(self, cells: list[Any]) -> Sequence[Any]:
        zone = ZoneInfo(self.zone)
        return [
            cell.astimezone(zone).isoformat(timespec="seconds")
            if isinstance(cell, datetime)
            else str(cell).lower()
            if isinstance(cell, bool)
            else cell
            for cell in cells
        ]


class CallDetail(RecordDetail):
    """One row per call, answered or not."""

    name = "calls"
    model = Call
    columns = CALL_COLUMNS
    fields = CALL_FIELDS
    phones = slice(10, 14)
    kind = Kind.CDR

    def _text(self, cells: list[Any]) -> Sequence[Any]:
        answered_at, ended_at = cells[17], cells[18]
        # The talk time as it is charged: from the answer to the end, every started minute whole (billing.md 1).
        seconds = None if answered_at is None else talk_seconds(answered_at, ended_at)
        talk = (None, None) if seconds is None else (seconds, minutes(seconds))
        return super()._text([*cells[:20], *talk, *cells[20:]])

    def __str__(self) -> str:
        return "call detail"


class MessageDetail(RecordDetail):
    """One row per SMS notification; the text of a message is never exported."""

    name = "messages"
    model = Message
    columns = MESSAGE_COLUMNS
    fields = MESSAGE_FIELDS
    phones = slice(10, 12)
    kind = Kind.SMS

    def __str__(self) -> str:
        return "SMS detail"


def _party(number: str | None, x: str, *, unmasked: bool) -> str | None:
    """Return a number as the export shows it: masked, unless the order may have it in full or it is X itself."""
    return number if unmasked or number is None or number == x else mask(number)


def _taken(buffer: io.StringIO) -> bytes:
    block = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return block
