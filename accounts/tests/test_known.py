"""Applications are kept by the version of their rows: a change is seen by the very next request, in every process."""

import copy
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import headers, known
from accounts.models import Account, Application, Upstream
from accounts.tests.cast import signed_headers
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company

NOW = datetime(2026, 3, 1, 10, 0, 30, tzinfo=UTC)
KEY = "acmeAppKey01"


def read() -> Any:
    return known.of_customer(headers.parse(signed_headers(KEY, now=NOW)), "192.0.2.10", NOW).application


def test_an_application_is_read_once_and_then_known(acme: Company) -> None:
    assert read() == acme.application
    with CaptureQueriesContext(connection) as queries:
        found = read()
        assert (found, found.account, found.app_secret) == (
            acme.application,
            acme.account,
            acme.application.app_secret,
        )
    assert not len(queries)  # but the one statement, which is not Django's


@pytest.mark.parametrize(
    "change",
    [
        {"state": "suspended"},
        {"app_secret": "another-secret-000"},
        {"mode": "AX"},
        {"allowed_ips": ["10.0.0.0/8"]},
        {"strict_nonces": True},
    ],
    ids=str,
)
def test_a_change_of_the_application_is_seen_at_once(acme: Company, change: dict[str, Any]) -> None:
    read()
    Application.objects.filter(app_key=KEY).update(**change)
    ((name, value),) = change.items()
    assert getattr(read(), name) == value
    Application.objects.filter(app_key=KEY).update(**{name: getattr(acme.application, name)})
    assert getattr(read(), name) == getattr(acme.application, name)


def test_a_change_of_the_account_is_seen_at_once(acme: Company) -> None:
    for state in (Account.State.ARREARS, Account.State.LOW, Account.State.GOOD):
        Account.objects.update(state=state)
        assert read().account.state == state


def test_one_that_is_gone_or_renamed_is_unknown(acme: Company) -> None:
    read()
    Application.objects.filter(app_key=KEY).update(app_key="renamed")
    assert read() is None


@pytest.mark.django_db(transaction=True)
def test_what_was_undone_is_not_known(acme: Company) -> None:
    read()
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("UPDATE accounts_application SET state = 'suspended'")
        assert read().state == "suspended"
        cursor.execute("ROLLBACK")
    assert read().state == "active"


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_broke_meanwhile_is_made_anew(acme: Company) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    assert read() == acme.application


def test_what_one_request_does_to_its_application_no_other_sees(acme: Company) -> None:
    for _ in range(2):
        found = read()
        found.state, found.account.state, found.account = "x", "x", copy.copy(found.account)
    assert (read().state, read().account.state) == ("active", "good")


def read_upstream() -> Any:
    return known.of_upstream(headers.parse(signed_headers("switch1", now=NOW)), "192.0.2.10", NOW).upstream


def test_an_upstream_is_read_once_and_a_change_of_it_is_seen_at_once(switch1: Upstream) -> None:
    assert read_upstream() == switch1
    with CaptureQueriesContext(connection) as queries:
        found = read_upstream()
        assert (found, found.secret) == (switch1, switch1.secret)
    assert not len(queries)
    found.secret = "x"
    for secret in ("another-secret-000", switch1.secret):
        Upstream.objects.update(secret=secret)
        assert read_upstream().secret == secret
    Upstream.objects.update(key="renamed")
    assert read_upstream() is None


def test_only_so_many_are_kept(acme: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "MOST_KEPT", 3)
    kept: known._Kept[Application] = known._Kept()
    for number in range(10):
        kept.put(number, "1", acme.application)
    assert [kept.get(number, "1") is not None for number in range(10)] == [False] * 7 + [True] * 3
    assert kept.get(9, "2") is None
