"""The cloud audit: services opened, frozen and resumed, whoever does it (pushes.md 8)."""

from decimal import Decimal

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import standing
from accounts.models import Account, AuditEntry
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from billing import ledger

NOW = timezone.now()


def operations(account: Account) -> list[str]:
    """Return the operations of an account's cloud audit, oldest first."""
    rows = AuditEntry.objects.filter(account=account, subject_kind="privateNumber").order_by("pk")
    return list(rows.values_list("action", flat=True))


def test_going_into_arrears_freezes_and_leaving_them_resumes(acme: Company, operator: User) -> None:
    for state in ("low", "arrears", "arrears", "low", "good"):
        standing.set_state(acme.account, state, user=operator, now=NOW, reason="asked by 13800138000")

    assert operations(acme.account) == [standing.FREEZE, standing.RESUME]
    entry = AuditEntry.objects.latest("pk")
    assert (entry.subject, entry.username, entry.reason) == ("acme", "operator", "asked by *******8000")
    assert Account.objects.get(pk=acme.account.pk).state == "good"


def test_a_topup_that_ends_arrears_resumes_the_service(bolt: Company) -> None:
    ledger.open_account(bolt.account)
    ledger.topup(account=bolt.account, amount=Decimal("10"), reference="t-1", now=NOW)

    assert operations(bolt.account) == [standing.RESUME]


def test_an_account_made_or_frozen_in_the_admin_is_audited(acme: Company, operator: User, client: Client) -> None:
    client.force_login(operator)
    made = {"code": "corp", "name": "Corp", "time_zone": "Asia/Shanghai", "currency": "CNY", "credit_limit": "0",
            "low_balance": "0", "contacts": "[]", "state": "good"}  # fmt: skip
    assert client.post(reverse("admin:accounts_account_add"), made).status_code == 302
    corp = Account.objects.get(code="corp")
    address = reverse("admin:accounts_account_change", args=[corp.pk])
    assert client.post(address, {**made, "name": "Corp 2"}).status_code == 302
    assert operations(corp) == [standing.CREATE]
    assert client.post(address, {**made, "state": "arrears"}).status_code == 302

    corp.refresh_from_db()
    assert corp.state == "arrears" and corp.state_since > NOW
    assert operations(corp) == [standing.CREATE, standing.FREEZE]
    assert AuditEntry.objects.filter(action=standing.FREEZE).get().address == "127.0.0.1"
