"""Each parameter of AXYB: what is taken and how a query shows it, what is refused by name (northbound.md 6.2-6.4)."""

from typing import Any

import pytest

from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from privacy.models import Binding
from privacy.tests import northbound_tables as tables
from privacy.tests.northbound_client import AXYB, Client, approve_voices, at_fault, refused
from privacy.tests.northbound_tables import ABSENT, differences, rows, without_absent

A, B, C, FIXED = "+8613800000021", "+8613900000022", "+8613800000023", "+867552800123"
X, Y = "+8617100000001", "+8617100000011"
TONE, OTHER, FOREIGN = "tone.wav", "other@1-2_3.wav", "foreign.wav"

TIMES = [(0, "0"), ("0", "0"), (60, "60"), ("3600", "3600")]
TAKEN = [
    rows("origNum", "numA", [(number, number) for number in (A, FIXED, "+85212345678")]),
    rows("areaCode", "numA", [("0755", A), ("755", A), (755, A)]),
    rows("areaMatchMode", "numA", [(ABSENT, A), ("0", A), (0, A), ("1", A), (1, A)]),
    rows("callDirection", "callDirection", [(ABSENT, 0), (None, 0), ("", 0), (1, 1), ("2", 2), (2.0, 2)]),
    rows("duration", "duration", [(ABSENT, "7200"), ("", "7200"), (7_776_000, "7776000"), *TIMES]),
    rows("ybDuration", "ybDuration", [(ABSENT, "0"), ("", "0"), (7201, "7200"), (7_776_000, "7200"), *TIMES]),
    rows("recordFlag", "recordFlag", [(ABSENT, "false"), ("", "false"), *tables.FLAGS]),
    rows("recordHintTone", "recordHintTone", [(ABSENT, ABSENT), ("", ABSENT), (TONE, TONE)]),
    rows("preVoiceX", "preVoiceX", [(ABSENT, ABSENT), ("", ABSENT), (OTHER, OTHER)]),
    rows("preVoiceY", "preVoiceY", [(TONE, ABSENT)]),
    rows("userData", "userData", [(ABSENT, ABSENT), ("", ABSENT), *tables.USER_DATA]),
]
NO_TIMES = [-1, 1, 59, 7_776_001, "59", *tables.NO_WHOLES]
WRONG = [
    ("origNum", [ABSENT, None, "", *tables.NO_NUMBERS, *tables.NOT_BINDABLE]),
    ("areaCode", [ABSENT, None, "", "0", "Shenzhen", "0" * 33, {}]),
    ("areaMatchMode", ["2", 2, "loose", True, []]),
    ("callDirection", [-1, 3, "3", *tables.NO_WHOLES]),
    ("duration", NO_TIMES),
    ("ybDuration", NO_TIMES),
    ("recordFlag", tables.NO_FLAGS),
    ("recordHintTone", [FOREIGN, *tables.NO_VOICES]),
    ("preVoiceX", [FOREIGN, *tables.NO_VOICES]),
    ("userData", tables.NO_USER_DATA),
]
YB_TAKEN = [
    rows("origNum", "numB", [(number, number) for number in (B, FIXED, "+85212345678")]),
    rows("areaCode", "numY", [(ABSENT, Y), ("", Y), ("0755", Y), ("755", Y)]),
    rows("areaMatchMode", "numY", [(ABSENT, Y), ("0", Y), (1, Y)]),
    rows("ybDuration", "ybDuration", [(ABSENT, "1800"), ("", "1800"), (7_776_000, "7200"), *TIMES]),
    rows("preVoiceY", "preVoiceY", [(ABSENT, ABSENT), ("", ABSENT), (TONE, TONE)]),
    rows("preVoiceX", "preVoiceX", [(TONE, OTHER)]),
    rows("userData", "userData", [(ABSENT, "of AX"), ("", "of AX"), ("of YB", "of YB")]),
    rows("callDirection", "callDirection", [(2, 1)]),
    rows("recordFlag", "recordFlag", [("false", "true")]),
    rows("duration", "duration", [(60, "7200")]),
]
YB_WRONG = [
    ("origNum", [ABSENT, None, "", A, X, *tables.NO_NUMBERS, *tables.NOT_BINDABLE]),
    ("areaCode", ["0", "Shenzhen"]),
    ("areaMatchMode", ["2"]),
    ("ybDuration", NO_TIMES),
    ("preVoiceY", [FOREIGN, *tables.NO_VOICES]),
    ("userData", tables.NO_USER_DATA),
    ("subscriptionId", [[], {}, True, 1.5]),
]


@pytest.fixture
def client(acme: Company) -> Client:
    acme.application.mode, acme.application.cool_down_hours = "AXYB", 0
    acme.application.save()
    approve_voices(acme.account, TONE, OTHER)
    return Client(acme.application)


@pytest.fixture
def ax(client: Client) -> dict[str, Any]:
    """An AX on X that records, with Y free beside it."""
    terms = {"recordFlag": "true", "recordHintTone": TONE, "preVoiceX": OTHER, "userData": "of AX", "callDirection": 1}
    told = client.bind(**body(ybDuration=1800, **terms))
    cast.make_number(client.application, Y)
    return told


def body(**changed: Any) -> dict[str, Any]:
    return without_absent({"origNum": A, "areaCode": "0755", **changed})


def shown(client: Client, **query: Any) -> dict[str, Any]:
    (element,) = client.query(**query)["xyRelationNumList"]
    return dict(element)


@pytest.mark.parametrize(("name", "values"), TAKEN)
def test_what_binds_ax_is_shown_by_the_query(client: Client, name: str, values: list[Any]) -> None:
    for sent, expected in values:
        told = client.bind(**body(**{name: sent}))
        element = shown(client, subscriptionId=told["subscriptionId"])
        assert not [*differences(element, expected)], sent
        same = {"bindId": told["subscriptionId"], "numX": told["relationNumber"], "numY": ABSENT, "numB": ABSENT}
        assert not [*differences(element, same)]
        assert told.get("userData") == element.get("userData")
        client.done(client.delete(subscriptionId=told["subscriptionId"]))


@pytest.mark.parametrize(("name", "values"), WRONG)
def test_what_does_not_bind_ax_is_refused_by_name(client: Client, corp: Company, name: str, values: list[Any]) -> None:
    approve_voices(corp.account, FOREIGN)
    for sent in values:
        assert at_fault(client.post(**body(**{name: sent}))) == name, sent
    assert not Binding.objects.exists()


@pytest.mark.parametrize(("name", "values"), YB_TAKEN)
def test_what_binds_yb_is_shown_by_the_query(client: Client, ax: dict[str, Any], name: str, values: list[Any]) -> None:
    for sent, expected in values:
        said = {"subscriptionId": ax["subscriptionId"], "origNum": B, name: sent}
        told = client.bind(**without_absent(said))
        element = shown(client, subscriptionId=told["subscriptionId"])
        assert not [*differences(element, expected)], sent
        same = {"bindId": told["subscriptionId"], "numA": A, "numX": X, "numY": told["relationNumber"]}
        assert not [*differences(element, {**same, "recordHintTone": TONE})]
        client.done(client.delete(subscriptionId=told["subscriptionId"]))


@pytest.mark.parametrize(("name", "values"), YB_WRONG)
def test_what_does_not_bind_yb_is_refused_by_name(
    client: Client, ax: dict[str, Any], corp: Company, name: str, values: list[Any]
) -> None:
    approve_voices(corp.account, FOREIGN)
    for sent in values:
        said = {"subscriptionId": ax["subscriptionId"], "origNum": B, name: sent}
        assert at_fault(client.post(**without_absent(said))) == name, sent
    assert Binding.objects.count() == 1


@pytest.mark.parametrize(
    ("of_ax", "of_yb", "seconds"),
    [
        ({}, {}, None),
        ({"ybDuration": 600}, {}, 600),
        ({"ybDuration": 600}, {"ybDuration": 900}, 900),
        ({"ybDuration": 600}, {"ybDuration": 0}, None),
        ({"duration": 0}, {"ybDuration": 7_776_000}, 7_776_000),
        ({"duration": 0}, {}, 0),
        ({"duration": 120}, {"ybDuration": 600}, None),
    ],
)
def test_a_yb_holds_as_its_bind_says_or_else_as_ax_said_and_never_longer_than_ax(
    client: Client, of_ax: dict[str, Any], of_yb: dict[str, Any], seconds: int | None
) -> None:
    told = client.bind(**body(**of_ax))
    cast.make_number(client.application, Y)

    client.bind(subscriptionId=told["subscriptionId"], origNum=B, **of_yb)

    ax = Binding.objects.get(kind="AXYB")
    yb = Binding.objects.get(kind="YB")
    if seconds is None:
        assert yb.expires_at == ax.expires_at is not None
    elif seconds == 0:
        assert yb.expires_at is None
    else:
        assert yb.expires_at is not None
        assert (yb.expires_at - yb.valid_from).total_seconds() == seconds


@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
@pytest.mark.parametrize("sent", [None, "", "corpAppKey01", "ACMEAPPKEY01"])
def test_every_request_carries_the_app_key_that_signs(client: Client, method: str, sent: str | None) -> None:
    asked = {"app_key": sent, "subscriptionId": "x"}

    assert at_fault(client.send(method, AXYB, asked, body() if method == "POST" else None)) == "app_key"


def test_a_city_without_numbers_and_an_a_with_five_have_codes_of_their_own(client: Client) -> None:
    assert refused(client.post(**body(areaCode="010"))) == (403, "1012008")
    for n in range(5):
        cast.make_number(client.application, f"+861710000002{n}")
        client.bind(**body())
    assert refused(client.post(**body())) == (403, "1011003")
