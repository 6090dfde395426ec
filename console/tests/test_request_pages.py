"""API requests in the browser: found, explained in plain words, their bodies masked; each sees only his own."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import AuditEntry
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from common import timeid
from console.requests import bodies, words
from console.tests.bound import api_request
from privacy.models import ApiRequest

A, B = "+8613900000101", "+8613900000102"
NOW = timezone.now()


@pytest.fixture
def browser(support: User) -> Client:
    """A browser of the support staff."""
    client = Client()
    client.force_login(support)
    return client


def kept(company: Company, **fields: Any) -> ApiRequest:
    """Return one kept request of a company's."""
    return api_request(company.application, fields.pop("at", NOW - timedelta(minutes=5)), A, B, "order-4711", **fields)


def listed(browser: Client, **query: str) -> list[ApiRequest]:
    """Return the rows of the list."""
    return list(browser.get(reverse("requests"), query).context["page"].rows)


def test_requests_are_found_by_each_filter(acme: Company, bolt: Company, browser: Client) -> None:
    done = kept(acme, binding_id=timeid.time_id(NOW, "b"))
    wrong = kept(acme, http_status=403, code="1010002", parameter="duration", address="192.0.2.8")
    clock = kept(bolt, http_status=401, code="1010013", step="time", detail="clock off by 28,800 s; 300 s are allowed")
    flow = kept(bolt, http_status=403, code="1010010", step="flow", operation="axb.query")
    cases: list[tuple[dict[str, str], set[Any]]] = [
        ({}, {done, wrong, clock, flow}),
        ({"result": "done"}, {done}),
        ({"result": "refused"}, {wrong, clock, flow}),
        ({"result": "signature"}, {clock}),
        ({"result": "flow"}, {flow}),
        ({"code": "1010002"}, {wrong}),
        ({"operation": "axb.query"}, {flow}),
        ({"address": "192.0.2.8"}, {wrong}),
        ({"application": "boltAppKey01"}, {clock, flow}),
        ({"account": "acme"}, {done, wrong}),
        ({"id": str(wrong.pk)}, {wrong}),
        ({"id": str(done.binding_id)}, {done}),
    ]
    for query, expected in cases:
        assert set(listed(browser, **query)) == expected, query


def test_a_week_is_shown_and_31_days_are_found(acme: Company, browser: Client) -> None:
    old = kept(acme, at=NOW - timedelta(days=20), binding_id=timeid.time_id(NOW, "b"))
    assert listed(browser) == []
    assert listed(browser, **{"from": f"{NOW - timedelta(days=25):%Y-%m-%d}"}) == [old]
    assert listed(browser, id=str(old.binding_id)) == [old]
    assert "31 days" in browser.get(reverse("requests")).content.decode()


@pytest.mark.parametrize("query", [{"address": "here"}, {"id": "nothing"}, {"from": "soon"}])
def test_what_cannot_be_searched_is_said(acme: Company, browser: Client, query: dict[str, str]) -> None:
    answer = browser.get(reverse("requests"), query)
    assert answer.status_code == 200 and "mk-notice mk-bad" in answer.content.decode()


def test_a_customer_sees_his_own_and_nobody_s_app_key_is_only_for_who_sees_all(
    acme: Company, corp: Company, browser: Client, signed_in: Callable[..., Client]
) -> None:
    mine, unknown = kept(acme), kept(acme, account=None, application=None, app_key="nobody", http_status=403)
    stranger = signed_in("customer", corp.account)
    assert listed(stranger) == [] and listed(stranger, id=str(mine.pk)) == []
    assert stranger.get(reverse("requests"), {"application": "acmeAppKey01"}).context["page"].rows == []
    for row in (mine, unknown):
        assert stranger.get(reverse("api_request", args=[row.pk])).status_code == 404
    assert listed(browser, application="nobody") == [unknown]
    assert browser.get(reverse("api_request", args=[unknown.pk])).status_code == 200
    owner = cast.staff("customer", acme.account, "acme-user")
    client = Client()
    client.force_login(owner)
    assert listed(client) == [mine]


def test_bodies_are_masked_until_they_are_revealed_for_a_reason(acme: Company, browser: Client) -> None:
    row = kept(acme)
    text = browser.get(reverse("api_request", args=[row.pk])).content.decode()
    assert "+86139****0101" in text and "7776000" in text
    assert not any(hidden in text for hidden in (A[3:], B[3:], "order-4711"))
    assert browser.post(reverse("reveal_request", args=[row.pk]), {"reason": ""}).status_code == 400
    shown = browser.post(reverse("reveal_request", args=[row.pk]), {"reason": "ticket 7"})
    assert all(hidden in shown.content.decode() for hidden in (A, B, "order-4711"))
    assert "no-store" in shown.headers["Cache-Control"]
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject, entry.account) == ("reveal", str(row.pk), acme.account)


SAFE = {
    "extendNum": "0042", "pageSize": 10, "duration": "7776000", "subscribeTime": "2026-11-23 15:00:00",
    "recordFlag": True, "subscriptionId": "0192f0c4-7e5a-7cc1-9f3a-1234567890ab",
}  # fmt: skip


@pytest.mark.parametrize(("sent", "shown"), [
    ({"origNum": A}, {"origNum": "+86139****0101"}),
    ({"x": "+8617100000001"}, {"x": "+8617100000001"}),
    ({"n": 13900000101}, {"n": "*******0101"}),
    ({"calleeNum": "95588"}, {"calleeNum": "9****"}),
    (SAFE, SAFE),
    ({"list": [{"numB": "13900000102"}]}, {"list": [{"numB": "139****0102"}]}),
    ({"note": f"call {A} at once", A: 1}, {"note": "call +*********0101 at once", "+*********0101": 1}),
    ({"userData": "anything"}, {"userData": "***"}),
    (f"not json {A}", "not json +*********0101"),
])  # fmt: skip
def test_no_real_number_can_be_read_in_a_masked_body(sent: Any, shown: Any) -> None:
    assert bodies.masked(sent, {"+8617100000001"}) == shown


def test_a_body_that_is_no_json_and_a_query_are_read_as_far_as_they_can_be() -> None:
    raw = orjson.dumps({"query": "relationNum=%2B8617100000001&empty=", "body": "{broken"})
    assert bodies.sent(raw) == {"query": {"relationNum": "+8617100000001", "empty": ""}, "body": "{broken"}
    assert bodies.sent(None) == {} and bodies.sent(b"\xff") == {} and bodies.answered(b"") == ""


def clock(seconds: str, fits: str = "") -> dict[str, str]:
    """Return what the log keeps of a clock that is off."""
    return {"step": "time", "detail": f"clock off by {seconds} s; 300 s are allowed{fits}"}


EXPLAINED = [
    (clock("28,800", "; fits UTC+8"), "it sends Beijing time", "发送的是北京时间"),
    (clock("-3,600", "; fits UTC-1"), "it sends UTC-1 time", "UTC-1"),
    (clock("400"), "400 s ahead", "快 400 秒"),
    (clock("-400"), "400 s behind", "慢 400 秒"),
    ({"step": "time", "detail": "this header was used 900 s ago and is not good again"}, "used 900 s ago", "900 秒"),
    ({"step": "digest", "detail": "wrong secret, or not made of nonce + Created as sent"}, "the secret is", "密钥"),
    ({"step": "digest", "detail": "other generation: SHA-256 (WSSE) under X-AKSK"}, "other generation", "另一代"),
    ({"step": "digest", "detail": "HMAC-SHA256 in hex, not in Base64"}, "hexadecimal form of HMAC-SHA256", "十六进制"),
    ({"step": "address", "detail": "192.0.2.9 is not on the list of 2"}, "192.0.2.9 is not among the 2", "192.0.2.9"),
    ({"step": "key", "code": "1010003"}, "Nobody has this app_key", "app_key"),
    ({"step": "lockout", "code": "1020176"}, "locked out", "锁定"),
    ({"step": "form", "code": "1023026"}, "X-WSSE not contained in the HTTP header.", "X-WSSE"),
    ({"step": "flow", "code": "1011006"}, "came from this address", "此地址"),
    ({"code": "1010002", "parameter": "callerNum"}, "The parameter callerNum", "callerNum"),
    ({"code": "1012010"}, "bound on this X already", "已绑定"),
    ({"code": "", "http_status": 405}, "HTTP status 405", "405"),
    ({"step": "digest", "detail": "something new"}, "something new", "something new"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "english", "chinese"), EXPLAINED)
def test_a_refusal_is_explained_in_both_languages(fields: dict[str, Any], english: str, chinese: str) -> None:
    row = ApiRequest(**{"http_status": 403, "code": "1010013", **fields})
    with translation.override("en"):
        assert english in words.explained(row)
    with translation.override("zh-hans"):
        assert chinese in words.explained(row)


def test_the_real_door_s_remarks_are_all_understood(acme: Company, browser: Client, client: Client) -> None:
    """Send requests that fail each check, and find no remark of the log left in its own words."""
    now = timezone.now()
    address = "/rest/caas/relationnumber/partners/v1.0?relationNum=%2B8617100000001"
    for headers in (
        cast.signed_headers("acmeAppKey01", now=now + timedelta(hours=5)),
        cast.signed_headers("acmeAppKey01", now=now - timedelta(hours=1)),
        cast.signed_headers("acmeAppKey01", "wrong-secret-of-nobody-0000000000"),
        cast.signed_headers("nobody"),
        {},
        cast.signed_headers("acmeAppKey01"),
    ):
        client.get(address, headers=headers)
    rows = listed(browser)
    assert len(rows) == 6
    assert [row.step for row in reversed(rows)] == ["time", "time", "digest", "key", "form", ""]
    assert not [row.detail for row in rows if row.detail and words.detail(row.detail) == row.detail]


def test_the_application_s_page_counts_what_it_does(acme: Company, bolt: Company, browser: Client) -> None:
    kept(acme), kept(acme, http_status=403, code="1012010", binding_id=None), kept(bolt)
    answer = browser.get(reverse("application", args=[acme.application.pk]))
    context = answer.context
    assert (context["numbers"], context["asked"]) == (1, 2)
    assert [(row["code"], row["n"]) for row in context["results"]] == [("0", 1), ("1012010", 1)]
    assert context["use"].rate >= 0 and "acmeAppKey01" in answer.content.decode()


def test_the_cloud_audit_shows_a_week_and_to_a_customer_his_own(
    acme: Company, bolt: Company, browser: Client, signed_in: Callable[..., Client]
) -> None:
    for company in (acme, bolt):
        AuditEntry.objects.create(
            username="operator", action="freezePrivateNumberService", subject_kind="privateNumber",
            subject=company.account.code, account=company.account,
        )  # fmt: skip
    AuditEntry.objects.create(
        username="operator", action="createPrivateNumberService", subject="acme", account=acme.account,
        at=timezone.now() - timedelta(days=8),
    )  # fmt: skip
    page = browser.get(reverse("cloud_audit"))
    assert [entry.subject for entry, _words in page.context["lines"]] == ["bolt", "acme"]
    assert len(browser.get(reverse("cloud_audit"), {"account": "bolt"}).context["lines"]) == 1
    assert len(browser.get(reverse("cloud_audit"), {"operation": "resumePrivateNumberService"}).context["lines"]) == 0
    own = signed_in("customer", acme.account).get(reverse("cloud_audit"))
    assert [entry.subject for entry, _words in own.context["lines"]] == ["acme"] and "bolt" not in own.content.decode()
