"""Each parameter of AXE: what is taken and how a query shows it, what is refused by name (northbound.md 5.2-5.5)."""

from typing import Any

import pytest

from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from privacy.models import Binding
from privacy.tests import northbound_tables as tables
from privacy.tests.northbound_client import Client, approve_voices, at_fault, refused
from privacy.tests.northbound_tables import ABSENT, differences, rows, without_absent

A, B, C, FIXED = "+8613800000021", "+8613900000022", "+8613800000023", "+867552800123"
X = "+8617100000001"
TONE, OTHER, FOREIGN = "tone.wav", "other@1-2_3.wav", "foreign.wav"
HOUR = 3600

TAKEN = [
    rows("bindNum", "bindNum", [(number, number) for number in (A, FIXED, "+85212345678")]),
    rows("areaCode", "virtualNum", [(ABSENT, X), ("", X), ("nonsense beside an X", X)]),
    rows("areaMatchMode", "virtualNum", [(ABSENT, X), ("0", X), (0, X), ("1", X), (1, X)]),
    rows("extendNum", "extendNum", [("0001", "0001"), ("9999", "9999"), (1234, "1234")]),
    rows("displayNumMode", "displayNumMode", [(ABSENT, "0"), ("", "0"), ("0", "0"), ("1", "1"), (0, "0"), (1, "1")]),
    rows("recordFlag", "recordFlag", [(ABSENT, "false"), ("", "false"), *tables.FLAGS]),
    rows("recordHintTone", "recordHintTone", [(ABSENT, ABSENT), ("", ABSENT), (TONE, TONE)]),
    rows("callbackTone", "callbackTone", [(ABSENT, ABSENT), ("", ABSENT), (OTHER, OTHER)]),
    rows("callbackNum", "callbackNum", [(ABSENT, ABSENT), ("", ABSENT), (B, B), ("4001234567", "4001234567")]),
    rows("timeUnit", "timeUnit", [(ABSENT, "0"), ("", "0"), ("0", "0"), (0, "0"), ("1", "1"), (1, "1")]),
    rows("bindExpiredTime", "bindExpiredTime", [(ABSENT, 168), ("", 168), (0, 0), (720, 720), ("24", 24)]),
    rows("callbackExpiredTime", "callbackExpiredTime", [(ABSENT, ABSENT), (0, 0), (720, 720), ("24", 24)]),
    rows("userData", "userData", [(ABSENT, ABSENT), ("", ABSENT), *tables.USER_DATA]),
    rows("maxDuration", "maxDuration", [(30, ABSENT)]),
]
WRONG = [
    ("virtualNum", [ABSENT, None, "", *tables.NO_NUMBERS]),
    ("bindNum", [ABSENT, None, "", X, *tables.NO_NUMBERS, *tables.NOT_BINDABLE]),
    ("areaMatchMode", ["2", 2, "loose", True, []]),
    ("extendNum", ["0000", "1", "12", "123", "12345", "12a4", "１２３４", 12, -123, True, [], " 123"]),
    ("displayNumMode", ["2", 2, True, "X"]),
    ("recordFlag", tables.NO_FLAGS),
    ("recordHintTone", [FOREIGN, *tables.NO_VOICES]),
    ("callbackTone", [FOREIGN, *tables.NO_VOICES]),
    ("callbackNum", ["13900000022", "anonymous", True, [], A, X]),
    ("timeUnit", ["2", 2, "h", True]),
    ("bindExpiredTime", [-1, 721, 43_200, 43_201, *tables.NO_WHOLES]),
    ("callbackExpiredTime", [-1, 721, 43_201, *tables.NO_WHOLES]),
    ("userData", tables.NO_USER_DATA),
]
CHANGES: list[tuple[str, Any, dict[str, Any]]] = [
    ("displayNumMode", "0", {"displayNumMode": "0"}),
    ("recordFlag", False, {"recordFlag": "false"}),
    ("recordHintTone", "", {"recordHintTone": ABSENT}),
    ("recordHintTone", OTHER, {"recordHintTone": OTHER}),
    ("callbackTone", OTHER, {"callbackTone": OTHER}),
    ("callbackTone", "", {"callbackTone": ABSENT}),
    ("callbackNum", B, {"callbackNum": B, "callbackTone": ABSENT}),
    ("callbackNum", "", {"callbackNum": ABSENT}),
    ("callbackExpiredTime", 5, {"callbackExpiredTime": 5}),
    ("userData", "new", {"userData": "new"}),
    ("userData", "", {"userData": "old"}),
]
WRONG_CHANGES = [
    ("displayNumMode", ["2"]),
    ("recordFlag", ["maybe"]),
    ("recordHintTone", ["unknown.wav"]),
    ("callbackTone", ["unknown.wav"]),
    ("callbackNum", ["13900000022", A, X]),
    ("timeUnit", ["2"]),
    ("bindExpiredTime", [-1, 721]),
    ("callbackExpiredTime", [-1, 721]),
    ("userData", ["x" * 257]),
    ("subscriptionId", [ABSENT, None, "", {"$ne": 1}]),
]


@pytest.fixture
def client(acme: Company) -> Client:
    acme.application.mode = "AXE"
    acme.application.save()
    approve_voices(acme.account, TONE, OTHER)
    return Client(acme.application)


def body(**changed: Any) -> dict[str, Any]:
    return without_absent({"virtualNum": X, "bindNum": A, **changed})


def holds_seconds() -> int:
    binding = Binding.objects.latest("valid_from")
    return int((binding.expires_at - binding.changed_at).total_seconds()) if binding.expires_at else 0


@pytest.mark.parametrize(("name", "values"), TAKEN)
def test_what_a_bind_takes_is_shown_by_the_query(client: Client, name: str, values: list[Any]) -> None:
    for sent, expected in values:
        told = client.bind(**body(**{name: sent}))
        element = client.query(subscriptionId=told["subscriptionId"])
        assert not [*differences(element, expected)], sent
        assert told.items() <= element.items()
        assert len(told["extendNum"]) == 4
        client.done(client.delete(subscriptionId=told["subscriptionId"]))


@pytest.mark.parametrize(("name", "values"), WRONG)
def test_what_a_bind_does_not_take_is_refused_by_name(
    client: Client, corp: Company, name: str, values: list[Any]
) -> None:
    approve_voices(corp.account, FOREIGN)
    for sent in values:
        assert at_fault(client.post(**body(**{name: sent}))) == name, sent
    assert not Binding.objects.exists()


def test_tone_and_number_of_call_backs_do_not_go_together_in_a_bind(client: Client) -> None:
    assert at_fault(client.post(**body(callbackTone=TONE, callbackNum=B))) == "callbackNum"
    client.bind(**body(callbackTone="", callbackNum=B))


@pytest.mark.parametrize(
    ("digits", "good", "bad"), [(1, "9", ["0", "10"]), (2, "01", ["00", "1"]), (3, "007", ["0007"])]
)
def test_an_extension_has_the_digits_of_its_application(client: Client, digits: int, good: str, bad: list[str]) -> None:
    client.application.extension_digits = digits
    client.application.save()

    for sent in bad:
        assert at_fault(client.post(**body(extendNum=sent))) == "extendNum", sent
    assert client.bind(**body(extendNum=good))["extendNum"] == good


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ({}, 168 * HOUR),
        ({"timeUnit": "1"}, 168 * HOUR),
        ({"bindExpiredTime": 0}, 0),
        ({"bindExpiredTime": 2}, 2 * HOUR),
        ({"bindExpiredTime": "2", "timeUnit": 0}, 2 * HOUR),
        ({"bindExpiredTime": 2, "timeUnit": "1"}, 120),
        ({"bindExpiredTime": 43_200, "timeUnit": 1}, 720 * HOUR),
    ],
)
def test_a_binding_holds_hours_or_minutes_as_told_and_168_hours_else(
    client: Client, said: dict[str, Any], seconds: int
) -> None:
    told = client.bind(**body(**said))

    assert holds_seconds() == seconds
    shown = client.query(subscriptionId=told["subscriptionId"])
    unit = 60 if shown["timeUnit"] == "1" else HOUR
    assert shown["bindExpiredTime"] * unit == seconds


@pytest.mark.parametrize("place", [{"virtualNum": X}, {"virtualNum": "", "areaCode": "0755"}])
def test_a_number_of_the_platform_is_neither_a_nor_called_back(
    client: Client, corp: Company, place: dict[str, str]
) -> None:
    told = client.bind(**body())
    for own in (corp.number.number, cast.make_number(client.application, "+8617100000031").number):
        assert at_fault(client.post(**body(bindNum=own, **place))) == "bindNum"
        assert at_fault(client.post(**body(bindNum=C, callbackNum=own, **place))) == "callbackNum"
        assert at_fault(client.put(subscriptionId=told["subscriptionId"], callbackNum=own)) == "callbackNum"


@pytest.mark.parametrize(("name", "sent", "expected"), CHANGES)
def test_a_modify_changes_what_is_sent_and_nothing_else(
    client: Client, name: str, sent: Any, expected: dict[str, Any]
) -> None:
    more = {"callbackExpiredTime": 24, "callbackTone": TONE, "displayNumMode": 1}
    told = client.bind(**body(recordFlag="true", recordHintTone=TONE, userData="old", **more))
    before = client.query(subscriptionId=told["subscriptionId"])

    answer = client.done(client.put(virtualNum=X, extendNum=told["extendNum"], **{name: sent}))

    assert answer == {"resultcode": "0", "resultdesc": "Success"}
    after = client.query(subscriptionId=told["subscriptionId"])
    assert not [*differences(after, expected)]
    untouched = set(before) - set(expected)
    assert {field: after[field] for field in untouched} == {field: before[field] for field in untouched}


@pytest.mark.parametrize(("name", "values"), WRONG_CHANGES)
def test_what_a_modify_does_not_take_is_refused_by_name_and_changes_nothing(
    client: Client, name: str, values: list[Any]
) -> None:
    told = client.bind(**body())
    before = client.query(subscriptionId=told["subscriptionId"])
    for sent in values:
        change = without_absent({"subscriptionId": told["subscriptionId"], "userData": "new", name: sent})
        assert at_fault(client.put(**change)) == name, sent
    assert client.query(subscriptionId=told["subscriptionId"]) == before


@pytest.mark.parametrize(
    ("bound_with", "changed_to", "number", "tone"),
    [
        ({"callbackTone": TONE}, {"callbackNum": B, "callbackTone": OTHER}, B, ABSENT),
        ({"callbackTone": TONE}, {"callbackNum": B, "callbackTone": FOREIGN}, B, ABSENT),
        ({"callbackTone": TONE}, {"callbackNum": B, "callbackTone": {}}, B, ABSENT),
        ({"callbackNum": B}, {"callbackTone": TONE}, ABSENT, TONE),
        ({"callbackNum": B}, {"callbackNum": "", "callbackTone": TONE}, ABSENT, TONE),
        ({"callbackNum": B}, {"callbackNum": "", "callbackTone": ""}, ABSENT, ABSENT),
        ({"callbackNum": B}, {"callbackTone": ""}, B, ABSENT),
        ({"callbackNum": B}, {}, B, ABSENT),
    ],
)
def test_in_a_modify_the_call_back_number_wins_and_empty_text_clears(
    client: Client, bound_with: dict[str, Any], changed_to: dict[str, Any], number: Any, tone: Any
) -> None:
    told = client.bind(**body(**bound_with))

    client.done(client.put(subscriptionId=told["subscriptionId"], **changed_to))

    shown = client.query(subscriptionId=told["subscriptionId"])
    assert not [*differences(shown, {"callbackNum": number, "callbackTone": tone})]


@pytest.mark.parametrize(
    ("bound_with", "changed_to", "unit", "shown", "seconds"),
    [
        ({"bindExpiredTime": 24}, {"bindExpiredTime": 30, "timeUnit": "1"}, "0", 24, 1800),
        ({"bindExpiredTime": 90, "timeUnit": "1"}, {"bindExpiredTime": 2, "timeUnit": "0"}, "1", 90, 2 * HOUR),
        ({}, {"bindExpiredTime": 30, "timeUnit": "1"}, "1", 30, 1800),
        ({"timeUnit": "1"}, {"bindExpiredTime": 2}, "0", 2, 2 * HOUR),
        ({"bindExpiredTime": 24}, {"bindExpiredTime": 0}, "0", 24, 0),
        ({}, {"timeUnit": "1"}, "0", 168, 168 * HOUR),
    ],
)
def test_after_a_modify_the_query_shows_the_time_of_the_bind_and_the_modifys_holds(
    client: Client, bound_with: dict[str, Any], changed_to: dict[str, Any], unit: str, shown: int, seconds: int
) -> None:
    told = client.bind(**body(**bound_with))
    at_first = Binding.objects.get().expires_at

    client.done(client.put(subscriptionId=told["subscriptionId"], **changed_to))

    found = client.query(subscriptionId=told["subscriptionId"])
    assert (found["timeUnit"], found["bindExpiredTime"]) == (unit, shown)
    if "bindExpiredTime" in changed_to:
        assert holds_seconds() == seconds
    else:
        assert Binding.objects.get().expires_at == at_first


def test_the_time_of_call_backs_is_shown_in_the_unit_that_is_shown(client: Client) -> None:
    told = client.bind(**body(bindExpiredTime=24, callbackExpiredTime=2))

    client.done(client.put(subscriptionId=told["subscriptionId"], callbackExpiredTime=90, timeUnit="1"))

    assert client.query(subscriptionId=told["subscriptionId"])["callbackExpiredTime"] == 2
    assert Binding.objects.get().callback_duration == 90


def test_the_area_must_be_one_when_it_selects(client: Client) -> None:
    assert at_fault(client.post(**body(virtualNum="", areaCode="Shenzhen"))) == "areaCode"
    assert refused(client.post(**body(virtualNum="", areaCode="010"))) == (403, "1012008")
    assert client.bind(**body(virtualNum="", areaCode="755"))["virtualNum"] == X
