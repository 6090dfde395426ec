"""The life of numbers: ordered, issued, suspended, reserved, returned; and what each keeps of it."""

from datetime import UTC, datetime

import pytest

from accounts.tests.fixtures import *  # noqa: F403
from common.errors import Conflict
from privacy import numbers
from privacy.bindings.orders import Actor
from privacy.models import Availability, Holding, Number, NumberChange, NumberOrder, NumberReason, NumberStatus
from privacy.numbers import BadRows, Issue, NumberRow, OrderRow

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 2, tzinfo=UTC)
WHO = Actor(name="operator", reason="ticket 17")
FIRST, SECOND = "+8617100000021", "+8617100000022"


def issue(*texts: str, **fields: object) -> numbers.Done:
    rows = [Issue(number=text, line=n, **fields) for n, text in enumerate(texts, start=2)]  # type: ignore[arg-type]
    return numbers.issue(rows, actor=WHO, now=NOW)


def rows(*texts: str) -> list[NumberRow]:
    return [NumberRow(number=text, line=n) for n, text in enumerate(texts, start=2)]


def problems(call) -> list[tuple[int, str, str]]:
    with pytest.raises(BadRows) as raised:
        call()
    return [(problem.line, problem.field, problem.problem) for problem in raised.value.problems]


def steps(number: Number) -> list[tuple[str, str, str, str]]:
    found = NumberChange.objects.filter(number=number).order_by("pk")
    return [(change.kind, change.before, change.after, change.cause) for change in found]


def order(reference: str = "o-1", **fields: object) -> NumberOrder:
    asked = {"application": "acmeAppKey01", "area_code": "755", "quantity": 2, **fields}
    numbers.order([OrderRow(reference=reference, **asked)], actor=WHO, now=NOW)  # type: ignore[arg-type]
    return NumberOrder.objects.get(reference=reference)


def test_a_number_is_issued_with_its_holder_and_its_history(acme):
    done = issue(FIRST, application="acmeAppKey01", area_code="755")
    number = Number.objects.get(number=FIRST)
    assert done.numbers == [number]
    assert (number.area_code, number.kind, number.sms, number.state) == ("0755", "virtual", True, "normal")
    assert number.rental_from == datetime(2026, 3, 1, tzinfo=UTC).date()
    assert Holding.objects.get(number=number).application == acme.application
    assert Availability.objects.get(number=number).free
    change = NumberChange.objects.get(number=number)
    assert (change.kind, change.after, change.cause, change.by) == ("issued", "acmeAppKey01", "ticket 17", "operator")
    assert change.account == acme.account


def test_numbers_of_fifteen_digits_are_issued_and_a_blank_city_is_the_numbers_own(acme):
    issue("+867001234567890"[:16], "+8613800138000", application="acmeAppKey01")
    assert dict(Number.objects.exclude(pk=acme.number.pk).values_list("number", "area_code")) == {
        "+867001234567890": "",
        "+8613800138000": "010",
    }


def test_issuing_again_changes_nothing(acme):
    issue(FIRST, application="acmeAppKey01")
    assert issue(FIRST, SECOND, application="acmeAppKey01").unchanged == 1
    assert NumberChange.objects.count() == 2


def test_every_bad_row_is_named_and_none_is_issued(acme, bolt):
    Number.objects.create(number="+8617100000099", issued_at=NOW, blacklisted_at=NOW, state="returned")
    rows = [
        Issue(number=FIRST, application="acmeAppKey01", line=2),
        Issue(number="17100000022", application="acmeAppKey01", line=3),
        Issue(number=SECOND, application="nobody", line=4),
        Issue(number=SECOND, line=5),
        Issue(number="+8617100000023", application="acmeAppKey01", area_code="9999", line=6),
        Issue(number="+8617100000024", application="acmeAppKey01", kind="vanity", line=7),
        Issue(number=bolt.number.number, application="acmeAppKey01", line=8),
        Issue(number="+8617100000099", application="acmeAppKey01", line=9),
        Issue(number="+8617100000025", application="acmeAppKey01", upstream="gone", line=10),
        Issue(number="+8617100000026", line=11),
    ]
    assert problems(lambda: numbers.issue(rows, actor=WHO, now=NOW)) == [
        (3, "number", "is no number"),
        (4, "application", "is unknown"),
        (5, "number", "stands in line 4 already"),
        (6, "area_code", "is no Chinese area code"),
        (7, "kind", "is unknown"),
        (8, "number", "is issued already, to another application"),
        (9, "number", "is blacklisted"),
        (10, "upstream", "is unknown"),
        (11, "application", "is missing"),
    ]
    assert not Number.objects.filter(number=FIRST).exists()


def test_a_dry_run_says_what_would_be_done_and_does_nothing(acme):
    done = numbers.issue([Issue(number=FIRST, application="acmeAppKey01")], actor=WHO, now=NOW, dry_run=True)
    assert [number.number for number in done.numbers] == [FIRST]
    assert not Number.objects.filter(number=FIRST).exists()


def test_an_order_is_made_once_and_filled_by_issuing(acme):
    placed = order()
    assert (placed.area_code, placed.quantity, placed.state, placed.ordered_by) == ("0755", 2, "open", "operator")
    assert numbers.order(
        [OrderRow(application="acmeAppKey01", area_code="0755", quantity="2", reference="o-1")], actor=WHO, now=NOW
    ) == ([], 1)
    numbers.issue([Issue(number=FIRST)], order=placed, actor=WHO, now=NOW)
    placed.refresh_from_db()
    assert (placed.issued, placed.state) == (1, "open")
    assert numbers.issue([Issue(number=FIRST)], order=placed, actor=WHO, now=NOW).unchanged == 1
    numbers.issue([Issue(number=SECOND)], order=placed, actor=WHO, now=NOW)
    placed.refresh_from_db()
    assert (placed.issued, placed.state, placed.closed_at) == (2, "issued", NOW)
    assert Number.objects.get(number=SECOND).area_code == "0755"
    with pytest.raises(Conflict):
        numbers.cancel(placed, now=NOW)


def test_an_order_gets_no_more_and_nothing_else_than_was_ordered(acme, bolt):
    placed = order(quantity=1)
    too_many = [Issue(number=FIRST, line=2), Issue(number=SECOND, line=3)]
    told = problems(lambda: numbers.issue(too_many, order=placed, actor=WHO, now=NOW))
    assert told == [(0, "order", "has room for 1 numbers, the rows are 2")]
    others = [
        Issue(number=FIRST, line=2, area_code="010"),
        Issue(number=SECOND, line=3, application="boltAppKey01"),
    ]
    told = problems(lambda: numbers.issue(others, order=placed, actor=WHO, now=NOW))
    assert [(line, field) for line, field, _problem in told] == [(2, "area_code"), (3, "application")]
    assert numbers.cancel(placed, now=NOW)
    assert not numbers.cancel(placed, now=NOW)
    told = problems(lambda: numbers.issue([Issue(number=FIRST)], order=placed, actor=WHO, now=NOW))
    assert told == [(0, "order", "is closed")]


def test_a_reference_names_one_order_of_its_account(acme):
    order()
    asked = [
        OrderRow(application="acmeAppKey01", area_code="0755", quantity=3, reference="o-1", line=2),
        OrderRow(application="acmeAppKey01", area_code="0755", quantity=0, reference="o-2", line=3),
        OrderRow(application="acmeAppKey01", area_code="0755", quantity=1, reference="", line=4),
    ]
    told = problems(lambda: numbers.order(asked, actor=WHO, now=NOW))
    assert [(line, field) for line, field, _problem in told] == [(2, "reference"), (3, "quantity"), (4, "reference")]


def test_what_a_number_can_do_is_switched_and_kept(acme):
    text = acme.number.number
    for step in (numbers.set_sms, numbers.reserve, numbers.blacklist):
        on = step is not numbers.set_sms
        assert len(step(rows(text), on, actor=WHO, now=NOW).numbers) == 1
        assert step(rows(text), on, actor=WHO, now=NOW).unchanged == 1
    number = Number.objects.get(pk=acme.number.pk)
    assert (number.sms, number.reserved, number.blacklisted_at) == (False, True, NOW)
    assert [step[:3] for step in steps(number)] == [
        ("sms", "yes", "no"),
        ("reserved", "no", "yes"),
        ("blacklisted", "no", "yes"),
    ]
    assert not Availability.objects.get(number=number).ready


def test_a_real_number_in_a_reason_is_masked(acme):
    reason = Actor(name="operator", reason="13800138000 complained")
    numbers.set_sms(rows(acme.number.number), False, actor=reason, now=NOW)
    assert NumberChange.objects.get().cause == "*******8000 complained"


def test_a_returned_number_is_dead_and_issued_again_as_a_new_row(acme, bolt):
    text = acme.number.number
    numbers.suspend(rows(text), state="suspended", actor=WHO, now=NOW)
    assert len(numbers.unsubscribe(rows(text), actor=WHO, now=NOW).numbers) == 1
    assert numbers.unsubscribe(rows(text), actor=WHO, now=NOW).unchanged == 1
    old = Number.objects.get(pk=acme.number.pk)
    assert (old.state, old.cause) == ("returned", "1")
    assert not NumberReason.objects.filter(number=old, closed_at=None).exists()
    assert Holding.objects.get(number=old).valid_to == NOW
    assert list(NumberStatus.objects.order_by("pk").values_list("status", "cause")) == [(9, ""), (10, "1")]
    assert problems(lambda: numbers.reserve(rows(text), True, actor=WHO, now=NOW)) == [(2, "number", "was returned")]
    with pytest.raises(Conflict):
        numbers.set_reason(old, source="operator", state="suspended", now=NOW)
    issue(text, application="boltAppKey01")
    assert Number.objects.filter(number=text).count() == 2
    assert Number.objects.exclude(state="returned").get(number=text).pk != old.pk


def test_a_blacklisted_number_is_not_issued_again(acme):
    text = acme.number.number
    numbers.unsubscribe(rows(text), actor=WHO, now=NOW)
    numbers.blacklist(rows(text), True, actor=WHO, now=NOW)
    assert problems(lambda: issue(text, application="acmeAppKey01")) == [(2, "number", "is blacklisted")]
