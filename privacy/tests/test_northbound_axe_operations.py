"""AXE: bind, unbind, modify and query over HTTP, and each code of northbound.md 9.4 provoked."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from privacy.models import Binding, Number
from privacy.tests.northbound_client import Client, approve_voices, at_fault, refused
from privacy.tests.northbound_tables import misfits
from privacy.wire.northbound import replies

A, B, C = "+8613800000021", "+8613900000022", "+8613800000023"
X, X2, NOT_OURS, NOBODYS = "+8617100000001", "+8617100000011", "+8617100000003", "+8617199999999"
UNBOUND, MISSING, NONE_LEFT = (403, "1012001"), (403, "1012007"), (403, "1012008")
TWICE, NO_EXTENSION = (403, "1013102"), (403, "1020167")
DONE = {"resultcode": "0", "resultdesc": "Success"}


@pytest.fixture
def client(acme: Company) -> Client:
    acme.application.mode, acme.application.cool_down_hours = "AXE", 0
    acme.application.save()
    return Client(acme.application)


@pytest.fixture
def strangers(corp: Company) -> dict[str, Any]:
    """A binding of another account's."""
    corp.application.mode = "AXE"
    corp.application.save()
    return bind(Client(corp.application), virtualNum=NOT_OURS, extendNum="0007")


def bind(client: Client, **more: Any) -> dict[str, Any]:
    return client.bind(**{"bindNum": A, "virtualNum": X, **more})


def test_a_bind_is_answered_as_the_vendor_does(client: Client) -> None:
    told = bind(client, extendNum="0012")

    assert told == {
        **DONE,
        "subscriptionId": str(Binding.objects.get().pk),
        "virtualNum": X,
        "extendNum": "0012",
    }
    assert not [*misfits(replies.BoundAXE(), told)]


def test_each_a_of_an_x_has_an_extension_of_its_own(client: Client) -> None:
    told = [bind(client, bindNum=f"+86138000001{n:02}") for n in range(20)]

    extensions = {answer["extendNum"] for answer in told}
    assert len(extensions) == 20
    assert all(len(extension) == 4 and int(extension) for extension in extensions)


def test_an_extension_that_is_occupied_is_refused(client: Client) -> None:
    bind(client, extendNum="0012")

    assert refused(client.post(bindNum=B, virtualNum=X, extendNum="0012")) == NO_EXTENSION
    bind(client, bindNum=B, extendNum="0013")


def test_an_x_without_an_extension_left_is_refused(client: Client) -> None:
    client.application.extension_digits = 1
    client.application.save()
    for n in range(9):
        bind(client, bindNum=f"+861380000010{n}")

    assert refused(client.post(bindNum=B, virtualNum=X)) == NO_EXTENSION
    assert refused(client.post(bindNum=B, virtualNum=X, extendNum="5")) == NO_EXTENSION
    assert refused(client.post(bindNum=B, areaCode="0755")) == NONE_LEFT


def test_an_a_is_on_an_x_only_once(client: Client) -> None:
    cast.make_number(client.application, X2)
    bind(client)

    assert refused(client.post(bindNum=A, virtualNum=X)) == TWICE
    assert refused(client.post(bindNum=A, virtualNum=X, extendNum="0012")) == TWICE
    bind(client, virtualNum=X2)


@pytest.mark.parametrize("x", [NOT_OURS, NOBODYS])
def test_an_x_that_is_not_the_applications_is_unknown_to_every_operation(
    client: Client, strangers: dict[str, Any], x: str
) -> None:
    assert refused(client.post(bindNum=A, virtualNum=x)) == UNBOUND
    assert refused(client.get(virtualNum=x, extendNum="0007")) == MISSING
    assert refused(client.put(virtualNum=x, extendNum="0007", recordFlag="true")) == MISSING
    assert refused(client.delete(virtualNum=x, extendNum="0007")) == UNBOUND


@pytest.mark.parametrize("unknown", ["1d39eaef-3f0c-4b61-9a36-2f6d5a0c7b11", "nonsense", "x" * 5000, "' OR 1=1 --"])
def test_ids_of_others_and_nonsense_are_as_unknown_as_ids_of_nothing(
    client: Client, strangers: dict[str, Any], unknown: str
) -> None:
    for subscription_id in (unknown, strangers["subscriptionId"]):
        assert refused(client.get(subscriptionId=subscription_id)) == MISSING
        assert refused(client.put(subscriptionId=subscription_id, recordFlag="true")) == MISSING
        assert refused(client.delete(subscriptionId=subscription_id)) == UNBOUND
    assert Binding.objects.get().valid_to is None


@pytest.mark.parametrize("extension", ["0013", "12", "012", "00120", "0000", "x", "x" * 500, "００12"])
def test_an_extension_to_look_up_that_is_not_there_is_unknown(client: Client, extension: str) -> None:
    bind(client, extendNum="0012")

    assert refused(client.get(virtualNum=X, extendNum=extension)) == MISSING
    assert refused(client.delete(virtualNum=X, extendNum=extension)) == UNBOUND


def test_the_platform_selects_by_area(client: Client) -> None:
    assert refused(client.post(bindNum=A, areaCode="010")) == NONE_LEFT
    assert client.bind(bindNum=A, areaCode="010", areaMatchMode="1")["virtualNum"] == X


def test_a_named_x_wins_over_the_area(client: Client) -> None:
    cast.make_number(client.application, X2, area_code="010")

    assert bind(client, virtualNum=X2, areaCode="0755")["virtualNum"] == X2


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

    assert refused(client.post(bindNum=A, virtualNum=X)) == (403, code)


@pytest.mark.parametrize("by_id", [True, False])
def test_an_unbind_names_id_or_x_and_extension(client: Client, by_id: bool) -> None:
    told = bind(client)
    bind(client, bindNum=B)
    names = ["subscriptionId"] if by_id else ["virtualNum", "extendNum"]
    which = {name: told[name] for name in names}

    assert client.done(client.delete(**which)) == DONE

    assert refused(client.delete(**which)) == UNBOUND
    assert refused(client.get(**which)) == MISSING
    assert Binding.objects.filter(valid_to=None).count() == 1


def test_the_id_wins_over_x_and_extension(client: Client) -> None:
    first, second = bind(client), bind(client, bindNum=B)
    other = {"virtualNum": X, "extendNum": second["extendNum"]}

    assert client.query(subscriptionId=first["subscriptionId"], **other)["bindNum"] == A
    client.done(client.put(subscriptionId=first["subscriptionId"], userData="first", **other))
    client.done(client.delete(subscriptionId=first["subscriptionId"], **other))
    assert "userData" not in client.query(**other)


def test_an_empty_id_in_the_query_is_absent(client: Client) -> None:
    told = bind(client)

    assert client.query(subscriptionId="", virtualNum=X, extendNum=told["extendNum"])["bindNum"] == A
    client.done(client.delete("", {"virtualNum": X, "extendNum": told["extendNum"]}, subscriptionId=""))


def test_nothing_named_is_a_parameter_at_fault(client: Client) -> None:
    calls = (client.get, client.delete, client.put)
    assert [at_fault(call()) for call in calls] == ["subscriptionId"] * 3
    assert [at_fault(call(virtualNum=X)) for call in calls] == ["extendNum"] * 3
    assert [at_fault(call(extendNum="0012")) for call in calls] == ["virtualNum"] * 3


def test_a_query_shows_all_a_binding_was_told_flat(client: Client) -> None:
    approve_voices(client.application.account, "tone.wav")
    said = {"displayNumMode": "1", "recordFlag": "true", "recordHintTone": "tone.wav", "callbackTone": "tone.wav"}
    times = {"timeUnit": "1", "bindExpiredTime": 90, "callbackExpiredTime": 30, "userData": "order 42"}
    told = bind(client, extendNum="0012", **said, **times)

    found = client.query(virtualNum=X, extendNum="0012")

    assert found == {**told, "bindNum": A, **said, **times}
    assert not [*misfits(replies.FoundAXE(), found)]


def test_a_modify_knows_no_a(client: Client) -> None:
    told = bind(client)
    bind(client, bindNum=B)

    for sent in (B, C, X, "nonsense"):
        client.done(client.put(subscriptionId=told["subscriptionId"], bindNum=sent))
    assert client.query(subscriptionId=told["subscriptionId"])["bindNum"] == A


def test_a_modify_with_a_time_restarts_the_timer(client: Client) -> None:
    told = bind(client, bindExpiredTime=1)

    client.done(client.put(subscriptionId=told["subscriptionId"], bindExpiredTime=90, timeUnit="1"))

    binding = Binding.objects.get()
    assert binding.expires_at == binding.changed_at + timedelta(minutes=90)
    client.done(client.put(subscriptionId=told["subscriptionId"], bindExpiredTime=0))
    assert Binding.objects.get().expires_at is None


def test_an_expired_binding_is_unknown_and_its_extension_free(client: Client) -> None:
    told = bind(client, extendNum="0012")
    past = timezone.now() - timedelta(seconds=1)
    Binding.objects.update(valid_from=past - timedelta(hours=1), changed_at=past, expires_at=past)
    Binding.objects.get().routes.update(expires_at=past)

    assert refused(client.get(virtualNum=X, extendNum="0012")) == MISSING
    assert refused(client.put(subscriptionId=told["subscriptionId"], bindExpiredTime=1)) == MISSING
    assert refused(client.delete(virtualNum=X, extendNum="0012")) == UNBOUND
    bind(client, bindNum=B, extendNum="0012")
