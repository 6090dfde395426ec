"""The lives of the calls in a session, from what is stored of them."""

from collections.abc import Iterable

from privacy.lives import Event, Life, Record, Stage, fold
from privacy.models import Call, CallEvent


def lives(events: Iterable[CallEvent], calls: Iterable[Call]) -> tuple[Life, ...]:
    """Return the calls that events and CDRs of one session tell of; the keys in them are those of the rows."""
    return fold(map(_event, events), map(_record, calls))


def _event(event: CallEvent) -> Event:
    return Event(event.pk, event.event_type, event.occurred_at, event.state_code)


def _record(call: Call) -> Record:
    at = {
        Stage.CALLED: call.call_in_at,
        Stage.FORWARDED: call.forward_started_at,
        Stage.RANG: call.alerting_at,
        Stage.ANSWERED: call.answered_at,
        Stage.ENDED: call.ended_at,
    }
    times = {stage: time for stage, time in at.items() if time is not None}
    return Record(call.pk, times, call.release_reason, call.unanswered_reason, call.sip_status)
