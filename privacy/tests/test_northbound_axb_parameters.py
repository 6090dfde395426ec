"""Each parameter of AXB: what is taken and how a query shows it, what is refused by name (northbound.md 3.2-3.5)."""

from typing import Any

import pytest

from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from common.phone import mask_in_text
from privacy.tests import northbound_tables as tables
from privacy.tests.northbound_client import Client, approve_voices, at_fault, refused
from privacy.tests.northbound_tables import ABSENT, differences, rows, without_absent

A, B, C, FIXED = "+8613800000021", "+8613900000022", "+8613800000023", "+867552800123"
X = "+8617100000001"
TONE, OTHER, FOREIGN = "tone.wav", "other@1-2_3.wav", "foreign.wav"
BOTH_TONES = {"callerHintTone": TONE, "calleeHintTone": OTHER}

TAKEN = [
    rows("callDirection", "callDirection", [(ABSENT, 0), (None, 0), ("", 0), (1, 1), ("2", 2), (2.0, 2)]),
    rows("duration", "duration", [(ABSENT, 0), (0, 0), ("", 0), (30, 30), ("7200", 7200), (7_776_000, 7_776_000)]),
    rows("maxDuration", "maxDuration", [(ABSENT, 0), (0, 0), (1440, 1440), ("30", 30)]),
    rows("recordFlag", "recordFlag", [(ABSENT, "false"), ("", "false"), *tables.FLAGS]),
    rows("privateSms", "privateSms", [(ABSENT, "true"), ("", "true"), *tables.FLAGS]),
    rows("recordHintTone", "recordHintTone", [(ABSENT, ABSENT), ("", ABSENT), (TONE, TONE)]),
    rows("lastMinVoice", "lastMinVoice", [(ABSENT, ABSENT), ("", ABSENT), (OTHER, OTHER)]),
    rows("preVoice", "preVoice", [(nothing, ABSENT) for nothing in tables.NO_TONES]),
    rows("preVoice", "preVoice", [({"callerHintTone": TONE, "more": 1}, {"callerHintTone": TONE}), (BOTH_TONES,) * 2]),
    rows("userData", "userData", [(ABSENT, ABSENT), ("", ABSENT), *tables.USER_DATA]),
    rows("relationNum", "relationNum", [(ABSENT, X), (None, X), ("", X), (X, X)]),
    rows("areaCode", "relationNum", [(ABSENT, X), ("", X), ("nonsense beside an X", X)]),
    rows("areaMatchMode", "relationNum", [(ABSENT, X), ("", X), ("0", X), (0, X), ("1", X), (1, X)]),
    rows("callerNum", "callerNum", [(number, number) for number in (A, FIXED, "+85212345678")]),
    rows("calleeNum", "calleeNum", [(number, number) for number in (B, FIXED, "+861082345678")]),
    rows("nobodyKnows", "nobodyKnows", [({"this": [1]}, ABSENT)]),
]
WRONG = [
    ("callerNum", [ABSENT, None, "", B, X, *tables.NO_NUMBERS, *tables.NOT_BINDABLE]),
    ("calleeNum", [ABSENT, None, "", X, *tables.NO_NUMBERS, *tables.NOT_BINDABLE]),
    ("relationNum", tables.NO_NUMBERS),
    ("areaMatchMode", ["2", 2, "loose", True, []]),
    ("callDirection", [-1, 3, "3", *tables.NO_WHOLES]),
    ("duration", [-1, 7_776_001, "7776001", *tables.NO_WHOLES]),
    ("maxDuration", [-1, 1441, *tables.NO_WHOLES]),
    ("recordFlag", tables.NO_FLAGS),
    ("privateSms", tables.NO_FLAGS),
    ("recordHintTone", [FOREIGN, *tables.NO_VOICES]),
    ("lastMinVoice", [FOREIGN, *tables.NO_VOICES]),
    ("preVoice", ["tone.wav", 1, True, [TONE]]),
    ("userData", tables.NO_USER_DATA),
]
CHANGES: list[tuple[str, Any, dict[str, Any]]] = [
    ("callerNum", C, {"callerNum": C}),
    ("callerNum", "", {"callerNum": A}),
    ("calleeNum", C, {"calleeNum": C}),
    ("callDirection", "2", {"callDirection": 2}),
    ("duration", 60, {"duration": 60}),
    ("duration", "0", {"duration": 0}),
    ("maxDuration", 0, {"maxDuration": 0}),
    ("lastMinVoice", OTHER, {"lastMinVoice": OTHER}),
    ("lastMinVoice", "", {"lastMinVoice": ABSENT}),
    ("recordFlag", False, {"recordFlag": "false"}),
    ("recordHintTone", "", {"recordHintTone": ABSENT}),
    ("privateSms", "true", {"privateSms": "true"}),
    ("preVoice", {"callerHintTone": OTHER}, {"preVoice": {"callerHintTone": OTHER, "calleeHintTone": OTHER}}),
    ("preVoice", {"calleeHintTone": ""}, {"preVoice": {"callerHintTone": TONE}}),
    ("userData", "new", {"userData": "new"}),
    ("userData", "", {"userData": "old"}),
    ("relationNum", "+8617100000002", {"relationNum": X}),
]
WRONG_CHANGES = [
    ("callerNum", [B, X, "13800000021", "+864001234567"]),
    ("calleeNum", [X, "+8695588", 1]),
    ("callDirection", [3, "x"]),
    ("duration", [-1, 7_776_001]),
    ("maxDuration", [1441]),
    ("lastMinVoice", ["unknown.wav"]),
    ("recordFlag", ["maybe"]),
    ("recordHintTone", ["unknown.wav"]),
    ("privateSms", [2]),
    ("preVoice", ["x"]),
    ("userData", ["x" * 257]),
    ("subscriptionId", [ABSENT, None, "", {"$ne": 1}, [], True]),
]


@pytest.fixture
def client(acme: Company) -> Client:
    approve_voices(acme.account, TONE, OTHER)
    return Client(acme.application)


def body(**changed: Any) -> dict[str, Any]:
    return without_absent({"callerNum": A, "relationNum": X, "calleeNum": B, **changed})


def shown(client: Client, subscription_id: str) -> dict[str, Any]:
    (element,) = client.query(subscriptionId=subscription_id)["relationNumList"]
    return dict(element)


@pytest.mark.parametrize(("name", "values"), TAKEN)
def test_what_a_bind_takes_is_shown_by_the_query(client: Client, name: str, values: list[Any]) -> None:
    for sent, expected in values:
        said = body(areaMatchMode="1") if name == "relationNum" else body()
        told = client.bind(**without_absent({**said, name: sent}))
        element = shown(client, told["subscriptionId"])
        assert not [*differences(element, expected)], sent
        for field in ("callDirection", "duration", "maxDuration", "relationNum"):
            assert not [*differences(told, {field: element[field]})]
        client.done(client.delete(subscriptionId=told["subscriptionId"]))


@pytest.mark.parametrize(("name", "values"), WRONG)
def test_what_a_bind_does_not_take_is_refused_by_name(
    client: Client, corp: Company, name: str, values: list[Any]
) -> None:
    approve_voices(corp.account, FOREIGN)
    for sent in values:
        assert at_fault(client.post(**body(**{name: sent}))) == name, sent
    assert refused(client.get(relationNum=X)) == (403, "1012007")


@pytest.mark.parametrize("name", ["callerHintTone", "calleeHintTone"])
def test_a_waiting_tone_at_fault_is_named_within_pre_voice(client: Client, corp: Company, name: str) -> None:
    approve_voices(corp.account, FOREIGN)
    for sent in (FOREIGN, *tables.NO_VOICES):
        assert at_fault(client.post(**body(preVoice={**BOTH_TONES, name: sent}))) == f"preVoice.{name}", sent


@pytest.mark.parametrize(("name", "sent", "expected"), CHANGES)
def test_a_modify_changes_what_is_sent_and_nothing_else(
    client: Client, name: str, sent: Any, expected: dict[str, Any]
) -> None:
    said = {"callDirection": 1, "duration": 7200, "maxDuration": 30, "lastMinVoice": TONE, "recordFlag": "true"}
    more = {"recordHintTone": TONE, "privateSms": "false", "preVoice": BOTH_TONES, "userData": "old"}
    told = client.bind(**body(**said, **more))
    before = shown(client, told["subscriptionId"])

    answer = client.done(client.put(subscriptionId=told["subscriptionId"], **{name: sent}))

    assert answer == {"resultcode": "0", "resultdesc": "Success"}
    after = shown(client, told["subscriptionId"])
    assert not [*differences(after, expected)]
    untouched = set(before) - set(expected) - {"subscribeTime"}
    assert {field: after[field] for field in untouched} == {field: before[field] for field in untouched}


@pytest.mark.parametrize(("name", "values"), WRONG_CHANGES)
def test_what_a_modify_does_not_take_is_refused_by_name_and_changes_nothing(
    client: Client, name: str, values: list[Any]
) -> None:
    told = client.bind(**body())
    before = shown(client, told["subscriptionId"])
    for sent in values:
        change = without_absent({"subscriptionId": told["subscriptionId"], "userData": "new", name: sent})
        assert at_fault(client.put(**change)) == name, sent
    assert shown(client, told["subscriptionId"]) == before


def test_page_size_is_10_to_100_or_else_50(client: Client) -> None:
    client.bind(**body())
    sizes = {
        "": 50,
        "9": 50,
        "10": 10,
        "100": 100,
        "101": 50,
        "0": 50,
        "-1": 50,
        "9" * 12: 50,
        "9" * 20: 50,
        "-" + "9" * 20: 50,
        "9" * 5000: 50,
        " 20": 20,
        "20 ": 20,
    }
    for sent, size in sizes.items():
        told = client.query(relationNum=X, pageSize=sent)
        assert not [*differences(told, {"pageSize": size, "pageIndex": 1, "totalCount": 1})], sent


@pytest.mark.parametrize("name", ["pageIndex", "pageSize"])
def test_a_page_that_cannot_be_is_refused_by_name(client: Client, name: str) -> None:
    for sent in ("one", "1;drop table", "1.5", "1 1", "++20"):
        assert at_fault(client.get(relationNum=X, **{name: sent})) == name, sent
    if name == "pageIndex":
        for sent in ("0", "-1", "9" * 18, "9" * 30):
            assert at_fault(client.get(relationNum=X, pageIndex=sent)) == "pageIndex", sent


def test_a_page_is_not_looked_at_where_one_binding_is_named(client: Client) -> None:
    told = client.bind(**body())
    for page in ({"pageIndex": "7"}, {"pageIndex": "one", "pageSize": "one"}, {"pageSize": "9" * 30}):
        found = client.query(subscriptionId=told["subscriptionId"], **page)
        assert not [*differences(found, {"pageSize": 50, "pageIndex": 1, "totalCount": 1})], page


def test_a_fault_in_a_number_holds_no_number(client: Client) -> None:
    for name in ("callerNum", "calleeNum", "relationNum"):
        _, told = client.post(**body(**{name: "13800000021"}))
        assert mask_in_text(told["resultdesc"]) == told["resultdesc"] and "global format" in told["resultdesc"]


def test_the_area_must_be_one_when_it_selects(client: Client) -> None:
    nowhere: list[Any] = ["0", "Shenzhen", "0755 ", "深圳", "0" * 40, {}]
    for sent in nowhere:
        assert at_fault(client.post(**body(relationNum=ABSENT, areaCode=sent))) == "areaCode", sent
    for elsewhere in ("010", "0999"):
        assert refused(client.post(**body(relationNum=ABSENT, areaCode=elsewhere))) == (403, "1012008")
    assert client.bind(**body(relationNum=ABSENT, areaCode=755))["relationNum"] == X
