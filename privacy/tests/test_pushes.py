"""Which pushes a record leaves for the customer, where each goes, and what it carries (pushes.md 0, 1, 4, 5)."""

from typing import Any

import orjson
import pytest

from accounts.models import UpstreamApplication
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from notifications.models import Push
from privacy.tests import wires
from privacy.tests.deliveries import deliver

pytestmark = pytest.mark.django_db
URLS = ("call_status_url", "callin_url", "cdr_url", "sms_url", "sms_control_url", "number_status_url")


def configure(application, *names: str, **switches: Any) -> None:
    """Give an application a URL for each of the names, and switches."""
    for name in names:
        setattr(application, name, f"https://acme.example/{name}")
    for name, value in switches.items():
        setattr(application, name, value)
    application.save()


def sent() -> list[tuple[str, str]]:
    """Return kind and URL field of every push queued."""
    rows = Push.objects.order_by("created_at", "sequence").values_list("kind", "endpoint__url")
    return [(kind, url.rsplit("/", 1)[1]) for kind, url in rows]


@pytest.mark.parametrize(
    ("push", "names", "expected"),
    [
        (wires.fees(wires.fee()), URLS, [("fee", "cdr_url")]),
        (wires.fees(wires.fee()), ("call_status_url",), []),
        (wires.event("callin"), URLS, [("event", "callin_url")]),
        (wires.event("callin"), ("call_status_url",), [("event", "call_status_url")]),
        (wires.event("callin", notifyMode="Block"), URLS, []),
        (wires.event("callin", notifyMode="Notify"), URLS, [("event", "callin_url")]),
        (wires.event("answer", notifyMode="Notify"), URLS, [("event", "call_status_url")]),
        (wires.event("answer"), ("callin_url", "cdr_url"), []),
        (wires.sms(), URLS, [("sms", "sms_url")]),
        (wires.sms(), ("sms_control_url",), []),
        (wires.sms(notificationMode="Block", result=...), URLS, []),  # type: ignore[arg-type]
        (wires.number_status(), URLS, [("numStatus", "number_status_url")]),
        (wires.number_status(), ("call_status_url",), [("numStatus", "call_status_url")]),
    ],
)
def test_each_push_goes_to_its_url(acme, switch1, push, names, expected):
    configure(acme.application, *names)
    deliver(switch1, push)
    assert sent() == expected


def test_number_status_is_pushed_only_where_it_is_wanted(acme, switch1):
    configure(acme.application, *URLS, push_number_status=False)
    deliver(switch1, wires.number_status())
    assert sent() == []


def test_a_repeat_or_a_quarantined_record_leaves_no_push(acme, switch1):
    configure(acme.application, *URLS)
    for _ in range(2):
        deliver(
            switch1, wires.fees(wires.fee(), wires.fee("bad", callEndTime=...)), wires.event(), wires.number_status()
        )
    assert len(sent()) == 3


@pytest.mark.parametrize("keeps", [True, False])
def test_the_text_of_a_message_is_pushed_only_where_it_is_kept(acme, switch1, keeps):
    configure(acme.application, *URLS, keep_sms_content=keeps)
    deliver(switch1, wires.sms(smsContent="the code is 1234"))
    assert (b"1234" in Push.objects.get().body) is keeps


def test_a_vendors_app_key_never_reaches_the_customer(acme, switch1):
    configure(acme.application, *URLS)
    UpstreamApplication.objects.create(
        upstream=switch1, app_key="vendorKey", app_secret=cast.SECRET, application=acme.application
    )
    deliver(switch1, wires.fees(wires.fee(appKey="vendorKey")), wires.sms(app_key="vendorKey"))
    bodies = [push.body for push in Push.objects.all()]
    assert len(bodies) == 2
    assert not any(b"vendorKey" in body for body in bodies)
    assert all(b"acmeAppKey01" in body for body in bodies)


def test_a_call_without_a_session_is_pushed_too(acme, switch1):
    configure(acme.application, *URLS)
    deliver(switch1, wires.fees(wires.fee(sessionId=...)))
    push = Push.objects.get()
    assert push.order_key < 0
    assert orjson.loads(push.body)["feeLst"][0]["icid"] == "rec-1"


def test_statuses_of_one_number_leave_in_the_order_they_came(acme, switch1):
    configure(acme.application, *URLS)
    for status in ("9", "5", "10", "5"):
        deliver(switch1, wires.number_status(status=status, cause="2"))
    in_order = Push.objects.order_by("order_key", "sequence")
    assert [orjson.loads(push.body)["numInfo"][0]["status"] for push in in_order] == ["9", "5", "10", "5"]
