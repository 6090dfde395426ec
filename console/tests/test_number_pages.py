"""The pages of numbers: the inventory, a number's life, steps tried and done, orders, transfers between accounts."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from console import jobs
from console.job_kinds import carry_out
from console.models import Job
from console.numbers import views_steps
from privacy.models import Number, NumberChange, NumberOrder, NumberTransfer

pytestmark = pytest.mark.django_db
SignedIn = Callable[..., Client]
NEW = "+8617100000021"


@pytest.fixture
def browser(operator: Any) -> Client:
    client = Client()
    client.force_login(operator)
    return client


def token(answer: Any) -> str:
    return str(answer.context["token"])


def do(browser: Client, step: str, **typed: Any) -> Any:
    """Preview a step and do it; return the page it ends on."""
    tried = browser.post(reverse("number_step", args=[step]), typed)
    assert tried.status_code == 200, tried.context and (tried.context.get("problems") or tried.context["form"].errors)
    given = {"token": token(tried), "reason": "ticket 17"}
    return browser.post(reverse("number_apply"), given, follow=True)


def test_the_list_shows_what_is_bound_and_finds_by_any_filter(acme, bolt, browser):
    bolt.number.reserved = True
    bolt.number.save()
    page = browser.get(reverse("numbers"))
    assert acme.number.number in page.text
    assert "5,000" in page.text
    for query, found in [
        ({"number": "000002"}, [bolt.number]),
        ({"application": "acmeAppKey01"}, [acme.number]),
        ({"account": "bolt"}, [bolt.number]),
        ({"city": "755"}, [acme.number, bolt.number]),
        ({"city": "010"}, []),
        ({"state": "suspended"}, []),
        ({"kind": "virtual", "selection": "yes"}, [bolt.number]),
        ({"selection": "blacklisted"}, []),
    ]:
        answer = browser.get(reverse("numbers"), query)
        assert [line[0] for line in answer.context["lines"]] == found, query


def test_empty_pages_say_what_to_do(browser):
    assert "No numbers yet" in browser.get(reverse("numbers")).text
    assert "No open orders" in browser.get(reverse("number_orders")).text
    assert "No transfers between accounts" in browser.get(reverse("number_transfers")).text
    assert "No number fits" in browser.get(reverse("numbers"), {"number": "1"}).text


def test_a_number_is_issued_after_a_preview_and_a_reason(acme, browser):
    tried = browser.post(
        reverse("number_step", args=["issue"]), {"numbers": NEW, "application": "acmeAppKey01", "area_code": "755"}
    )
    assert tried.context["outcome"].changed == 1
    assert not Number.objects.filter(number=NEW).exists()
    again = browser.post(reverse("number_apply"), {"token": token(tried), "reason": " "}, follow=True)
    assert "Give a reason" in again.text
    page = browser.post(reverse("number_apply"), {"token": token(again), "reason": "ticket 17"}, follow=True)
    number = Number.objects.get(number=NEW)
    assert page.redirect_chain[-1][0] == reverse("number", args=[number.pk])
    assert "ticket 17" in page.text
    assert NumberChange.objects.get().by == "operator"
    entry = AuditEntry.objects.get(action="numbers.issue")
    assert (entry.username, entry.subject, entry.reason) == ("operator", NEW, "ticket 17")
    twice = browser.post(reverse("number_apply"), {"token": token(again), "reason": "ticket 17"}, follow=True)
    assert "ordered before" in twice.text
    assert Job.objects.count() == 1


def test_a_file_with_bad_lines_lists_each_and_offers_nothing_to_confirm(acme, browser):
    file = SimpleUploadedFile("numbers.csv", f"number,sms\n{NEW},perhaps\n17,yes\n".encode())
    page = browser.post(reverse("number_step", args=["issue"]), {"file": file, "application": "acmeAppKey01"})
    assert page.status_code == 400
    assert [(p.line, p.field) for p in page.context["problems"]] == [(2, "sms"), (3, "number")]
    assert 'name="reason"' not in page.text
    unreadable = SimpleUploadedFile("numbers.csv", b"colour\nred\n")
    page = browser.post(reverse("number_step", args=["issue"]), {"file": unreadable, "application": "acmeAppKey01"})
    assert "not known here: colour" in page.text
    assert "at least one number" in browser.post(reverse("number_step", args=["suspend"]), {"numbers": ""}).text


def test_many_lines_become_a_job_with_progress_and_a_file(acme, browser, operator, monkeypatch):
    monkeypatch.setattr(views_steps, "AT_ONCE", 1)
    texts = [f"+86171000002{n:02}" for n in range(3)]
    file = SimpleUploadedFile("numbers.csv", ("number\n" + "\n".join(texts)).encode())
    page = do(browser, "issue", file=file, application="acmeAppKey01")
    assert page.redirect_chain[-1][0] == reverse("jobs")
    assert "Issue numbers" in page.text
    assert Number.objects.count() == 1
    job = jobs.run(Job.objects.get().pk, carry_out, pulse=False)
    assert job is not None
    assert (job.state, job.result_rows, job.error) == ("done", 3, "")
    assert Number.objects.count() == 4
    listed = browser.get(reverse("jobs"))
    download = browser.get(reverse("job_file", args=[listed.context["lines"][0].token]))
    lines = b"".join(download.streaming_content).decode("utf-8-sig").splitlines()
    assert lines == ["line,number,outcome", *(f"{n},'{text},done" for n, text in enumerate(texts, start=2))]


def test_a_job_whose_numbers_changed_meanwhile_does_nothing_and_says_so(acme, bolt, browser, monkeypatch):
    monkeypatch.setattr(views_steps, "AT_ONCE", 0)
    do(browser, "suspend", numbers=acme.number.number)
    Number.objects.filter(pk=acme.number.pk).update(state="returned")
    job = jobs.run(Job.objects.get().pk, carry_out, pulse=False)
    assert job is not None
    assert (job.state, "was returned" in job.error) == ("failed", True)
    assert not NumberChange.objects.exists()


def test_ticked_numbers_go_to_the_preview_or_to_the_form_that_asks_for_more(acme, browser):
    ticked = {"id": [acme.number.pk], "step": "suspend"}
    page = browser.post(reverse("number_ticked"), ticked)
    browser.post(reverse("number_apply"), {"token": token(page), "reason": "ticket 17"})
    acme.number.refresh_from_db()
    assert acme.number.state == "suspended"
    asks = browser.post(reverse("number_ticked"), {"id": [acme.number.pk], "step": "stop"})
    assert acme.number.number in asks.text
    do(browser, "stop", numbers=acme.number.number, cause="3")
    page = browser.get(reverse("number", args=[acme.number.pk]))
    assert "stopped" in page.text
    nothing = browser.post(reverse("number_ticked"), {"step": "resume"}, follow=True)
    assert "Tick at least one number" in nothing.text
    assert browser.post(reverse("number_ticked"), {"step": "explode"}).status_code == 404


def test_an_order_is_made_filled_and_another_cancelled(acme, browser):
    typed = {"application": "acmeAppKey01", "area_code": "755", "quantity": "1", "reference": "o-1"}
    assert "o-1" in do(browser, "order", **typed).text
    placed = NumberOrder.objects.get()
    do(browser, "issue", numbers=NEW, order=str(placed.pk))
    placed.refresh_from_db()
    assert (placed.state, Number.objects.get(number=NEW).area_code) == ("issued", "0755")
    do(browser, "order", **typed | {"reference": "o-2"})
    other = NumberOrder.objects.get(reference="o-2")
    address = reverse("number_order_cancel", args=[other.pk])
    assert "Give a reason" in browser.post(address, {"reason": ""}, follow=True).text
    assert "cancelled" in browser.post(address, {"reason": "not needed"}, follow=True).text
    assert AuditEntry.objects.get(action="numbers.cancel").subject == "o-2"


def test_a_transfer_between_accounts_waits_for_finance(acme, bolt, browser, finance):
    page = do(browser, "ask_transfer", numbers=acme.number.number, application="boltAppKey01")
    assert page.redirect_chain[-1][0] == reverse("number_transfers")
    asked = NumberTransfer.objects.get()
    address = reverse("number_transfer_decide", args=[asked.pk])
    assert browser.post(address, {"verb": "agree", "as": "finance", "reason": "fine"}).status_code == 403
    other = Client()
    other.force_login(finance)
    assert "Give a reason" in other.post(address, {"verb": "agree", "reason": ""}, follow=True).text
    assert "1 number moved" in other.post(address, {"verb": "agree", "reason": "contract 8"}, follow=True).text
    assert "closed" in other.post(address, {"verb": "refuse", "reason": "too late"}, follow=True).text
    asked.refresh_from_db()
    assert (asked.state, asked.operator_agreed, asked.finance_agreed) == ("done", "operator", "finance")
    assert acme.number.holdings.get(valid_to=None).application == bolt.application
    assert AuditEntry.objects.filter(action="numbers.transfer_agree").count() == 1


def test_a_customer_sees_only_the_numbers_his_account_holds_and_its_part_of_their_life(acme, bolt, customer, operator):
    do_as = Client()
    do_as.force_login(operator)
    do(do_as, "suspend", numbers=acme.number.number)
    client = Client()
    client.force_login(customer)
    page = client.get(reverse("numbers"))
    assert acme.number.number in page.text
    assert bolt.number.number not in page.text
    assert 'name="step"' not in page.text
    own = client.get(reverse("number", args=[acme.number.pk]))
    assert "Suspended" in own.text
    assert "operator" not in own.text.split("Its life")[1].split("Who held it")[0]
    assert client.get(reverse("number", args=[bolt.number.pk])).status_code == 404
    holding = acme.number.holdings.get()
    holding.delete()
    cast.make_application(bolt.account, "boltAppKey02")
    assert client.get(reverse("number", args=[acme.number.pk])).status_code == 404
    assert client.get(reverse("number_transfers")).status_code == 403


def test_a_preview_opens_only_for_the_person_who_made_it(acme, browser, finance):
    tried = browser.post(reverse("number_step", args=["suspend"]), {"numbers": acme.number.number})
    second = Client()
    second.force_login(cast.staff("operator", username="operator2"))
    gone = second.post(reverse("number_apply"), {"token": token(tried), "reason": "ticket 17"}, follow=True)
    assert "preview is gone" in gone.text
    forged = browser.post(reverse("number_apply"), {"token": "x", "reason": "ticket 17"}, follow=True)
    assert "preview is gone" in forged.text
    acme.number.refresh_from_db()
    assert acme.number.state == "normal"


def test_how_numbers_are_selected_is_set_on_the_application_with_known_cities(acme, browser):
    address = reverse("admin:accounts_application_change", args=[acme.application.pk])
    form = browser.get(address).context["adminform"].form
    typed = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    typed |= {name: "[]" if name.endswith(("ips", "cities")) else "{}" for name in ("allowed_ips", "tags")}
    typed |= {"cool_down_hours": "48", "pair_preference": "same", "fallback_cities": '["755", "020"]'}
    wrong = browser.post(address, typed | {"fallback_cities": '["0400"]'})
    assert "Write a list of area codes" in wrong.text
    assert browser.post(address, typed).status_code == 302
    acme.application.refresh_from_db()
    chosen = acme.application
    assert (chosen.cool_down_hours, chosen.pair_preference, chosen.fallback_cities) == (48, "same", ["0755", "020"])
