"""Numbers that had several holders: what one account did with them the other never sees, in no page and no list."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from privacy import numbers
from privacy.bindings.orders import Actor
from privacy.models import Cooling, Number, NumberOrder, NumberStatus
from privacy.numbers import Move, NumberRow

pytestmark = pytest.mark.django_db
BY = Actor(name="operator", reason="ticket 17")
HOUR = timedelta(hours=1)
NOW = timezone.now().replace(microsecond=0)


def signed_in_of(company: Any, name: str) -> Client:
    client = Client()
    client.force_login(cast.staff("customer", company.account, name))
    return client


def move(number: Number, company: Any, at: Any) -> None:
    """Move a number to another account, as agreed."""
    to = company.application.app_key
    asked = numbers.ask([Move(number=number.number, application=to, line=1)], actor=BY, now=at)
    numbers.agree(asked, actor=Actor(name="finance"), as_finance=True, now=at)


@pytest.fixture
def moved(acme: Any, bolt: Any) -> Number:
    """Acme's number, issued for its order, that moved to Bolt, which then had it suspended and released a pair."""
    number: Number = acme.number
    number.order = NumberOrder.objects.create(
        account=acme.account, application=acme.application, area_code="0755", quantity=1, issued=1,
        state="issued", reference="acme-secret-order", ordered_by="operator",
    )  # fmt: skip
    number.save()
    numbers.suspend([NumberRow(number=number.number, line=1)], state="suspended", actor=BY, now=NOW - 3 * HOUR)
    numbers.resume([NumberRow(number=number.number, line=1)], actor=BY, now=NOW - 2 * HOUR)
    Cooling.objects.create(number=number, key=b"k" * 16, counterpart=b"c" * 16, released_at=NOW - 2 * HOUR)
    move(number, bolt, NOW - HOUR)
    rows = [NumberRow(number=number.number, line=1)]
    numbers.suspend(rows, state="suspended", actor=BY, now=NOW)
    numbers.blacklist(rows, on=True, actor=BY, now=NOW)
    return number


def test_the_admin_shows_a_number_to_its_holder_alone_and_no_order_to_anybody_bound(moved, acme, bolt, operator):
    page = reverse("admin:privacy_number_change", args=[moved.pk])
    listed = reverse("admin:privacy_number_changelist")
    former, holder = signed_in_of(acme, "acmes"), signed_in_of(bolt, "bolts")
    assert former.get(page).status_code == 302
    assert moved.number not in former.get(listed).text
    shown = holder.get(page)
    assert shown.status_code == 200
    assert "Suspended" in shown.text
    assert "acme" not in shown.text
    assert "upstream" not in shown.text.casefold()
    assert moved.number in holder.get(listed).text
    house = Client()
    house.force_login(operator)
    assert "acme-secret-order" in house.get(page).text


def test_who_of_the_staff_did_something_is_not_said_to_a_bound_person(moved, bolt, operator):
    listed = reverse("admin:privacy_numberchange_changelist")
    holder = signed_in_of(bolt, "bolts").get(listed)
    assert "Blacklisted" in holder.text
    assert "operator" not in holder.text
    house = Client()
    house.force_login(operator)
    assert "operator" in house.get(listed).text.split("result_list")[1]


def test_releases_of_a_former_holder_are_not_the_next_ones(moved, acme, bolt):
    assert "result_list" in signed_in_of(acme, "acmes").get(reverse("admin:privacy_cooling_changelist")).text
    assert "result_list" not in signed_in_of(bolt, "bolts").get(reverse("admin:privacy_cooling_changelist")).text


def test_the_last_holder_sees_that_a_number_was_returned(acme, bolt):
    signed_in, other = signed_in_of(acme, "acmes"), signed_in_of(bolt, "bolts")
    numbers.unsubscribe([NumberRow(number=acme.number.number, line=1)], actor=BY, now=NOW)
    assert NumberStatus.objects.get().at == acme.number.holdings.get().valid_to
    assert acme.number.number in signed_in.get(reverse("number_statuses")).text.split("<table")[1]
    assert acme.number.number not in other.get(reverse("number_statuses")).text
    assert signed_in.get(reverse("number", args=[acme.number.pk])).status_code == 404


def test_what_is_told_at_the_instant_of_a_move_is_the_next_holders(acme, bolt):
    former, holder = signed_in_of(acme, "acmes"), signed_in_of(bolt, "bolts")
    move(acme.number, bolt, NOW)
    NumberStatus.objects.create(number=acme.number, at=NOW, status=10, cause="1")
    assert acme.number.number not in former.get(reverse("number_statuses")).text
    assert acme.number.number in holder.get(reverse("number_statuses")).text
    # Nor when the next holder returns it at another time.
    numbers.unsubscribe([NumberRow(number=acme.number.number, line=1)], actor=BY, now=NOW + HOUR)
    assert holder.get(reverse("number_statuses")).text.count(acme.number.number) == 2


def test_a_new_holder_reads_that_a_number_is_not_normal_since_before_his_time(acme, bolt):
    numbers.suspend([NumberRow(number=acme.number.number, line=1)], state="suspended", actor=BY, now=NOW - HOUR)
    move(acme.number, bolt, NOW)
    page = signed_in_of(bolt, "bolts").get(reverse("number", args=[acme.number.pk]))
    assert "not been normal since before" in page.text
    assert "Nothing speaks against it" not in page.text
    assert "May be selected" not in page.text
    assert "ticket 17" not in page.text.split("Its life")[0]
