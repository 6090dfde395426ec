"""What customers are told of their numbers' status: when, at which URL, in which groups and in which order."""

from datetime import UTC, datetime
from functools import partial
from itertools import pairwise

import orjson
import pytest
from django.db import transaction

from accounts.models import Application
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from notifications.models import Push
from privacy import numbers
from privacy.bindings.orders import Actor
from privacy.models import Holding, Number, NumberStatus
from privacy.numbers import NumberRow, telling
from privacy.tests import wires
from privacy.tests.deliveries import deliver
from privacy.tests.test_at_once import at_once

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 2, tzinfo=UTC)
WHO = Actor(name="operator", reason="ticket 17")
STATUS_URL = "https://acme.example/number-status"


@pytest.fixture
def told(acme):
    """Acme's application, which wants its number status at a URL of its own."""
    Application.objects.filter(pk=acme.application.pk).update(number_status_url=STATUS_URL)
    acme.application.refresh_from_db()
    return acme


def queued(application: Application | None = None) -> list[tuple[str, str, str]]:
    """Return (number, status, cause) of all that was queued, in the order in which it leaves."""
    rows = Push.objects.filter(kind="numStatus").order_by("order_key", "sequence")
    if application is not None:
        rows = rows.filter(application=application)
    infos = [info for push in rows for info in orjson.loads(push.body)["numInfo"]]
    return [(info["number"], info["status"], info.get("cause", "")) for info in infos]


def said() -> list[tuple[str, str]]:
    return [(status, cause) for _number, status, cause in queued()]


def rows(*texts: str) -> list[NumberRow]:
    return [NumberRow(number=text, line=n) for n, text in enumerate(texts, start=2)]


def opened(number: Number, source: str, state: str, cause: str = "") -> None:
    numbers.set_reason(number, source=source, state=state, cause=cause, now=NOW)


@pytest.mark.parametrize(
    ("source", "state", "cause", "expected"),
    [
        ("operator", "suspended", "", ("9", "")),
        ("operator", "binding_frozen", "", ("11", "")),
        ("operator", "unusable", "3", ("10", "3")),
        ("arrears", "suspended", "2", ("9", "")),
        ("arrears", "unusable", "2", ("10", "2")),
        ("carrier", "unusable", "7", ("10", "7")),
        ("real_name", "awaiting_real_name", "", ("9", "")),
        ("real_name", "unusable", "3", ("10", "3")),
        ("moving", "moving", "", ("9", "")),
    ],
)
def test_each_reason_is_told_when_it_opens_and_when_it_closes(told, source, state, cause, expected):
    opened(told.number, source, state, cause)
    numbers.close_reason(told.number, source=source, now=NOW)
    assert said() == [expected, ("5", "")]
    assert {push.endpoint.url for push in Push.objects.all()} == {STATUS_URL}
    kept = NumberStatus.objects.order_by("pk").values_list("status", "cause")
    assert [(str(status), cause) for status, cause in kept] == said()


def test_nothing_is_told_while_the_worst_stays_the_same(told, switch1):
    opened(told.number, "operator", "unusable", "3")
    opened(told.number, "arrears", "suspended")
    deliver(switch1, wires.number_status(status="9"))
    deliver(switch1, wires.number_status(status="5"))
    numbers.close_reason(told.number, source="arrears", now=NOW)
    assert said() == [("10", "3")]
    reported = NumberStatus.objects.filter(source__isnull=False).order_by("pk").values_list("status", flat=True)
    assert list(reported) == [9, 5]


def test_the_customer_hears_the_worst_not_what_the_carrier_says(told, switch1):
    opened(told.number, "arrears", "suspended")
    deliver(switch1, wires.number_status(status="10", cause="5"))
    deliver(switch1, wires.number_status(status="5"))
    assert said() == [("9", ""), ("10", "5"), ("9", "")]
    ours = NumberStatus.objects.filter(source=None).order_by("pk").values_list("status", flat=True)
    assert list(ours) == [9, 9]


def test_a_cause_that_the_wire_does_not_show_is_no_change(told):
    opened(told.number, "operator", "suspended", "2")
    opened(told.number, "operator", "suspended", "3")
    opened(told.number, "moving", "moving")
    assert said() == [("9", "")]


def test_reports_of_one_request_go_out_together_each_number_once_in_a_push(told, switch1):
    others = [cast.make_number(told.application, f"+86171000011{n:02}").number for n in range(3)]
    first = wires.number_status(number=others[0], status="10", cause="5")
    first["numInfo"] += [{"number": n, "status": "9"} for n in (*others[1:], others[0])]
    first["numInfo"].append({"number": others[0], "status": "5"})
    deliver(switch1, first)
    bodies = [orjson.loads(p.body)["numInfo"] for p in Push.objects.order_by("sequence")]
    assert [len(body) for body in bodies] == [3, 1, 1]
    assert [info["status"] for body in bodies for info in body if info["number"] == others[0]] == ["10", "9", "5"]


def test_a_number_that_is_returned_is_told_as_deleted_to_whom_it_was_taken_from(told):
    numbers.unsubscribe(rows(told.number.number), actor=WHO, now=NOW)
    numbers.unsubscribe(rows(told.number.number), actor=WHO, now=NOW)
    assert queued(told.application) == [(told.number.number, "10", "1")]


def test_a_thousand_numbers_are_ten_pushes(told):
    made = Number.objects.bulk_create(
        Number(number=f"+8617200{n:06}", area_code="0755", issued_at=cast.ISSUED) for n in range(1000)
    )
    Holding.objects.bulk_create(
        Holding(number=number, application=told.application, valid_from=cast.ISSUED) for number in made
    )
    texts = rows(*(number.number for number in made))
    numbers.suspend(texts, state="suspended", actor=WHO, now=NOW)
    sizes = [len(orjson.loads(push.body)["numInfo"]) for push in Push.objects.all()]
    assert sizes == [100] * 10
    numbers.suspend(texts, state="suspended", actor=WHO, now=NOW)
    assert Push.objects.count() == 10


def test_each_application_hears_only_of_its_own_numbers(told, bolt):
    Application.objects.filter(pk=bolt.application.pk).update(number_status_url="https://bolt.example/status")
    texts = [f"+86171000013{n:02}" for n in range(6)]
    for n, text in enumerate(texts):
        cast.make_number((told, bolt)[n % 2].application, text)
    numbers.suspend(rows(*texts), state="suspended", actor=WHO, now=NOW)
    assert [number for number, _status, _cause in queued(told.application)] == texts[::2]
    assert [number for number, _status, _cause in queued(bolt.application)] == texts[1::2]
    assert Push.objects.count() == 2


@pytest.mark.parametrize(
    ("switches", "url"),
    [
        ({}, STATUS_URL),
        ({"number_status_url": None, "call_status_url": "https://acme.example/calls"}, "https://acme.example/calls"),
        ({"number_status_url": None}, None),
        ({"push_number_status": False}, None),
    ],
)
def test_status_goes_to_its_own_url_else_to_that_of_calls(told, switches, url):
    Application.objects.filter(pk=told.application.pk).update(**switches)
    opened(told.number, "operator", "suspended")
    assert [push.endpoint.url for push in Push.objects.all()] == ([url] if url else [])


def test_a_move_tells_the_old_application_deleted_and_the_new_one_how_the_number_is(told):
    second = cast.make_application(told.account, "acmeAppKey02", number_status_url="https://acme.example/second")
    opened(told.number, "operator", "binding_frozen")
    numbers.transfer([numbers.Move(number=told.number.number, application="acmeAppKey02")], actor=WHO, now=NOW)
    numbers.close_reason(told.number, source="operator", now=NOW)
    x = told.number.number
    assert queued(told.application) == [(x, "11", ""), (x, "10", "1")]
    assert queued(second) == [(x, "11", ""), (x, "5", "")]


def test_a_move_to_an_application_with_the_same_url_tells_nothing(told):
    cast.make_application(told.account, "acmeAppKey02", number_status_url=STATUS_URL)
    numbers.transfer([numbers.Move(number=told.number.number, application="acmeAppKey02")], actor=WHO, now=NOW)
    assert queued() == []


def test_a_move_between_accounts_tells_both(told, bolt):
    Application.objects.filter(pk=bolt.application.pk).update(number_status_url=STATUS_URL)
    asked = numbers.ask([numbers.Move(number=told.number.number, application="boltAppKey01")], actor=WHO, now=NOW)
    assert queued() == []
    numbers.agree(asked, actor=Actor(name="finance"), as_finance=True, now=NOW)
    assert queued(told.application) == [(told.number.number, "10", "1")]
    assert queued(bolt.application) == [(told.number.number, "5", "")]


def test_a_step_that_is_undone_tells_nothing(told):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        opened(told.number, "operator", "suspended")
        raise ZeroDivisionError
    assert queued() == []


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_the_last_told_is_what_holds():
    application = cast.make_application(cast.make_account("acme"), number_status_url=STATUS_URL)
    number = cast.make_number(application)
    switch = cast.make_upstream()

    def flip(n: int) -> None:
        for _turn in range(3):
            if n % 2:
                deliver(switch, wires.number_status(status="10", cause="5"))
                deliver(switch, wires.number_status(status="5"))
            else:
                numbers.suspend(rows(number.number), state="suspended", actor=WHO, now=NOW)
                numbers.resume(rows(number.number), actor=WHO, now=NOW)

    at_once(4, [partial(flip, n) for n in range(4)])
    number.refresh_from_db()
    heard = said()
    assert heard[-1] == (str(telling.wire(number.state, number.cause)[0]), number.cause)
    assert all(before != after for before, after in pairwise([("5", ""), *heard]))
