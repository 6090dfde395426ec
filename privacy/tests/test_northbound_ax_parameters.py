"""Each parameter of AX: what is taken and how a query shows it, what is refused by name (northbound.md 4.2-4.6)."""

from typing import Any

import pytest

from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from privacy.models import TemporaryCallee
from privacy.tests import northbound_tables as tables
from privacy.tests.northbound_client import CALLEE, Client, approve_voices, at_fault, refused
from privacy.tests.northbound_tables import ABSENT, differences, rows, without_absent

A, B, C, FIXED = "+8613800000021", "+8613900000022", "+8613800000023", "+867552800123"
X = "+8617100000001"
TONE, OTHER, FOREIGN = "tone.wav", "other@1-2_3.wav", "foreign.wav"
BOTH_TONES = {"callerHintTone": TONE, "calleeHintTone": OTHER}
BY_AREA = {"privateNum": ABSENT, "privateNumType": "mobile-virtual", "areaCode": "0755"}

TAKEN = [
    rows("origNum", "origNum", [(number, number) for number in (A, FIXED, "+85212345678")]),
    rows("privateNumType", "privateNumType", [(sent, "mobile-virtual") for sent in (ABSENT, "", "mobile-virtual")]),
    rows("areaCode", "privateNum", [(ABSENT, X), ("", X), ("nonsense beside an X", X)]),
    rows("areaMatchMode", "privateNum", [(ABSENT, X), ("0", X), (0, X), ("1", X), (1, X)]),
    rows("recordFlag", "recordFlag", [(ABSENT, "false"), ("", "false"), *tables.FLAGS]),
    rows("recordHintTone", "recordHintTone", [(ABSENT, ABSENT), ("", ABSENT), (TONE, TONE)]),
    rows(
        "calleeNumDisplay", "calleeNumDisplay", [(ABSENT, "0"), ("", "0"), ("0", "0"), ("1", "1"), (0, "0"), (1, "1")]
    ),
    rows("privateSms", "privateSms", [(ABSENT, "true"), ("", "true"), *tables.FLAGS]),
    rows("preVoice", "preVoice", [(nothing, ABSENT) for nothing in tables.NO_TONES]),
    rows("preVoice", "preVoice", [({"calleeHintTone": TONE, "more": 1}, {"calleeHintTone": TONE}), (BOTH_TONES,) * 2]),
    rows("maxDuration", "maxDuration", [(ABSENT, 0), (0, 0), (1440, 1440), ("30", 30)]),
    rows("lastMinVoice", "lastMinVoice", [(ABSENT, ABSENT), ("", ABSENT), (OTHER, OTHER)]),
    rows("turnFlag", "turnFlag", [(ABSENT, "on"), ("", "on"), ("on", "on"), ("off", "off"), ("OFF", "off")]),
    rows("callDirection", "callDirection", [(ABSENT, 0), (None, 0), ("", 0), (1, 1), ("2", 2), (2.0, 2)]),
    rows("userData", "userData", [(ABSENT, ABSENT), ("", ABSENT), *tables.USER_DATA]),
    rows("duration", "duration", [(60, ABSENT)]),
]
WRONG = [
    ("origNum", [ABSENT, None, "", X, *tables.NO_NUMBERS, *tables.NOT_BINDABLE]),
    ("privateNum", [ABSENT, None, "", True, [X], "1" * 33]),
    ("privateNumType", ["fixed", 1, True]),
    ("areaMatchMode", ["2", 2, "loose", True, []]),
    ("recordFlag", tables.NO_FLAGS),
    ("recordHintTone", [FOREIGN, *tables.NO_VOICES]),
    ("calleeNumDisplay", ["2", 2, True, "X"]),
    ("privateSms", tables.NO_FLAGS),
    ("preVoice", ["tone.wav", 1, True, [TONE]]),
    ("maxDuration", [-1, 1441, *tables.NO_WHOLES]),
    ("lastMinVoice", [FOREIGN, *tables.NO_VOICES]),
    ("turnFlag", ["yes", True, 1]),
    ("callDirection", [-1, 3, "3", *tables.NO_WHOLES]),
    ("userData", tables.NO_USER_DATA),
]
CHANGES: list[tuple[str, Any, dict[str, Any]]] = [
    ("origNum", C, {"origNum": C}),
    ("origNum", "", {"origNum": A}),
    ("privateSms", "true", {"privateSms": "true"}),
    ("recordFlag", False, {"recordFlag": "false"}),
    ("recordHintTone", "", {"recordHintTone": ABSENT}),
    ("maxDuration", 0, {"maxDuration": 0}),
    ("lastMinVoice", "", {"lastMinVoice": ABSENT}),
    ("callDirection", "2", {"callDirection": 2}),
    ("turnFlag", "on", {"turnFlag": "on"}),
    ("calleeNumDisplay", 0, {"calleeNumDisplay": "0"}),
    ("preVoice", {"callerHintTone": OTHER}, {"preVoice": {"callerHintTone": OTHER, "calleeHintTone": OTHER}}),
    ("preVoice", {"calleeHintTone": ""}, {"preVoice": {"callerHintTone": TONE}}),
    ("userData", "new", {"userData": "new"}),
    ("userData", "", {"userData": "old"}),
]
WRONG_CHANGES = [
    ("origNum", [X, "13800000021", "+864001234567"]),
    ("privateSms", [2]),
    ("recordFlag", ["maybe"]),
    ("recordHintTone", ["unknown.wav"]),
    ("maxDuration", [1441]),
    ("lastMinVoice", ["unknown.wav"]),
    ("callDirection", [3, "x"]),
    ("turnFlag", ["half"]),
    ("calleeNumDisplay", ["3"]),
    ("preVoice", ["x"]),
    ("userData", ["x" * 257]),
    ("subscriptionId", [ABSENT, None, "", {"$ne": 1}]),
]
CALLEES = [B, FIXED, "4001234567", "+864001234567", "95588", "+8695588", "+85212345678"]


@pytest.fixture
def client(acme: Company) -> Client:
    acme.application.mode = "AX"
    acme.application.save()
    approve_voices(acme.account, TONE, OTHER)
    return Client(acme.application)


def body(**changed: Any) -> dict[str, Any]:
    return without_absent({"origNum": A, "privateNum": X, **changed})


def shown(client: Client, **query: Any) -> dict[str, Any]:
    (element,) = client.query(**query)["privateNumList"]
    return dict(element)


@pytest.mark.parametrize(("name", "values"), TAKEN)
def test_what_a_bind_takes_is_shown_by_the_query(client: Client, name: str, values: list[Any]) -> None:
    for sent, expected in values:
        told = client.bind(**body(**{name: sent}))
        element = shown(client, subscriptionId=told["subscriptionId"])
        assert not [*differences(element, expected)], sent
        assert {field: told[field] for field in ("origNum", "privateNum", "subscriptionId")}.items() <= element.items()
        client.done(client.delete(subscriptionId=told["subscriptionId"]))


@pytest.mark.parametrize(("name", "values"), WRONG)
def test_what_a_bind_does_not_take_is_refused_by_name(
    client: Client, corp: Company, name: str, values: list[Any]
) -> None:
    approve_voices(corp.account, FOREIGN)
    for sent in values:
        assert at_fault(client.post(**body(**{name: sent}))) == name, sent
    assert refused(client.get(privateNum=X)) == (403, "1016001")


@pytest.mark.parametrize("name", ["callerHintTone", "calleeHintTone"])
def test_a_waiting_tone_at_fault_is_named_within_pre_voice(client: Client, name: str) -> None:
    for sent in tables.NO_VOICES:
        assert at_fault(client.post(**body(preVoice={**BOTH_TONES, name: sent}))) == f"preVoice.{name}", sent


def test_an_area_selects_when_no_x_is_named_and_needs_the_number_type(client: Client) -> None:
    assert at_fault(client.post(**body(privateNum="", areaCode="0755"))) == "privateNumType"
    assert at_fault(client.post(**body(**{**BY_AREA, "areaCode": "Shenzhen"}))) == "areaCode"
    assert at_fault(client.post(**body(**{**BY_AREA, "areaCode": "S" * 33}))) == "areaCode"
    assert refused(client.post(**body(**{**BY_AREA, "areaCode": "010"}))) == (403, "1011002")
    assert client.bind(**body(**{**BY_AREA, "areaCode": "755"}))["privateNum"] == X


@pytest.mark.parametrize(("name", "sent", "expected"), CHANGES)
def test_a_modify_changes_what_is_sent_and_nothing_else(
    client: Client, name: str, sent: Any, expected: dict[str, Any]
) -> None:
    said = {"callDirection": 1, "maxDuration": 30, "lastMinVoice": TONE, "recordFlag": "true", "recordHintTone": TONE}
    more = {"privateSms": "false", "preVoice": BOTH_TONES, "userData": "old", "turnFlag": "off", "calleeNumDisplay": 1}
    told = client.bind(**body(**said, **more))
    before = shown(client, privateNum=X)

    answer = client.done(client.put(subscriptionId=told["subscriptionId"], **{name: sent}))

    assert answer == {"resultcode": "0", "resultdesc": "Success"}
    after = shown(client, privateNum=X)
    assert not [*differences(after, expected)]
    untouched = set(before) - set(expected)
    assert {field: after[field] for field in untouched} == {field: before[field] for field in untouched}


@pytest.mark.parametrize(("name", "values"), WRONG_CHANGES)
def test_what_a_modify_does_not_take_is_refused_by_name_and_changes_nothing(
    client: Client, name: str, values: list[Any]
) -> None:
    told = client.bind(**body())
    before = shown(client, privateNum=X)
    for sent in values:
        change = without_absent({"subscriptionId": told["subscriptionId"], "userData": "new", name: sent})
        assert at_fault(client.put(**change)) == name, sent
    assert shown(client, privateNum=X) == before


def test_a_temporary_callee_may_be_any_real_number_and_a_400_or_95_number(client: Client) -> None:
    told = client.bind(**body())
    for sent in CALLEES:
        answer = client.done(client.put(CALLEE, subscriptionId=told["subscriptionId"], calleeNum=sent))
        assert answer == {"resultcode": "0", "resultdesc": "Success"}
        assert TemporaryCallee.objects.get().callee_number == sent


@pytest.mark.parametrize(
    ("sent", "seconds"), [(ABSENT, 60), (None, 60), ("", 60), (1, 1), ("600", 600), (259_200, 259_200)]
)
def test_a_temporary_callee_holds_60_seconds_unless_told(client: Client, sent: Any, seconds: int) -> None:
    client.bind(**body())

    client.done(client.put(CALLEE, **without_absent({"privateNum": X, "calleeNum": B, "duration": sent})))

    callee = TemporaryCallee.objects.get()
    assert (callee.expires_at - callee.set_at).total_seconds() == seconds


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("calleeNum", [ABSENT, None, "", A, X, C, *tables.NO_NUMBERS[:2], "13900000022", "40012345678", "95", True]),
        ("duration", [0, -1, 259_201, *tables.NO_WHOLES]),
        ("userData", tables.NO_USER_DATA),
        ("subscriptionId", [ABSENT, None, "", [], {}]),
    ],
)
def test_what_a_temporary_callee_cannot_be_is_refused_by_name(client: Client, name: str, values: list[Any]) -> None:
    told = client.bind(**body())
    for sent in values:
        not_called = C if name == "calleeNum" else ABSENT
        change = {"origNum": not_called, "subscriptionId": told["subscriptionId"], "calleeNum": B, name: sent}
        assert at_fault(client.put(CALLEE, **without_absent(change))) == name, sent
    assert not TemporaryCallee.objects.exists()
