"""What upstreams report of a number's status: history is added to, what changes nothing is a repeat.

It is the reason of the source carrier; the number's state is the worst of all its open reasons, and only when that
changes is its holder told.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from privacy.bindings.orders import Actor
from privacy.models import Number, NumberReason, NumberStatus
from privacy.numbers import states
from privacy.numbers.telling import BINDING_FROZEN, NORMAL, SUSPENDED, UNUSABLE, Status, Told
from privacy.ownership import Owner
from privacy.storing import bulk
from privacy.wire.facts import Item, StatusFacts

STATES = {
    NORMAL: Number.State.NORMAL,
    SUSPENDED: Number.State.SUSPENDED,
    UNUSABLE: Number.State.UNUSABLE,
    BINDING_FROZEN: Number.State.BINDING_FROZEN,
}
CARRIER = NumberReason.Source.CARRIER


@dataclass(slots=True)
class Report:
    """One reported status with the number's owner."""

    item: Item
    facts: StatusFacts
    owner: Owner

    @property
    def number_id(self) -> int:
        """Return the number's row."""
        return self.owner.number_id or 0

    @property
    def status(self) -> Status:
        """Return status and cause as they were sent."""
        return self.facts.status, self.facts.cause


def store(reports: list[Report], source_id: int, now: datetime) -> tuple[int, list[Told]]:
    """Store what changes a number's status, in the order of the reports; return how many, and what is to be told.

    Holds the rows of the numbers, so that of many at once the history and the last state agree.
    """
    if not reports:
        return 0, []
    ids = sorted({report.number_id for report in reports})
    bulk.run("lock_numbers", {"ids": ids})
    newest = {id: (status, cause) for id, status, cause in bulk.run("newest_statuses", {"ids": ids})}
    changed, told = 0, list[Told]()
    for turn in _turns(reports):
        new = [report for report in turn if newest.get(report.number_id, (NORMAL, "")) != report.status]
        newest.update({report.number_id: report.status for report in new})
        NumberStatus.objects.bulk_create(
            NumberStatus(number_id=r.number_id, at=now, status=r.status[0], cause=r.status[1], source_id=source_id)
            for r in new
        )
        told += _give_reasons({report.number_id: report.status for report in new}, now)
        changed += len(new)
    return changed, told


def _turns(reports: Sequence[Report]) -> Iterator[list[Report]]:
    """Return the reports in turns with each number at most once, those of a number in their order."""
    waiting = list(reports)
    while waiting:
        turn: dict[int, Report] = {}
        later = [report for report in waiting if turn.setdefault(report.number_id, report) is not report]
        yield list(turn.values())
        waiting = later


def _give_reasons(reported: Mapping[int, Status], now: datetime) -> list[Told]:
    """Open or close the carrier's reason of numbers, and let their states follow."""
    living = {
        number.pk: number for number in Number.objects.filter(pk__in=reported).exclude(state=Number.State.RETURNED)
    }
    NumberReason.objects.filter(number__in=living, source=CARRIER, closed_at=None).update(closed_at=now)
    NumberReason.objects.bulk_create(
        NumberReason(number=living[id], source=CARRIER, state=STATES[status], cause=cause, opened_at=now)
        for id, (status, cause) in reported.items()
        if id in living and status != NORMAL
    )
    same: dict[Status, list[Number]] = {}
    for id, said in reported.items():
        if id in living:
            same.setdefault(said, []).append(living[id])
    told = list[Told]()
    for (status, cause), numbers in same.items():
        heard = (status, cause if status == UNUSABLE else "")
        actor = Actor(reason=f"status {status} {cause}".strip())
        told += states.follow(numbers, actor=actor, now=now, reported=dict.fromkeys((n.pk for n in numbers), heard))
    return told
