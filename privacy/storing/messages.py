"""Messages into their partitioned table, with their first result and what they leave to be settled."""

from collections.abc import Iterator, Sequence
from typing import Any

from accounts import lookup
from common import partitions
from privacy import results
from privacy.models import Message, MessageResult, Usage
from privacy.parts import parts
from privacy.storing import bulk
from privacy.storing.calls import HEAD, UNKNOWN, Sealer
from privacy.storing.candidates import Candidate
from privacy.storing.usage import Due
from privacy.wire.facts import MessageFacts

COLUMNS = (
    *HEAD,
    ("sms_id", "varchar"),
    ("notification_mode", "varchar"),
    ("calling_number", "bytea"),
    ("called_number", "bytea"),
    ("event", "varchar"),
    ("occurred_at", "timestamptz"),
    ("sent_at", "timestamptz"),
    ("subscription_id", "varchar"),
    ("content", "bytea"),
    ("content_hash", "bytea"),
    ("send_result", "int2"),
    ("area_code", "varchar"),
    ("direction", "varchar"),
    ("parts", "int4"),
    ("parts_sent", "int4"),
    ("user_data", "bytea"),
    UNKNOWN,
)
RESULT_COLUMNS = (
    ("message_id", "uuid"),
    ("send_result", "int2"),
    ("ordinal", "int2"),
    ("occurred_at", "timestamptz"),
    ("source_id", "int8"),
)
NOTIFY = "Notify"
# The direction in extParas, and the result that goes with the second (pushes.md 4.2).
REGULAR, ABNORMAL, NO_BINDING = "1", "2", 2


def parts_of(facts: MessageFacts) -> int | None:
    """Return the parts of a message: what the upstream counted, else from its text, else None (billing.md 1)."""
    if facts.split_count is not None:
        return facts.split_count
    if facts.content is None:
        return None
    return parts(facts.content)


def direction_of(facts: MessageFacts) -> str:
    """Return the direction of a message: what the upstream said, else regular, abnormal without a binding."""
    return facts.direction or (ABNORMAL if facts.send_result == NO_BINDING else REGULAR)


def content_hash(facts: MessageFacts) -> bytes | None:
    """Return the keyed hash that stands for a text, None when there is none."""
    return None if facts.content is None else lookup.hasher()(f"sms text|{facts.content}")


def copy_messages(candidates: Sequence[Candidate], upstream_id: int, source_id: int, sealer: Sealer) -> None:
    """Write the messages and the result each came with; a Block ask has none."""
    if not candidates:
        return
    partitions.ensure(Message, Message.partition_interval, (candidate.at for candidate in candidates))
    bulk.copy(Message._meta.db_table, COLUMNS, _rows(candidates, upstream_id, source_id, sealer))
    bulk.copy(
        MessageResult._meta.db_table,
        RESULT_COLUMNS,
        [(c.id, c.facts.send_result, 0, c.at, source_id) for c in candidates if c.facts.notification_mode == NOTIFY],
    )


def due_of_messages(candidates: Sequence[Candidate]) -> Iterator[Due]:
    """Return what the messages leave to be settled: those sent, wholly or partly."""
    for c in candidates:
        if is_charged(c.facts):
            units = results.units(c.facts.send_result, parts_of(c.facts), c.facts.sent_count)
            yield Due(c, c.id, Usage.Item.SMS, c.at, c.at, 0, units)


def is_charged(facts: MessageFacts) -> bool:
    """Return whether a notification tells of a chargeable message; a Block ask is none."""
    return facts.notification_mode == NOTIFY and facts.send_result in results.CHARGEABLE


def _rows(
    candidates: Sequence[Candidate], upstream_id: int, source_id: int, sealer: Sealer
) -> Iterator[tuple[Any, ...]]:
    for c in candidates:
        application, number_id, _ = c.owner
        facts: MessageFacts = c.facts
        yield (
            c.id,
            application.account_id,
            application.id,
            number_id,
            upstream_id,
            source_id,
            c.item.line,
            facts.sms_id,
            facts.notification_mode,
            sealer.seal(facts.calling_number),
            sealer.seal(facts.called_number),
            facts.event,
            facts.occurred_at,
            facts.occurred_at if is_charged(facts) else None,
            facts.subscription_id,
            sealer.seal(facts.content) if application.keep_sms_content else None,
            content_hash(facts),
            facts.send_result,
            facts.area_code,
            facts.direction,
            parts_of(facts),
            facts.sent_count,
            sealer.seal(facts.user_data),
            sealer.unknown(facts.unknown),
        )
