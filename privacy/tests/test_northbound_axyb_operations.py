"""AXYB: bind in both forms, unbind and query over HTTP, with their codes (northbound.md 6 and 9.7)."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from privacy.models import Binding, Number
from privacy.tests.northbound_client import AXYB, Client, approve_voices, at_fault, refused
from privacy.tests.northbound_tables import misfits
from privacy.wire.northbound import replies

A, B, C, D = "+8613800000021", "+8613900000022", "+8613800000023", "+8613800000024"
X, Y, Y2, NOT_OURS, NOBODYS = "+8617100000001", "+8617100000011", "+8617100000012", "+8617100000003", "+8617199999999"
NONE_LEFT, BOUND, MISSING = (403, "1012008"), (403, "1012010"), (403, "1016001")
DONE = {"resultcode": "0", "resultdesc": "Success"}


@pytest.fixture
def client(acme: Company) -> Client:
    acme.application.mode, acme.application.cool_down_hours = "AXYB", 0
    acme.application.save()
    return Client(acme.application)


@pytest.fixture
def ax(client: Client) -> str:
    """The id of an AX of A and X, with the number Y free beside it."""
    told = bind(client)
    cast.make_number(client.application, Y)
    return str(told["subscriptionId"])


def bind(client: Client, a: str = A, **more: Any) -> dict[str, Any]:
    return client.bind(**{"origNum": a, "areaCode": "0755", **more})


def listed(client: Client, **query: Any) -> list[dict[str, Any]]:
    return list(client.query(**query)["xyRelationNumList"])


def test_ax_is_bound_as_the_vendor_answers(client: Client) -> None:
    told = bind(client, userData="order 42")

    binding = Binding.objects.get()
    assert told == {
        **DONE, "subscriptionId": str(binding.pk), "relationNumber": X, "userData": "order 42"
    }  # fmt: skip
    assert not [*misfits(replies.BoundAXYB(), told)]
    assert binding.expires_at == binding.valid_from + timedelta(seconds=7200)


def test_a_number_of_the_platform_is_neither_a_nor_b(client: Client, corp: Company, ax: str) -> None:
    for own in (corp.number.number, Y):
        assert at_fault(client.post(origNum=own, areaCode="0755")) == "origNum"
        assert at_fault(client.post(subscriptionId=ax, origNum=own)) == "origNum"
    client.bind(subscriptionId=ax, origNum=B)


def test_yb_is_bound_to_an_ax(client: Client, ax: str) -> None:
    told = client.bind(subscriptionId=ax, origNum=B)

    yb = Binding.objects.get(kind="YB")
    assert told == {**DONE, "subscriptionId": str(yb.pk), "relationNumber": Y}
    assert (str(yb.parent_id), yb.a_number, yb.b_number) == (ax, A, B)


def test_one_x_is_one_as_and_a_y_is_several_as(client: Client, ax: str) -> None:
    other = bind(client, C)
    assert other["relationNumber"] == Y
    cast.make_number(client.application, Y2)

    first = client.bind(subscriptionId=ax, origNum=B)
    second = client.bind(subscriptionId=other["subscriptionId"], origNum=B)

    assert first["relationNumber"] == second["relationNumber"] == Y2
    assert refused(client.post(subscriptionId=ax, origNum=D)) == NONE_LEFT
    assert refused(client.post(subscriptionId=ax, origNum=B)) == BOUND


def test_the_same_b_is_bound_to_an_ax_once(client: Client, ax: str) -> None:
    cast.make_number(client.application, Y2)
    client.bind(subscriptionId=ax, origNum=B)

    assert refused(client.post(subscriptionId=ax, origNum=B)) == BOUND
    assert client.bind(subscriptionId=ax, origNum=C)["relationNumber"] == Y2


def test_a_yb_needs_a_second_number(client: Client) -> None:
    told = bind(client)

    assert refused(client.post(subscriptionId=told["subscriptionId"], origNum=B)) == NONE_LEFT


def test_a_city_for_y_is_only_kept_when_it_is_named_and_strict(client: Client, ax: str) -> None:
    assert refused(client.post(subscriptionId=ax, origNum=B, areaCode="010")) == NONE_LEFT
    assert client.bind(subscriptionId=ax, origNum=B, areaCode="010", areaMatchMode="1")["relationNumber"] == Y
    Number.objects.filter(number=Y).update(area_code="010")
    client.done(client.delete(subscriptionId=ax, bNum=B))
    assert client.bind(subscriptionId=ax, origNum=B, areaMatchMode="0")["relationNumber"] == Y


@pytest.mark.parametrize("unknown", ["1d39eaef-3f0c-4b61-9a36-2f6d5a0c7b11", "nonsense", "x" * 5000, "' OR 1=1 --"])
def test_ids_of_others_and_nonsense_are_as_unknown_as_ids_of_nothing(
    client: Client, corp: Company, unknown: str
) -> None:
    corp.application.mode = "AXYB"
    corp.application.save()
    theirs = bind(Client(corp.application))["subscriptionId"]
    for subscription_id in (unknown, theirs):
        assert refused(client.get(subscriptionId=subscription_id)) == MISSING
        assert refused(client.post(subscriptionId=subscription_id, origNum=B)) == MISSING
        assert refused(client.delete(subscriptionId=subscription_id)) == MISSING
        assert refused(client.delete(subscriptionId=subscription_id, yNum=Y)) == MISSING
    for x in (NOT_OURS, NOBODYS, "nonsense"):
        assert refused(client.get(relationNum=x)) == MISSING
    assert Binding.objects.get().valid_to is None


def test_a_yb_is_no_ax_to_bind_another_to(client: Client, ax: str) -> None:
    yb = client.bind(subscriptionId=ax, origNum=B)["subscriptionId"]

    assert refused(client.post(subscriptionId=yb, origNum=C)) == MISSING


def test_an_unbind_ends_ax_and_all_its_yb(client: Client, ax: str) -> None:
    cast.make_number(client.application, Y2)
    ybs = [client.bind(subscriptionId=ax, origNum=b)["subscriptionId"] for b in (B, C)]

    assert client.done(client.delete(subscriptionId=ax)) == DONE

    for subscription_id in (ax, *ybs):
        assert refused(client.get(subscriptionId=subscription_id)) == MISSING
        assert refused(client.delete(subscriptionId=subscription_id)) == MISSING
    assert not Binding.objects.filter(valid_to=None).exists()


@pytest.mark.parametrize("which", [{"bNum": B}, {"yNum": Y}, {"yNum": Y, "bNum": C}, {"yNum": Y, "bNum": "nonsense"}])
def test_one_yb_is_unbound_by_y_or_b_and_y_wins(client: Client, ax: str, which: dict[str, str]) -> None:
    first = client.bind(subscriptionId=ax, origNum=B)
    cast.make_number(client.application, Y2)
    second = client.bind(subscriptionId=ax, origNum=C)
    assert (first["relationNumber"], second["relationNumber"]) == (Y, Y2)

    assert client.done(client.delete(subscriptionId=ax, **which)) == DONE

    assert refused(client.delete(subscriptionId=ax, **which)) == MISSING
    assert [element["numB"] for element in listed(client, subscriptionId=ax)] == [C]


@pytest.mark.parametrize("which", [{"yNum": X}, {"yNum": NOBODYS}, {"bNum": A}, {"bNum": D}, {"bNum": "x" * 500}])
def test_a_yb_that_is_not_there_is_unknown_and_ax_stays(client: Client, ax: str, which: dict[str, str]) -> None:
    client.bind(subscriptionId=ax, origNum=B)

    assert refused(client.delete(subscriptionId=ax, **which)) == MISSING
    assert len(listed(client, subscriptionId=ax)) == 1


@pytest.mark.parametrize("which", [{}, {"yNum": Y}, {"bNum": B}])
def test_a_yb_is_unbound_by_its_own_id_too(client: Client, ax: str, which: dict[str, str]) -> None:
    yb = client.bind(subscriptionId=ax, origNum=B)["subscriptionId"]

    client.done(client.delete(subscriptionId=yb, **which))

    (element,) = listed(client, subscriptionId=ax)
    assert (element["bindId"], "numY" in element) == (ax, False)


def test_an_unbind_may_come_as_a_json_body(client: Client, ax: str) -> None:
    body = {"subscriptionId": ax, "app_key": client.application.app_key}

    client.done(client.send("DELETE", AXYB, {"app_key": None}, body))


def test_nothing_named_is_a_parameter_at_fault(client: Client) -> None:
    assert at_fault(client.delete()) == "subscriptionId"
    assert at_fault(client.delete(yNum=Y)) == "subscriptionId"
    assert at_fault(client.get()) == "subscriptionId"


def test_a_query_shows_ax_alone_and_then_its_yb(client: Client, ax: str) -> None:
    approve_voices(client.application.account, "tone.wav")
    binding = Binding.objects.get()
    alone = {
        "bindId": ax,
        "numA": A,
        "numX": X,
        "recordFlag": "false",
        "subscribeTime": f"{binding.changed_at:%Y-%m-%d %H:%M:%S}",
        "callDirection": 0,
        "duration": "7200",
        "ybDuration": "0",
    }
    assert client.query(relationNum=X) == {**DONE, "xyRelationNumList": [alone]}

    said = {"preVoiceY": "tone.wav", "userData": "of B", "ybDuration": 600}
    yb = client.bind(subscriptionId=ax, origNum=B, **said)["subscriptionId"]

    told = client.query(relationNum=X)
    (element,) = told["xyRelationNumList"]
    bound_at = Binding.objects.get(pk=yb).changed_at
    also = {"bindId": yb, "numY": Y, "numB": B, "subscribeTime": f"{bound_at:%Y-%m-%d %H:%M:%S}"}
    assert element == {**alone, **also, "preVoiceY": "tone.wav", "userData": "of B", "ybDuration": "600"}
    assert not [*misfits(replies.FoundAXYB(), told)]
    assert client.query(subscriptionId=ax) == client.query(subscriptionId=yb) == told


def test_a_query_lists_the_five_latest_yb(client: Client, ax: str) -> None:
    for n in range(6):
        cast.make_number(client.application, f"+861710000002{n}")
        client.bind(subscriptionId=ax, origNum=f"+861390000010{n}")

    found = listed(client, subscriptionId=ax)

    assert [element["numB"][-1] for element in found] == ["5", "4", "3", "2", "1"]


def test_the_id_wins_over_the_x_in_a_query(client: Client, ax: str) -> None:
    other = bind(client, C)

    assert listed(client, subscriptionId=ax, relationNum=other["relationNumber"])[0]["numA"] == A
    assert refused(client.get(subscriptionId="nonsense", relationNum=X)) == MISSING


def test_there_is_no_modify(client: Client, ax: str) -> None:
    assert refused(client.put(subscriptionId=ax, duration=60)) == (403, "1010006")


def test_an_expired_ax_is_unknown_with_its_yb_and_its_x_free(client: Client, ax: str) -> None:
    yb = client.bind(subscriptionId=ax, origNum=B)["subscriptionId"]
    past = timezone.now() - timedelta(seconds=1)
    Binding.objects.update(valid_from=past - timedelta(hours=1), changed_at=past, expires_at=past)
    for binding in Binding.objects.all():
        binding.routes.update(expires_at=past)

    for subscription_id in (ax, yb):
        assert refused(client.get(subscriptionId=subscription_id)) == MISSING
        assert refused(client.delete(subscriptionId=subscription_id)) == MISSING
    assert refused(client.post(subscriptionId=ax, origNum=C)) == MISSING
    assert {bind(client, C)["relationNumber"], bind(client, D)["relationNumber"]} == {X, Y}


def test_x_mode_has_no_bindings(client: Client) -> None:
    client.application.mode = "X"
    client.application.save()

    for method in ("POST", "GET", "DELETE"):
        assert refused(client.send(method, AXYB, {}, None)) == (403, "1010040")
