"""One call has one state, whatever the order in which its events and its CDR come, late, repeated or not at all."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Upstream
from accounts.tests.fixtures import *  # noqa: F403
from privacy import causes, lives
from privacy.call_lives import lives as stored_lives
from privacy.lives import Event, Life, Record, Stage, State
from privacy.models import Call, CallEvent
from privacy.tests import wires
from privacy.tests.deliveries import deliver

START = datetime(2026, 3, 1, 2, 3, tzinfo=UTC)
EVENTS = ("callin", "callout", "alerting", "answer", "disconnect")


def at(second: int) -> datetime:
    return START + timedelta(seconds=second)


def event(stage: str, second: int, code: int | None = None) -> Event:
    return Event((stage, second, code), stage, at(second), code)


def record(key: str = "cdr", release: int = 0, q850: int = 0, sip: int = 0, **seconds: int) -> Record:
    times = {Stage[name.upper()]: at(second) for name, second in seconds.items()}
    return Record(key, times, release, q850, sip)


def seconds(life: Life) -> dict[str, int]:
    return {step.stage.name.lower(): int((step.at - START).total_seconds()) for step in life.steps}


TALKED = [event(stage, n * 10, 0 if stage == "disconnect" else None) for n, stage in enumerate(EVENTS)]
BUSY = [event("callin", 0), event("callout", 1), event("disconnect", 4, 8102)]
TALKED_CDR = record(called=0, forwarded=10, rang=20, answered=30, ended=40)
BUSY_CDR = record(release=8102, q850=17, sip=486, called=0, forwarded=1, ended=4)
# A handset that redials: two calls in one session, the CDR of the second with hardly a time.
TWINS = [*BUSY, *(event(stage, 60 + n * 10, 0) for n, stage in enumerate(EVENTS))]
TWIN_CDRS = [BUSY_CDR, record("second", answered=90, ended=100)]
NAMES: dict[str, tuple[list[Event], list[Record], list[State]]] = {
    "talked": (TALKED, [TALKED_CDR], [State.ENDED]),
    "talked, only events": (TALKED, [], [State.ENDED]),
    "talked, only the CDR": ([], [TALKED_CDR], [State.ENDED]),
    "talked, no disconnect came": (TALKED[:-1], [TALKED_CDR], [State.ENDED]),
    "busy": (BUSY, [BUSY_CDR], [State.FAILED]),
    "busy, only the CDR": ([], [BUSY_CDR], [State.FAILED]),
    "twins": (TWINS, TWIN_CDRS, [State.FAILED, State.ENDED]),
    "twins, only CDRs": ([], TWIN_CDRS, [State.FAILED, State.ENDED]),
    "twins, only events": (TWINS, [], [State.FAILED, State.ENDED]),
    "twins, one CDR": (TWINS, TWIN_CDRS[1:], [State.FAILED, State.ENDED]),
    "called in": (TALKED[:1], [], [State.CALLED]),
    "ringing": (TALKED[:3], [], [State.RINGING]),
    "talking": (TALKED[:4], [], [State.TALKING]),
    "digits": ([event("callin", 0), event("collectInfo", 8)], [], [State.COLLECTED]),
    "refused at once": ([event("callin", 0), event("disconnect", 0, 8014)], [], [State.FAILED]),
    "redialled within the second": (
        [event("callin", 0), event("disconnect", 5, 8102), event("callin", 5), event("answer", 9)],
        [],
        [State.FAILED, State.TALKING],
    ),
    "nothing": ([], [], []),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_call_stands_as_its_events_and_cdrs_say(name: str) -> None:
    events, records, states = NAMES[name]
    assert [life.state for life in lives.fold(events, records)] == states


@given(st.data())
def test_any_order_and_any_repeats_give_one_state(data: st.DataObject) -> None:
    events, records, _states = NAMES[data.draw(st.sampled_from(sorted(NAMES)))]
    again = [*events, *data.draw(st.lists(st.sampled_from(events), max_size=4))] if events else []
    shuffled = data.draw(st.permutations(again))
    cdrs = data.draw(st.permutations([*records, *records[:1]]))
    assert lives.fold(shuffled, cdrs) == lives.fold(events, records)


ANY_EVENTS = st.lists(
    st.builds(event, st.sampled_from([stage.value for stage in Stage]), st.integers(0, 12), st.sampled_from([None, 0])),
    max_size=9,
)
ANY_RECORDS = st.lists(
    st.builds(record, st.sampled_from("abc"), st.sampled_from([0, 8102]), called=st.integers(0, 9), ended=st.just(15)),
    max_size=3,
    unique_by=lambda one: one.key,
)


@given(ANY_EVENTS, ANY_RECORDS, st.randoms(use_true_random=False))
def test_even_what_cannot_be_gives_one_state(events, records, random) -> None:
    shuffled, cdrs = list(events), list(records)
    random.shuffle(shuffled)
    random.shuffle(cdrs)
    folded = lives.fold(events, records)
    assert lives.fold([*shuffled, *events], cdrs) == folded
    assert sum(life.record is not None for life in folded) == len(records)


def test_the_steps_of_a_call_have_their_times_and_who_told_of_them() -> None:
    [life] = lives.fold(TALKED[:3], [record(called=0, answered=31, ended=75)])
    assert seconds(life) == {"called": 0, "forwarded": 10, "rang": 20, "answered": 31, "ended": 75}
    assert [step.after for step in life.steps] == [None, 10, 10, 11, 44]
    assert [(step.by_event, step.by_record) for step in life.steps] == [
        (True, True), (True, False), (True, False), (False, True), (False, True),
    ]  # fmt: skip
    assert (life.talk_seconds, life.record, len(life.events)) == (44, "cdr", 3)


def test_where_cdr_and_events_differ_the_cdr_counts_and_it_is_said() -> None:
    [life] = lives.fold(TALKED, [record(release=8101, called=0, ended=41)])
    assert (life.state, life.disagree, life.talk_seconds) == (State.FAILED, True, None)
    assert seconds(life)["ended"] == 41
    [agreed] = lives.fold(TALKED, [TALKED_CDR])
    assert not agreed.disagree


@pytest.mark.parametrize(
    ("codes", "told"),
    [
        ((8102, 8102, 17, 486), ("state", 8102)),
        ((None, 518, 17, 486), ("q850", 17)),
        ((None, 518, 0, 480), ("sip", 480)),
        ((None, 518, 0, 0), ("release", 518)),
        ((0, 0, 16, 0), ("q850", 16)),
        ((99999, 8101, 19, 0), ("state", 8101)),
        ((99999, 0, 0, 0), None),
        ((None, None, None, None), None),
    ],
)
def test_the_cause_is_the_code_that_tells_most(codes, told) -> None:
    cause = causes.of_failure(*codes)
    assert (cause and (cause.table, cause.code)) == told


def test_a_cdr_far_from_the_events_is_a_call_of_its_own() -> None:
    found = lives.fold(BUSY, [record(called=4000, answered=4010, ended=4020)])
    assert [life.state for life in found] == [State.FAILED, State.ENDED]
    assert [life.record for life in found] == [None, "cdr"]


# The same through the real ingest.

NUMBERS = count(1)


def _clock(second: int) -> str:
    return at(second).strftime("%Y-%m-%d %H:%M:%S")


def _wire_event(stage: str, second: int, session: str, **fields: Any) -> dict[str, Any]:
    return wires.event(stage, sessionId=session, timestamp=_clock(second), **fields)


def _answered(session: str) -> list[dict[str, Any]]:
    events = [_wire_event(stage, n * 10, session) for n, stage in enumerate(EVENTS)]
    times = {"callInTime": _clock(0), "fwdStartTime": _clock(10), "fwdAlertingTime": _clock(20)}
    times |= {"fwdAnswerTime": _clock(30), "callEndTime": _clock(40)}
    return [*events, wires.fees(wires.fee(session, sessionId=session, **times))]


def _twins(session: str) -> list[dict[str, Any]]:
    first = [_wire_event("callin", 0, session), _wire_event("disconnect", 4, session, stateCode=8102)]
    blank = dict.fromkeys(("callInTime", "fwdStartTime", "fwdAlertingTime"), ...)
    second = [_wire_event(stage, 60 + n * 10, session) for n, stage in enumerate(EVENTS)]
    cdrs = [
        wires.unanswered(f"{session}-1", sessionId=session, callInTime=_clock(0), fwdStartTime=..., fwdAlertingTime=...,
                         callEndTime=_clock(4), failTime=_clock(4), ulFailReason=8102),
        wires.fee(f"{session}-2", sessionId=session, **blank, fwdAnswerTime=_clock(90), callEndTime=_clock(100)),
    ]  # fmt: skip
    return [*first, *second, wires.fees(cdrs[0]), wires.fees(cdrs[1])]


def _seen(session: str) -> list[tuple[Any, ...]]:
    """Return what is shown of a session, without what is another's: ids of rows."""
    rows = CallEvent.objects.filter(session_id=session), Call.objects.filter(session_id=session)
    return [
        (life.state, life.steps, life.codes, life.talk_seconds, life.disagree, life.record is None, len(life.events))
        for life in stored_lives(*rows)
    ]


@pytest.mark.django_db
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), shape=st.sampled_from([_answered, _twins]))
def test_what_is_stored_in_any_order_tells_the_same(acme, switch1: Upstream, data, shape) -> None:
    ordered, shuffled = f"s-{next(NUMBERS)}", f"s-{next(NUMBERS)}"
    deliver(switch1, *shape(ordered))
    sent = data.draw(st.permutations(shape(shuffled)))
    sent += data.draw(st.lists(st.sampled_from(sent), max_size=3))
    while sent:
        size = data.draw(st.integers(1, len(sent)))
        deliver(switch1, *sent[:size])
        sent = sent[size:]
    assert _seen(shuffled) == _seen(ordered)
    expected = [State.ENDED] if shape is _answered else [State.FAILED, State.ENDED]
    assert [seen[0] for seen in _seen(ordered)] == expected
