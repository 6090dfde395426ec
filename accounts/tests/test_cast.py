"""The cast that all other tests rely on."""

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Account, AuditEntry
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from privacy.models import Holding


def test_each_company_has_an_application_that_holds_a_number(acme: Company, bolt: Company, corp: Company) -> None:
    assert [h.application for h in Holding.objects.order_by("id")] == [c.application for c in (acme, bolt, corp)]
    assert (acme.account.state, bolt.account.state) == (Account.State.GOOD, Account.State.ARREARS)


def test_a_secret_reads_as_it_was_written(acme: Company) -> None:
    acme.application.refresh_from_db()
    assert acme.application.app_secret == cast.SECRET


def test_an_audit_entry_is_never_changed_or_removed(db: None) -> None:
    AuditEntry.objects.create(username="support", action="reveal")
    for change in (lambda: AuditEntry.objects.update(action="look"), lambda: AuditEntry.objects.all().delete()):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    assert AuditEntry.objects.get().action == "reveal"
