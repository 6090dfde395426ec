"""Calls and call events into their partitioned tables, and what calls leave to be settled."""

from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import Any

from common import partitions
from common.keyring import keyring
from privacy import segments
from privacy.models import Call, CallEvent, Usage
from privacy.storing import bulk
from privacy.storing.candidates import Candidate
from privacy.storing.usage import Due
from privacy.wire import dumps

HEAD = (
    ("id", "uuid"),
    ("account_id", "int8"),
    ("application_id", "int8"),
    ("number_id", "int8"),
    ("upstream_id", "int8"),
    ("source_id", "int8"),
    ("source_line", "int4"),
)
CALL_PLAIN = (
    ("session_id", "varchar"),
    ("record_id", "varchar"),
    ("subscription_id", "varchar"),
    ("direction", "int2"),
    ("sp_id", "varchar"),
    ("wire_app_key", "varchar"),
    ("call_in_at", "timestamptz"),
    ("forward_started_at", "timestamptz"),
    ("alerting_at", "timestamptz"),
    ("answered_at", "timestamptz"),
    ("ended_at", "timestamptz"),
    ("failed_at", "timestamptz"),
    ("unanswered_reason", "int2"),
    ("release_reason", "int4"),
    ("sip_status", "int2"),
    ("callout_unanswered_reason", "int2"),
    ("recorded", "bool"),
    ("record_started_at", "timestamptz"),
    ("record_object", "varchar"),
    ("record_bucket", "varchar"),
    ("record_domain", "varchar"),
    ("tts_play_times", "int4"),
    ("tts_duration", "int4"),
    ("mpty_id", "varchar"),
    ("service_type", "varchar"),
    ("host_name", "varchar"),
    ("notify_mode", "varchar"),
    ("extension", "varchar"),
    ("voice_check_type", "int2"),
)
CALL_SEALED = (
    "caller_number",
    "callee_number",
    "display_number",
    "destination_number",
    "record_download_url",
    "record_push_url",
    "user_data",
)
EVENT_PLAIN = (
    ("session_id", "varchar"),
    ("event_type", "varchar"),
    ("occurred_at", "timestamptz"),
    ("subscription_id", "varchar"),
    ("notify_mode", "varchar"),
    ("state_code", "int4"),
    ("state_description", "varchar"),
)
EVENT_SEALED = ("caller_number", "called_number", "user_data", "digits")
UNKNOWN = ("unknown_fields", "bytea")


class Sealer:
    """Seals texts under the writing key; the numbers that come again and again in a batch only once."""

    def __init__(self) -> None:
        keys = keyring()
        self.seal_bytes: Callable[[bytes], bytes] = keys.seal
        self.seal_body: Callable[[bytes], bytes] = keys.seal_body
        self._sealed: dict[str | None, bytes | None] = {None: None}

    def seal(self, text: str | None) -> bytes | None:
        """Return a text sealed, None as None."""
        sealed = self._sealed.get(text)
        if sealed is None and text is not None:
            sealed = self.seal_bytes(text.encode())
            if len(self._sealed) > 50_000:
                self._sealed = {None: None}
            self._sealed[text] = sealed
        return sealed

    def unknown(self, fields: dict[str, Any] | None) -> bytes | None:
        """Return unknown fields as sealed JSON, None when there are none."""
        return self.seal_body(dumps(fields)) if fields else None


def copy_calls(candidates: Sequence[Candidate], upstream_id: int, source_id: int, sealer: Sealer) -> None:
    """Write the calls."""
    _copy(Call, candidates, (CALL_PLAIN, CALL_SEALED), {"wire_app_key": "app_key"}, upstream_id, source_id, sealer)


def copy_events(candidates: Sequence[Candidate], upstream_id: int, source_id: int, sealer: Sealer) -> None:
    """Write the call events."""
    _copy(CallEvent, candidates, (EVENT_PLAIN, EVENT_SEALED), {}, upstream_id, source_id, sealer)


def due_of_calls(candidates: Sequence[Candidate]) -> Iterator[Due]:
    """Return what the calls leave to be settled: answered ones with their minutes, the others to be counted."""
    for candidate in candidates:
        facts = candidate.facts
        if facts.answered_at is None:
            yield Due(candidate, candidate.id, Usage.Item.UNANSWERED, None, facts.ended_at, 0, 0)
        else:
            seconds = segments.talk_seconds(facts.answered_at, facts.ended_at)
            units = segments.minutes(seconds)
            yield Due(candidate, candidate.id, Usage.Item.CALL, facts.answered_at, facts.ended_at, seconds, units)


Columns = tuple[tuple[tuple[str, str], ...], tuple[str, ...]]


def _copy(
    model: type[Call] | type[CallEvent],
    candidates: Sequence[Candidate],
    columns: Columns,
    renamed: dict[str, str],
    upstream_id: int,
    source_id: int,
    sealer: Sealer,
) -> None:
    if not candidates:
        return
    partitions.ensure(model, model.partition_interval, (candidate.at for candidate in candidates))
    plain, sealed = columns
    plain_values = attrgetter(*(renamed.get(name, name) for name, _ in plain))
    sealed_values = attrgetter(*sealed)
    seal, seal_unknown = sealer.seal, sealer.unknown

    def rows() -> Iterator[tuple[Any, ...]]:
        for c in candidates:
            application, number_id, _ = c.owner
            facts = c.facts
            yield (
                c.id,
                application.account_id,
                application.id,
                number_id,
                upstream_id,
                source_id,
                c.item.line,
                *plain_values(facts),
                *map(seal, sealed_values(facts)),
                seal_unknown(facts.unknown),
            )

    names = (*HEAD, *plain, *((name, "bytea") for name in sealed), UNKNOWN)
    bulk.copy(model._meta.db_table, names, rows())
