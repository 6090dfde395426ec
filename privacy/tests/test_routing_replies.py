"""What a customer's answer makes of a call in X mode: one row per answer (pushes.md 2.1, 2.2). Pure."""

from dataclasses import replace

import pytest

from privacy.routing import replies
from privacy.routing.facts import CallAsked, CallReply, Outcome
from privacy.tests.test_routing_calls import B, C, X, Y, brief, facts

CONNECT, PLAY, REFUSE = Outcome.CONNECT, Outcome.PLAY, Outcome.REFUSE
GOOD = CallReply(
    operation="connect", callee=B, max_minutes=60, last_minute_voice="last.wav", waiting_voice="wait.wav", record=True,
    record_voice="rec.wav", user_data="ticket-17",
)  # fmt: skip


def decide(reply, caller=C, **application):
    return replies.decide(CallAsked("s-1", X, caller), facts("X", application=application), reply)


BAD = [
    # the answer -> rule, code, voice
    (CallReply(problem="silent"), "customer_silent", 8020, "abnormal.wav"),
    (CallReply(problem="unreadable"), "customer_unreadable", 8014, "no.wav"),
    (CallReply(problem="callee"), "customer_bad_callee", 8014, "no.wav"),
    (CallReply(problem="user_data"), "customer_bad_user_data", 8014, "no.wav"),
    (CallReply(problem="a new one"), "customer_unreadable", 8014, "no.wav"),
    (CallReply(operation=""), "customer_unreadable", 8014, "no.wav"),
    (CallReply(operation="vNumberRoute"), "customer_unreadable", 8014, "no.wav"),
    (CallReply(operation="connect"), "customer_bad_callee", 8014, "no.wav"),
    (replace(GOOD, callee=X), "customer_bad_callee", 8014, "no.wav"),
    (replace(GOOD, callee=C), "customer_bad_callee", 8014, "no.wav"),  # the caller himself
    (replace(GOOD, missing_voices=("wait.wav",)), "customer_voice_missing", 8006, "no.wav"),
    (CallReply(operation="close", missing_voices=("bye.wav",)), "customer_voice_missing", 8006, "no.wav"),
]


@pytest.mark.parametrize("reply, rule, code, voice", BAD)
def test_an_answer_that_cannot_be_done(reply, rule, code, voice):
    decision = decide(reply)
    assert (*brief(decision), decision.voice) == (REFUSE, rule, code, voice)
    assert (decision.callee, decision.binding_id, decision.direction) == ("", None, 0)


@pytest.mark.parametrize("voice, outcome", [("bye.wav", PLAY), ("", REFUSE)])
def test_a_customer_ends_the_call(voice, outcome):
    decision = decide(CallReply(operation="close", closing_voice=voice, user_data="ticket-18"))
    assert brief(decision) == (outcome, "customer_closes", 8017)
    # The customer's own end, without our prompt.
    assert (decision.voice, decision.user_data) == (voice, "ticket-18")


def test_a_customer_puts_the_call_through():
    decision = decide(GOOD)
    assert brief(decision) == (CONNECT, "customer_connects", 0)
    assert (decision.callee, decision.display, decision.max_minutes) == (B, X, 60)
    assert (decision.last_minute_voice, decision.waiting_voice, decision.user_data) == (
        "last.wav", "wait.wav", "ticket-17",
    )  # fmt: skip
    assert (decision.record, decision.record_voice) == (True, "rec.wav")
    assert decide(replace(GOOD, max_minutes=0)).last_minute_voice == ""


@pytest.mark.parametrize(
    "reply, application, recorded",
    [
        ({}, {}, True),
        ({"record": False}, {}, False),
        ({"record_voice": ""}, {}, False),
        ({}, {"recording": False}, False),
    ],
)
def test_it_is_recorded_where_all_allow_it(reply, application, recorded):
    decision = decide(replace(GOOD, **reply), **application)
    assert (decision.record, decision.record_voice) == (recorded, "rec.wav" if recorded else "")


@pytest.mark.parametrize("display, shown", [("", X), (X, X), (Y, Y)])
def test_the_callee_sees_x_unless_another_number_of_the_application_is_named(display, shown):
    assert decide(replace(GOOD, display=display)).display == shown


@pytest.mark.parametrize("reply", [GOOD, CallReply(operation="close"), CallReply(problem="silent")])
def test_every_answer_names_the_application_and_its_mode(reply):
    assert (decide(reply).app_key, decide(reply).mode) == ("acmeAppKey01", "X")
