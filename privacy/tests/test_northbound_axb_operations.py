"""AXB: bind, unbind, modify and query over HTTP, and each code of northbound.md 9.3 provoked."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from privacy.models import Binding, Number
from privacy.tests.northbound_client import AXB, Client, approve_voices, at_fault, refused
from privacy.tests.northbound_tables import misfits
from privacy.wire.northbound import replies

A, B, C, D = "+8613800000021", "+8613900000022", "+8613800000023", "+8613900000024"
X, X2, NOT_OURS, NOBODYS = "+8617100000001", "+8617100000011", "+8617100000003", "+8617199999999"
UNKNOWN_IDS = ["1d39eaef-3f0c-4b61-9a36-2f6d5a0c7b11", "nonsense", "x" * 5000, "1", "' OR 1=1 --", "号", 42]
UNBOUND, MISSING, FULL, BOUND = (403, "1012001"), (403, "1012007"), (403, "1012008"), (403, "1012010")


@pytest.fixture
def client(acme: Company) -> Client:
    return Client(acme.application)


def bind(client: Client, a: str = A, b: str = B, **more: Any) -> str:
    told = client.bind(**{"callerNum": a, "calleeNum": b, "relationNum": X, **more})
    return str(told["subscriptionId"])


def expire(subscription_id: str) -> None:
    """Let a binding have expired a second ago, without anybody having met it."""
    held = Binding.objects.filter(pk=subscription_id)
    past = timezone.now() - timedelta(seconds=1)
    held.update(valid_from=past - timedelta(hours=1), changed_at=past - timedelta(hours=1), expires_at=past)
    held.get().routes.update(expires_at=past)


def test_a_bind_is_answered_as_the_vendor_does(client: Client) -> None:
    told = client.bind(callerNum=A, relationNum=X, calleeNum=B, callDirection=1, duration=7200, maxDuration=60)

    assert told == {
        "resultcode": "0",
        "resultdesc": "Success",
        "subscriptionId": str(Binding.objects.get().pk),
        "relationNum": X,
        "callDirection": 1,
        "duration": 7200,
        "maxDuration": 60,
    }
    assert not [*misfits(replies.BoundAXB(), told)]


@pytest.mark.parametrize(("a", "b"), [(A, B), (B, A), (A, C), (C, A), (B, C), (C, B)])
def test_a_party_is_on_an_x_only_once_on_either_side(client: Client, a: str, b: str) -> None:
    bind(client)

    assert refused(client.post(callerNum=a, calleeNum=b, relationNum=X)) == BOUND
    bind(client, C, D)


def test_a_bound_party_is_told_before_a_full_number(client: Client, settings: Any) -> None:
    settings.MASKLINE = {**settings.MASKLINE, "pairs_per_number": 1}
    bind(client)

    assert refused(client.post(callerNum=C, calleeNum=D, relationNum=X)) == FULL
    assert refused(client.post(callerNum=A, calleeNum=D, relationNum=X)) == BOUND


@pytest.mark.parametrize("x", [NOT_OURS, NOBODYS])
def test_an_x_that_is_not_the_applications_is_unknown_to_every_operation(client: Client, corp: Company, x: str) -> None:
    bind(Client(corp.application), relationNum=NOT_OURS)

    assert refused(client.post(callerNum=A, calleeNum=B, relationNum=x)) == UNBOUND
    assert refused(client.get(relationNum=x)) == MISSING
    assert refused(client.delete(relationNum=x)) == UNBOUND
    assert Binding.objects.filter(valid_to=None).count() == 1


def test_the_platform_selects_an_x_that_neither_party_is_on(client: Client) -> None:
    cast.make_number(client.application, X2)
    first = client.bind(callerNum=A, calleeNum=B, areaCode="0755")
    second = client.bind(callerNum=A, calleeNum=C, areaCode="0755")

    assert {first["relationNum"], second["relationNum"]} == {X, X2}
    assert refused(client.post(callerNum=A, calleeNum=D, areaCode="0755")) == FULL


def test_another_city_is_only_taken_when_the_match_is_loose(client: Client) -> None:
    assert refused(client.post(callerNum=A, calleeNum=B, areaCode="010")) == FULL
    assert refused(client.post(callerNum=A, calleeNum=B, areaCode="010", areaMatchMode="0")) == FULL
    assert client.bind(callerNum=A, calleeNum=B, areaCode="010", areaMatchMode="1")["relationNum"] == X


def test_without_x_and_area_that_of_a_counts(client: Client) -> None:
    cast.make_number(client.application, X2, area_code="010")

    assert client.bind(callerNum="+861082345678", calleeNum=B)["relationNum"] == X2
    assert refused(client.post(callerNum="+862182345678", calleeNum=B)) == FULL


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ({"state": "suspended"}, "1010029"),
        ({"state": "binding_frozen"}, "1010029"),
        ({"state": "unusable", "cause": "2"}, "1012102"),
        ({"state": "moving"}, "1012102"),
        ({"state": "awaiting_real_name"}, "1012102"),
        ({"blacklisted_at": "2026-01-01T00:00:00Z"}, "1012102"),
    ],
)
def test_an_x_that_may_not_be_bound_is_refused_by_its_state(client: Client, state: dict[str, Any], code: str) -> None:
    Number.objects.filter(number=X).update(**state)

    assert refused(client.post(callerNum=A, calleeNum=B, relationNum=X)) == (403, code)
    assert refused(client.post(callerNum=A, calleeNum=B, areaCode="0755")) == FULL


def test_an_x_that_serves_another_mode_is_taken(client: Client) -> None:
    client.application.mode = "AX"
    client.application.save()
    Client(client.application).bind(origNum=C, privateNum=X)
    client.application.mode = "AXB"
    client.application.save()

    assert refused(client.post(callerNum=A, calleeNum=B, relationNum=X)) == FULL
    assert refused(client.get(relationNum=X)) == MISSING


def test_an_unbind_ends_one_binding_once(client: Client) -> None:
    first, second = bind(client), bind(client, C, D)

    assert client.done(client.delete(subscriptionId=first)) == {"resultcode": "0", "resultdesc": "Success"}

    assert refused(client.delete(subscriptionId=first)) == UNBOUND
    assert refused(client.get(subscriptionId=first)) == MISSING
    assert client.query(relationNum=X)["relationNumList"][0]["subscriptionId"] == second


def test_an_unbind_of_an_x_ends_all_on_it(client: Client) -> None:
    cast.make_number(client.application, X2)
    bind(client), bind(client, C, D)
    kept = bind(client, relationNum=X2)

    client.done(client.delete(relationNum=X))

    assert refused(client.get(relationNum=X)) == MISSING
    assert refused(client.delete(relationNum=X)) == UNBOUND
    assert client.query(subscriptionId=kept)["totalCount"] == 1


def test_the_id_wins_over_the_x_in_unbind_and_query(client: Client) -> None:
    first, second = bind(client), bind(client, C, D)

    found = client.query(subscriptionId=first, relationNum=X, callerNum=C)
    client.done(client.delete(subscriptionId=first, relationNum=X))

    assert [element["subscriptionId"] for element in found["relationNumList"]] == [first]
    assert client.query(relationNum=X)["relationNumList"][0]["subscriptionId"] == second


@pytest.mark.parametrize("query", [{}, {"app_key": "x"}, {"subscriptionId": ""}])
def test_an_unbind_may_come_as_a_json_body(client: Client, query: dict[str, str]) -> None:
    subscription_id = bind(client)

    client.done(client.send("DELETE", AXB, query, {"subscriptionId": subscription_id}))

    assert refused(client.get(relationNum=X)) == MISSING


def test_a_plus_that_is_not_escaped_is_one_all_the_same(client: Client) -> None:
    bind(client)

    status, told = client.send("GET", f"{AXB}?relationNum={X}&callerNum={A}&subscriptionId=&calleeNum=")

    assert (status, told["totalCount"]) == (200, 1)
    client.done(client.send("DELETE", f"{AXB}?relationNum={X}"))


def test_nothing_named_is_a_parameter_at_fault(client: Client) -> None:
    assert at_fault(client.delete()) == "subscriptionId"
    assert at_fault(client.get()) == "relationNum"
    assert at_fault(client.get(callerNum=A, calleeNum=B)) == "relationNum"
    assert at_fault(client.delete(callerNum=A)) == "subscriptionId"


@pytest.mark.parametrize("unknown", UNKNOWN_IDS)
def test_ids_of_others_and_nonsense_are_as_unknown_as_ids_of_nothing(
    client: Client, corp: Company, unknown: Any
) -> None:
    theirs = bind(Client(corp.application), relationNum=NOT_OURS)
    for subscription_id in (unknown, theirs):
        assert refused(client.get(subscriptionId=subscription_id)) == MISSING
        assert refused(client.put(subscriptionId=subscription_id, duration=60)) == MISSING
        assert refused(client.delete(subscriptionId=subscription_id)) == UNBOUND
    assert Client(corp.application).query(subscriptionId=theirs)["totalCount"] == 1


@pytest.mark.parametrize("text", ["17100000001", "X", " " + X + " ", "+", "9" * 5000, "' OR 1=1 --", "%"])
def test_an_x_to_look_up_that_is_no_number_is_not_there(client: Client, text: str) -> None:
    bind(client)

    assert refused(client.get(relationNum=text)) == MISSING
    assert refused(client.delete(relationNum=text)) == UNBOUND
    assert refused(client.get(relationNum=X, callerNum=text)) == MISSING


def test_a_query_of_an_x_goes_by_pages_in_the_order_of_binding(client: Client) -> None:
    made = [bind(client, f"+86138000001{n:02}", f"+86139000001{n:02}") for n in range(12)]

    first = client.query(relationNum=X, pageSize=10)
    second = client.query(relationNum=X, pageSize="10", pageIndex="2")

    assert (first["totalCount"], first["pageIndex"], first["pageSize"]) == (12, 1, 10)
    assert (second["totalCount"], second["pageIndex"], second["pageSize"]) == (12, 2, 10)
    pages = first["relationNumList"], second["relationNumList"]
    assert [element["subscriptionId"] for page in pages for element in page] == made
    assert refused(client.get(relationNum=X, pageSize=10, pageIndex=3)) == MISSING
    assert not [*misfits(replies.FoundAXB(), first)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"callerNum": A}, 1),
        ({"calleeNum": B}, 1),
        ({"callerNum": A, "calleeNum": B}, 1),
        ({}, 2),
        ({"callerNum": B}, 0),
        ({"callerNum": A, "calleeNum": D}, 0),
        ({"callerNum": "x" * 128}, 0),
    ],
)
def test_a_query_narrows_an_x_by_caller_and_callee(client: Client, query: dict[str, str], found: int) -> None:
    bind(client), bind(client, C, D)

    answer = client.get(relationNum=X, **query)

    if found:
        assert (answer[1]["totalCount"], len(answer[1]["relationNumList"])) == (found, found)
    else:
        assert refused(answer) == MISSING


def test_a_query_shows_all_a_binding_was_told(client: Client) -> None:
    approve_voices(client.application.account, "tone.wav")
    said: dict[str, Any] = {
        "recordHintTone": "tone.wav",
        "lastMinVoice": "tone.wav",
        "preVoice": {"calleeHintTone": "tone.wav"},
    }
    bind(client, userData="order 42", recordFlag=True, privateSms="false", **said)

    told = client.query(relationNum=X)

    assert (told["app_key"], told["totalCount"], told["pageIndex"], told["pageSize"]) == ("acmeAppKey01", 1, 1, 50)
    binding = Binding.objects.get()
    assert told["relationNumList"] == [
        {
            "subscriptionId": str(binding.pk),
            "callerNum": A,
            "relationNum": X,
            "calleeNum": B,
            "callDirection": 0,
            "duration": 0,
            "maxDuration": 0,
            "recordFlag": "true",
            "subscribeTime": f"{binding.changed_at:%Y-%m-%d %H:%M:%S}",
            "privateSms": "false",
            "userData": "order 42",
            **said,
        }
    ]
    assert not [*misfits(replies.FoundAXB(), told)]


def test_a_modify_cannot_take_a_party_that_is_on_the_x(client: Client) -> None:
    first = bind(client)
    bind(client, C, D)

    for change in ({"callerNum": C}, {"callerNum": D}, {"calleeNum": C}, {"calleeNum": D}):
        assert refused(client.put(subscriptionId=first, **change)) == BOUND
    client.done(client.put(subscriptionId=first, callerNum=B, calleeNum=A))


def test_a_party_that_was_replaced_is_free_again(client: Client) -> None:
    first = bind(client)

    client.done(client.put(subscriptionId=first, calleeNum=C))

    bind(client, B, D)
    assert refused(client.post(callerNum=C, calleeNum="+8613800000029", relationNum=X)) == BOUND


@pytest.mark.parametrize("at_first", [0, 60])
def test_a_modify_with_a_duration_restarts_the_timer(client: Client, at_first: int) -> None:
    subscription_id = bind(client, duration=at_first)
    hour = timedelta(hours=1)
    Binding.objects.update(valid_from=F("valid_from") - hour, changed_at=F("changed_at") - hour)

    client.done(client.put(subscriptionId=subscription_id, duration=7200))

    binding = Binding.objects.get()
    assert binding.expires_at == binding.changed_at + timedelta(seconds=7200)
    assert binding.changed_at > timezone.now() - timedelta(minutes=5)
    (element,) = client.query(relationNum=X)["relationNumList"]
    assert element["duration"] == 7200
    assert element["subscribeTime"] == f"{binding.changed_at:%Y-%m-%d %H:%M:%S}"
    client.done(client.put(subscriptionId=subscription_id, duration=0))
    assert Binding.objects.get().expires_at is None


def test_a_modify_without_a_duration_leaves_the_timer(client: Client) -> None:
    subscription_id = bind(client, duration=60)
    expires_at = Binding.objects.get().expires_at

    client.done(client.put(subscriptionId=subscription_id, maxDuration=5))

    assert Binding.objects.get().expires_at == expires_at


def test_an_expired_binding_is_unknown_before_the_sweeper_has_met_it_and_in_nobodys_way(client: Client) -> None:
    subscription_id = bind(client, duration=60)
    expire(subscription_id)

    assert refused(client.get(relationNum=X)) == MISSING
    assert refused(client.get(subscriptionId=subscription_id)) == MISSING
    assert refused(client.put(subscriptionId=subscription_id, duration=60)) == MISSING
    assert refused(client.delete(subscriptionId=subscription_id)) == UNBOUND
    assert refused(client.delete(relationNum=X)) == UNBOUND
    bind(client)


def test_the_record_of_a_request_knows_its_binding(client: Client) -> None:
    subscription_id = bind(client)

    assert str(Binding.objects.get().request_id) == client.response["X-Request-Id"]
    client.query(subscriptionId=subscription_id)


@pytest.mark.parametrize("named", [{"relationNum": X}, {"areaCode": "0755"}, {"areaCode": "010", "areaMatchMode": "1"}])
def test_a_number_of_the_platform_is_neither_a_nor_b(client: Client, corp: Company, named: dict[str, str]) -> None:
    ours = cast.make_number(client.application, X2)

    for own in (X2, corp.number.number):
        assert at_fault(client.post(callerNum=own, calleeNum=B, **named)) == "callerNum"
        assert at_fault(client.post(callerNum=A, calleeNum=own, **named)) == "calleeNum"
    made = client.bind(callerNum=A, calleeNum=B, relationNum=X)["subscriptionId"]
    assert at_fault(client.put(subscriptionId=made, callerNum=X2)) == "callerNum"
    assert at_fault(client.put(subscriptionId=made, calleeNum=X2)) == "calleeNum"
    ours.state = "returned"
    ours.save()
    client.done(client.put(subscriptionId=made, calleeNum=X2))
