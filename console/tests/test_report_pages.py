"""The pages of reports and jobs: who may, what comes at once, what becomes a job, whose rows, and the audit trail."""

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from billing.settlement import settle
from billing.tariffs import set_price
from billing.tests import usage
from console import jobs, tasks, views_reports
from console.models import Job

TEN = datetime(2026, 3, 2, 10, tzinfo=UTC)
CHARGES = {
    "report": "hourly",
    "period": "custom",
    "start": "2026-03-02T08:00",
    "end": "2026-03-03T08:00",
    "format": "csv",
}
CALLS = {**CHARGES, "records": "calls"}


@pytest.fixture(autouse=True)
def _folder(tmp_path: Any, settings: Any) -> None:
    settings.MASKLINE_EXPORT_DIR = tmp_path / "exports"


@pytest.fixture
def charged(acme: Company, bolt: Company) -> Company:
    """One settled call of Acme and one of Bolt."""
    started = datetime(2026, 1, 1, tzinfo=UTC)
    set_price(item="call", number_kind="any", price=Decimal("0.06"), currency="CNY", account=None, valid_from=started)
    usage.queue(usage.call(acme, TEN, 90), usage.call(bolt, TEN, 30))
    settle(until=TEN + timedelta(days=1), now=TEN + timedelta(days=1))
    return acme


def signed_in(user: User) -> Client:
    """Return a client signed in as a user."""
    client = Client()
    client.force_login(user)
    return client


def rows_of(response: Any) -> list[dict[str, str]]:
    """Return the rows of a downloaded CSV."""
    content = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content, newline="")))


def test_a_small_report_comes_at_once_and_stays_on_the_jobs_page(charged, finance):
    client = signed_in(finance)
    response = client.post(reverse("reports"), CHARGES)

    assert response.status_code == 200
    assert response["Content-Disposition"] == 'attachment; filename="charges-hourly_all_20260302T00Z_20260303T00Z.csv"'
    assert [(row["account"], row["amount"]) for row in rows_of(response)] == [
        ("acme", "0.120000"),
        ("bolt", "0.060000"),
    ]
    job = Job.objects.get()
    page = client.get(reverse("jobs")).content.decode()
    assert (job.state, job.result_rows) == ("done", 2) and "Control totals" in page and "http-equiv" not in page
    entry = AuditEntry.objects.get(action="export.charges")
    assert (entry.username, entry.detail["rows"], entry.address) == ("finance", 2, "127.0.0.1")


def test_a_csv_for_spreadsheets_and_a_raw_one_are_told_apart(charged, finance):
    client = signed_in(finance)
    raw, safe = (client.post(reverse("reports"), {**CHARGES, "format": name}) for name in ("csv", "spreadsheet"))

    assert raw["Content-Disposition"].endswith('_20260303T00Z.csv"')
    assert safe["Content-Disposition"].endswith('_20260303T00Z_spreadsheet.csv"')
    page = client.get(reverse("jobs")).content.decode()
    assert "CSV for programs (raw)" in page and "CSV for spreadsheets" in page


def test_a_large_report_becomes_a_job_whose_link_works_for_who_may(charged, finance, support, monkeypatch):
    monkeypatch.setattr(views_reports, "AT_ONCE", 0)
    client = signed_in(finance)

    for _click in range(2):
        assert client.post(reverse("reports"), CHARGES).headers["Location"] == reverse("jobs")
    job = Job.objects.get()
    assert job.state == "queued" and "http-equiv" in client.get(reverse("jobs")).content.decode()
    tasks.run_job(str(job.pk))

    lines = client.get(reverse("jobs")).context["lines"]
    rows = rows_of(client.get(reverse("job_file", args=[lines[0].token])))
    totals: Any = client.get(reverse("job_file", args=[lines[0].totals_token]))
    assert len(rows) == json.loads(b"".join(totals.streaming_content))["rows"] == 2
    assert signed_in(support).get(reverse("job_file", args=[lines[0].token])).status_code == 404
    assert Client().get(reverse("job_file", args=[lines[0].token])).status_code == 302
    assert client.get(reverse("job_file", args=["forged:token:here"])).status_code == 404
    assert AuditEntry.objects.filter(action="export.download").count() == 2


def test_a_link_whose_file_is_past_its_term_is_gone(charged, finance):
    client = signed_in(finance)
    client.post(reverse("reports"), CHARGES)
    token = client.get(reverse("jobs")).context["lines"][0].token
    Job.objects.update(expires_at=timezone.now())

    assert client.get(reverse("job_file", args=[token])).status_code == 404


def test_a_customer_exports_only_his_own_rows_and_sees_only_his_own_jobs(charged, bolt, finance):
    signed_in(finance).post(reverse("reports"), CHARGES)
    client = signed_in(cast.staff("customer", bolt.account))

    assert [row["account"] for row in rows_of(client.post(reverse("reports"), CHARGES))] == ["bolt"]
    # The account he names is no field of his form.
    assert [row["account"] for row in rows_of(client.post(reverse("reports"), {**CHARGES, "account": "acme"}))] == [
        "bolt"
    ]
    assert {line.job.requested_by.username for line in client.get(reverse("jobs")).context["lines"]} == {"customer"}


@pytest.mark.parametrize(
    ("role", "charges", "calls", "unmasked"),
    [
        ("support", 403, 200, 403),
        ("finance", 200, 200, 403),
        ("operator", 200, 200, 200),
        ("auditor", 200, 200, 403),
        ("customer", 200, 200, 403),
    ],
)
def test_each_role_may_export_what_the_table_says(acme, role, charges, calls, unmasked):
    client = signed_in(cast.staff(role, acme.account if role == "customer" else None))
    reason = {"unmasked": "on", "reason": "ticket 7"}

    assert client.get(reverse("reports")).status_code == client.post(reverse("reports"), CHARGES).status_code == charges
    assert client.get(reverse("call_reports")).status_code == calls
    assert client.post(reverse("call_reports"), CALLS).status_code == calls
    assert client.post(reverse("call_reports"), {**CALLS, **reason}).status_code == unmasked


def test_a_stranger_is_asked_to_sign_in(db):
    for name in ("reports", "call_reports", "jobs"):
        assert Client().get(reverse(name)).status_code == 302


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"start": "2026-03-02T08:30"}, "Choose the start of one, such as 2026-03-02 08:00."),
        ({"start": ""}, "Give a date and an hour."),
        ({"end": "2026-03-02T08:00"}, "This is not later than the beginning."),
        ({"account": "nobody"}, "There is no account with this code."),
        ({"format": "docx"}, "docx"),
    ],
)
def test_a_wrong_form_says_what_is_wrong_where(acme, finance, changed, told):
    response = signed_in(finance).post(reverse("reports"), {**CHARGES, **changed})

    assert response.status_code == 400 and told in response.content.decode()
    assert not Job.objects.exists()


def test_a_wrong_form_is_answered_in_the_language_of_the_person(acme, operator):
    client = signed_in(operator)
    client.cookies["django_language"] = "zh-hans"
    wrong = {**CHARGES, "start": "2026-03-02T08:30", "end": "2026-03-02T07:00", "account": "nobody"}
    charges = client.post(reverse("reports"), wrong)
    calls = client.post(reverse("call_reports"), {**CALLS, "unmasked": "on"})

    texts = [text for page in (charges, calls) for found in page.context["form"].errors.values() for text in found]
    assert len(texts) == 4 and not any(re.search("[A-Za-z]", text) for text in texts)


def test_real_numbers_need_a_reason(acme, operator):
    response = signed_in(operator).post(reverse("call_reports"), {**CALLS, "unmasked": "on"})

    assert response.status_code == 400 and "Say why" in response.content.decode()


def test_a_number_typed_into_the_reason_is_kept_nowhere(charged, operator):
    form = {**CALLS, "unmasked": "on", "reason": "13800138000 asked"}
    client = signed_in(operator)
    assert client.post(reverse("call_reports"), form).status_code == 200

    totals: Any = client.get(reverse("job_file", args=[client.get(reverse("jobs")).context["lines"][0].totals_token]))
    entries = [(entry.reason, entry.detail) for entry in AuditEntry.objects.all()]
    kept = f"{Job.objects.get().parameters} {entries} {b''.join(totals.streaming_content).decode()}"
    assert "13800138000" not in kept and kept.count("*******8000 asked") == 5


@pytest.mark.parametrize("period", ["today", "yesterday", "this_month", "last_month"])
def test_a_quick_choice_needs_no_dates(acme, finance, period):
    form = {"report": "detail", "period": period, "format": "xlsx", "settled_only": "on"}

    assert signed_in(finance).post(reverse("reports"), form).status_code == 200
    order = Job.objects.get().parameters
    assert (order["zone"], order["detail"], order["settled_only"]) == ("Asia/Shanghai", True, True)


def test_dates_that_are_filled_in_win_over_the_quick_choice(acme, finance):
    signed_in(finance).post(reverse("reports"), {**CHARGES, "period": "today"})

    assert Job.objects.get().parameters["start"] == "2026-03-02T00:00:00+00:00"


def test_a_job_is_cancelled_by_who_asked_or_by_the_operator(acme, finance, operator, support):
    job, _ = jobs.enqueue("charges", {**_order(), "zone": "UTC"}, finance)
    address = reverse("job_cancel", args=[job.pk])

    assert signed_in(support).post(address).status_code == 404
    assert signed_in(finance).get(address).status_code == 405
    assert signed_in(operator).post(address).status_code == 302
    job.refresh_from_db()
    assert job.state == "cancelled" and AuditEntry.objects.filter(action="job.cancel").exists()


def test_the_forms_are_refused_without_their_token(acme, finance):
    client = Client(enforce_csrf_checks=True)
    client.force_login(finance)

    assert client.post(reverse("reports"), CHARGES).status_code == 403


def test_an_empty_jobs_page_says_what_to_do(support):
    assert "No jobs yet" in signed_in(support).get(reverse("jobs")).content.decode()


def _order() -> dict[str, Any]:
    return {"kind": "charges", "start": "2026-03-01T00:00:00Z", "end": "2026-03-02T00:00:00Z"}
