"""Ending bindings in the console: counted exactly, with a warning, a reason, a file; twice the same click is one."""

import csv
import io
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from console import job_files, tasks
from console.bindings import views_ending
from console.models import Job
from privacy import bindings
from privacy.bindings import Actor, BindOrder
from privacy.models import Binding, Route, Session

A, B = "+8613900000101", "+8613900000102"
NOBODY = Actor()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> Path:
    """The folder of results."""
    settings.MASKLINE_EXPORT_DIR = tmp_path / "exports"
    return Path(settings.MASKLINE_EXPORT_DIR)


@pytest.fixture
def browser(support: User) -> Client:
    """A browser of the support staff."""
    client = Client()
    client.force_login(support)
    return client


def bound(company: Company, a: str = A, b: str = B) -> Binding:
    """Return a new AXB binding."""
    return bindings.bind(company.application, BindOrder(a=a, b=b, x=company.number.number), NOBODY)


def many(company: Company, n: int) -> list[Binding]:
    """Return so many bindings on a company's number."""
    return [bound(company, f"+861390001{at:04}", f"+861380001{at:04}") for at in range(n)]


def preview(browser: Client, what: str, text: str, application: str = "") -> Any:
    """Return the context of a preview."""
    return browser.post(reverse("end_bindings"), {"what": what, "text": text, "application": application}).context


def click(browser: Client, shown: Any, **fields: str) -> Any:
    """Return the answer to the button of a preview."""
    form = {"token": shown["token"], "planned": shown["count"], "reason": "ticket 4711", "sure": "1", **fields}
    return browser.post(reverse("end_apply"), form)


def file_of(job: Job) -> list[dict[str, str]]:
    """Return the rows of a job's file."""
    path = job_files.path_of(job)
    assert path is not None and path.stat().st_mode & 0o777 == 0o600
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline="")))


def test_one_binding_is_ended_with_a_reason(acme: Company, browser: Client) -> None:
    mine = bound(acme)
    shown = browser.get(reverse("end_binding", args=[mine.pk])).context
    assert (shown["count"], shown["live"]) == (1, 0)
    assert click(browser, shown).headers["Location"] == reverse("binding", args=[mine.pk])
    mine.refresh_from_db()
    assert (mine.end_cause, mine.ended_by, mine.reason) == ("console", "support", "ticket 4711")
    assert not Route.objects.exists()
    entries = AuditEntry.objects.filter(subject=str(mine.pk)).order_by("pk")
    assert [(one.action, one.account) for one in entries] == [
        ("binding.end", acme.account),
        ("binding.ended", acme.account),
    ]
    assert (entries[0].detail["planned"], entries[1].detail["ended"], entries[0].reason) == (1, 1, "ticket 4711")


@pytest.mark.parametrize(("what", "text", "count"), [
    ("party", "139 0000 0101", 2), ("party", B, 1), ("number", "+8617100000001", 3), ("application", "acmeAppKey01", 3),
])  # fmt: skip
def test_all_of_a_number_or_an_application_end_with_a_file(
    acme: Company, bolt: Company, browser: Client, what: str, text: str, count: int
) -> None:
    other = bound(bolt, "+8613900000999", B) if what != "party" else bound(bolt, A, "+8613900000998")
    bound(acme), bound(acme, "+8613900000103", "+8613900000104"), bound(acme, "+8613900000105", "+8613900000106")
    shown = preview(browser, what, text)
    assert shown["count"] == count
    assert "0000101" not in str(shown["named"])
    click(browser, shown)
    job = Job.objects.get()
    assert (job.state, job.result_rows, job.total) == ("done", count, count)
    rows = file_of(job)
    assert {row["outcome"] for row in rows} == {"ended"} and len(rows) == count
    assert all(A not in str(row) and "****" in row["a_number"] for row in rows)
    assert Binding.objects.filter(valid_to=None).count() == 4 - count
    other.refresh_from_db()
    assert (other.valid_to is not None) is (what == "party" and text != B)
    assert A not in str(job.parameters) and "13900000101" not in str(job.parameters)


def test_what_is_bound_at_an_upstream_is_not_ended_here(acme: Company, browser: Client) -> None:
    now = timezone.now()
    there = Binding.objects.create(
        account=acme.account, application=acme.application, number=acme.number, kind="AXB", a_number=A, b_number=B,
        foreign_id="theirs", step="upstream", valid_from=now, changed_at=now,
    )  # fmt: skip
    assert preview(browser, "party", A)["count"] == preview(browser, "application", "acmeAppKey01")["count"] == 0
    assert browser.get(reverse("end_binding", args=[there.pk])).context["count"] == 0
    assert "End it" not in browser.get(reverse("binding", args=[there.pk])).content.decode()


def test_an_application_narrows_what_ends_of_a_real_number(acme: Company, bolt: Company, browser: Client) -> None:
    bound(acme), bound(bolt)
    click(browser, preview(browser, "party", A, "boltAppKey01"))
    assert [row.application for row in Binding.objects.filter(valid_to=None)] == [acme.application]


def test_an_ax_of_axyb_ends_with_its_bs_and_all_are_counted(acme: Company, browser: Client) -> None:
    application = cast.make_application(acme.account, "xykey", "AXYB")
    for n in (1, 2):
        cast.make_number(application, f"+861710000055{n}")
    ax = bindings.bind(application, BindOrder(a=A, x="", loose=True), NOBODY)
    bindings.bind_yb(application, ax, b=B, area_code="", loose=True, seconds=0, terms={}, actor=NOBODY)
    shown = browser.get(reverse("end_binding", args=[ax.pk])).context
    assert shown["count"] == 2
    click(browser, shown)
    assert sorted(Binding.objects.values_list("kind", "end_cause")) == [("AXYB", "console"), ("YB", "with_ax")]
    assert [row["outcome"] for row in file_of(Job.objects.get())] == ["ended", "ended"]


def test_a_live_call_is_told_before_the_end(acme: Company, browser: Client) -> None:
    mine = bound(acme)
    now = timezone.now()
    Session.objects.create(
        upstream=cast.make_upstream(), session_key=b"0" * 16, session_id="s", account=acme.account, number=acme.number,
        application=acme.application, subscription_id=str(mine.pk), first_at=now, last_at=now,
    )  # fmt: skip
    answer = browser.get(reverse("end_binding", args=[mine.pk]))
    assert answer.context["live"] == 1 and "A call is going on" in answer.content.decode()
    assert "a call is going on" in browser.get(reverse("binding", args=[mine.pk])).content.decode()


@pytest.mark.parametrize("fields", [{"reason": ""}, {"reason": "x"}, {"sure": ""}])
def test_without_a_reason_or_being_sure_nothing_ends(acme: Company, browser: Client, fields: dict[str, str]) -> None:
    mine = bound(acme)
    answer = click(browser, preview(browser, "party", A), **fields)
    assert answer.status_code == 400 and "Give a reason" in answer.content.decode()
    assert A not in answer.content.decode()
    mine.refresh_from_db()
    assert mine.valid_to is None and not AuditEntry.objects.exists()


def test_what_became_more_since_the_preview_is_shown_again(acme: Company, browser: Client) -> None:
    bound(acme)
    shown = preview(browser, "number", acme.number.number)
    bound(acme, "+8613900000103", "+8613900000104")
    answer = click(browser, shown)
    assert (
        answer.status_code == 400
        and answer.context["count"] == 2
        and Binding.objects.filter(valid_to=None).count() == 2
    )
    assert click(browser, answer.context).status_code == 302 and not Binding.objects.filter(valid_to=None).exists()


def test_many_end_in_the_background_and_the_jobs_page_has_the_file(
    acme: Company, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views_ending, "AT_ONCE", 5)
    many(acme, 7)
    shown = preview(browser, "number", acme.number.number)
    assert click(browser, shown).headers["Location"] == reverse("jobs")
    job = Job.objects.get()
    assert (job.state, job.total) == ("queued", 7) and Binding.objects.filter(valid_to=None).count() == 7
    tasks.run_job(str(job.pk))
    job.refresh_from_db()
    page = browser.get(reverse("jobs"))
    assert (job.state, job.progress, job.result_rows) == ("done", 7, 7) and "+8617100000001" in page.content.decode()
    link = browser.get(reverse("job_file", args=[page.context["lines"][0].token]))
    assert link.status_code == 200 and b"".join(link.streaming_content).count(b"ended") == 8  # type: ignore[attr-defined]


def test_a_job_that_was_stopped_goes_on_and_its_file_has_all(acme: Company, browser: Client, support: User) -> None:
    rows = many(acme, 4)
    shown = preview(browser, "number", acme.number.number)
    views_ending.AT_ONCE, kept = 0, views_ending.AT_ONCE
    try:
        click(browser, shown)
    finally:
        views_ending.AT_ONCE = kept
    # What its first attempt did before its worker was lost.
    bindings.end(rows[:2], cause=Binding.End.CONSOLE, actor=Actor(name="support", reason="ticket 4711"))
    tasks.run_job(str(Job.objects.get().pk))
    assert [row["outcome"] for row in file_of(Job.objects.get())] == ["ended"] * 4


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_end_once_and_are_audited_once(acme: Company, support: User) -> None:
    for n in range(3):
        bound(acme, f"+861390000020{n}", f"+861390000030{n}")
    browsers = [Client(), Client()]
    for one in browsers:
        one.force_login(support)
    shown = preview(browsers[0], "number", acme.number.number)
    answers: list[int] = []

    def clicked(one: Client) -> None:
        try:
            answers.append(click(one, shown).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=clicked, args=(one,)) for one in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert answers == [302, 302] and Job.objects.count() == 1
    assert [one.detail.get("ended") for one in AuditEntry.objects.filter(action="binding.ended")] == [3]
    assert click(browsers[0], shown).status_code == 302 and Job.objects.count() == 1


def test_a_token_opens_only_for_whom_it_was_made(
    acme: Company, browser: Client, signed_in: Callable[..., Client]
) -> None:
    mine = bound(acme)
    shown = preview(browser, "party", A)
    assert click(signed_in("operator"), shown).headers["Location"] == reverse("end_bindings")
    mine.refresh_from_db()
    assert mine.valid_to is None and mine.valid_from > timezone.now() - timedelta(minutes=5)


@pytest.mark.parametrize(("what", "text", "problem"), [
    ("number", "+8617199999999", "no such X"), ("application", "nobody", "no application"),
    ("party", "9" * 40, "too long"), ("party", "", "required"),
])  # fmt: skip
def test_what_is_not_known_is_said_beside_its_field(
    acme: Company, browser: Client, what: str, text: str, problem: str
) -> None:
    answer = browser.post(reverse("end_bindings"), {"what": what, "text": text})
    assert answer.status_code == 400 and problem in str(answer.context["form"].errors)
