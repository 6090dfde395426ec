"""The replay pages: form, preview, one order a click, audited; the list with cancelling; nobody else's pushes."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Application, AuditEntry
from accounts.tests.fixtures import *  # noqa: F403
from notifications import replaying
from notifications.models import Endpoint, Push, Replay
from notifications.tests.sent import deliver, give_up, queue

pytestmark = pytest.mark.django_db
ROLES = ("support", "operator")
NEW, APPLY, LIST = "new_replay", "apply_replay", "replays"


def preview(browser: Client, **fields: Any) -> tuple[int, str, dict[str, str]]:
    """Fill the form; return status, page and what its order would post."""
    answer = browser.post(reverse(NEW), fields)
    page = answer.content.decode()
    hidden = dict(re.findall(r'name="(token|planned)" value="([^"]*)"', page))
    return answer.status_code, page, hidden


def order(browser: Client, hidden: dict[str, str], **fields: str) -> Any:
    """Order what a preview showed."""
    return browser.post(reverse(APPLY), {**hidden, "reason": "ticket 4711, 13812345678", "sure": "1"} | fields)


def test_a_preview_says_how_many_and_the_order_is_one_replay_however_often_it_is_clicked(acme, signed_in):
    pushes = queue(acme, 1, 2, 3)
    deliver(pushes[0])
    give_up(pushes[1])
    browser = signed_in("support")
    status, page, hidden = preview(browser, application=acme.application.app_key, kind="fee")
    assert status == 200 and hidden["planned"] == "2" and "https://acme.example/fee" in page
    assert not Replay.objects.exists()
    for _ in range(2):
        assert order(browser, hidden).status_code == 302
    row = Replay.objects.get()
    assert (row.total, row.asked_by, row.account) == (2, "support", acme.account)
    assert "13812345678" not in row.reason and row.reason.startswith("ticket 4711")
    entry = AuditEntry.objects.get(action="pushes.replay")
    assert (entry.username, entry.subject, entry.detail["pushes"]) == ("support", str(row.pk), 2)
    assert replaying.run(5) is False
    listed = browser.get(reverse(LIST)).content.decode()
    assert "2 / 2" in listed and "ticket 4711" in listed
    assert Push.objects.filter(replay=row, state=0).count() == 2


def test_two_people_who_order_the_same_order_one_replay(acme, signed_in):
    deliver(queue(acme, 1)[0])
    clicks = [(signed_in(role), preview(signed_in(role), application="acmeAppKey01", kind="fee")[2]) for role in ROLES]
    said = [
        browser.post(reverse(APPLY), {**hidden, "reason": "ticket 4711", "sure": "1"}, follow=True).content.decode()
        for browser, hidden in clicks
    ]
    assert Replay.objects.count() == 1 and AuditEntry.objects.filter(action="pushes.replay").count() == 1
    assert "This was ordered already; it is one replay." not in said[0]
    assert "This was ordered already; it is one replay." in said[1]


def test_the_pages_tell_where_pushes_go_what_holds_them_and_how_far_they_are(acme, signed_in):
    held, moved = queue(acme, 1)[0], queue(acme, 2, url="https://acme.example/13812345678")[0]
    deliver(held)
    give_up(moved)
    Endpoint.objects.filter(pk=held.endpoint_id).update(state="paused")
    Application.objects.update(call_status_url=None)
    browser = signed_in("support")
    _, page, hidden = preview(browser, application=acme.application.app_key, kind="fee")
    assert "Goes to" in page and "Nothing is sent to these URLs at the moment" in page and "13812345678" not in page
    order(browser, hidden)
    listed = browser.get(reverse(LIST)).content.decode()
    assert 'role="progressbar"' in listed and 'aria-valuenow="0"' in listed and "Paused" in listed
    Application.objects.update(cdr_url=None)
    _, page, hidden = preview(browser, application=acme.application.app_key, kind="fee", state="dead")
    assert not hidden and "No longer configured: not sent" in page and "set one at the application first" in page


def test_an_order_needs_a_reason_and_a_tick_and_no_more_than_was_shown(acme, signed_in):
    deliver(queue(acme, 1)[0])
    browser = signed_in("support")
    _, _, hidden = preview(browser, application=acme.application.app_key, kind="fee")
    assert order(browser, hidden, reason="x").status_code == 400
    assert order(browser, hidden, sure="").status_code == 400
    deliver(queue(acme, 2)[0])
    answer = order(browser, hidden)
    assert answer.status_code == 400 and "more since" in answer.content.decode()
    assert not Replay.objects.exists() and not AuditEntry.objects.filter(action="pushes.replay").exists()


def test_a_token_is_good_for_its_maker_only(acme, signed_in):
    deliver(queue(acme, 1)[0])
    _, _, hidden = preview(signed_in("support"), application=acme.application.app_key, kind="fee")
    for answer in (order(signed_in("operator"), hidden), order(signed_in("operator"), {"token": "x", "planned": "1"})):
        assert (answer.status_code, answer["Location"]) == (302, reverse(NEW))
    assert not Replay.objects.exists()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Name an application, an account or a push."),
        ({"account": "acme"}, "Choose a push, a kind, a state or a time range"),
        ({"account": "nobody", "kind": "fee"}, "There is no account with this code."),
        ({"application": "nobody", "kind": "fee"}, "There is no application with this app_key."),
        ({"push": "msg_1"}, "This is no id of a push."),
        ({"push": "msg_" + "0" * 32}, "There is no push with this id."),
        ({"endpoint": "999999", "kind": "fee"}, "There is no such endpoint."),
        ({"account": "acme", "start": "2026-03-02T00:00", "end": "2026-03-01T00:00"}, "The end of the range"),
        ({"account": "acme", "state": "waiting"}, "waiting"),
        ({"account": "acme", "start": "0026-03-01T10:00"}, "Write the year with four digits."),
        ({"account": "acme", "end": "0001-01-01T00:00"}, "Write the year with four digits."),
    ],
)
def test_a_form_that_chooses_nothing_says_why(acme, signed_in, fields, said):
    status, page, _ = preview(signed_in("operator"), **fields)
    assert status == 400 and said in page


def test_one_push_or_one_endpoint_is_chosen_by_a_link(acme, signed_in):
    [push] = queue(acme, 1)
    deliver(push)
    browser = signed_in("support")
    page = browser.get(reverse(NEW), {"push": f"msg_{push.pk.hex}"}).content.decode()
    assert f'value="msg_{push.pk.hex}"' in page
    assert preview(browser, push=f"msg_{push.pk.hex}")[2]["planned"] == "1"
    assert preview(browser, endpoint=push.endpoint_id)[2]["planned"] == "1"
    status, page, hidden = preview(browser, endpoint=push.endpoint_id, kind="sms")
    assert status == 200 and not hidden and "Nothing to send again" in page


def test_a_time_range_is_told_in_the_viewers_zone(acme, signed_in):
    deliver(queue(acme, 1)[0])
    status, page, _ = preview(signed_in("support"), account="acme", start="2026-03-01T10:00", end="2036-03-01T10:00:05")
    assert status == 200
    assert "from 2026-03-01 10:00:00" in page and "until 2036-03-01 10:00:05" in page and "&lt;" not in page


def test_a_replay_is_cancelled_once(acme, signed_in):
    for push in queue(acme, 1, 2):
        deliver(push)
    browser = signed_in("support")
    order(browser, preview(browser, application=acme.application.app_key, kind="fee")[2])
    row = Replay.objects.get()
    for _ in range(2):
        assert browser.post(reverse("cancel_replay", args=[row.pk])).status_code == 302
    row.refresh_from_db()
    assert row.state == "cancelled" and row.finished_at is not None
    assert AuditEntry.objects.filter(action="pushes.cancel_replay").count() == 1
    assert Push.objects.count() == 0


def test_a_customer_sees_his_replays_and_orders_none(acme, corp, signed_in):
    for company in (acme, corp):
        deliver(queue(company, 1)[0])
        browser = signed_in("support")
        order(
            browser,
            preview(browser, application=company.application.app_key, kind="fee")[2],
            reason=f"for {company.account.code}",
        )
    customer = signed_in("customer", acme.account)
    page = customer.get(reverse(LIST)).content.decode()
    assert "for acme" in page and "for corp" not in page
    assert customer.get(reverse(NEW)).status_code == 403
    assert customer.post(reverse("cancel_replay", args=[Replay.objects.all()[0].pk])).status_code == 403


@pytest.fixture
def signed_in(signed_in: Callable[..., Client]) -> Callable[..., Client]:
    """Return the browsers in English, one a role."""
    known: dict[str, Client] = {}

    def once(role: str, *account: Any) -> Client:
        if role not in known:
            known[role] = signed_in(role, *account)
        return known[role]

    return once
