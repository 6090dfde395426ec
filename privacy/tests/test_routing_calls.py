"""Where a call goes: a table for each mode, one row per cause (northbound.md 3-6, pushes.md 6.1). Pure."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.conf import settings

from privacy.routing import calls
from privacy.routing.axe import leaves_callback
from privacy.routing.axyb import by_y, without_y
from privacy.routing.facts import (
    ApplicationFacts,
    BindingFacts,
    Block,
    CallAsked,
    CallFacts,
    NumberFacts,
    Outcome,
)
from privacy.routing.rules import NO_BINDING, RULES

A, B, C, X, Y = "+8613800000001", "+8613900000001", "+8613700000001", "+8617100000001", "+8617100000009"
LANDLINE, ABROAD = "+861012345678", "+12025550114"
COLLECT, CONNECT, PLAY, REFUSE, ASK = Outcome.COLLECT, Outcome.CONNECT, Outcome.PLAY, Outcome.REFUSE, Outcome.ASK
AX_ID, YB_ID, OLD_ID = UUID(int=1), UUID(int=2), UUID(int=3)
NUMBER = NumberFacts(1, X, "normal", "", True, "0755")
APPLICATION = ApplicationFacts(
    id=1, account_id=1, app_key="acmeAppKey01", mode="AXB", active=True, account_state="good",
    time_zone="Asia/Shanghai", recording=True, sms=True, keep_sms_content=False, extension_digits=4,
    cool_down_hours=24, no_permission_voice="no.wav", abnormal_voice="abnormal.wav", risk_control=False,
    asks_calls=True, asks_messages=False,
)  # fmt: skip
BINDING = BindingFacts(
    id=AX_ID, kind="AXB", number=X, a_number=A, b_number=B, extension="", parent_id=None, call_direction=0,
    max_minutes=0, last_minute_voice="last.wav", record=False, record_voice="", sms=True, display="0", power=True,
    caller_voice="a.wav", callee_voice="b.wav", callback_voice="", callback_number="", callback_minutes=None,
    user_data="order", subscription_id="sub-1",
)  # fmt: skip


def facts(mode="AXB", way=None, *, application=None, number=None, binding=None, **more):
    """Return the facts of a call in a mode; `way` None finds nothing bound."""
    kind = {"kind": "AXE" if mode == "AXE" else mode, "extension": "0042" if mode == "AXE" else ""}
    bound = None if way is None else replace(BINDING, **{**kind, **(binding or {})})
    return CallFacts(
        at=datetime(2026, 3, 1, tzinfo=UTC),
        number=replace(NUMBER, **(number or {})),
        application=replace(APPLICATION, mode=mode, **(application or {})),
        way=way,
        binding=bound,
        **more,
    )


def decide(told, caller=A, digits=None):
    return calls.decide(CallAsked("s-1", X, caller, digits), told)


def brief(decision):
    return decision.outcome, decision.rule, decision.code


OLD = replace(BINDING, id=OLD_ID)
YB = replace(BINDING, id=YB_ID, kind="YB", number=Y, parent_id=AX_ID, user_data=None)
AX = replace(BINDING, kind="AXYB", b_number="", user_data="of-ax", record=True, record_voice="rec.wav")

EVERY_MODE = [
    ("nobody knows X", replace(facts(), number=None, application=None), A, "unknown_number", 8025),
    ("nobody holds X", replace(facts(), application=None), A, "unknown_number", 8025),
    ("suspended", facts(way="A", application={"active": False}), A, "application_suspended", 8018),
    ("in arrears", facts(way="A", application={"account_state": "arrears"}), A, "account_frozen", 7108),
    ("suspended and in arrears", facts(application={"active": False, "account_state": "arrears"}), A,
     "application_suspended", 8018),
    ("number suspended", facts(way="A", number={"state": "suspended"}), A, "number_unusable", 8055),
    ("number unusable", facts(way="A", number={"state": "unusable"}), A, "number_unusable", 8055),
    ("number moving", facts(way="A", number={"state": "moving"}), A, "number_unusable", 8055),
    ("no real name", facts(way="A", number={"state": "awaiting_real_name"}), A, "number_unusable", 8055),
    ("arrears before its number", facts(application={"account_state": "arrears"}, number={"state": "suspended"}), A,
     "account_frozen", 7108),
    *[(f"landline in {mode}", facts(mode, way), LANDLINE, "landline_caller", 8023)
      for mode, way in (("AXB", "A"), ("AX", "A"), ("AX", "anyone"), ("AXE", "A"), ("AXYB", "anyone"), ("X", None))],
    ("a former caller's landline", facts(ended=OLD), LANDLINE, "landline_caller", 8023),
]  # fmt: skip


@pytest.mark.parametrize(
    "told, caller, rule, code", [row[1:] for row in EVERY_MODE], ids=[row[0] for row in EVERY_MODE]
)
def test_what_stops_a_call_in_every_mode(told, caller, rule, code):
    decision = decide(told, caller)
    assert brief(decision) == (REFUSE, rule, code)
    assert decision.voice == ("no.wav" if told.application else "")
    assert decision.app_key == ("acmeAppKey01" if told.application else "")
    assert decision.ended_binding_id is None


@pytest.mark.parametrize("state", ["normal", "binding_frozen"])
@pytest.mark.parametrize("standing", ["good", "low"])
def test_calls_go_on_while_only_binds_are_frozen_or_the_balance_is_low(state, standing):
    told = facts(way="A", number={"state": state}, application={"account_state": standing})
    assert decide(told).outcome is CONNECT


AXB = [
    # caller, way, call direction -> rule, code, callee, waiting tone, CDR's direction
    (A, "A", 0, "a_calls_b", 0, B, "a.wav", 1),
    (A, "A", 1, "a_calls_b", 0, B, "a.wav", 1),
    (A, "A", 2, "direction", 8016, "", "", 1),
    (B, "B", 0, "b_calls_a", 0, A, "b.wav", 0),
    (B, "B", 1, "direction", 8016, "", "", 0),
    (B, "B", 2, "b_calls_a", 0, A, "b.wav", 0),
    (C, None, 0, "no_binding", 8014, "", "", 2),
    ("anonymous", None, 0, "no_binding", 8014, "", "", 2),
    ("10086", None, 0, "no_binding", 8014, "", "", 2),
]


@pytest.mark.parametrize("caller, way, only, rule, code, callee, tone, direction", AXB)
def test_axb(caller, way, only, rule, code, callee, tone, direction):
    decision = decide(facts("AXB", way, binding={"call_direction": only}), caller)
    assert brief(decision) == (REFUSE if code else CONNECT, rule, code)
    assert (decision.callee, decision.waiting_voice, decision.direction) == (callee, tone, direction)
    assert decision.display == (X if callee else "")
    assert (decision.binding_id, decision.user_data, decision.subscription_id) == (
        (AX_ID, "order", "sub-1") if way else (None, None, "")
    )


CALLEE = ("95588", "ticket")
AX_CALLS = [
    # caller, way, binding, temporary callee -> rule, code, callee, display, user data
    (A, "A", {}, CALLEE, "a_calls_temporary_callee", 0, "95588", X, "ticket"),
    (A, "A", {}, ("95588", None), "a_calls_temporary_callee", 0, "95588", X, "order"),
    (A, "A", {"display": "1"}, CALLEE, "a_calls_temporary_callee", 0, "95588", X, "ticket"),
    (A, "A", {}, None, "no_temporary_callee", 8013, "", "", "order"),
    (A, "A", {"call_direction": 1}, CALLEE, "a_calls_temporary_callee", 0, "95588", X, "ticket"),
    (A, "A", {"call_direction": 2}, CALLEE, "direction", 8016, "", "", "order"),
    (A, "A", {"power": False}, CALLEE, "switched_off", 8016, "", "", "order"),
    (C, "anyone", {}, None, "anyone_calls_a", 0, A, X, "order"),
    (C, "anyone", {}, CALLEE, "anyone_calls_a", 0, A, X, "order"),
    (C, "anyone", {"display": "1"}, None, "anyone_calls_a", 0, A, C, "order"),
    ("10086", "anyone", {"display": "1"}, None, "anyone_calls_a", 0, A, "10086", "order"),
    ("anonymous", "anyone", {"display": "1"}, None, "anyone_calls_a", 0, A, X, "order"),
    ("", "anyone", {"display": "1"}, None, "anyone_calls_a", 0, A, X, "order"),
    (C, "anyone", {"call_direction": 1}, None, "direction", 8016, "", "", "order"),
    (C, "anyone", {"call_direction": 2}, None, "anyone_calls_a", 0, A, X, "order"),
    (C, "anyone", {"power": False}, None, "switched_off", 8016, "", "", "order"),
    (C, "anyone", {"power": False, "call_direction": 1}, None, "switched_off", 8016, "", "", "order"),
    (C, None, {}, None, "no_binding", 8014, "", "", None),
]


@pytest.mark.parametrize("caller, way, binding, temporary, rule, code, callee, display, user_data", AX_CALLS)
def test_ax(caller, way, binding, temporary, rule, code, callee, display, user_data):
    decision = decide(facts("AX", way, binding=binding, temporary_callee=temporary), caller)
    assert brief(decision) == (REFUSE if code else CONNECT, rule, code)
    assert (decision.callee, decision.display, decision.user_data) == (callee, display, user_data)
    assert decision.direction == {"A": 1, "anyone": 0, None: 2}[way]
    if callee:
        assert decision.waiting_voice == ("a.wav" if way == "A" else "b.wav")


AXE = [
    # caller, way, digits, binding, more -> outcome, rule, code, callee, voice
    (C, None, None, {}, {"binds_extension": True}, COLLECT, "collects_extension", 0, "", ""),
    (C, None, None, {}, {}, REFUSE, "no_extension_bound", 8022, "", "no.wav"),
    (C, None, "", {}, {"binds_extension": True}, REFUSE, "empty_extension", 8033, "", "no.wav"),
    (C, None, "0043", {}, {"binds_extension": True}, REFUSE, "unknown_extension", 8022, "", "no.wav"),
    (C, "extension", "0042", {}, {}, CONNECT, "extension_calls_a", 0, A, ""),
    (A, "A", None, {}, {"last_caller": C}, CONNECT, "a_calls_last_caller", 0, C, ""),
    (A, "A", "0043", {}, {"last_caller": C}, CONNECT, "a_calls_last_caller", 0, C, ""),
    (A, "A", None, {"callback_number": B}, {"last_caller": C}, CONNECT, "a_calls_last_caller", 0, C, ""),
    (A, "A", None, {"callback_number": B}, {}, CONNECT, "a_calls_callback_number", 0, B, ""),
    (A, "A", None, {"callback_voice": "back.wav"}, {}, PLAY, "plays_callback_voice", 8019, "", "back.wav"),
    (A, "A", None, {}, {}, REFUSE, "no_callback_record", 8019, "", "no.wav"),
]


@pytest.mark.parametrize("caller, way, digits, binding, more, outcome, rule, code, callee, voice", AXE)
def test_axe(caller, way, digits, binding, more, outcome, rule, code, callee, voice):
    decision = decide(facts("AXE", way, binding=binding, **more), caller, digits)
    assert (*brief(decision), decision.callee, decision.voice) == (outcome, rule, code, callee, voice)
    assert decision.display == (X if callee else "")
    assert decision.digits == (4 if outcome is COLLECT else 0)
    assert decision.direction == {"A": 1, "extension": 0, None: 2}[way]
    assert decision.extension == ("0042" if way else digits or "")
    # AXE knows no longest call (northbound.md 5.1), though other modes' fields are there.
    assert (decision.max_minutes, decision.last_minute_voice) == (0, "")


@pytest.mark.parametrize(
    "caller, display, shown",
    [(C, "0", X), (C, "1", C), ("anonymous", "1", X), ("95588", "1", "95588"), (ABROAD, "1", ABROAD)],
)
def test_a_of_an_extension_sees_x_or_the_caller(caller, display, shown):
    decision = decide(facts("AXE", "extension", binding={"display": display}), caller, "0042")
    assert decision.display == shown


@pytest.mark.parametrize(
    "caller, leaves", [(C, True), (ABROAD, True), ("95588", True), ("anonymous", False), ("", False), ("110", False)]
)
def test_a_caller_with_a_number_leaves_a_call_back_record(caller, leaves):
    asked = CallAsked("s-1", X, caller, "0042")
    assert leaves_callback(asked, calls.decide(asked, facts("AXE", "extension"))) is leaves
    assert not leaves_callback(asked, calls.decide(asked, facts("AXE", "A", last_caller=B)))


AXYB = [
    # caller, way, binding, more -> rule, code, callee, display
    (C, None, None, {}, "no_ax", 8030, "", ""),
    (B, None, None, {"own_y": True}, "own_number", 8032, "", ""),
    (A, "A", AX, {}, "own_number", 8032, "", ""),
    (B, "anyone", AX, {"yb": YB}, "b_calls_a_by_x", 0, A, Y),
    (B, "anyone", replace(AX, call_direction=1), {"yb": YB}, "direction", 8016, "", ""),
    (B, "anyone", replace(AX, call_direction=2), {"yb": YB}, "b_calls_a_by_x", 0, A, Y),
    ("anonymous", "anyone", AX, {}, "caller_without_y", 8031, "", ""),
    ("95588", "anyone", AX, {}, "caller_without_y", 8031, "", ""),
    (A, "A", YB, {"parent": AX}, "a_calls_b_by_y", 0, B, X),
    (A, "A", YB, {"parent": replace(AX, call_direction=1)}, "a_calls_b_by_y", 0, B, X),
    (A, "A", YB, {"parent": replace(AX, call_direction=2)}, "direction", 8016, "", ""),
    (A, "A", YB, {}, "no_ax", 8030, "", ""),
]


@pytest.mark.parametrize("caller, way, binding, more, rule, code, callee, display", AXYB)
def test_axyb(caller, way, binding, more, rule, code, callee, display):
    told = replace(facts("AXYB", way, **more), binding=binding)
    decision = decide(told, caller)
    assert brief(decision) == (REFUSE if code else CONNECT, rule, code)
    assert (decision.callee, decision.display, decision.allocates_y) == (callee, display, False)
    assert decision.binding_id == (binding and binding.id)
    if callee:
        # Both ways the AX says what is recorded.
        assert (decision.record, decision.record_voice) == (True, "rec.wav")
        assert decision.user_data == "of-ax"
        assert decision.waiting_voice == ("a.wav" if way == "A" else "b.wav")


def test_a_caller_of_x_without_a_y_gets_one():
    decision = decide(replace(facts("AXYB", "anyone"), binding=AX), C)
    assert (decision.outcome, decision.callee, decision.display, decision.allocates_y) == (CONNECT, A, "", True)
    shown = by_y(decision, Y)
    assert (shown.outcome, shown.callee, shown.display, shown.allocates_y) == (CONNECT, A, Y, False)
    refused = without_y(decision, replace(facts("AXYB", "anyone"), binding=AX))
    assert (*brief(refused), refused.callee, refused.allocates_y) == (REFUSE, "no_y_left", 8031, "", False)
    assert (refused.binding_id, refused.app_key) == (AX_ID, "acmeAppKey01")


def test_user_data_of_a_yb_comes_before_that_of_its_ax_when_a_calls():
    told = replace(facts("AXYB", "A", parent=AX), binding=replace(YB, user_data="of-yb"))
    assert decide(told).user_data == "of-yb"


@pytest.mark.parametrize(
    "asks, expected", [(True, (ASK, "customer_asked", 0)), (False, (REFUSE, "customer_not_asked", 8020))]
)
def test_x_asks_the_customer(asks, expected):
    decision = decide(facts("X", application={"asks_calls": asks}), C)
    assert brief(decision) == expected
    assert decision.voice == ("" if asks else "abnormal.wav")


@pytest.mark.parametrize("mode, code", [("AXB", 8014), ("AX", 8014), ("AXE", 8022), ("AXYB", 8030), ("X", 8014)])
@pytest.mark.parametrize("way", [None, "anyone", "extension"])
def test_a_former_caller_hears_that_it_ended_and_never_reaches_the_new_party(mode, code, way):
    decision = decide(facts(mode, way, ended=OLD, last_caller=B, temporary_callee=CALLEE), C, "0042")
    assert brief(decision) == (REFUSE, "ended_binding", code)
    assert (decision.ended_binding_id, decision.binding_id, decision.user_data) == (OLD_ID, None, None)
    assert (decision.callee, decision.voice, decision.direction) == ("", "no.wav", 2)
    assert NO_BINDING[mode] == code


@pytest.mark.parametrize(
    "application, binding, recorded",
    [
        (True, {"record": True, "record_voice": "rec.wav"}, True),
        (False, {"record": True, "record_voice": "rec.wav"}, False),
        (True, {"record": False, "record_voice": "rec.wav"}, False),
        (True, {"record": True, "record_voice": ""}, False),
    ],
)
def test_a_call_is_recorded_where_all_allow_it_and_an_announcement_is_played(application, binding, recorded):
    decision = decide(facts(way="A", application={"recording": application}, binding=binding))
    assert (decision.record, decision.record_voice) == (recorded, "rec.wav" if recorded else "")


@pytest.mark.parametrize("minutes, voice", [(0, ""), (30, "last.wav")])
def test_the_last_minute_is_only_told_where_there_is_a_longest_call(minutes, voice):
    decision = decide(facts(way="A", binding={"max_minutes": minutes}))
    assert (decision.max_minutes, decision.last_minute_voice) == (minutes, voice)


@pytest.mark.parametrize("code", [7004, 7005, 8047, 8048, 8049, 8050])
def test_risk_control_refuses_what_would_have_been_put_through(code):
    told = facts(way="A")
    decision = calls.blocked(decide(told), Block("caller_frequency", code, 7), told)
    assert brief(decision) == (REFUSE, "caller_frequency", code)
    assert (decision.callee, decision.display, decision.voice) == ("", "", "no.wav")
    assert (decision.binding_id, decision.direction, decision.user_data) == (AX_ID, 1, "order")


def test_every_rule_of_the_table_decides_somewhere():
    rows = [row[3] for row in EVERY_MODE] + [row[3] for row in AXB] + [row[4] for row in AX_CALLS]
    rows += [row[6] for row in AXE] + [row[4] for row in AXYB]
    elsewhere = {rule for rule in RULES if rule.startswith("customer_")} | {"ended_binding", "no_y_left"}
    assert set(rows) | elsewhere == set(RULES)


def test_the_documentation_tells_every_rule_with_its_code():
    page = (settings.BASE_DIR / "docs" / "switch-api.md").read_text("utf-8")
    rows = [row for row in page.splitlines() if row.startswith("|")]
    for rule, code in RULES.items():
        assert any(f"`{rule}`" in row and (not code or str(code) in row) for row in rows), rule
