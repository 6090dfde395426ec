"""AX: bind, unbind, modify, query and the temporary callee over HTTP; each code of northbound.md 9.2 provoked."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from privacy.models import Binding, Number, TemporaryCallee
from privacy.tests.northbound_client import CALLEE, Client, approve_voices, at_fault, refused
from privacy.tests.northbound_tables import misfits
from privacy.wire.northbound import replies

A, B, C = "+8613800000021", "+8613900000022", "+8613800000023"
X, X2, NOT_OURS, NOBODYS = "+8617100000001", "+8617100000011", "+8617100000003", "+8617199999999"
NO_ACCOUNT, NONE_LEFT, TOO_MANY, UNBOUND = (403, "1011001"), (403, "1011002"), (403, "1011003"), (403, "1011004")
TAKEN, MISSING, TWICE = (403, "1011005"), (403, "1016001"), (403, "1016002")
AREA = {"privateNumType": "mobile-virtual", "areaCode": "0755"}
DONE = {"resultcode": "0", "resultdesc": "Success"}


@pytest.fixture
def client(acme: Company) -> Client:
    acme.application.mode, acme.application.cool_down_hours = "AX", 0
    acme.application.save()
    return Client(acme.application)


@pytest.fixture
def strangers(corp: Company) -> str:
    """The id of a binding of another account's."""
    corp.application.mode = "AX"
    corp.application.save()
    return bind(Client(corp.application), privateNum=NOT_OURS)


def bind(client: Client, **more: Any) -> str:
    return str(client.bind(**{"origNum": A, "privateNum": X, **more})["subscriptionId"])


def test_a_bind_is_answered_as_the_vendor_does(client: Client) -> None:
    told = client.bind(origNum=A, privateNum=X)

    assert told == {**DONE, "origNum": A, "privateNum": X, "subscriptionId": str(Binding.objects.get().pk)}
    assert not [*misfits(replies.BoundAX(), told)]
    assert Binding.objects.get().expires_at is None


def test_an_x_represents_one_a_at_a_time(client: Client) -> None:
    bind(client)

    assert refused(client.post(origNum=B, privateNum=X)) == TAKEN
    assert refused(client.post(origNum=A, privateNum=X)) == TWICE
    assert refused(client.post(origNum=B, **AREA)) == NONE_LEFT


def test_a_has_at_most_five_x(client: Client) -> None:
    numbers = [X, *(f"+861710000002{n}" for n in range(5))]
    for number in numbers[1:]:
        cast.make_number(client.application, number)
    for number in numbers[:5]:
        bind(client, privateNum=number)

    assert refused(client.post(origNum=A, privateNum=numbers[5])) == TOO_MANY
    assert refused(client.post(origNum=A, **AREA)) == TOO_MANY
    found = client.query(origNum=A)
    assert [element["privateNum"] for element in found["privateNumList"]] == numbers[:5]
    assert bind(client, origNum=B, privateNum=numbers[5])


def test_a_number_of_the_platform_is_neither_a_nor_called(client: Client, corp: Company) -> None:
    cast.make_number(client.application, X2)
    made = bind(client)

    for own in (X2, NOT_OURS):
        assert at_fault(client.post(origNum=own, privateNum=X2 if own == NOT_OURS else X)) == "origNum"
        assert at_fault(client.post(origNum=own, **AREA)) == "origNum"
        assert at_fault(client.put(subscriptionId=made, origNum=own)) == "origNum"
        assert at_fault(client.put(CALLEE, subscriptionId=made, calleeNum=own)) == "calleeNum"
    assert not TemporaryCallee.objects.exists()
    client.done(client.put(CALLEE, subscriptionId=made, calleeNum=NOBODYS))


def test_an_x_that_is_taken_is_told_before_an_a_that_has_five(client: Client) -> None:
    numbers = [X, *(f"+861710000002{n}" for n in range(6))]
    for number in numbers[1:]:
        cast.make_number(client.application, number)
    for number in numbers[:5]:
        bind(client, privateNum=number)
    bind(client, origNum=B, privateNum=numbers[5])

    assert refused(client.post(origNum=A, privateNum=X)) == TWICE
    assert refused(client.post(origNum=A, privateNum=numbers[5])) == TAKEN
    assert refused(client.post(origNum=A, privateNum=numbers[6])) == TOO_MANY


@pytest.mark.parametrize("x", [NOT_OURS, NOBODYS, "17100000001", "nonsense", "+86 17100000001"])
def test_an_x_that_is_not_the_applications_is_unknown_to_every_operation(
    client: Client, strangers: str, x: str
) -> None:
    assert refused(client.post(origNum=A, privateNum=x)) == NO_ACCOUNT
    assert refused(client.get(privateNum=x)) == MISSING
    assert refused(client.put(privateNum=x, turnFlag="off")) == MISSING
    assert refused(client.put(CALLEE, privateNum=x, calleeNum=B)) == MISSING
    assert refused(client.delete(privateNum=x)) == UNBOUND


@pytest.mark.parametrize("unknown", ["1d39eaef-3f0c-4b61-9a36-2f6d5a0c7b11", "nonsense", "x" * 5000, "' OR 1=1 --"])
def test_ids_of_others_and_nonsense_are_as_unknown_as_ids_of_nothing(
    client: Client, strangers: str, unknown: str
) -> None:
    for subscription_id in (unknown, strangers):
        assert refused(client.get(subscriptionId=subscription_id)) == MISSING
        assert refused(client.put(subscriptionId=subscription_id, turnFlag="off")) == MISSING
        assert refused(client.put(CALLEE, subscriptionId=subscription_id, calleeNum=B)) == MISSING
        assert refused(client.delete(subscriptionId=subscription_id)) == UNBOUND
    assert Binding.objects.get().valid_to is None


def test_the_platform_selects_by_area(client: Client) -> None:
    assert refused(client.post(origNum=A, **{**AREA, "areaCode": "010"})) == NONE_LEFT
    told = client.bind(origNum=A, areaMatchMode="1", **{**AREA, "areaCode": "010"})

    assert told["privateNum"] == X


def test_a_named_x_wins_over_the_area(client: Client) -> None:
    cast.make_number(client.application, X2, area_code="010")

    assert client.bind(origNum=A, privateNum=X2, **AREA)["privateNum"] == X2


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ({"state": "suspended"}, "1010029"),
        ({"state": "binding_frozen"}, "1010029"),
        ({"state": "unusable", "cause": "1"}, "1012102"),
        ({"blacklisted_at": "2026-01-01T00:00:00Z"}, "1012102"),
    ],
)
def test_an_x_that_may_not_be_bound_is_refused_by_its_state(client: Client, state: dict[str, Any], code: str) -> None:
    Number.objects.filter(number=X).update(**state)

    assert refused(client.post(origNum=A, privateNum=X)) == (403, code)


@pytest.mark.parametrize(
    "how", [["subscriptionId"], ["origNum", "privateNum"], ["privateNum"], ["subscriptionId", "origNum"]]
)
def test_an_unbind_names_id_or_x_with_or_without_a(client: Client, how: list[str]) -> None:
    named = {"subscriptionId": bind(client), "origNum": A, "privateNum": X}
    which = {name: named[name] for name in how}

    assert client.done(client.delete(**which)) == DONE

    assert refused(client.delete(**which)) == UNBOUND
    bind(client, origNum=B)


def test_an_unbind_by_x_and_another_a_ends_nothing(client: Client) -> None:
    subscription_id = bind(client)

    assert refused(client.delete(origNum=B, privateNum=X)) == UNBOUND
    client.done(client.delete(subscriptionId=subscription_id, origNum=B, privateNum=NOBODYS))


def test_an_unbind_may_come_as_a_json_body(client: Client) -> None:
    bind(client)

    client.done(client.delete("", {"privateNum": X, "origNum": A}))

    assert refused(client.get(privateNum=X)) == MISSING


def test_nothing_named_is_a_parameter_at_fault(client: Client) -> None:
    assert at_fault(client.delete()) == "subscriptionId"
    assert at_fault(client.delete(origNum=A)) == "privateNum"
    assert at_fault(client.get()) == "subscriptionId"
    assert at_fault(client.put(turnFlag="off")) == "subscriptionId"
    assert at_fault(client.put(CALLEE, calleeNum=B)) == "subscriptionId"
    assert at_fault(client.post(origNum=A)) == "privateNum"


def test_a_query_takes_the_id_before_a_and_a_before_x(client: Client) -> None:
    cast.make_number(client.application, X2)
    first, second = bind(client), bind(client, origNum=B, privateNum=X2)

    def asked(**query: str) -> list[str]:
        return [element["subscriptionId"] for element in client.query(**query)["privateNumList"]]

    assert asked(subscriptionId=first, origNum=B, privateNum=X2) == [first]
    assert asked(origNum=B, privateNum=X) == [second]
    assert asked(privateNum=X) == [first]
    assert refused(client.get(origNum=C, privateNum=X)) == MISSING
    assert refused(client.get(origNum="x" * 500)) == MISSING


def test_a_query_shows_all_a_binding_was_told(client: Client) -> None:
    approve_voices(client.application.account, "tone.wav")
    tones = {"recordHintTone": "tone.wav", "lastMinVoice": "tone.wav", "preVoice": {"calleeHintTone": "tone.wav"}}
    more = {"calleeNumDisplay": "1", "maxDuration": 60, "turnFlag": "off", "callDirection": 2, "userData": "order 42"}
    subscription_id = bind(client, recordFlag=True, privateSms="false", **tones, **more)

    told = client.query(privateNum=X)

    assert told == {
        **DONE,
        "privateNumList": [
            {
                "origNum": A,
                "privateNum": X,
                "privateNumType": "mobile-virtual",
                "subscribeTime": f"{Binding.objects.get().valid_from:%Y-%m-%d %H:%M:%S}",
                "subscriptionId": subscription_id,
                "recordFlag": "true",
                "privateSms": "false",
                **tones,
                **more,
            }
        ],
    }
    assert not [*misfits(replies.FoundAX(), told)]


@pytest.mark.parametrize("by", ["subscriptionId", "privateNum"])
def test_a_modify_names_id_or_x(client: Client, by: str) -> None:
    named = {"subscriptionId": bind(client), "privateNum": X}

    assert client.done(client.put(**{by: named[by], "origNum": B, "turnFlag": "off"})) == DONE

    (element,) = client.query(privateNum=X)["privateNumList"]
    assert (element["origNum"], element["turnFlag"]) == (B, "off")
    assert refused(client.get(origNum=A)) == MISSING


def test_a_modify_cannot_give_a_sixth_x_to_an_a(client: Client) -> None:
    for n in range(5):
        number = f"+861710000002{n}"
        cast.make_number(client.application, number)
        bind(client, origNum=B, privateNum=number)
    subscription_id = bind(client)

    assert refused(client.put(subscriptionId=subscription_id, origNum=B)) == TOO_MANY
    assert client.query(origNum=A)["privateNumList"][0]["subscriptionId"] == subscription_id


def test_a_temporary_callee_is_set_over_the_one_before(client: Client) -> None:
    subscription_id = bind(client)

    assert client.done(client.put(CALLEE, privateNum=X, calleeNum=B, duration=600, userData="one")) == DONE
    assert client.done(client.put(CALLEE, subscriptionId=subscription_id, calleeNum=C, origNum="")) == DONE

    callee = TemporaryCallee.objects.get()
    assert (callee.callee_number, callee.user_data) == (C, None)
    assert (callee.expires_at - callee.set_at).total_seconds() == 60


def test_the_id_wins_over_the_x_for_a_temporary_callee(client: Client) -> None:
    cast.make_number(client.application, X2)
    first = bind(client)
    bind(client, origNum=B, privateNum=X2)

    client.done(client.put(CALLEE, subscriptionId=first, privateNum=X2, origNum=C, calleeNum=B))

    assert str(TemporaryCallee.objects.get().binding_id) == first


@pytest.mark.parametrize("mode", ["AXB", "AXE", "AXYB"])
def test_a_temporary_callee_is_for_ax_only(client: Client, mode: str) -> None:
    client.application.mode = mode
    client.application.save()

    assert refused(client.put(CALLEE, privateNum=X, calleeNum=B)) == (403, "1010040")
    assert refused(Client(client.application).send("PUT", CALLEE, {}, {})) == (403, "1010040")


@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
def test_a_temporary_callee_can_only_be_put(client: Client, method: str) -> None:
    assert refused(client.send(method, CALLEE, {}, {"privateNum": X, "calleeNum": B})) == (403, "1010006")


def test_what_ended_or_expired_is_unknown(client: Client) -> None:
    subscription_id = bind(client)
    past = timezone.now() - timedelta(seconds=1)
    Binding.objects.update(valid_from=past - timedelta(hours=1), changed_at=past, expires_at=past)
    Binding.objects.get().routes.update(expires_at=past)

    assert refused(client.get(privateNum=X)) == MISSING
    assert refused(client.get(origNum=A)) == MISSING
    assert refused(client.put(CALLEE, subscriptionId=subscription_id, calleeNum=B)) == MISSING
    assert refused(client.delete(privateNum=X)) == UNBOUND
    bind(client)


def test_a_refusal_is_the_same_again_under_its_idempotency_key(client: Client) -> None:
    subscription_id = bind(client)
    client.headers["Idempotency-Key"] = "one"

    assert refused(client.post(origNum=A, privateNum=X)) == TWICE
    client.done(client.delete(subscriptionId=subscription_id))
    assert refused(client.post(origNum=A, privateNum=X)) == TWICE
    client.headers["Idempotency-Key"] = "two"
    assert bind(client) == bind(client)
