"""However records are cut into requests, shuffled and repeated: the same calls, the same usage, the same sessions."""

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.tests.fixtures import *  # noqa: F403
from privacy.models import Call, CallEvent, Message, Record, Session, Source, Usage
from privacy.models.messages import MessageResult
from privacy.tests import wires
from privacy.tests.deliveries import deliver

pytestmark = pytest.mark.django_db


def records() -> list[dict[str, Any]]:
    """Return pushes of two calls with their events, a message, and the twin of a redial."""
    life = [("callin", "02:03:04"), ("callout", "02:03:05"), ("answer", "02:03:46"), ("disconnect", "02:05:00")]
    events = [
        wires.event(kind, sessionId=f"session-{icid}", timestamp=f"2026-03-01 {time}")
        for icid in ("one", "two")
        for kind, time in life
    ]
    cdrs = [wires.fee("one"), wires.unanswered("two"), wires.unanswered("twin", sessionId="session-two")]
    return [*events, *[wires.fees(cdr) for cdr in cdrs], wires.sms("m")]


def picture() -> tuple[Any, ...]:
    """Return everything that must not depend on the order."""
    usage = Usage.objects.order_by("usage_id").values_list("usage_id", "hour", "item", "units", "rated_at", "number_id")
    return (
        list(usage),
        list(Call.objects.order_by("pk").values_list("pk", "record_id", "answered_at", "ended_at")),
        list(CallEvent.objects.order_by("pk").values_list("pk", "event_type")),
        list(Message.objects.order_by("pk").values_list("pk", "send_result")),
        list(Session.objects.order_by("session_id").values_list("session_id", "generation", "first_at", "last_at")),
        Record.objects.count(),
    )


def forget() -> None:
    """Empty what ingest wrote."""
    for model in (Usage, Call, CallEvent, MessageResult, Message, Session, Record, Source):
        model.objects.all().delete()


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), sizes=st.lists(st.integers(1, 6), min_size=1, max_size=6))
def test_order_and_repetition_change_nothing(acme, switch1, seed, sizes):
    forget()
    deliver(switch1, *records())
    expected = picture()
    forget()
    rng = random.Random(seed)
    for _ in range(3):
        shuffled = records()
        rng.shuffle(shuffled)
        while shuffled:
            size = sizes[len(shuffled) % len(sizes)]
            deliver(switch1, *shuffled[:size])
            del shuffled[:size]
    assert picture() == expected
    assert sum(source.stored for source in Source.objects.all()) == len(records())
