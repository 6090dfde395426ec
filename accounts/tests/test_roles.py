"""The permission table and the scope of each role, written out by hand."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from accounts import roles
from accounts.audit import record
from accounts.models import Account, Application, AuditEntry, DataKey
from accounts.roles import may, require
from accounts.scope import for_user
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from privacy.models import Holding, Number, NumberStatus

TABLE = """
             support  finance  operator  auditor  customer
look         yes      yes      yes       yes      yes
money        -        yes      yes       yes      yes
reveal       yes      -        yes       -        -
raw_export   -        -        yes       -        -
replay       yes      -        yes       -        -
listen       yes      -        yes       -        -
bind         yes      -        yes       -        -
try_out      yes      -        yes       -        yes
upload       -        -        yes       -        yes
attend       yes      yes      yes       -        -
correct      -        yes      yes       -        -
approve      -        yes      -         -        -
operate      -        -        yes       -        -
configure    -        -        yes       -        -
audit        -        -        yes       yes      -
"""
ROLES, *ROWS = [line.split() for line in TABLE.strip().splitlines()]
CASES = [(row[0], role, cell == "yes") for row in ROWS for role, cell in zip(ROLES, row[1:], strict=True)]


@pytest.mark.parametrize(("action", "role", "allowed"), CASES)
def test_each_role_may_what_the_table_says(db: None, action: str, role: str, allowed: bool) -> None:
    assert may(cast.staff(role), action) is allowed


def test_the_table_knows_every_action_and_role() -> None:
    assert {row[0] for row in ROWS} == set(roles.PERMISSIONS)
    assert set(ROLES) == roles.ROLES


def test_the_groups_of_the_roles_are_there_from_the_start(db: None) -> None:
    assert set(Group.objects.values_list("name", flat=True)) >= roles.ROLES


def test_who_has_no_role_or_left_may_do_nothing(db: None, support: User) -> None:
    support.is_active = False
    for user in (AnonymousUser(), User.objects.create(username="new", is_staff=True), support):
        assert not any(may(user, action) for action in roles.PERMISSIONS)
        assert for_user(user).account_id == 0


def test_an_action_nobody_wrote_down_is_an_error(support: User) -> None:
    with pytest.raises(KeyError):
        may(support, "fly")
    with pytest.raises(KeyError):
        require("fly")


def test_two_roles_add_up_and_a_superuser_is_an_operator(support: User) -> None:
    support.groups.add(Group.objects.get(name="finance"))
    assert may(support, "reveal") and may(support, "approve") and not may(support, "audit")
    chief = User.objects.create(username="chief", is_superuser=True)
    assert may(chief, "configure") and not may(chief, "approve")


@require("money")
def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("seen")


def test_a_guarded_view_asks_for_login_then_refuses_who_may_not(db: None, support: User, finance: User) -> None:
    request = RequestFactory().get("/charges")
    request.user = AnonymousUser()
    assert page(request).headers["Location"].startswith("/admin/login/?next=/charges")
    request.user = support
    with pytest.raises(PermissionDenied):
        page(request)
    request.user = finance
    assert page(request).status_code == 200


# --- scope ----------------------------------------------------------------------------------------------------------


def test_staff_see_every_account_and_a_customer_one(
    acme: Company, bolt: Company, support: User, customer: User
) -> None:
    assert for_user(support).account_id is None
    assert for_user(support).rows(Account).count() == 2
    scope = for_user(customer)
    assert scope.account_id == acme.account.pk
    assert (scope.sees(acme.account.pk), scope.sees(bolt.account.pk), scope.sees(None)) == (True, False, False)
    assert list(scope.rows(Account)) == [acme.account]
    assert list(scope.rows(Application)) == [acme.application]
    assert list(scope.rows(Number)) == [acme.number]
    assert [h.number for h in scope.rows(Holding)] == [acme.number]


def test_a_model_that_belongs_to_no_account_has_no_rows_for_a_customer(acme: Company, customer: User) -> None:
    DataKey.objects.create(kid="x", fingerprint=b"x")
    assert not for_user(customer).rows(DataKey).exists()


def test_a_customer_bound_to_no_account_sees_nothing(acme: Company) -> None:
    lost = cast.staff("customer", None, "lost")
    assert not for_user(lost).rows(Account).exists()
    assert not for_user(lost).sees(acme.account.pk)


def test_support_bound_to_an_account_sees_only_that(acme: Company, bolt: Company) -> None:
    bound = cast.staff("support", bolt.account, "bolts")
    assert list(for_user(bound).rows(Account)) == [bolt.account]


def test_a_number_held_twice_is_one_row_and_its_statuses_are_seen_by_who_held_it_then(
    acme: Company, bolt: Company, customer: User
) -> None:
    moved, back = cast.ISSUED + timedelta(days=10), cast.ISSUED + timedelta(days=20)
    Holding.objects.filter(number=acme.number).update(valid_to=moved)
    Holding.objects.create(number=acme.number, application=bolt.application, valid_from=moved, valid_to=back)
    Holding.objects.create(number=acme.number, application=acme.application, valid_from=back)
    for day in (5, 15, 25):
        NumberStatus.objects.create(number=acme.number, at=cast.ISSUED + timedelta(days=day), status=1)
    assert list(for_user(customer).rows(Number)) == [acme.number]
    assert [s.at.day for s in for_user(customer).rows(NumberStatus).order_by("at")] == [5, 25]
    bolts = for_user(cast.staff("customer", bolt.account, "bolts"))
    assert [s.at.day for s in bolts.rows(NumberStatus)] == [15]


# --- audit ----------------------------------------------------------------------------------------------------------


def test_an_audit_entry_names_who_what_why_and_from_where(acme: Company, support: User) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.7")
    at = datetime.now(UTC)
    entry = record(
        user=support,
        action="reveal",
        subject_kind="call",
        subject="x" * 300,
        account=acme.account,
        reason="ticket 7",
        detail={"field": "caller"},
        request=request,
    )
    entry.refresh_from_db()
    assert (entry.username, entry.user, entry.action, entry.reason) == ("support", support, "reveal", "ticket 7")
    assert (entry.address, entry.account, entry.detail) == ("192.0.2.7", acme.account, {"field": "caller"})
    assert len(entry.subject) == 256 and abs(entry.at - at) < timedelta(minutes=1)


def test_without_a_user_an_entry_names_the_command_line(db: None) -> None:
    record(user=None, action="rotate_keys")
    assert AuditEntry.objects.get().username == "command"
