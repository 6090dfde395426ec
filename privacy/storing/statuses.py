"""What upstreams report of a number's status: history is added to, what changes nothing is a repeat.

It is the reason of the source carrier; the number's state is the worst of all its open reasons.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from common.timeid import time_id
from privacy.bindings.orders import Actor
from privacy.models import Number, NumberReason, NumberStatus
from privacy.numbers import states
from privacy.ownership import Owner
from privacy.storing import bulk
from privacy.wire.facts import Item, StatusFacts

STATES = {
    5: Number.State.NORMAL,
    9: Number.State.SUSPENDED,
    10: Number.State.UNUSABLE,
    11: Number.State.BINDING_FROZEN,
}
NORMAL = (5, "")


@dataclass(slots=True)
class Report:
    """One reported status with the number's owner; once stored, the id of its cause and its place in order."""

    item: Item
    facts: StatusFacts
    owner: Owner
    id: UUID | None = None
    at: datetime | None = None
    sequence: int = 0


def store(reports: list[Report], source_id: int, now: datetime) -> list[Report]:
    """Store what changes a number's status, in the order of the reports; return those reports.

    Holds the rows of the numbers, so that of many at once the history and the last state agree.
    """
    if not reports:
        return []
    ids = sorted({report.owner.number_id for report in reports if report.owner.number_id is not None})
    bulk.run("lock_numbers", {"ids": ids})
    newest = {id: (status, cause) for id, status, cause in bulk.run("newest_statuses", {"ids": ids})}
    changed: list[Report] = []
    for report in reports:
        number_id = report.owner.number_id or 0
        status = (report.facts.status, report.facts.cause)
        if newest.get(number_id, NORMAL) != status:
            newest[number_id] = status
            row = NumberStatus.objects.create(
                number_id=number_id, at=now, status=status[0], cause=status[1], source_id=source_id
            )
            report.id, report.at, report.sequence = time_id(now, "number status", row.pk), now, row.pk
            changed.append(report)
    _give_reasons(changed, newest, now)
    return changed


def _give_reasons(changed: list[Report], newest: dict[int, tuple[int, str]], now: datetime) -> None:
    """Open or close the carrier's reason of the numbers whose status changed, and let their state follow."""
    ids = {report.owner.number_id for report in changed if report.owner.number_id is not None}
    for number in Number.objects.filter(pk__in=ids).exclude(state=Number.State.RETURNED):
        status, cause = newest[number.pk]
        carrier = NumberReason.objects.filter(number=number, source=NumberReason.Source.CARRIER, closed_at=None)
        carrier.update(closed_at=now)
        if status != NORMAL[0]:
            state, source = STATES[status], NumberReason.Source.CARRIER
            NumberReason.objects.create(number=number, source=source, state=state, cause=cause, opened_at=now)
        reported = Actor(reason=f"status {status} {cause}".strip())
        states.follow([number], actor=reported, now=now, told=True)
