"""The secret before a new one: how long it opens the door, what ends it, what it signs."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from accounts import app_secrets
from accounts.models import Application
from accounts.provision_file import read
from accounts.provision_lists import LISTS
from accounts.provisioning import Tally, apply_applications
from accounts.tests.asking import HOME, KEY, NOW, ask, code_of
from accounts.tests.cast import SECRET, signed_headers
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from notifications import asking

NEW = "the-new-secret-of-acme-000000000"
HOUR = timedelta(hours=1)


def old_and_new(at: datetime) -> tuple[str, str]:
    """Return what the door says to the old secret and to the new one."""
    return tuple(_said(secret, at) for secret in (SECRET, NEW))  # type: ignore[return-value]


def _said(secret: str, at: datetime) -> str:
    sent = signed_headers(KEY, secret, now=at)
    try:
        return ask(sent, now=at).key
    except Exception as refused:
        return str(getattr(refused, "code", refused))


def renew(company: Company, hours: int) -> None:
    app_secrets.renew(company.application, NEW, hours=hours, now=NOW)


@pytest.mark.parametrize("hours", [1, 24, 168])
def test_both_secrets_open_the_door_until_the_term_of_the_old_one_is_over(acme: Company, hours: int) -> None:
    renew(acme, hours)
    assert old_and_new(NOW) == (KEY, KEY)
    end = NOW + hours * HOUR
    assert old_and_new(end - timedelta(seconds=1)) == (KEY, KEY)
    assert old_and_new(end) == ("1010010", KEY)


def test_with_no_hours_the_old_one_is_refused_at_once(acme: Company) -> None:
    renew(acme, 0)
    assert old_and_new(NOW) == ("1010010", KEY)
    assert Application.objects.get().previous_secret is None


@pytest.mark.parametrize("hours", [-1, 169])
def test_a_term_outside_a_week_is_a_fault(acme: Company, hours: int) -> None:
    with pytest.raises(ValueError):
        renew(acme, hours)


def test_revoked_the_old_one_is_refused_at_once(acme: Company) -> None:
    renew(acme, 24)
    assert app_secrets.revoke_previous(acme.application) is True
    assert old_and_new(NOW) == ("1010010", KEY)
    assert app_secrets.revoke_previous(acme.application) is False


def test_a_second_renewal_ends_the_term_of_the_first_secret(acme: Company) -> None:
    renew(acme, 24)
    app_secrets.renew(acme.application, "the-third-secret", hours=24, now=NOW)
    assert old_and_new(NOW) == ("1010010", KEY)
    assert ask(signed_headers(KEY, "the-third-secret", now=NOW)).key == KEY


def test_what_is_past_is_erased_and_what_is_not_stays(acme: Company, bolt: Company) -> None:
    renew(acme, 1)
    renew(bolt, 2)
    assert app_secrets.forget_past(NOW + HOUR) == 1
    assert list(Application.objects.order_by("app_key").values_list("previous_secret", flat=True)) == [None, SECRET]
    assert app_secrets.forget_past(NOW + HOUR) == 0


def test_a_secret_written_by_provision_is_good_alone(acme: Company) -> None:
    renew(acme, 24)
    entry = {"account": "acme", "app_key": KEY, "app_secret": "provisioned-secret"}
    apply_applications(read(orjson.dumps({"applications": [entry]}), LISTS)["applications"], Tally(), lambda _: False)
    assert old_and_new(NOW) == ("1010010", "1010010")
    assert ask(signed_headers(KEY, "provisioned-secret", now=NOW)).key == KEY


def test_the_old_secret_counts_as_wrong_once_it_is_over_and_locks_out(acme: Company, settings: Any) -> None:
    settings.MASKLINE = {**settings.MASKLINE, "lockout_failures": 2}
    renew(acme, 1)
    at = NOW + 2 * HOUR
    assert [code_of(signed_headers(KEY, SECRET, now=at), now=at, address=HOME) for _ in range(3)][-1] == "403 1020176"


def test_requests_to_the_customer_carry_a_signature_of_each(acme: Company) -> None:
    renew(acme, 24)
    now = datetime.now(UTC)
    signed = [
        asking._headers(Application.objects.get(), UUID(int=1), at, b"{}")["webhook-signature"].count("v1,")
        for at in (NOW, NOW + 25 * HOUR, now)
    ]
    assert signed == [2, 1, 1]
