"""Idempotency-Key: the first answer again, one effect, however many send it at once and whatever breaks in between."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from django.test import Client

from accounts.tests.cast import make_application, make_number, signed_headers
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from privacy import retention
from privacy.models import ApiRequest, Binding, IdempotentAnswer
from privacy.tests.echo import Echo, ask, described, told

KEY = {"Idempotency-Key": "order-17"}
DOOR = "/rest/caas/relationnumber/partners/v1.0"
PAIR = {"callerNum": "+8613800000021", "calleeNum": "+8613800000022", "areaCode": "0755"}


@pytest.fixture(autouse=True)
def _afresh() -> None:
    Echo.done = 0


def bind(key: str = "order-17", **changes: Any) -> Any:
    headers = signed_headers("acmeAppKey01") | {"Idempotency-Key": key}
    body = json.dumps({**PAIR, **changes})
    answer: Any = Client().post(DOOR, body, content_type="application/json", headers=headers)
    return answer


def test_the_same_order_again_gets_the_first_answer_and_is_not_done_again(acme: Company) -> None:
    first, second = ask(body={"a": 1}, also=KEY), ask(body={"a": 1}, also=KEY)
    assert (first.content, first.status_code) == (second.content, second.status_code)
    assert Echo.done == 1 and told(second) == "200 0"
    assert ("Idempotent-Replayed" in first, second["Idempotent-Replayed"]) == (False, "true")
    assert first["X-Request-Id"] != second["X-Request-Id"]


def test_the_log_says_that_an_answer_was_given_again(acme: Company) -> None:
    for _ in range(2):
        ask(body={"a": 1}, also=KEY)
    said = list(ApiRequest.objects.order_by("id").values_list("detail", "code", "http_status"))
    assert sorted(said) == [("", "0", 200), ("answered as the first time (Idempotency-Key)", "0", 200)]


@pytest.mark.parametrize(
    "other", [{"body": {"a": 2}}, {"body": b'{"a":1} '}, {"method": "PUT"}, {"query": "app_key=x"}], ids=repr
)
def test_another_request_under_the_same_key_is_refused_by_its_name(acme: Company, other: dict[str, Any]) -> None:
    ask(body={"a": 1}, also=KEY)
    response = ask(**{"body": {"a": 1}, **other}, also=KEY)
    assert told(response) == "403 1010002"
    assert described(response) == "Invalid request. Idempotency-Key: was used with another request"
    assert Echo.done == 1
    assert ApiRequest.objects.filter(parameter="Idempotency-Key").count() == 1


def test_keys_of_two_applications_have_nothing_to_do_with_each_other(acme: Company, bolt: Company) -> None:
    make_application(acme.account, "acmeAppKey02")
    for key in ("acmeAppKey01", "acmeAppKey02"):
        ask(body={"a": 1}, headers=signed_headers(key), also=KEY)
    assert Echo.done == 2


def test_what_was_refused_for_a_reason_of_trade_is_refused_again(acme: Company) -> None:
    responses = [ask(body={"fault": "business"}, also=KEY) for _ in range(2)]
    assert [told(response) for response in responses] == ["403 1012010"] * 2
    assert responses[1]["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("fault", ["input", "ours", "busy"])
def test_what_could_not_be_read_or_failed_may_be_sent_again_under_its_key(acme: Company, fault: str) -> None:
    ask(body={"fault": fault}, also=KEY)
    assert not IdempotentAnswer.objects.exists()
    assert told(ask(body={"a": 1}, also=KEY)) == "200 0"


def test_without_a_key_every_order_is_done(acme: Company) -> None:
    for also in ({}, {"Idempotency-Key": ""}, {"Idempotency-Key": "  "}):
        ask(body={"a": 1}, also=also)
    assert Echo.done == 3 and not IdempotentAnswer.objects.exists()


@pytest.mark.parametrize("key", ["k" * 256, "号", "a\x7f"])
def test_a_key_is_short_plain_text(acme: Company, key: str) -> None:
    assert described(ask(body={"a": 1}, also={"Idempotency-Key": key})).startswith("Invalid request. Idempotency-Key:")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_methods_that_may_be_repeated_anyway_look_at_no_key(acme: Company, method: str) -> None:
    for _ in range(2):
        ask(method, query="a=1", also=KEY)
    assert Echo.done == 2


def test_a_key_is_good_again_after_a_day(acme: Company) -> None:
    ask(body={"a": 1}, also=KEY)
    IdempotentAnswer.objects.update(created_at=datetime.now(UTC) - timedelta(hours=24, seconds=1))
    assert told(ask(body={"a": 2}, also=KEY)) == "200 0"
    assert Echo.done == 2
    retention.drop_expired(datetime.now(UTC) + timedelta(hours=25))
    assert not IdempotentAnswer.objects.exists()


def test_no_number_stands_readable_in_a_kept_answer(acme: Company) -> None:
    bind()
    with connection.cursor() as cursor:
        cursor.execute("SELECT key, body, answer FROM privacy_idempotentanswer")
        assert not any(b"1380000002" in bytes(value) or b"order-17" in bytes(value) for value in cursor.fetchone())


# --- binds ------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_hundred_at_once_bind_once_and_get_the_same_answer(acme: Company) -> None:
    for last in range(2, 6):
        make_number(acme.application, f"+86171000001{last:02}")

    def one(_: int) -> bytes:
        try:
            return bytes(bind().content)
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        answers = set(pool.map(one, range(100)))
    assert len(answers) == 1 and json.loads(answers.pop())["resultcode"] == "0"
    assert Binding.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_without_a_key_the_same_bind_takes_a_second_number(acme: Company) -> None:
    make_number(acme.application, "+8617100000102")
    assert {json.loads(bind(key).content)["resultcode"] for key in ("one", "two")} == {"0"}
    assert Binding.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_bind_that_breaks_before_its_answer_is_kept_was_not_done(acme: Company) -> None:
    with patch("privacy.api.northbound.idempotency.keyring", side_effect=RuntimeError("killed")):
        assert bind().status_code == 500
    assert not Binding.objects.exists() and not IdempotentAnswer.objects.exists()
    assert bind().status_code == 200
    assert Binding.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_refused_bind_leaves_its_answer_and_nothing_else(acme: Company) -> None:
    assert json.loads(bind("first", relationNum="+8617100000001").content)["resultcode"] == "0"
    for _ in range(2):
        assert json.loads(bind("second", relationNum="+8617100000001").content)["resultcode"] == "1012010"
    assert (Binding.objects.count(), IdempotentAnswer.objects.count()) == (1, 2)
