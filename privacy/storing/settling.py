"""Quarantined items stored after all: read again, changed where a person corrected them, on a source of their own."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

import orjson

from privacy.models import Quarantined
from privacy.models.arrivals import Kind
from privacy.reasons import Problem
from privacy.storing import sources
from privacy.storing.batch import Writer
from privacy.storing.refusals import units_at_stake
from privacy.storing.sources import Origin
from privacy.wire import Item, corrections, read_entry


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of quarantined items: those stored or repeats left, `failed` says why the others stay.

    `units` are the minutes and parts in those that left, as they read after a correction.
    """

    left: tuple[UUID, ...]
    failed: dict[UUID, Problem]
    units: int = 0


def store(
    rows: list[Quarantined], changes: Mapping[str, Any], now: datetime, origin: Origin, *, confirmed: bool
) -> Settled:
    """Store what can be stored of quarantined items with fields changed; say what became of them.

    Each (upstream, signature) is a source of its own. Raises BadInput for a field that cannot be corrected.
    """
    left: list[UUID] = []
    units = 0
    failed: dict[UUID, Problem] = {}
    # Within a group in the order in which they came: a number's statuses are its history.
    in_order = sorted(rows, key=lambda row: (row.upstream_id, row.signed_app_key, row.source_id, row.line, row.pk))
    for (_, signed), group in groupby(in_order, key=lambda row: (row.upstream_id, row.signed_app_key)):
        members = list(group)
        items = {_item(row, changes, now): row.pk for row in members}
        source = sources.open_(origin, members[0].upstream_id, now)
        writer = Writer(
            upstream=members[0].upstream, source=source, signed_app_key=signed, now=now, confirmed=confirmed
        )
        outcome = writer.store([item.item for item in items])
        writer.finish()
        refused = {id(item): refusal.problem for item, refusal in outcome.refused}
        for held, pk in items.items():
            if id(held.item) in refused:
                failed[pk] = refused[id(held.item)]
            else:
                left.append(pk)
                units += units_at_stake(held.item.facts)
        if len(outcome.refused) < len(members):
            sources.close(source.id, stored=outcome.stored, repeated=outcome.repeated)
        else:
            sources.withdraw(source.id)
    return Settled(tuple(left), failed, units)


@dataclass(frozen=True, eq=False, slots=True)
class _Held:
    """An item by its identity, for two rows may hold equal ones after a correction."""

    item: Item


def _item(row: Quarantined, changes: Mapping[str, Any], now: datetime) -> _Held:
    kind = Kind(row.kind)
    body = orjson.loads(row.body)
    return _Held(read_entry(kind, corrections.changed(kind, body, changes) if changes else body, now, row.line))
