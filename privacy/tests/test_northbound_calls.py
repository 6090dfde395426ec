"""Stop call over HTTP: success, the two faults of the body, and the sessions it does not take (northbound.md 8)."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from privacy.models import ApiRequest, StopOrder
from privacy.tests import wires
from privacy.tests.deliveries import deliver

pytestmark = pytest.mark.django_db
PATH = "/rest/httpsessions/callStop/v2.0"
SESSION = "1202_566_0_20161228102743@callenabler.home1.com"
SUCCESS = {"resultcode": "0", "resultdesc": "Success"}
OVER = {"resultcode": "1020152", "resultdesc": "Invalid sessionId."}


def ask(company, body, secret=cast.SECRET):
    headers = cast.signed_headers(company.application.app_key, secret)
    return Client().post(PATH, body, "application/json", headers=headers)


def at(seconds_ago: int) -> str:
    return f"{timezone.now() - timedelta(seconds=seconds_ago):%Y-%m-%d %H:%M:%S}"


@pytest.fixture
def live(acme, switch1):
    """A call that came in half a minute ago."""
    deliver(switch1, wires.event("callin", sessionId=SESSION, timestamp=at(30)), now=timezone.now())
    return acme


def test_a_live_call_is_stopped_and_asking_again_is_the_same_success(live):
    for _time in range(2):
        answer = ask(live, {"sessionid": SESSION, "signal": "call_stop"})
        assert (answer.status_code, answer.json()) == (200, SUCCESS)
    order = StopOrder.objects.get()
    assert str(order.request_id) == str(ApiRequest.objects.order_by("id")[0].pk)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"signal": "call_stop"}, "sessionid"),
        ({"sessionid": "", "signal": "call_stop"}, "sessionid"),
        ({"sessionid": None, "signal": "call_stop"}, "sessionid"),
        ({"sessionid": ["a"], "signal": "call_stop"}, "sessionid"),
        ({"sessionid": "x" * 257, "signal": "call_stop"}, "sessionid"),
        ({"sessionId": SESSION, "signal": "call_stop"}, "sessionid"),
        ({"sessionid": SESSION}, "signal"),
        ({"sessionid": SESSION, "signal": "call_pause"}, "signal"),
        ({"sessionid": SESSION, "signal": True}, "signal"),
        ({}, "sessionid"),
    ],
)
def test_a_missing_session_or_another_signal_is_named(live, body, named):
    answer = ask(live, body)
    assert (answer.status_code, answer.json()["resultcode"]) == (403, "1010002")
    assert answer.json()["resultdesc"].startswith(f"Invalid request. {named}:")
    assert StopOrder.objects.count() == 0


def test_unknown_anothers_and_over_are_refused_alike(live, corp, switch1):
    order = {"sessionid": SESSION, "signal": "call_stop"}
    for company, body in [(corp, order), (live, {**order, "sessionid": "unknown"})]:
        answer = ask(company, body)
        assert (answer.status_code, answer.json()) == (403, OVER)
    deliver(switch1, wires.event("disconnect", sessionId=SESSION, timestamp=at(5)), now=timezone.now())
    assert ask(live, order).json() == OVER
    assert StopOrder.objects.count() == 0


def test_an_order_in_words_of_older_clients_is_taken(live):
    assert ask(live, {"sessionid": SESSION, "signal": "call_stop", "app_key": "x"}).json() == SUCCESS
