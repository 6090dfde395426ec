"""Where an SMS goes in each mode, and every result there is (pushes.md 4)."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from privacy import segments
from privacy.routing import messages
from privacy.routing.facts import (
    ApplicationFacts,
    BindingFacts,
    MessageAsked,
    MessageFacts,
    MessageReply,
    NumberFacts,
    Outcome,
    Way,
)

A, B, C, X = "+8613900000101", "+8613900000202", "+8613900000303", "+8617100000001"
AT = datetime(2026, 3, 1, 2, 3, 4, tzinfo=UTC)
NUMBER = NumberFacts(id=1, number=X, state="normal", cause="", sms=True, area_code="0755")
APPLICATION = ApplicationFacts(
    id=1, account_id=1, app_key="key", mode="AX", active=True, account_state="good", time_zone="Asia/Shanghai",
    recording=False, sms=True, keep_sms_content=False, extension_digits=4, cool_down_hours=24, no_permission_voice="",
    abnormal_voice="", risk_control=False, asks_calls=True, asks_messages=True,
)  # fmt: skip
BINDING = BindingFacts(
    id=UUID(int=7), kind="AX", number=X, a_number=A, b_number="", extension="", parent_id=None, call_direction=0,
    max_minutes=0, last_minute_voice="", record=False, record_voice="", sms=True, display="0", power=True,
    caller_voice="", callee_voice="", callback_voice="", callback_number="", callback_minutes=None, user_data="order-1",
)  # fmt: skip


def facts(mode: str, way: Way | None = None, **changed: Any) -> MessageFacts:
    """Return the facts of an SMS at X; `changed` may name fields of the facts, or of what they are made of."""
    bound = replace(BINDING, kind=mode, b_number=B if mode == "AXB" else "") if way else None
    parts: dict[str, Any] = {
        "number": replace(NUMBER, **changed.pop("of_number", {})),
        "application": replace(APPLICATION, mode=mode, **changed.pop("of_application", {})),
        "binding": replace(bound, **changed.pop("of_binding", {})) if bound else None,
    }
    return MessageFacts(**{"at": AT, "way": way, **parts, **changed})


def asked(text: str = "hello", sender: str = A) -> MessageAsked:
    return MessageAsked("sms-1", X, sender, text)


@pytest.mark.parametrize(
    ("mode", "way", "sender", "text", "expected"),
    [
        # AX: A names the receiver behind the text; the suffix goes and still counts.
        ("AX", "A", A, "hello@13900000202", ("forward", "sms_to_named", B, "hello", 1)),
        ("AX", "A", A, "hello@+8613900000202", ("forward", "sms_to_named", B, "hello", 1)),
        ("AX", "A", A, "a" * 149 + "@13900000202", ("forward", "sms_to_named", B, "a" * 149, 2)),
        ("AX", "A", A, "@13900000202", ("forward", "sms_to_named", B, "", 1)),
        ("AX", "A", A, "hello", ("ask", "sms_ask_named", "", "hello", 1)),
        ("AX", "A", A, "hello＠13900000202", ("ask", "sms_ask_named", "", "hello＠13900000202", 1)),
        ("AX", "A", A, "hello@" + X, ("ask", "sms_ask_named", "", "hello@" + X, 1)),
        # AX: others reach A, who is told by whom.
        ("AX", "anyone", B, "hello", ("forward", "sms_to_a", A, "hello[From13900000202]", 1)),
        ("AX", "anyone", "+12025550123", "hi", ("forward", "sms_to_a", A, "hi[From+12025550123]", 1)),
        ("AX", "anyone", "+8675512345678", "hi", ("forward", "sms_to_a", A, "hi[From075512345678]", 1)),
        ("AX", "anyone", B, "汉" * 53, ("forward", "sms_to_a", A, "汉" * 53 + "[From13900000202]", 1)),
        ("AX", "anyone", B, "汉" * 54, ("forward", "sms_to_a", A, "汉" * 54 + "[From13900000202]", 2)),
        ("AX", "anyone", B, "hello@13900000303", ("forward", "sms_to_a", A, "hello@13900000303[From13900000202]", 1)),
        # AXB: the other side, unchanged.
        ("AXB", "A", A, "hello@13900000303 ", ("forward", "sms_to_other", B, "hello@13900000303 ", 1)),
        ("AXB", "B", B, "", ("forward", "sms_to_other", A, "", 1)),
        # X: the customer says it, always.
        ("X", None, C, "hello@13900000202", ("ask", "sms_ask_x", "", "hello@13900000202", 1)),
    ],
)
def test_each_mode_forwards_as_it_is_written(mode: str, way: Way, sender: str, text: str, expected: Any) -> None:
    told = messages.decide(asked(text, sender), facts(mode, way))
    assert (told.outcome.value, told.rule, told.receiver, told.text, told.parts) == expected
    assert (told.code, told.direction) == (0, "1")
    assert (told.binding_id, told.user_data) == ((BINDING.id, "order-1") if way else (None, None))


def test_a_former_partys_sms_never_reaches_who_has_the_number_now() -> None:
    ended = replace(BINDING, id=UUID(int=8), a_number=C)
    told = messages.decide(asked("hello", B), facts("AX", "anyone", ended=ended))
    assert (told.outcome, told.code, told.rule) == (Outcome.DISCARD, 2, "sms_ended_binding")
    assert (told.binding_id, told.subscription_id, told.user_data) == (None, "", None)
    assert (told.ended_binding_id, told.direction, told.app_key) == (ended.id, "2", "key")


def test_the_answer_names_the_application_and_the_binding_as_the_customer_knows_it() -> None:
    told = messages.decide(asked(), facts("AXB", "A", of_binding={"subscription_id": "their-1"}))
    assert (told.app_key, told.subscription_id) == ("key", "their-1")
    assert messages.decide(asked(), facts("AXB", "A")).subscription_id == str(BINDING.id)


@pytest.mark.parametrize("letter", ["a", "汉", "😀"])
@pytest.mark.parametrize("edge", [70, 134, 160, 308, 462])
@pytest.mark.parametrize("beyond", [0, 1])
def test_parts_count_what_the_platform_puts_on_and_takes_off(letter: str, edge: int, beyond: int) -> None:
    units = 2 if letter == "😀" else 1
    for way, sender, added in (("A", A, "@13900000202"), ("anyone", B, "[From13900000202]")):
        text = letter * ((edge + beyond - len(added)) // units)
        odd = "a" * ((edge + beyond - len(added)) % units)
        whole = text + odd + added
        told = messages.decide(asked(text + odd + (added if way == "A" else ""), sender), facts("AX", way))  # type: ignore[arg-type]
        one, more = (160, 154) if letter == "a" else (70, 67)
        length = len(whole.encode("utf-16-le")) // 2
        assert (length, told.parts) == (edge + beyond, 1 if length <= one else -(-length // more))


@given(text=st.text(max_size=400), sender=st.sampled_from([B, C, "+12025550123", "anonymous"]))
def test_whatever_is_written_to_an_ax_reaches_a_whole(text: str, sender: str) -> None:
    told = messages.decide(asked(text, sender), facts("AX", "anyone"))
    assert (told.outcome, told.receiver, told.text.startswith(text)) == (Outcome.FORWARD, A, True)
    assert told.parts == segments.parts(told.text) >= segments.parts(text)


SUSPENDED = {"of_application": {"active": False}}
FROZEN = {"of_application": {"account_state": "arrears"}}


@pytest.mark.parametrize(
    ("given", "sender", "code", "rule", "direction"),
    [
        (facts("AX", "A", number=None, application=None, binding=None), A, 2, "sms_unknown_number", "2"),
        (facts("AX", "A", **SUSPENDED), A, 4, "sms_application_suspended", "1"),
        (facts("AX", "A", **FROZEN), A, 1, "sms_account_frozen", "1"),
        *(
            (facts("AX", "A", of_number={"state": state}), A, 3, "sms_number_unusable", "1")
            for state in ("suspended", "unusable", "moving", "awaiting_real_name")
        ),
        (facts("AX", "A", of_number={"sms": False}), A, 11, "sms_number_without_sms", "1"),
        (facts("AX", "A", of_application={"sms": False}), A, 11, "sms_application_without_sms", "1"),
        (facts("AXE", "extension"), B, 11, "sms_mode_without_sms", "2"),
        (facts("AXYB", "A"), A, 11, "sms_mode_without_sms", "1"),
        (facts("AX", "anyone"), "10690000123", 8, "sms_short_code", "1"),
        (facts("X"), "10086", 8, "sms_short_code", "1"),
        (facts("AX"), A, 2, "sms_no_binding", "2"),
        (facts("AXB"), A, 2, "sms_no_binding", "2"),
        (facts("AX", "A", of_binding={"sms": False}), A, 11, "sms_binding_without_sms", "1"),
        (facts("AX", "anyone", of_binding={"power": False}), B, 11, "sms_switched_off", "1"),
        (facts("AX", "A", of_binding={"power": False}), A, 11, "sms_switched_off", "1"),
        (facts("AX", "A", required_words=("acme",)), A, 12, "sms_required_word", "1"),
        (facts("AX", "A", forbidden_words=("HELLO",)), A, 13, "sms_forbidden_word", "1"),
        (facts("X", of_application={"asks_messages": False}), A, 7, "sms_customer_not_asked", "1"),
    ],
)
def test_what_is_not_forwarded_says_why(given: MessageFacts, sender: str, code: int, rule: str, direction: str) -> None:
    told = messages.decide(asked(sender=sender), given)
    assert (told.outcome, told.code, told.rule) == (Outcome.DISCARD, code, rule)
    assert (told.direction, told.parts, told.receiver, told.text) == (direction, 0, "", "")


def test_an_x_whose_bindings_are_frozen_still_forwards() -> None:
    given = facts("AXB", "A", of_number={"state": "binding_frozen"})
    assert messages.decide(asked(), given).outcome is Outcome.FORWARD


def test_directions_and_the_power_switch_are_of_calls_alone() -> None:
    given = facts("AXB", "B", of_binding={"call_direction": 1, "power": False})
    assert messages.decide(asked(sender=B), given).outcome is Outcome.FORWARD


@pytest.mark.parametrize(("length", "outcome", "code"), [(255 * 154, "forward", 0), (255 * 154 + 1, "discard", 5)])
def test_more_parts_than_a_carrier_counts_are_not_sent(length: int, outcome: str, code: int) -> None:
    told = messages.decide(asked("a" * length), facts("AXB", "A"))
    assert (told.outcome.value, told.code) == (outcome, code)


def test_the_words_are_looked_for_in_what_was_written_alone() -> None:
    by_a = facts("AX", "A", forbidden_words=("13900000202",))
    assert messages.decide(asked("hi@13900000202"), by_a).outcome is Outcome.FORWARD
    to_a = facts("AX", "anyone", forbidden_words=("from",))
    assert messages.decide(asked("hi", B), to_a).outcome is Outcome.FORWARD


def test_parts_are_counted_as_the_installation_counts() -> None:
    counted = messages.decide(asked("hi@13900000202"), facts("AX", "A"), count=len)
    assert counted.parts == len("hi@13900000202")


@pytest.mark.parametrize(
    ("reply", "outcome", "code", "rule", "receiver"),
    [
        (MessageReply("forward", receiver=B), "forward", 0, "sms_customer_forwards", B),
        (MessageReply("forward", receiver="13900000202"), "forward", 0, "sms_customer_forwards", B),
        (MessageReply("discard"), "discard", 6, "sms_customer_discards", ""),
        (MessageReply(problem="silent"), "discard", 7, "sms_customer_silent", ""),
        (MessageReply(problem="unreadable"), "discard", 7, "sms_customer_unusable", ""),
        (MessageReply("forward", problem="sender", receiver=B), "discard", 7, "sms_customer_unusable", ""),
        (MessageReply("forward"), "discard", 7, "sms_customer_unusable", ""),
        (MessageReply("forward", receiver=X), "discard", 7, "sms_customer_unusable", ""),
        (MessageReply("forward", receiver="nobody"), "discard", 7, "sms_customer_unusable", ""),
        (MessageReply("forward", receiver="10690000123"), "discard", 8, "sms_short_code", ""),
        (MessageReply("transfer", receiver=B), "discard", 7, "sms_customer_unusable", ""),
    ],
)
def test_the_customers_answer_decides(reply: MessageReply, outcome: str, code: int, rule: str, receiver: str) -> None:
    for held in (facts("X"), facts("AX", "A")):
        told = messages.decide_reply(asked("hello@b"), held, reply)
        assert (told.outcome.value, told.code, told.rule, told.receiver) == (outcome, code, rule, receiver)
        assert told.text == ("hello@b" if outcome == "forward" else "")


def test_the_customers_user_data_takes_the_place_of_the_bindings() -> None:
    told = messages.decide_reply(asked(), facts("AX", "A"), MessageReply("forward", receiver=B, user_data="mine"))
    assert told.user_data == "mine"
    assert messages.decide_reply(asked(), facts("AX", "A"), MessageReply("discard")).user_data == "order-1"


def test_a_blacklisted_sms_has_the_result_of_the_blacklist() -> None:
    told = messages.blocked(facts("AXB", "A"))
    assert (told.outcome, told.code, told.rule) == (Outcome.DISCARD, 8, "sms_blacklist")


def test_every_result_but_the_carriers_is_reached_by_a_rule() -> None:
    assert set(messages.RULES.values()) == set(range(14)) - {9, 10}
    assert all(len(rule) <= 40 for rule in messages.RULES)


def test_every_rule_and_its_result_stand_in_the_documents() -> None:
    page = (settings.BASE_DIR / "docs" / "sms.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| ([0-9]+) \| (.*) \|$", page, re.MULTILINE))
    assert set(map(int, rows)) == set(range(14))
    assert {rule: code for rule, code in messages.RULES.items() if f"`{rule}`" not in rows[str(code)]} == {}
