"""The life of a call, folded from its events and CDRs: one state, in whatever order they came (pushes.md 1.3, 3).

A session may be two calls: a handset that redials leaves twins. Each `callin` begins a call; a CDR joins the call whose
time it shares. Where CDR and events tell another time, the CDR's counts, for it is what is charged.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby

from privacy import causes
from privacy.causes import Cause

CALLIN, DISCONNECT = "callin", "disconnect"
# A CDR and events this far apart are two calls.
APART = timedelta(minutes=5)
SECOND = timedelta(seconds=1)


class Stage(StrEnum):
    """What happens in a call, in its order; the values are the wire's names of events."""

    CALLED = "callin"
    COLLECTED = "collectInfo"
    FORWARDED = "callout"
    RANG = "alerting"
    ANSWERED = "answer"
    ENDED = "disconnect"


class State(StrEnum):
    """How a call stands."""

    CALLED = "called"
    COLLECTED = "collected"
    FORWARDED = "forwarded"
    RINGING = "ringing"
    TALKING = "talking"
    ENDED = "ended"
    FAILED = "failed"


_ORDER = {stage.value: place for place, stage in enumerate(Stage)}
_UNDER_WAY = {
    Stage.CALLED: State.CALLED,
    Stage.COLLECTED: State.COLLECTED,
    Stage.FORWARDED: State.FORWARDED,
    Stage.RANG: State.RINGING,
    Stage.ANSWERED: State.TALKING,
}


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `key` tells it from others; the same event twice has the same key."""

    key: Hashable
    stage: str
    at: datetime
    code: int | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """One CDR; `times` by the stage they belong to."""

    key: Hashable
    times: dict[Stage, datetime]
    release: int | None = None
    q850: int | None = None
    sip: int | None = None

    @property
    def start(self) -> datetime:
        """Return its first time."""
        return min(self.times.values())

    @property
    def end(self) -> datetime:
        """Return its last time."""
        return max(self.times.values())


@dataclass(frozen=True, slots=True)
class Step:
    """One stage with its time, the seconds since the step before, and who told of it."""

    stage: Stage
    at: datetime
    after: int | None
    by_event: bool
    by_record: bool


@dataclass(frozen=True, slots=True)
class Life:
    """One call: its state, its steps in order, and why it failed or ended.

    `record` and `events` are the keys of what it was made of; `codes` those given: stateCode, release point, Q.850,
    SIP. `cause` is the one that tells most. `disagree`: events and CDR do not say the same about the answer.
    """

    state: State
    steps: tuple[Step, ...]
    record: Hashable | None
    events: tuple[Hashable, ...]
    codes: tuple[int | None, int | None, int | None, int | None]
    cause: Cause | None
    talk_seconds: int | None
    disagree: bool


@dataclass(slots=True)
class _Draft:
    """Events that belong together, and the CDR once it is found."""

    events: list[Event] = field(default_factory=list)
    record: Record | None = None

    def has(self, stage: str) -> bool:
        return any(event.stage == stage for event in self.events)


def fold(events: Iterable[Event], records: Iterable[Record]) -> tuple[Life, ...]:
    """Return the calls of a session, the first first: the same for any order of what came, and for repeats."""
    drafts = _calls_of_events({event.key: event for event in events if event.stage in _ORDER}.values())
    kept = sorted({record.key: record for record in records}.values(), key=lambda one: (one.start, str(one.key)))
    drafts += [_Draft(record=record) for record in _join(drafts, kept)]
    lives = [_life(draft) for draft in drafts]
    return tuple(sorted(lives, key=lambda life: (life.steps[0].at, str(life.record), str(life.events))))


def _calls_of_events(events: Iterable[Event]) -> list[_Draft]:
    """Return the events cut into calls: a callin at another time begins the next one."""
    drafts: list[_Draft] = []
    in_time = sorted(events, key=lambda one: (one.at, _ORDER[one.stage], str(one.key)))
    for _at, group in groupby(in_time, key=lambda one: one.at):
        for event in _ends_first(list(group), drafts):
            if not drafts or (event.stage == CALLIN and _begun_before(drafts[-1], event)):
                drafts.append(_Draft())
            drafts[-1].events.append(event)
    return drafts


def _ends_first(same_second: list[Event], drafts: Sequence[_Draft]) -> list[Event]:
    """Return events of one second; the end of a call that is open comes before the next callin."""
    ends = [event for event in same_second if event.stage == DISCONNECT]
    if ends and drafts and not drafts[-1].has(DISCONNECT) and any(event.stage == CALLIN for event in same_second):
        return sorted(same_second, key=lambda event: event is not ends[0])
    return same_second


def _begun_before(draft: _Draft, event: Event) -> bool:
    """Return whether a call is another one than that which this callin begins."""
    begun = [one.at for one in draft.events if one.stage == CALLIN]
    return bool(begun and begun[0] != event.at) or (draft.has(DISCONNECT) and draft.events[0].at != event.at)


def _join(drafts: Sequence[_Draft], records: Sequence[Record]) -> list[Record]:
    """Give each CDR to the call whose beginning is nearest to its own, one to one; return those left over."""
    pairs = [
        (abs(record.start - draft.events[0].at), place, turn)
        for turn, record in enumerate(records)
        for place, draft in enumerate(drafts)
        if _gap(record, draft) <= APART
    ]
    left = dict(enumerate(records))
    for _distance, place, turn in sorted(pairs):
        if turn in left and drafts[place].record is None:
            drafts[place].record = left.pop(turn)
    return list(left.values())


def _gap(record: Record, draft: _Draft) -> timedelta:
    """Return how long lies between a CDR and the events of a call; nothing when they overlap."""
    return max(record.start - draft.events[-1].at, draft.events[0].at - record.end, timedelta())


def _life(draft: _Draft) -> Life:
    first, last = reversed(draft.events), (event for event in draft.events if event.stage == DISCONNECT)
    # Each stage at its first event, the end at its last one.
    told = {Stage(event.stage): event.at for event in (*first, *last)}
    written = draft.record.times if draft.record else {}
    steps = _steps(told, written)
    answered = Stage.ANSWERED in (written if draft.record else told)
    codes = _codes(draft)
    return Life(
        state=_state(steps, answered, ended=bool(draft.record) or Stage.ENDED in told),
        steps=steps,
        record=draft.record.key if draft.record else None,
        events=tuple(event.key for event in draft.events),
        codes=codes,
        cause=causes.of_failure(*codes),
        talk_seconds=_talk(written or told) if answered else None,
        disagree=draft.record is not None and Stage.ANSWERED in told and not answered,
    )


def _steps(told: dict[Stage, datetime], written: dict[Stage, datetime]) -> tuple[Step, ...]:
    at = {**told, **written}
    steps: list[Step] = []
    for stage in sorted(at, key=lambda one: (at[one], _ORDER[one])):
        after = int((at[stage] - steps[-1].at) / SECOND) if steps else None
        steps.append(Step(stage, at[stage], after, stage in told, stage in written))
    return tuple(steps)


def _state(steps: Sequence[Step], answered: bool, *, ended: bool) -> State:
    if ended:
        return State.ENDED if answered else State.FAILED
    return _UNDER_WAY[max((step.stage for step in steps), key=lambda stage: _ORDER[stage])]


def _codes(draft: _Draft) -> tuple[int | None, int | None, int | None, int | None]:
    """Return the codes; of several disconnects the last one's."""
    said = [event.code for event in draft.events if event.stage == DISCONNECT and event.code is not None]
    record = draft.record
    if record is None:
        return (said[-1] if said else None, None, None, None)
    return (said[-1] if said else None, record.release, record.q850, record.sip)


def _talk(at: dict[Stage, datetime]) -> int | None:
    """Return the whole seconds between answer and end, as charged before rounding up."""
    if Stage.ANSWERED not in at or Stage.ENDED not in at:
        return None
    return int((at[Stage.ENDED] - at[Stage.ANSWERED]) / SECOND)
