"""A binding's life: bound over the API, called, charged, found in the histories, unbound, and found there still."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse

from accounts.models import Application
from accounts.tests import cast
from billing.models import Charge
from billing.settlement import settle
from privacy.models import Binding, Call, CallEvent, Number, Quarantined, Route
from privacy.tests import northbound_client
from privacy.tests.northbound_client import Client
from tests.flows import world

A, B = "+8613800138001", "+8613900139002"
X = "+8617100000001"
SESSION = "1201_1_1_20260310@ce01.switch1.example"

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture(autouse=True)
def _nobody_else_listens(settings: Any) -> None:
    settings.MASKLINE_PUBLIC_URL = "http://127.0.0.1:9"


def deliver(browser: Browser, *pushes: dict[str, Any]) -> None:
    """Deliver records as the switch does."""
    headers = cast.signed_headers("switch1", world.SECRET)
    answer = browser.post("/upstream/v1/notifications", json.dumps(pushes), "application/json", headers=headers)
    assert answer.status_code == 200 and answer.json()["quarantined"] == 0, answer.content


def pushes(bound: dict[str, Any], now: datetime) -> Iterator[dict[str, Any]]:
    """Yield events and CDR of an answered call of A to B of ninety seconds, in an hour that is over."""
    times = [now - timedelta(hours=2) + timedelta(seconds=second) for second in (0, 1, 4, 9, 99)]
    dialled, forwarded, rang, answered, ended = (f"{at:%Y-%m-%d %H:%M:%S}" for at in times)
    steps = [("callin", dialled, A, X), ("callout", forwarded, X, B), ("alerting", rang, X, B)]
    steps += [("answer", answered, X, B), ("disconnect", ended, X, B)]
    shared = {"sessionId": SESSION, "subscriptionId": bound["subscriptionId"], "userData": "order-7788"}
    for kind, at, caller, called in steps:
        more = {"stateCode": 0, "stateDesc": "The user releases the call."} if kind == "disconnect" else {}
        told = {"timestamp": at, "caller": caller, "called": called, **shared, **more}
        yield {"eventType": kind, "statusInfo": told}
    info = {"direction": 1, "appKey": "acmeRides", "icid": "flow-1", "bindNum": X, "callerNum": A, "calleeNum": X}
    info |= {"fwdDisplayNum": X, "fwdDstNum": B, "callInTime": dialled, "fwdStartTime": forwarded, **shared}
    info |= {"fwdAlertingTime": rang, "fwdAnswerTime": answered, "callEndTime": ended, "serviceType": "004"}
    yield {"eventType": "fee", "feeLst": [info]}


def found(browser: Browser, page: str, term: str) -> list[Any]:
    """Return the ids a history lists for a search for a binding."""
    answer = browser.post(reverse(page), {"by": "binding", "term": term}, follow=True)
    return [row.pk for row in answer.context["page"].rows]


def test_a_binding_is_called_and_charged_and_its_history_stays_when_it_is_unbound(tmp_path: Path) -> None:
    world.provision(tmp_path)
    customer = Client(Application.objects.get(app_key="acmeRides"))
    bound = customer.bind(callerNum=A, calleeNum=B, relationNum=X, duration=3600, userData="order-7788")
    identity = bound["subscriptionId"]

    browser, now = Browser(), datetime.now(UTC)
    deliver(browser, *pushes(bound, now))
    settle(until=now, now=now)
    call = Call.objects.get()
    charge = Charge.objects.get()
    assert call.subscription_id == identity and CallEvent.objects.filter(subscription_id=identity).count() == 5
    assert (charge.pk, charge.units) == (call.pk, 2)  # 90 s are two minutes; a charge's key is the usage's id

    browser.force_login(cast.staff("support"))
    assert found(browser, "calls", identity) == [call.pk]
    page = browser.get(reverse("call", args=[call.pk])).content.decode()
    assert identity in page and A not in page and B not in page

    customer.done(customer.delete(subscriptionId=identity))
    assert northbound_client.refused(customer.get(subscriptionId=identity)) == (403, "1012007")
    binding = Binding.objects.get(pk=identity)
    assert binding.end_cause == Binding.End.UNBOUND and binding.valid_to and not Route.objects.exists()
    assert found(browser, "calls", identity) == [call.pk]


FIVE = [("AX", 3), ("AXB", 3), ("AXE", 2), ("AXYB", 4), ("X", 1)]


def five_modes(folder: Path) -> None:
    """Provision an application of each mode with numbers in several cities."""
    applications, numbers = [], []
    for place, (mode, count) in enumerate(FIVE):
        key = f"acme{mode}"
        urls = {"call_status_url": "https://acme.example/status", "sms": False} if mode == "X" else {}
        applications.append(
            {"account": "acme", "app_key": key, "app_secret": world.SECRET, "name": "rides", "mode": mode, **urls}
        )
        for index in range(count):
            number = {"number": f"+86171{place}0000{index:03d}", "application": key, "issued_at": world.ISSUED}
            numbers.append(number | {"kind": "virtual", "area_code": ("0755", "010")[index % 2]})
    file = folder / "five.json"
    file.write_text(json.dumps({**world.FILE, "applications": applications, "numbers": numbers, "purchases": []}))
    world.command("provision", str(file))


def test_simulated_customers_bind_in_every_mode_and_their_calls_carry_the_bindings(tmp_path: Path) -> None:
    five_modes(tmp_path)
    day = ("--from", "2026-03-09T00:00:00+00:00", "--to", "2026-03-09T12:00:00+00:00")
    first = world.command("simulate", "--calls", "150", *day)
    assert "refused 0" in first and not Quarantined.objects.exists()
    assert set(Binding.objects.values_list("kind", flat=True)) == set(Binding.Kind.values)
    assert Binding.objects.filter(end_cause=Binding.End.UNBOUND).exists()
    ours = {str(pk) for pk in Binding.objects.values_list("pk", flat=True)}
    told = set(Call.objects.exclude(subscription_id="").values_list("subscription_id", "number"))
    assert told and {identity for identity, _ in told} <= ours
    bound_on = {(str(pk), number) for pk, number in Binding.objects.values_list("pk", "number")}
    assert told <= bound_on
    x_mode = Number.objects.get(holdings__application__app_key="acmeX")
    assert not Call.objects.filter(number=x_mode).exclude(subscription_id="").exists()

    before = world.everything()
    again = world.command("simulate", "--calls", "150", *day)
    assert "bound 0," in again and len(ours) == Binding.objects.count()
    assert world.everything() == before and not Quarantined.objects.exists()
