"""The log of requests: a row for each, with what its owner needs to mend a client; it never hinders an answer."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from django.db import DatabaseError, connection
from django.test import Client

from accounts import digests
from accounts.models import Application
from accounts.tests.cast import SECRET, signed_headers
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from common import partitions, sql, timeid
from privacy import retention
from privacy.api.northbound.requests import KEPT_BYTES
from privacy.models import ApiRequest
from privacy.tests.echo import Echo, ask, told

KEY = "acmeAppKey01"
HOUR = timedelta(hours=1)


def logged() -> Any:
    return ApiRequest.objects.get()


def test_the_row_has_the_id_of_the_answer_and_the_moment_in_it(acme: Company) -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    response = ask(body={"a": 1})
    row = logged()
    assert row.pk == UUID(response["X-Request-Id"])
    assert before <= timeid.instant(row.pk) <= datetime.now(UTC)
    assert 0 < row.duration_us < 60_000_000


def test_a_good_request_is_kept_with_all_that_was_said(acme: Company) -> None:
    response = ask(body={"callerNum": "+8613800000021"}, query="x=%2B86")
    row = logged()
    assert (row.account, row.application, row.app_key) == (acme.account, acme.application, KEY)
    assert (row.method, row.path, row.operation, row.address) == ("POST", "/rest/echo", "axb.bind", "127.0.0.1")
    assert (row.http_status, row.code, row.parameter, row.step, row.detail) == (200, "0", "", "", "")
    assert json.loads(row.request) == {"query": "x=%2B86", "body": '{"callerNum": "+8613800000021"}'}
    assert row.answer == response.content


def test_no_number_stands_readable_in_the_row(acme: Company) -> None:
    ask(body={"callerNum": "+8613800000021"}, query="n=%2B8613800000021")
    with_everything = " ".join(str(value) for value in ApiRequest.objects.values_list().get()[:-2])
    assert "13800000021" not in with_everything


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"body": b"["}, (403, "1010002", "body", "")),
        ({"body": {"fault": "input"}}, (403, "1010002", "callerNum", "")),
        ({"body": {"fault": "business"}}, (403, "1012010", "", "")),
        ({"body": {"fault": "ours"}}, (500, "1010001", "", "")),
        ({"method": "PATCH"}, (403, "1010006", "", "")),
        ({"headers": {}}, (400, "1023006", "", "form")),
        ({"headers": signed_headers("nobody")}, (403, "1010003", "", "key")),
    ],
)
def test_what_is_refused_is_kept_too(acme: Company, sent: dict[str, Any], kept: tuple[Any, ...]) -> None:
    ask(**sent)
    row = logged()
    assert (row.http_status, row.code, row.parameter, row.step) == kept


def test_a_wrong_uri_is_kept_with_the_key_that_was_sent(client: Client, acme: Company) -> None:
    client.post("/rest/caas/nothing?a=1", b"x", content_type="text/plain", headers=signed_headers(KEY))
    row = logged()
    assert (row.http_status, row.code, row.path, row.application) == (404, "", "/rest/caas/nothing", acme.application)


NUMBER = "13800990017"


@pytest.mark.parametrize(
    "wrong",
    [
        {"path": f"/rest/provision/caas/privatenumber/v1.0/+86{NUMBER}"},
        {"path": f"/rest/{NUMBER}/{NUMBER}"},
        {"path": "/rest/138/00990017", "gone": "00990017"},
        {"path": f"/rest/%2B86{NUMBER}"},
        {"key": f"+86{NUMBER}"},
        {"key": "138 0099 0017", "gone": "0099 0017"},
        {"body": {f"+86{NUMBER}": "a\0b"}},
        {"body": {"138_0099_0017": "a\0b"}, "gone": "0099"},
        {"query": f"x{NUMBER}=%00", "method": "GET"},
        {"method": NUMBER},
    ],
    ids=str,
)
def test_no_number_in_a_place_of_the_clients_choice_stands_readable_in_the_row(
    client: Client, acme: Company, wrong: dict[str, Any]
) -> None:
    headers = signed_headers(wrong.get("key", KEY))
    path = wrong.get("path", "/rest/caas/relationnumber/partners/v1.0")
    body = json.dumps(wrong["body"]) if "body" in wrong else ""
    client.generic(
        wrong.get("method", "POST"),
        path,
        body,
        "application/json",
        QUERY_STRING=wrong.get("query", ""),
        headers=headers,
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT row::text FROM privacy_apirequest AS row")
        ((row,),) = cursor.fetchall()
    for gone in (NUMBER, wrong.get("gone", NUMBER)):
        assert gone not in row and gone.encode().hex() not in row
    assert logged().application == (None if "key" in wrong else acme.application)


def test_our_own_paths_parameters_and_keys_stay_readable(client: Client, acme: Company) -> None:
    Application.objects.update(app_key="12345678901234567890")
    path = "/rest/caas/relationnumber/partners/v1.0"
    client.post(path, {"callerNum": "x"}, "application/json", headers=signed_headers("12345678901234567890"))
    row = logged()
    assert (row.path, row.parameter, row.app_key) == (path, "callerNum", "12345678901234567890")


def test_one_that_is_refused_belongs_to_whoever_has_the_key(acme: Company, bolt: Company) -> None:
    for headers in (
        signed_headers(KEY, secret="another-secret"),
        {**signed_headers(KEY), "Authorization": "x"},
        signed_headers(KEY, now=datetime.now(UTC) - HOUR),
    ):
        ask(headers=headers)
    assert {row.account for row in ApiRequest.objects.all()} == {acme.account}


@pytest.mark.parametrize("key", ["a\0b", "k" * 500, "‮", "号", "'; --", "nobody"])
def test_any_key_can_be_written_down(acme: Company, key: str) -> None:
    ask(headers=signed_headers(key))
    assert logged().app_key == key[:128].replace("\0", "�")


@pytest.mark.parametrize("path", ["/rest/%00", "/rest/%ff", "/rest/" + "号" * 200])
def test_any_path_can_be_written_down(client: Client, acme: Company, path: str) -> None:
    client.get(path)
    assert logged().path.startswith("/rest/")


def test_a_long_body_is_cut(acme: Company) -> None:
    ask(body={"a": "x" * 2 * KEPT_BYTES})
    row = logged()
    assert len(json.loads(row.request)["body"]) == len(row.answer) == KEPT_BYTES


def test_a_body_that_is_no_text_is_kept_as_far_as_it_is(acme: Company) -> None:
    ask(body=b"\xff\x00{")
    assert json.loads(logged().request)["body"] == "�\0{"


# --- what is known of a refused signature -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("off", "said"),
    [
        (timedelta(seconds=-28_800), "clock off by -28,800 s; 300 s are allowed; fits UTC-8"),
        (timedelta(hours=9, seconds=5), "clock off by 32,405 s; 300 s are allowed; fits UTC+9"),
        (timedelta(hours=5, minutes=30), "clock off by 19,800 s; 300 s are allowed; fits UTC+5:30"),
        (timedelta(seconds=301), "clock off by 301 s; 300 s are allowed"),
        (timedelta(days=400), "clock off by 34,560,000 s; 300 s are allowed"),
    ],
)
def test_a_clock_that_is_off_is_told_by_how_much(acme: Company, off: timedelta, said: str) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    with patch("privacy.api.northbound.requests.datetime") as clock:
        clock.now.return_value = now
        assert told(ask(headers=signed_headers(KEY, now=now + off))) == "401 1010013"
    row = logged()
    assert (row.step, row.detail) == ("time", said)


def test_beijing_time_is_named_where_the_setting_refuses_it(acme: Company, settings: Any) -> None:
    settings.MASKLINE = {**settings.MASKLINE, "accept_beijing_time": False}
    now = datetime.now(UTC).replace(microsecond=0)
    with patch("privacy.api.northbound.requests.datetime") as clock:
        clock.now.return_value = now
        ask(headers=signed_headers(KEY, now=now + timedelta(hours=8)))
    assert logged().detail == "clock off by 28,800 s; 300 s are allowed; fits UTC+8"


def signed_with(generation: Any, digest: str, nonce: str, created: datetime) -> dict[str, str]:
    headers = signed_headers(KEY, generation=generation, nonce=nonce, now=created)
    head, _, tail = headers[f"X-{generation}"].partition('PasswordDigest="')
    return {**headers, f"X-{generation}": f'{head}PasswordDigest="{digest}"{tail[tail.index(chr(34)) + 1 :]}'}


@pytest.mark.parametrize(
    ("generation", "made", "said"),
    [
        ("AKSK", lambda n, c: digests.wsse(n, c, SECRET), "other generation: SHA-256 (WSSE) under X-AKSK"),
        ("AKSK", lambda n, c: digests.wsse_hex(n, c, SECRET), "other generation: SHA-256 (WSSE) in hex under X-AKSK"),
        ("WSSE", lambda n, c: digests.aksk(n, c, SECRET), "other generation: HMAC-SHA256 (AKSK) under X-WSSE"),
        ("AKSK", lambda n, c: digests.aksk(c, n, SECRET), "Created before nonce"),
        (
            "AKSK",
            lambda n, c: digests.aksk(n, c, "wrong-secret"),
            "wrong secret, or not made of nonce + Created as sent",
        ),
        ("WSSE", lambda n, c: "x", "wrong secret, or not made of nonce + Created as sent"),
        ("WSSE", lambda n, c: "号", "wrong secret, or not made of nonce + Created as sent"),
    ],
)
def test_a_wrong_digest_is_told_how_it_was_made(acme: Company, generation: Any, made: Any, said: str) -> None:
    now = datetime.now(UTC)
    digest = made("n1", now.strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert told(ask(headers=signed_with(generation, digest, "n1", now))) == "401 1010010"
    row = logged()
    assert (row.step, row.detail) == ("digest", said)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Nonce=", "Other=", "nonce is missing, empty or given twice in X-AKSK"),
        ("Nonce=", 'Username="x",Nonce=', "username is missing, empty or given twice in X-AKSK"),
        ('Nonce="', 'Nonce="' + "n" * 100, "nonce has 132 characters or some that are no plain ASCII"),
        ('Z"', '.1Z"', "Created is not written yyyy-MM-ddTHH:mm:ssZ"),
        ("SDP", "sdp", "The value of realm in Authorization must be SDP."),
    ],
)
def test_a_fault_of_form_is_told(acme: Company, old: str, new: str, said: str) -> None:
    ask(headers={name: value.replace(old, new) for name, value in signed_headers(KEY).items()})
    row = logged()
    assert (row.step, row.detail) == ("form", said)


def test_a_body_hash_that_is_wrong_or_missing_is_told(acme: Company) -> None:
    Application.objects.update(require_content_digest=True)
    ask(body={})
    ask(body={}, also={"X-Content-SHA256": "00"})
    said = list(ApiRequest.objects.order_by("id").values_list("detail", flat=True))
    assert sorted(said) == [
        "X-Content-SHA256 is not the SHA-256 of the body",
        "X-Content-SHA256 is required and missing",
    ]


def test_a_header_that_was_used_up_is_told(acme: Company) -> None:
    Application.objects.update(strict_nonces=True)
    headers = signed_headers(KEY)
    assert [told(ask("GET", headers=headers)) for _ in range(2)] == ["200 0", "401 1010013"]
    assert ApiRequest.objects.get(step="time").detail == "this header was used 0 s ago and is not good again"


def test_nothing_of_that_is_in_the_answer(acme: Company) -> None:
    response = ask(headers=signed_headers(KEY, secret="another-secret"))
    assert json.loads(response.content) == {"resultcode": "1010010", "resultdesc": "Invalid digest."}


# --- it never hinders -------------------------------------------------------------------------------------------------


def test_a_row_that_cannot_be_written_makes_no_request_fail(acme: Company) -> None:
    with patch("privacy.api.northbound.requests._insert", side_effect=DatabaseError("full")):
        assert told(ask(body={})) == "200 0"
    assert not ApiRequest.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_partition_that_was_dropped_is_made_again(acme: Company) -> None:
    ask(body={})
    table = ApiRequest._meta.db_table
    seen = {key: set(names) for key, names in partitions._seen.items()}
    partitions.detach_and_drop_before(table, datetime.now(UTC) + timedelta(days=60))
    partitions._seen.update(seen)
    Echo.done = 0
    assert told(ask(body={})) == "200 0"
    assert ApiRequest.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_only_the_row_does_not_wait_for_the_disk(acme: Company) -> None:
    assert "set_config('synchronous_commit', 'off', true)" in sql.load("privacy", "keep_request")
    ask(body={})
    with connection.cursor() as cursor:
        cursor.execute("SELECT setting = reset_val FROM pg_settings WHERE name = 'synchronous_commit'")
        assert cursor.fetchone() == (True,)


@pytest.mark.django_db(transaction=True)
def test_rows_are_dropped_by_the_week_when_their_days_are_over(acme: Company) -> None:
    ask(body={})
    now = datetime.now(UTC)
    retention.drop_expired(now + timedelta(days=31) - HOUR)
    assert ApiRequest.objects.exists()
    retention.drop_expired(now + timedelta(days=31 + 7))
    assert not ApiRequest.objects.exists()
    partitions.ensure_ahead(now)
