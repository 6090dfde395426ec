"""Steps for numbers as jobs: when they become one, what is kept for them, and that a failed one may be repeated."""

import os
from datetime import timedelta
from typing import Any

import pytest
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from console import job_files, jobs
from console.job_kinds import carry_out
from console.models import Job
from console.numbers import views_orders, views_steps
from privacy import bindings
from privacy.bindings.orders import Actor, BindOrder
from privacy.models import Binding, Number, NumberTransfer

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(operator: Any) -> Client:
    client = Client()
    client.force_login(operator)
    return client


def preview(browser: Client, step: str, **typed: Any) -> str:
    page = browser.post(reverse("number_step", args=[step]), typed)
    assert page.status_code == 200
    return str(page.context["token"])


def confirm(browser: Client, token: str) -> Any:
    return browser.post(reverse("number_apply"), {"token": token, "reason": "ticket 17"}, follow=True)


def bind(company: Any, how_many: int) -> None:
    for n in range(how_many):
        order = BindOrder(a=f"+861380000000{n}", b=f"+861390000000{n}", x=company.number.number, seconds=0, loose=True)
        bindings.bind(company.application, order, Actor())


def test_one_number_with_many_bindings_is_a_job(acme, browser, monkeypatch):
    bind(acme, 3)
    monkeypatch.setattr(views_steps, "AT_ONCE", 3)
    confirm(browser, preview(browser, "unsubscribe", numbers=acme.number.number))
    assert Job.objects.get().state == "queued"
    done = jobs.run(Job.objects.get().pk, carry_out, pulse=False)
    assert done is not None
    assert (done.state, done.account) == ("done", acme.account)
    assert not Binding.objects.filter(valid_to=None).exists()


def test_a_number_in_the_name_of_a_file_is_kept_masked(acme, browser):
    file = SimpleUploadedFile("for 13800138000.csv", f"number\n{acme.number.number}\n".encode())
    confirm(browser, preview(browser, "suspend", file=file))
    assert Job.objects.get().parameters["source"] == "for *******8000.csv"


def test_what_a_waiting_job_is_to_do_is_not_swept_away(acme, browser, monkeypatch):
    monkeypatch.setattr(views_steps, "AT_ONCE", 0)
    confirm(browser, preview(browser, "suspend", numbers=acme.number.number))
    preview(browser, "resume", numbers=acme.number.number)
    hours_ago = (timezone.now() - timedelta(hours=2)).timestamp()
    for path in job_files.folder().iterdir():
        os.utime(path, (hours_ago, hours_ago))
    job_files.remove_expired(timezone.now())
    job = Job.objects.get()
    assert [path.name for path in job_files.folder().glob("draft-*")] == [f"draft-{job.parameters['draft']}"]
    done = jobs.run(job.pk, carry_out, pulse=False)
    assert done is not None
    assert done.state == "done"


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_what_did_nothing_may_be_ordered_again(acme, browser, state):
    token = preview(browser, "suspend", numbers=acme.number.number)
    Job.objects.create(
        kind="numbers", requested_by_id=browser.session["_auth_user_id"], state=state, parameters=_parameters(token)
    )
    assert "ordered before" not in confirm(browser, token).text
    acme.number.refresh_from_db()
    assert acme.number.state == "suspended"
    assert "ordered before" in confirm(browser, token).text


def _parameters(token: str) -> dict[str, Any]:
    draft = signing.loads(token, salt="console.numbers.drafts")["draft"]
    return {"draft": draft, "step": "suspend", "source": "", "reason": "ticket 17", "language": "en"}


def test_typed_numbers_stand_one_a_line_with_blanks_of_their_own(acme, bolt, browser):
    first, second = (company.number.number for company in (acme, bolt))
    spaced = f"{first[:3]} {first[3:6]} {first[6:10]} {first[10:]}"
    page = browser.post(reverse("number_step", args=["suspend"]), {"numbers": f"{spaced}\r\n{second}, "})
    assert page.context["outcome"].changed == 2
    many = "\n".join(f"+8617{n:09}" for n in range(10_001))
    assert "more than 10000 numbers" in browser.post(reverse("number_step", args=["suspend"]), {"numbers": many}).text


def test_an_agreement_with_much_behind_it_is_a_job_with_its_file(acme, bolt, browser, finance, monkeypatch):
    bind(acme, 3)
    monkeypatch.setattr(views_orders, "AT_ONCE", 3)
    typed = {"numbers": acme.number.number, "application": "boltAppKey01"}
    page = confirm(browser, preview(browser, "ask_transfer", **typed))
    assert "Finance has to agree" in page.text
    assert "are done" not in page.text
    assert page.context["lines"][0][3] == 3
    assert "Bindings that end" in page.text
    other = Client()
    other.force_login(finance)
    asked = NumberTransfer.objects.get()
    address = reverse("number_transfer_decide", args=[asked.pk])
    other.post(address, {"verb": "agree", "reason": "contract 8"})
    job = Job.objects.get(kind="number_transfer")
    assert Binding.objects.filter(valid_to=None).count() == 3
    done = jobs.run(job.pk, carry_out, pulse=False)
    assert done is not None
    assert (done.state, done.result_rows, done.error) == ("done", 1, "")
    assert Number.objects.get(pk=acme.number.pk).holdings.get(valid_to=None).application == bolt.application
    assert AuditEntry.objects.get(action="numbers.transfer_agree").username == "finance"
    assert "Transfers between accounts" in other.get(reverse("jobs")).text
    asked.refresh_from_db()
    assert (asked.state, asked.operator_agreed, asked.finance_agreed) == ("done", "operator", "finance")


def test_the_first_operator_who_agreed_stays_the_one(acme, bolt, browser):
    confirm(browser, preview(browser, "ask_transfer", numbers=acme.number.number, application="boltAppKey01"))
    second = Client()
    second.force_login(cast.staff("operator", username="operator2"))
    address = reverse("number_transfer_decide", args=[NumberTransfer.objects.get().pk])
    second.post(address, {"verb": "agree", "as": "operator", "reason": "me too"})
    assert NumberTransfer.objects.get().operator_agreed == "operator"
