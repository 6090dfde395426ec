"""/api/v1/pushes: whoever lost every push makes them up from the list; pushing again over the API."""

import json
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.models import Account, Application
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from notifications import replaying
from notifications.models import Endpoint, Push, Replay
from notifications.tests.sent import deliver, give_up, queue, wait_for_horizon
from privacy.models import ApiRequest
from privacy.tests import deliveries, wires

LIST, REPLAY = "/api/v1/pushes", "/api/v1/pushes/replay"
URLS = ("call_status_url", "callin_url", "cdr_url", "sms_url", "number_status_url")


def look(application: Application, path: str = LIST, **query: Any) -> tuple[int, dict[str, Any]]:
    """Ask for a page; return status and answer."""
    answer = Client().get(path, query, headers=cast.signed_headers(application.app_key))
    return answer.status_code, answer.json()


def order(application: Application, body: Any, **headers: str) -> tuple[int, dict[str, Any]]:
    """Order a replay; return status and answer."""
    signed = cast.signed_headers(application.app_key)
    answer = Client().post(REPLAY, json.dumps(body), content_type="application/json", headers=signed | headers)
    return answer.status_code, answer.json()


@pytest.mark.django_db(transaction=True)
def test_whoever_lost_every_push_rebuilds_the_same_set_from_the_list(acme, switch1):
    for name in URLS:
        setattr(acme.application, name, f"https://acme.example/{name}")
    acme.application.save()
    for number in range(4):
        session = f"session-{number}"
        deliveries.deliver(switch1, wires.event("callin", sessionId=session), wires.event("answer", sessionId=session))
        deliveries.deliver_fees(switch1, wires.fee(sessionId=session, icid=f"icid-{number}"))
    deliveries.deliver(switch1, wires.sms(), wires.number_status())
    owed = {(f"msg_{push.pk.hex}", push.kind, bytes(push.body)) for push in Push.objects.all()}
    assert len(owed) >= 12 and {kind for _, kind, _ in owed} == {"event", "fee", "sms", "numStatus"}
    for place, push in enumerate(Push.objects.order_by("pk")):
        if place % 3 == 0:
            deliver(push)
        elif place % 3 == 1:
            give_up(push)
    wait_for_horizon()
    made_up: list[tuple[str, str, bytes]] = []
    after, more = "", True
    while more:
        status, page = look(acme.application, limit=5, **({"after": after} if after else {}))
        assert (status, page["resultcode"]) == (200, "0")
        made_up += [(push["id"], push["kind"], push["body"].encode()) for push in page["pushes"]]
        after, more = page["after"], page["more"]
    assert len(made_up) == len(owed) and set(made_up) == owed
    assert look(acme.application, after=after)[1]["pushes"] == []


@pytest.mark.django_db(transaction=True)
def test_a_page_shows_a_push_as_it_stands(acme, bolt):
    pushes = queue(acme, 1, 2)
    queue(bolt, 3)
    deliver(pushes[0])
    wait_for_horizon()
    _, page = look(acme.application)
    assert {push["sequence"]: push["state"] for push in page["pushes"]} == {1: "delivered", 2: "waiting"}
    assert set(page["pushes"][0]) == {
        *("id", "kind", "url", "state", "sequence", "attempts", "replay"),
        *("queued_at", "next_attempt_at", "delivered_at", "reason", "body"),
    }
    assert [push["sequence"] for push in look(acme.application, state="waiting", kind="fee")[1]["pushes"]] == [2]
    assert look(acme.application, to="2026-01-01T00:00:00Z")[1]["pushes"] == []
    signed = cast.signed_headers(acme.application.app_key)
    raw_plus = Client().get(f"{LIST}?from=2026-01-01T00:00:00+08:00", headers=signed)
    assert len(raw_plus.json()["pushes"]) == 2
    assert ApiRequest.objects.filter(operation="pushes.list").count() == 4


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "501"}, "limit"),
        ({"limit": "-1"}, "limit"),
        ({"limit": "1000000000"}, "limit"),
        ({"limit": "1;drop"}, "limit"),
        ({"limit": "٣"}, "limit"),
        ({"afer": "x"}, "afer"),
        ({"after": "x"}, "after"),
        ({"after": "'" * 400}, "after"),
        ({"kind": "cdr"}, "kind"),
        ({"state": "queued"}, "state"),
        ({"from": "yesterday"}, "from"),
        ({"from": "2026-03-01T10:00:00"}, "from"),
        ({"to": "0001-01-01T00:00:00Z"}, "to"),
        ({"from": "2026-03-01T10:00:00Z", "to": "2026-03-01T10:00:00Z"}, "to"),
    ],
)
def test_a_list_that_cannot_be_read_names_the_parameter(acme, query, field):
    status, told = look(acme.application, **query)
    assert (status, told["resultcode"]) == (403, "1010002")
    assert told["resultdesc"].startswith(f"Invalid request. {field}:")


@pytest.mark.django_db
def test_a_cursor_of_somebody_else_is_refused(acme, corp):
    cursor = look(acme.application)[1]["after"]
    status, told = look(corp.application, after=cursor)
    assert (status, told["resultcode"]) == (403, "1010002") and "another application" in told["resultdesc"]


@pytest.mark.django_db
def test_a_dry_run_says_how_many_and_does_nothing(acme):
    pushes = queue(acme, 1, 2, 3)
    deliver(pushes[0])
    give_up(pushes[1])
    status, told = order(acme.application, {"kind": "fee", "dry_run": True})
    assert (status, told["pushes"], told["waiting_already"]) == (200, 2, 1)
    assert Replay.objects.count() == 0


@pytest.mark.django_db
def test_a_replay_is_ordered_queued_and_looked_up(acme, corp):
    [push] = queue(acme, 1)
    deliver(push)
    status, told = order(acme.application, {"push": f"msg_{push.pk.hex}", "reason": "lost it"})
    assert status == 201
    shown = told["replay"]
    assert (shown["state"], shown["pushes"], shown["queued"]) == ("waiting", 1, 0)
    assert replaying.run(5) is False
    _, told = look(acme.application, f"{REPLAY}/{shown['id']}")
    assert (told["replay"]["state"], told["replay"]["queued"]) == ("done", 1)
    assert Push.objects.get().replay_id == uuid.UUID(shown["id"])
    row = Replay.objects.get()
    assert (row.asked_by, row.reason) == (acme.application.app_key, "lost it")
    for application, path in (
        (corp.application, shown["id"]),
        (acme.application, str(uuid.uuid4())),
        (acme.application, "none"),
    ):
        assert look(application, f"{REPLAY}/{path}")[1]["resultcode"] == "1012007"


@pytest.mark.django_db
def test_a_replay_is_cancelled_by_its_application_alone_and_once(acme, corp):
    deliver(queue(acme, 1)[0])
    path = f"{REPLAY}/{order(acme.application, {'kind': 'fee'})[1]['replay']['id']}"
    said = [
        Client().delete(path, headers=cast.signed_headers(application.app_key)).json()
        for application in (corp.application, acme.application, acme.application)
    ]
    assert said[0]["resultcode"] == "1012007"
    assert [one["replay"]["state"] for one in said[1:]] == ["cancelled", "cancelled"]
    assert said[1]["replay"]["finished_at"] == said[2]["replay"]["finished_at"]
    assert replaying.run(1) is False and not Push.objects.exists()


@pytest.mark.django_db
def test_the_same_request_within_a_minute_or_under_one_key_is_one_replay(acme):
    deliver(queue(acme, 1)[0])
    first = order(acme.application, {"kind": "fee"})[1]["replay"]["id"]
    assert order(acme.application, {"kind": "fee"})[1]["replay"]["id"] == first
    keyed = order(acme.application, {"kind": "fee"}, **{"Idempotency-Key": "k1"})[1]["replay"]["id"]
    assert order(acme.application, {"kind": "fee"}, **{"Idempotency-Key": "k1"})[1]["replay"]["id"] == keyed != first
    status, told = order(acme.application, {"kind": "sms"}, **{"Idempotency-Key": "k1"})
    assert status == 403 and "another request" in told["resultdesc"]


@pytest.mark.django_db
def test_an_application_replays_only_its_own_pushes(acme, bolt):
    [strange] = queue(bolt, 1)
    deliver(strange)
    other = cast.make_application(Account.objects.get(code="acme"), app_key="acmeOther01")
    for application in (acme.application, other):
        for body in ({"push": strange.pk.hex}, {"push": strange.pk.hex, "dry_run": True}):
            status, told = order(application, body)
            assert (status, told["resultcode"]) == (403, "1010002")
            assert told["resultdesc"].startswith("Invalid request. push: is none of this application's")
        assert order(application, {"kind": "fee"})[1]["replay"]["pushes"] == 0
    assert Replay.objects.filter(total__gt=0).count() == 0


@pytest.mark.django_db
def test_a_replay_tells_where_nothing_is_sent_and_what_has_no_url(acme):
    [held, lost, waiting] = [
        queue(acme, number, url=f"https://acme.example/{number}", kind=kind)[0]
        for number, kind in ((1, "fee"), (2, "sms"), (3, "fee"))
    ]
    deliver(held)
    give_up(lost)
    Endpoint.objects.filter(pk=held.endpoint_id).update(state="paused")
    Application.objects.update(call_status_url=None)  # which was the second URL; SMS have another now, or none
    every_day = {"from": "2026-01-01T00:00:00Z"}
    told = order(acme.application, every_day | {"dry_run": True})[1]
    held_at = [{"url": "https://acme.example/1", "state": "paused"}]
    assert (told["pushes"], told["waiting_already"], told["held_at"]) == (2, 1, held_at)
    Application.objects.update(sms_url=None)
    told = order(acme.application, every_day | {"dry_run": True})[1]
    assert (told["pushes"], told["without_url"]) == (1, 1)
    status, told = order(acme.application, every_day)
    assert (status, told["replay"]["pushes"], told["replay"]["held_at"]) == (201, 1, held_at)
    assert Push.objects.get(pk=waiting.pk).replay_id is None


@pytest.mark.django_db(transaction=True)
def test_a_body_that_cannot_be_opened_any_more_stops_nobody_from_reading_on(acme):
    pushes = queue(acme, 1, 2, 3)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {Push._meta.db_table} SET body = '\\x00ff' WHERE sequence = 2")
    deliver(pushes[2])
    wait_for_horizon()
    status, page = look(acme.application)
    assert status == 200
    assert {push["sequence"]: push["body"] is None for push in page["pushes"]} == {1: False, 2: True, 3: False}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "push"),
        ({"push": "msg_1"}, "push"),
        ({"push": 1}, "push"),
        ({"kind": "cdr"}, "kind"),
        ({"state": "waiting"}, "state"),
        ({"url": "https://acme.example/never"}, "url"),
        ({"kind": "fee", "dry_run": "yes"}, "dry_run"),
        ({"kind": "fee", "form": "2026-03-01T00:00:00Z"}, "form"),
        ({"from": "2026-03-01"}, "from"),
        ({"from": ["2026-03-01T00:00:00Z"]}, "from"),
        ({"from": "2026-03-01T10:00:00Z", "to": "2026-03-01T09:00:00Z"}, "to"),
    ],
)
def test_a_replay_that_cannot_be_read_names_the_field(acme, body, field):
    status, told = order(acme.application, body)
    assert (status, told["resultcode"]) == (403, "1010002")
    assert told["resultdesc"].startswith(f"Invalid request. {field}:")
    assert Replay.objects.count() == 0
