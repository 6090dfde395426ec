"""Numbers that are suspended, frozen, reported by a carrier, or moved to another application."""

from datetime import UTC, datetime

import pytest

from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from common.errors import BadInput, Conflict
from privacy import numbers
from privacy.bindings.orders import Actor
from privacy.models import Availability, Holding, Number, NumberChange, NumberReason, NumberStatus
from privacy.numbers import BadRows, NumberRow
from privacy.numbers.states import worst
from privacy.tests import wires
from privacy.tests.deliveries import deliver

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 2, tzinfo=UTC)
WHO = Actor(name="operator", reason="ticket 17")
FIRST, SECOND = "+8617100000021", "+8617100000022"


def rows(*texts: str) -> list[NumberRow]:
    return [NumberRow(number=text, line=n) for n, text in enumerate(texts, start=2)]


def problems(call) -> list[tuple[int, str, str]]:
    with pytest.raises(BadRows) as raised:
        call()
    return [(problem.line, problem.field, problem.problem) for problem in raised.value.problems]


def steps(number: Number) -> list[tuple[str, str, str, str]]:
    found = NumberChange.objects.filter(number=number).order_by("pk")
    return [(change.kind, change.before, change.after, change.cause) for change in found]


@pytest.mark.parametrize(
    ("open_reasons", "state"),
    [
        ([], ("normal", "")),
        ([("arrears", "suspended", "")], ("suspended", "")),
        ([("arrears", "suspended", ""), ("carrier", "unusable", "7")], ("unusable", "7")),
        ([("operator", "binding_frozen", ""), ("real_name", "awaiting_real_name", "")], ("binding_frozen", "")),
        ([("moving", "moving", ""), ("real_name", "awaiting_real_name", "")], ("moving", "")),
        ([("operator", "binding_frozen", ""), ("arrears", "suspended", "")], ("suspended", "")),
    ],
)
def test_the_state_is_the_worst_of_the_open_reasons(open_reasons, state):
    given = [NumberReason(source=source, state=says, cause=cause) for source, says, cause in open_reasons]
    assert worst(given) == state


def test_reasons_close_one_by_one(acme):
    number = acme.number
    assert numbers.set_reason(number, source="arrears", state="suspended", now=NOW)
    assert numbers.set_reason(number, source="operator", state="unusable", cause="3", note="abuse", by="op", now=NOW)
    assert not numbers.set_reason(number, source="operator", state="unusable", cause="3", now=NOW)
    assert (number.state, number.cause) == ("unusable", "3")
    assert not Availability.objects.get(number=number).ready
    assert numbers.close_reason(number, source="operator", by="op", now=NOW)
    assert (number.state, number.cause) == ("suspended", "")
    assert numbers.close_reason(number, source="arrears", now=NOW)
    assert not numbers.close_reason(number, source="arrears", now=NOW)
    assert Availability.objects.get(number=number).ready
    told = list(NumberStatus.objects.order_by("pk").values_list("status", "cause"))
    assert told == [(9, ""), (10, "3"), (9, ""), (5, "")]
    assert [step[:3] for step in steps(number)] == [
        ("state", "normal", "suspended"),
        ("state", "suspended", "unusable 3"),
        ("state", "unusable 3", "suspended"),
        ("state", "suspended", "normal"),
    ]


def test_a_source_says_only_what_is_its_own(acme):
    with pytest.raises(ValueError, match="cannot say"):
        numbers.set_reason(acme.number, source="real_name", state="moving", now=NOW)
    with pytest.raises(BadInput):
        numbers.suspend(rows(acme.number.number), state="unusable", cause="1", actor=WHO, now=NOW)


def test_what_the_carrier_reports_is_a_reason_of_its_own(acme, switch1):
    numbers.suspend(rows(acme.number.number), state="suspended", actor=WHO, now=NOW)
    deliver(switch1, wires.number_status(status="10", cause="5"))
    number = Number.objects.get(pk=acme.number.pk)
    assert (number.state, number.cause) == ("unusable", "5")
    deliver(switch1, wires.number_status(status="5"))
    number.refresh_from_db()
    assert (number.state, number.cause) == ("suspended", "")
    numbers.resume(rows(number.number), actor=WHO, now=NOW)
    number.refresh_from_db()
    assert number.state == "normal"
    assert [step[2] for step in steps(number)] == ["suspended", "unusable 5", "suspended", "normal"]


def test_moves_inside_an_account_are_done_at_once(acme, bolt):
    other = cast.make_application(acme.account, "acmeAppKey02", mode="AX")
    move = [numbers.Move(number=acme.number.number, application="acmeAppKey02", line=2)]
    assert len(numbers.transfer(move, actor=WHO, now=NOW).numbers) == 1
    assert numbers.transfer(move, actor=WHO, now=NOW).unchanged == 1
    assert [(h.application, h.valid_to) for h in acme.number.holdings.order_by("valid_from")] == [
        (acme.application, NOW),
        (other, None),
    ]
    assert steps(acme.number) == [("transferred", "acmeAppKey01", "acmeAppKey02", "ticket 17")]
    away = [numbers.Move(number=acme.number.number, application="boltAppKey01", line=2)]
    told = problems(lambda: numbers.transfer(away, actor=WHO, now=NOW))
    assert told == [(2, "application", "belongs to another account")]


def test_moves_between_accounts_need_finance_and_operator(acme, bolt):
    move = [numbers.Move(number=acme.number.number, application="boltAppKey01")]
    asked = numbers.ask(move, actor=WHO, now=NOW)
    assert numbers.ask(move, actor=WHO, now=NOW) == asked
    assert (asked.operator_agreed, asked.state) == ("operator", "asked")
    with pytest.raises(Conflict, match="Two people"):
        numbers.agree(asked, actor=WHO, as_finance=True, now=NOW)
    assert Holding.objects.get(number=acme.number, valid_to=None).application == acme.application
    assert numbers.agree(asked, actor=Actor(name="finance"), as_finance=True, now=NOW) is not None
    asked.refresh_from_db()
    assert (asked.state, asked.finance_agreed, asked.closed_by) == ("done", "finance", "finance")
    assert Holding.objects.get(number=acme.number, valid_to=None).application == bolt.application
    ends = {change.account: (change.before, change.after) for change in NumberChange.objects.filter(number=acme.number)}
    assert ends == {acme.account: ("acmeAppKey01", ""), bolt.account: ("", "boltAppKey01")}
    with pytest.raises(Conflict, match="closed"):
        numbers.agree(asked, actor=Actor(name="finance2"), as_finance=True, now=NOW)


def test_a_transfer_that_is_refused_moves_nothing(acme, bolt):
    asked = numbers.ask([numbers.Move(number=acme.number.number, application="boltAppKey01")], actor=WHO, now=NOW)
    assert numbers.refuse(asked, actor=Actor(name="finance"), now=NOW)
    assert not numbers.refuse(asked, actor=Actor(name="finance"), now=NOW)
    with pytest.raises(Conflict, match="closed"):
        numbers.agree(asked, actor=Actor(name="finance"), as_finance=True, now=NOW)


def test_a_transfer_of_a_number_that_left_meanwhile_is_not_done(acme, bolt):
    asked = numbers.ask([numbers.Move(number=acme.number.number, application="boltAppKey01")], actor=WHO, now=NOW)
    numbers.unsubscribe(rows(acme.number.number), actor=WHO, now=NOW)
    told = problems(lambda: numbers.agree(asked, actor=Actor(name="finance"), as_finance=True, now=NOW))
    assert [field for _line, field, _problem in told] == ["number"]
    asked.refresh_from_db()
    assert (asked.state, asked.finance_agreed) == ("asked", "")


def test_a_real_number_in_a_reason_is_masked_whoever_writes_it():
    assert Actor(name="operator", reason="13800138000 asked").reason == "*******8000 asked"
