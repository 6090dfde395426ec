"""The pages of risk control: switch, rules, blacklist, files, blocked calls and what undoes them, near misses."""

import io
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Application, AuditEntry, EarlierState
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from console import job_kinds, jobs
from console.models import Job
from privacy import deciding
from privacy.models import BlacklistEntry, RiskPardon, RiskRule, RoutingDecision
from privacy.routing.facts import CallAsked
from privacy.tests.binding_orders import bind, pool
from privacy.tests.risk_calls import A, B, C, Switch, entry, rule

SignedIn = Callable[..., Client]
WHY = {"reason": "ticket 4711"}


@pytest.fixture
def switch(acme: Company, switch1: Any) -> Switch:
    return Switch(acme.application, acme.number, switch1)


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_control_is_switched_with_a_reason_and_the_trail_says_so(acme: Company, signed_in: SignedIn) -> None:
    browser, application = signed_in("operator"), acme.application
    page = reverse("risk_application", args=[application.pk])
    address = reverse("risk_switch", args=[application.pk])
    assert "No rules yet" in text(browser.get(page))
    refused = browser.post(address, {"on": "yes"})
    assert (refused.status_code, "Give a reason" in text(refused)) == (400, True)
    browser.post(address, {"on": "yes", "reason": "13800138000 complains"})
    assert Application.objects.get(pk=application.pk).risk_control
    assert EarlierState.objects.get(kind="application", row_id=application.pk).state["risk_control"] is False
    said = AuditEntry.objects.get(action="risk.switch_on")
    assert (said.account, said.reason) == (acme.account, "*******8000 complains")
    browser.post(address, {"on": "no", **WHY})
    assert not Application.objects.get(pk=application.pk).risk_control


def test_a_rule_is_added_changed_and_ended_and_each_row_stays(acme: Company, signed_in: SignedIn) -> None:
    browser, application = signed_in("operator"), acme.application
    add = reverse("risk_rule_add", args=[application.pk])
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"kind": "caller", "window": 5, "unit": 60, **WHY}, "Say how many calls"),
        ({"kind": "caller", "most": 3, "unit": 60, **WHY}, "Say within which time"),
        ({"kind": "caller", "most": 3, "window": 31, "unit": 86_400, **WHY}, "Say within which time"),
        ({"kind": "hours", "hours_from": "09:00", **WHY}, "Say from when until when"),
        ({"kind": "hours", "hours_from": "09:00", "hours_to": "09:00", **WHY}, "are the same"),
        ({"kind": "caller", "most": 3, "window": 5, "unit": 60}, "This field is required"),
    ]
    for sent, told in wrong:
        answer = browser.post(add, sent)
        assert (answer.status_code, told in text(answer)) == (400, True), sent
    sent = {"kind": "caller", "most": 3, "window": 5, "unit": 60, **WHY}
    assert browser.post(add, sent).status_code == 302
    assert "holds already" in text(browser.post(add, sent))
    first = RiskRule.objects.get()
    page = reverse("risk_rule", args=[first.pk])
    browser.post(page, {**sent, "most": 4})
    first.refresh_from_db()
    second = RiskRule.objects.get(valid_to=None)
    assert (first.valid_to, first.ended_by, second.most) == (second.valid_from, "operator", 4)
    assert browser.post(page, {**sent, "most": 5}).status_code == 302  # too late: it has ended
    assert RiskRule.objects.filter(valid_to=None).get() == second
    ended = browser.post(reverse("risk_rule", args=[second.pk]), {"end": "1", **WHY}, follow=True)
    assert "4 calls of one caller in 5 minutes" in text(ended)
    actions = AuditEntry.objects.filter(action__startswith="risk.").order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["risk.add_rule", "risk.change_rule", "risk.end_rule"]


def test_the_page_tries_the_rules_on_the_day_before(switch: Switch, signed_in: SignedIn) -> None:
    now, application = timezone.now(), switch.application
    for n in range(5):
        switch.decided(now - timedelta(hours=2) + timedelta(seconds=n), session=f"s-{n}")
    switch.decided(now - timedelta(hours=1), C, B, session="other")
    rule(application, "caller", 3, timedelta(minutes=5))
    entry(application, "pair", C, B)
    page = text(signed_in("operator").get(reverse("risk_application", args=[application.pk]), {"try": "1"}))
    assert "Of 6 calls that were put through in the last 24 hours, these rules would have stopped 3." in page
    assert "The blacklist: 1 of them." in page


def test_a_number_is_listed_found_by_its_whole_number_revealed_and_taken_off(
    acme: Company, signed_in: SignedIn
) -> None:
    browser, application = signed_in("support"), acme.application
    page, add = (reverse(name, args=[application.pk]) for name in ("blacklist", "blacklist_add"))
    assert "The blacklist is empty" in text(browser.get(page))
    for sent, told in [
        ({"side": "caller", "number": "nobody"}, "Write a phone number"),
        ({"side": "pair", "number": A}, "Say which number it may not call"),
        ({"side": "caller", "number": A, "counterpart": B}, "Only a pair has a second number"),
    ]:
        answer = browser.post(add, {**sent, **WHY})
        assert (answer.status_code, told in text(answer)) == (400, True), sent
    assert browser.post(add, {"side": "pair", "number": "139 0000 0101", "counterpart": B, **WHY}).status_code == 302
    again = browser.post(add, {"side": "pair", "number": A, "counterpart": B, **WHY}, follow=True)
    assert "is on it already" in text(again)
    line = BlacklistEntry.objects.get()
    for term, shown in [("13900000102", True), ("13900000103", False)]:
        found = browser.post(page, {"term": term}, follow=True)
        assert term not in found.redirect_chain[0][0] and ("+86139****0101" in text(found)) is shown
    one = reverse("blacklist_entry", args=[line.pk])
    assert A not in text(browser.get(one))
    revealed = browser.post(reverse("reveal_blacklist_entry", args=[line.pk]), WHY)
    assert A in text(revealed) and AuditEntry.objects.filter(action="reveal", subject=str(line.pk)).exists()
    assert browser.post(one, {"reason": ""}).status_code == 400
    browser.post(one, WHY)
    line.refresh_from_db()
    assert line.valid_to is not None and line.ended_by == "support"
    # Ended entries do not keep a number from being listed again.
    browser.post(add, {"side": "pair", "number": A, "counterpart": B, **WHY})
    assert BlacklistEntry.objects.count() == 2


def upload(browser: Client, application: Application, content: str, name: str = "list.csv") -> Any:
    file = SimpleUploadedFile(name, content.encode())
    return browser.post(reverse("blacklist_load", args=[application.pk]), {"file": file})


def test_a_file_is_refused_whole_with_every_bad_line_and_no_number(acme: Company, signed_in: SignedIn) -> None:
    lines = [f"{A},caller,,", ",caller,,", "12,callee,,", f"{B},both,,", f"{B},pair,,", f"{B},callee,{A},", f"{A},,,"]
    content = "\n".join(["number,side,counterpart,note", *lines])
    answer = upload(signed_in("operator"), acme.application, content)
    assert answer.status_code == 400
    problems = {problem.line: (problem.field, str(problem.problem)) for problem in answer.context["problems"]}
    assert problems == {
        3: ("number", "is missing"),
        4: ("number", "is no phone number"),
        5: ("side", "is not known"),
        6: ("counterpart", "is missing"),
        7: ("counterpart", "belongs to a pair"),
        8: ("number", "stands in line 2 already"),
    }
    assert not any(number[3:] in text(answer) for number in (A, B)) and not BlacklistEntry.objects.exists()


@pytest.mark.parametrize("lines", [3, 600])
def test_a_file_is_tried_then_loaded_once_and_again_changes_nothing(
    lines: int, acme: Company, signed_in: SignedIn
) -> None:
    browser, application = signed_in("operator"), acme.application
    rows = [f"+86139{n:08},,,{'said 13800138000' if n == 1 else ''}" for n in range(lines - 1)] + [f"{A},被叫,,"]
    content = "\n".join(["number,side,counterpart,note", *rows])
    for new in (lines, 0):
        preview = upload(browser, application, content)
        assert (preview.context["new"], preview.context["already"]) == (new, lines - new)
        assert not any(row[3:14] in text(preview) for row in rows)
        sent = {"token": preview.context["token"], **WHY}
        assert browser.post(reverse("blacklist_apply"), {"token": sent["token"]}).status_code == 400
        for _twice in range(2):
            browser.post(reverse("blacklist_apply"), sent)
        if lines > 500:
            call = Job.objects.get(parameters__draft=str(_draft(preview)))
            from_worker = _work(call)
            assert from_worker.state == Job.State.DONE, from_worker.error
    assert BlacklistEntry.objects.filter(application=application, valid_to=None).count() == lines
    assert BlacklistEntry.objects.get(side="callee").number == A
    assert BlacklistEntry.objects.get(number="+8613900000001").reason == "said *******8000"
    assert AuditEntry.objects.filter(action="risk.load").count() == 1


def test_a_number_in_the_name_of_a_file_is_kept_masked(acme: Company, signed_in: SignedIn) -> None:
    browser, content = signed_in("operator"), f"number,side,counterpart,note\n{A},,,"
    preview = upload(browser, acme.application, content, name="complaint 13800138000.csv")
    assert "13800138000" not in text(preview)
    browser.post(reverse("blacklist_apply"), {"token": preview.context["token"], **WHY})
    entry, job = AuditEntry.objects.get(action="risk.load"), Job.objects.get()
    assert entry.detail["source"] == job.parameters["source"] == "complaint *******8000.csv"
    assert "13800138000" not in text(browser.get(reverse("jobs")))


def _draft(preview: Any) -> Any:
    return preview.context["draft"].id


def _work(job: Job) -> Job:
    from_queue = jobs.run(job.pk, job_kinds.carry_out, pulse=False)
    assert from_queue is not None
    return from_queue


def test_a_blocked_call_says_which_rule_and_is_let_through_by_counting_anew(
    switch: Switch, signed_in: SignedIn
) -> None:
    now, browser = timezone.now() - timedelta(minutes=20), signed_in("support")
    empty = text(browser.get(reverse("blocked_calls")))
    assert "No call was stopped in 7 days" in empty and "Risk control is off for every application" in empty
    held = rule(switch.application, "caller", 3, timedelta(hours=1))
    for n in range(4):
        switch.call(now + n * timedelta(seconds=1))
    blocked = RoutingDecision.objects.get(outcome="refuse")
    listed = text(browser.get(reverse("blocked_calls")))
    opens = (now + timedelta(hours=1)).astimezone(ZoneInfo("Asia/Shanghai"))
    assert "3 calls of one caller in 1 hour; opens again at" in listed and f"{opens:%H:%M:%S}" in listed
    assert A[3:] not in listed
    for query, shown in [
        ({"rule": "frequency_caller"}, True), ({"rule": "calling_hours"}, False),
        ({"application": switch.application.app_key}, True),
    ]:  # fmt: skip
        assert (str(blocked.pk) in text(browser.get(reverse("blocked_calls"), query))) is shown, query
    for number, shown in [(A, True), (switch.number.number, True), (C, False)]:
        answer = browser.post(reverse("blocked_calls"), {"term": number}, follow=True)
        assert (str(blocked.pk) in text(answer)) is shown, number
    page = reverse("blocked_call", args=[blocked.pk])
    assert "Let this caller through" in text(browser.get(page))
    assert browser.post(page, {"reason": " "}).status_code == 400
    assert browser.post(page, WHY).status_code == 302
    pardon = RiskPardon.objects.get()
    assert (pardon.kind, pardon.made_by, AuditEntry.objects.filter(action="risk.pardon").count()) == (
        "caller", "support", 1,
    )  # fmt: skip
    assert switch.call(timezone.now() + timedelta(seconds=1)) is None
    # What stopped it then is still known, also when the rule has gone.
    held.valid_to = timezone.now()
    held.save()
    assert "has ended since" in text(browser.get(page)) and "3 calls of one caller" in text(browser.get(page))
    revealed = browser.post(reverse("reveal_blocked_call", args=[blocked.pk]), WHY)
    assert revealed.status_code == 200


def test_a_customer_sees_his_own_and_changes_nothing(switch: Switch, bolt: Company, signed_in: SignedIn) -> None:
    held = rule(switch.application, "caller", 1, timedelta(hours=1), made_by="operator-name")
    line = entry(switch.application, "caller", C, made_by="operator-name")
    now = timezone.now() - timedelta(minutes=5)
    for n in range(2):
        switch.call(now + n * timedelta(seconds=1))
    blocked = RoutingDecision.objects.get(outcome="refuse")
    pages = [
        reverse("risk"), reverse("risk_application", args=[switch.application.pk]), reverse("blocked_calls"),
        reverse("blacklist", args=[switch.application.pk]), reverse("blacklist_entry", args=[line.pk]),
        reverse("blocked_call", args=[blocked.pk]),
    ]  # fmt: skip
    mine = signed_in("customer", switch.application.account)
    theirs = Client()
    theirs.force_login(cast.staff("customer", bolt.account, "bolt-user"))
    for page in pages:
        assert "operator-name" not in text(mine.get(page)) and mine.get(page).status_code == 200
        other = theirs.get(page)
        assert other.status_code == 404 or switch.application.app_key not in text(other), page
    for page in pages[4:]:
        assert mine.post(page, WHY).status_code == 403
    assert not RiskPardon.objects.exists() and RiskRule.objects.get(valid_to=None) == held


def near_miss(switch: Switch, at: Any, caller: str, session: str, **changed: Any) -> RoutingDecision:
    row = switch.decided(at, caller, "", session)
    fields = {"outcome": "refuse", "code": 8014, "rule": "ended_binding", "ended_binding_id": uuid4(), **changed}
    detail = b'{"asked": {"caller": "%s"}, "answer": {}}' % caller.encode()
    RoutingDecision.objects.filter(pk=row.pk).update(**fields, detail=detail)
    return row


def test_near_misses_are_counted_by_week_application_and_number(switch: Switch, signed_in: SignedIn) -> None:
    browser = signed_in("support")
    assert "None in this week" in text(browser.get(reverse("near_misses")))
    monday = datetime.fromisoformat("2026-11-16T00:00:00+08:00")
    for n, at in enumerate(
        [monday - timedelta(seconds=1), monday, monday + timedelta(days=6), monday + timedelta(days=7)]
    ):
        near_miss(switch, at, A if n < 2 else C, f"near-{n}")
    page = browser.get(reverse("near_misses"), {"week": "2026-11-18"})
    (group,) = page.context["groups"]
    assert (group["calls"], group["callers"], group["reached"], page.context["total"]) == (2, 2, 0, 2)
    assert "+86139****0101" in text(page) and A[3:] not in text(page)
    file = browser.get(reverse("near_misses_file"), {"week": "2026-11-18"})
    rows = file.content.decode("utf-8-sig").splitlines()
    assert len(rows) == 3 and rows[1].startswith("2026-11-16T00:00:00+08:00,acme,acmeAppKey01,call,")
    assert AuditEntry.objects.filter(action="export.near_misses").exists()
    out, err = io.StringIO(), io.StringIO()
    call_command(
        "near_misses", "--from", monday.isoformat(), "--to", "2026-11-23T00:00:00+08:00", stdout=out, stderr=err
    )
    assert out.getvalue().splitlines() == [line.strip() for line in rows]
    assert "2 near misses of 2 callers, 0 put through" in err.getvalue()
    near_miss(switch, monday + timedelta(days=1), C, "through", outcome="connect")
    assert "This must never happen" in text(browser.get(reverse("near_misses"), {"week": "2026-11-18"}))


def test_a_callee_called_too_often_is_let_through_again_at_the_door(switch1: Any, signed_in: SignedIn) -> None:
    application = pool("AXB", risk_control=True)
    x = bind(application, A, B).number.number
    rule(application, "callee", 1, timedelta(hours=1))
    said = [deciding.call(switch1, CallAsked(f"s-{n}", x, A)).code for n in range(2)]
    blocked = RoutingDecision.objects.get(code=8048)
    browser, page = signed_in("support"), reverse("blocked_call", args=[blocked.pk])
    shown = text(browser.get(page))
    assert "1 call to one callee in 1 hour; opens again at" in shown and "Let calls to this callee through" in shown
    assert "+86139****0101" in shown and "+86139****0102" in shown
    assert A in text(browser.post(reverse("reveal_blocked_call", args=[blocked.pk]), WHY))
    assert "Counted anew at" in text(browser.post(page, WHY, follow=True))
    assert [*said, deciding.call(switch1, CallAsked("s-3", x, A)).code] == [0, 8048, 0]
