"""The page of a call says in words what became of it, whose side it lies on, what we decided, and what was asked."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.tests.fixtures import *  # noqa: F403
from common import partitions, timeid
from console import rules
from notifications import attempts, outbox
from notifications.attempts import Made
from notifications.models import Attempt
from privacy.models import Call, CallEvent, RoutingDecision, UnknownCode
from privacy.routing import messages as sms_rules
from privacy.routing.rules import RULES
from privacy.tests import wires
from privacy.tests.deliveries import deliver

pytestmark = pytest.mark.django_db
SignedIn = Callable[..., Client]
URL = "https://acme.example/status"


@pytest.fixture
def began() -> datetime:
    """When the call came in: an hour ago."""
    return timezone.now().replace(microsecond=0) - timedelta(hours=1)


def clock(began: datetime, second: int) -> str:
    return (began + timedelta(seconds=second)).strftime("%Y-%m-%d %H:%M:%S")


def event(began: datetime, stage: str, second: int, **fields: Any) -> dict[str, Any]:
    return wires.event(stage, sessionId="s-1", timestamp=clock(began, second), **fields)


def failed_cdr(began: datetime, **fields: Any) -> dict[str, Any]:
    times = {"callInTime": clock(began, 0), "fwdStartTime": clock(began, 2), "fwdAlertingTime": clock(began, 6)}
    times |= {"callEndTime": clock(began, 31), "failTime": clock(began, 31)}
    return wires.unanswered("cdr-1", sessionId="s-1", **{**times, **fields})


def decide(acme: Any, switch1: Any, began: datetime, **answer: Any) -> None:
    partitions.ensure(RoutingDecision, "week", [began])
    RoutingDecision.objects.create(
        id=timeid.time_id(began, "decision", answer["rule"]), upstream=switch1, account=acme.account,
        application=acme.application, number=acme.number, session_id="s-1", caller_key=b"k" * 16, kind="call",
        outcome=answer["outcome"], rule=answer["rule"], code=answer.get("code", 0),
        detail=orjson.dumps({"asked": {"caller": "+8613900000101"}, "answer": answer}),
    )  # fmt: skip


def ask(acme: Any, began: datetime, result: str, **made: Any) -> None:
    partitions.ensure(Attempt, "week", [began])
    endpoint = outbox.endpoint_id(acme.application.pk, acme.account.pk, URL)
    key = timeid.time_id(began, "question")
    attempts.keep(
        Made(push_id=key, endpoint_id=endpoint, account_id=acme.account.pk, application_id=acme.application.pk,
             kind="event", cause_id=key, at=began, result=result, session_id="s-1", question=True,
             duration_us=3_000_000, body=b'{"caller":"+8613900000101"}', **made)
    )  # fmt: skip


def page(browser: Client, record: Call | CallEvent, name: str = "call", language: str = "en") -> str:
    return browser.get(reverse(name, args=[record.pk]), HTTP_ACCEPT_LANGUAGE=language).content.decode()


def test_a_failed_call_is_told_from_its_state_to_what_to_do_next(acme, switch1, began, signed_in: SignedIn) -> None:
    deliver(
        switch1, event(began, "callin", 0), event(began, "alerting", 6), event(began, "disconnect", 31, stateCode=8102),
        wires.fees(failed_cdr(began, ulFailReason=518, fwdUnaswRsn=17, sipStatusCode=486)), now=timezone.now(),
    )  # fmt: skip
    decide(acme, switch1, began, outcome="connect", rule="a_calls_b", callee="+8613900000202", record_voice="rec.wav")
    browser = signed_in("support")
    english = page(browser, Call.objects.get())
    for words in (
        "Not connected.", "The callee was busy.", "the callee", "Call again later.", "after 0:25", "event and CDR",
        "A called X and is put through to B.", "+86139****0202", "rec.wav", "SIP: the callee is busy.",
    ):  # fmt: skip
        assert words in english, words
    assert "13900000202" not in english
    chinese = page(browser, Call.objects.get(), language="zh-hans")
    for words in ("未接通。", "被叫忙，正在通话或振铃中。", "处理建议", "请稍后再拨。", "A 呼叫 X，接通 B。"):
        assert words in chinese, words
    assert "Not connected." not in chinese


def test_a_silent_customer_server_is_shown_with_the_question(acme, switch1, began, signed_in: SignedIn) -> None:
    deliver(switch1, event(began, "callin", 0, notifyMode="Block"), now=timezone.now())
    deliver(switch1, event(began, "disconnect", 4, stateCode=8020), now=timezone.now())
    decide(acme, switch1, began, outcome="refuse", rule="customer_silent", code=8020)
    ask(acme, began, "timeout")
    browser = signed_in("support")
    for record in CallEvent.objects.all():
        shown = page(browser, record, "call_event")
        assert "No answer in time" in shown and "3,000 ms" in shown and URL in shown
        assert "Look at the question to the customer&#x27;s server" in shown
        assert "13900000101" not in shown
    revealed = browser.post(reverse("reveal_call_event", args=[record.pk]), {"reason": "ticket 17"})
    assert "+8613900000101" in revealed.content.decode()


def test_a_call_that_goes_on_says_since_when_nothing_was_heard(acme, switch1, began, signed_in: SignedIn) -> None:
    deliver(switch1, event(began, "callin", 0), event(began, "alerting", 6), now=timezone.now())
    shown = page(signed_in("support"), CallEvent.objects.order_by("occurred_at")[0], "call_event")
    assert "The callee&#x27;s phone is ringing." in shown and "Nothing was heard of it for 59 min" in shown


def test_an_unknown_code_is_shown_raw_and_listed_for_the_operator(acme, switch1, began, signed_in: SignedIn) -> None:
    deliver(switch1, wires.fees(failed_cdr(began, ulFailReason=990041, fwdUnaswRsn=0)), now=timezone.now())
    support = signed_in("support")
    assert "code 990041" in page(support, Call.objects.get())
    assert "code 990041" in support.get(reverse("calls")).content.decode()
    at = timezone.now()
    UnknownCode.objects.create(table="release", code=990041, first_seen_at=at, last_seen_at=at, seen=1234)
    UnknownCode.objects.create(table="release", code=8101, first_seen_at=at, last_seen_at=at)
    listed = signed_in("operator").get(reverse("unknown_codes")).content.decode()
    assert "990041" in listed and "1,234" in listed
    assert ">8101<" not in listed
    assert support.get(reverse("unknown_codes")).status_code == 403


def test_decisions_and_questions_of_another_account_stay_unseen(
    acme, bolt, switch1, began, signed_in: SignedIn
) -> None:
    deliver(switch1, event(began, "callin", 0), now=timezone.now())
    decide(bolt, switch1, began, outcome="connect", rule="b_calls_a", callee="+8613900000999")
    ask(bolt, began, "refused")
    shown = page(signed_in("customer", account=acme.account), CallEvent.objects.get(), "call_event")
    assert "B called X" not in shown and URL not in shown
    assert "the switch did not ask us" in shown


@pytest.mark.parametrize("rule", sorted({*RULES, *sms_rules.RULES}))
def test_every_rule_has_words(rule: str) -> None:
    assert rules.WORDS[rule]
