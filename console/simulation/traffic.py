"""A stretch of traffic, in the order in which it reaches us: the same seed gives the same bytes. Pure.

Beside the ordinary run of events and CDRs: CDRs that come hours late, records sent twice, redial twins, SMS, numbers
that are suspended for a while. Nothing is read but the arguments.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import heappop, heappush
from itertools import count
from random import Random
from zoneinfo import ZoneInfo

from console.simulation import calls, clock, messages
from console.simulation.calls import Call
from console.simulation.failures import Stage
from console.simulation.people import PAIRS_A_DAY, Book, Crowd, Line, Pair, bound_pair
from console.simulation.records import BEIJING, Json, Kind, Record, fee, number_status, seconds

SMS_PER_CALL = 0.15
LATE_SHARE = 0.006
REPEATED_SHARE = 0.01
TWIN_SHARE = 0.04
STATUS_CHANGES_PER_LINE_AND_DAY = 0.02
HOUR_SECONDS = 3600
# 9 suspended, 10 unusable (5: barred by the carrier), 11 binding frozen; each is followed by 5, normal (pushes.md 5).
BAD_STATES = (("9", ""), ("10", "5"), ("11", ""))
NORMAL_STATE = "5"
SHORTEST = 2 * calls.LONGEST_SETUP


@dataclass(frozen=True, slots=True)
class Plan:
    """What to simulate: `calls` calls of [start, end) over the lines. Instants in UTC, at least SHORTEST apart.

    `book` has the pairs that are bound on each X; without one they are made up.
    """

    seed: str
    calls: int
    start: datetime
    end: datetime
    lines: Sequence[Line]
    zone: ZoneInfo = BEIJING
    book: Book | None = None

    @property
    def identity(self) -> str:
        """What the ids of all records depend on."""
        return f"{self.seed}|{self.start:%Y%m%dT%H%M%S}|{self.end:%Y%m%dT%H%M%S}|{self.calls}"


def records(plan: Plan) -> Iterator[Record]:
    """Yield the records of a plan in the order of their arrival, none after its end."""
    if not plan.lines:
        return
    serial = count()
    waiting: list[Record] = []
    for at, made in _happenings(plan):
        # What starts later arrives later, so everything before `at` is complete.
        while waiting and waiting[0].arrives_at < at:
            yield heappop(waiting)
        for arrives_at, kind, push in made:
            heappush(waiting, Record(min(arrives_at, plan.end), next(serial), kind, push))
    while waiting:
        yield heappop(waiting)


Arrival = tuple[datetime, Kind, Json]


def _happenings(plan: Plan) -> Iterator[tuple[datetime, list[Arrival]]]:
    """Yield what calls, SMS and changes of numbers give, in the order of their start."""
    seed = plan.identity
    # Which numbers are busy is a matter of the seed alone: the same ones every week.
    crowd = Crowd(plan.lines, plan.seed)
    texting = Crowd([line for line in plan.lines if line.sms and line.mode in messages.MODES], plan.seed)
    rng = Random(f"{seed}|happenings")
    changes = _Changes(plan.lines, plan.end)
    for at, kind, index in _starts(rng, plan, with_sms=bool(texting.lines)):
        if kind is Kind.NUMBER_STATUS:
            yield at, changes.make(rng, at)
            continue
        line = (crowd if kind is Kind.CDR else texting).line(rng)
        people = bound_pair(plan.book, seed, line, at.astimezone(plan.zone).date(), rng.randrange(PAIRS_A_DAY))
        if kind is Kind.SMS:
            yield at, _sms(rng, seed, index, line, people, at)
        else:
            yield at, _call(rng, plan, index, line, people, at)


def _starts(rng: Random, plan: Plan, *, with_sms: bool) -> list[tuple[datetime, Kind, int]]:
    """Return when what starts, in order; each kind is counted from 0."""
    days = (plan.end - plan.start).total_seconds() / 86_400
    wanted = {
        Kind.CDR: plan.calls,
        Kind.SMS: round(plan.calls * SMS_PER_CALL) if with_sms else 0,
        Kind.NUMBER_STATUS: round(len(plan.lines) * days * STATUS_CHANGES_PER_LINE_AND_DAY),
    }
    last = plan.end - calls.LONGEST_SETUP
    starts = [
        (at, kind, index)
        for kind, many in wanted.items()
        for index, at in enumerate(clock.instants(rng, count=many, start=plan.start, end=last, zone=plan.zone))
    ]
    return sorted(starts, key=lambda start: (start[0], start[1].name, start[2]))


def _call(rng: Random, plan: Plan, index: int, line: Line, people: Pair, at: datetime) -> list[Arrival]:
    """Return the records of one call: events as they happen, the CDR some seconds after its end, or hours."""
    call = calls.place(rng, seed=plan.identity, index=index, line=line, pair=people, at=at, cut=plan.end)
    made: list[Arrival] = [(moment, Kind.EVENT, push) for moment, push in calls.events(call)]
    late = rng.random() < LATE_SHARE
    delay = rng.randint(2 * HOUR_SECONDS, 20 * HOUR_SECONDS) if late else rng.randint(2, 20)
    made.append((call.course.ended_at + seconds(delay), Kind.CDR, fee(calls.cdr(call))))
    if _redials(rng, call):
        again = call.course.ended_at + seconds(2)
        made.append((again + seconds(delay), Kind.CDR, fee(calls.redial_twin(call, again))))
    if rng.random() < REPEATED_SHARE:
        arrived, kind, push = rng.choice(made)
        made.append((arrived + seconds(60), kind, push))
    return made


def _redials(rng: Random, call: Call) -> bool:
    failed_late = call.failure is not None and call.failure.stage is not Stage.BINDING
    return failed_late and rng.random() < TWIN_SHARE


def _sms(rng: Random, seed: str, index: int, line: Line, people: Pair, at: datetime) -> list[Arrival]:
    push = messages.notification(rng, seed=seed, index=index, line=line, pair=people, at=at)
    made: list[Arrival] = [(at + seconds(rng.randint(1, 6)), Kind.SMS, push)]
    if rng.random() < REPEATED_SHARE:
        made.append((made[0][0] + seconds(60), Kind.SMS, push))
    return made


class _Changes:
    """Numbers that become unusable for a while; one that is so is left alone until it is normal again."""

    def __init__(self, lines: Sequence[Line], end: datetime) -> None:
        self._lines = lines
        self._end = end
        self._normal_at: dict[str, datetime] = {}

    def make(self, rng: Random, at: datetime) -> list[Arrival]:
        """Return the two pushes of one spell, the second only if it lies before the end."""
        line, (status, cause) = rng.choice(self._lines), rng.choice(BAD_STATES)
        ends_at = at + seconds(rng.randint(1, 12) * HOUR_SECONDS)
        if self._normal_at.get(line.number, at) > at or ends_at >= self._end:
            return []
        self._normal_at[line.number] = ends_at
        bad = number_status(line.number, status, cause)
        return [(at, Kind.NUMBER_STATUS, bad), (ends_at, Kind.NUMBER_STATUS, number_status(line.number, NORMAL_STATE))]
