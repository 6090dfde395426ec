"""The dashboard's figures, what needs attention, and what an empty instance says."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account
from accounts.scope import Scope
from console.dashboard import attention, charts, figures
from console.dashboard.figures import Figures
from console.tests.scene import Scene
from privacy.completeness import completeness


def test_figures_add_up_settled_and_waiting_usage(scene: Scene) -> None:
    hours = figures.per_hour(Scope(scene.acme.account.pk), scene.now - timedelta(days=2))
    total = figures.together(hours.values())
    assert (total.calls, total.answered, total.unanswered) == (2, 1, 1)
    # 130 s are 3 minutes, 2 of them from the package: one at 0.06.
    assert (total.package, total.overage, total.unsettled) == (2, 1, 0)
    assert total.amounts == {"CNY": Decimal("0.06")}


def test_figures_of_everybody_are_those_of_all_accounts(scene: Scene) -> None:
    since = scene.now - timedelta(days=2)
    assert figures.together(figures.per_hour(Scope(None), since).values()).calls == 4


def test_an_hour_belongs_to_the_local_day_in_which_it_starts() -> None:
    hours = {datetime(2026, 3, 1, hour, tzinfo=UTC): Figures(answered=1) for hour in (15, 16)}
    days = figures.per_day(hours, ZoneInfo("Asia/Shanghai"))
    assert {str(day): of_day.answered for day, of_day in days.items()} == {"2026-03-01": 1, "2026-03-02": 1}


def test_the_answer_rate_has_a_gap_where_nobody_called() -> None:
    chart = charts.calls(["a", "b"], [Figures(answered=3, unanswered=1), Figures()])
    assert chart["series"][2]["data"] == [75.0, None]


def test_an_empty_instance_says_what_to_do(signed_in: Callable[..., Client]) -> None:
    text = signed_in("operator").get(reverse("dashboard")).content.decode()
    for command in ("bin/manage provision", "bin/manage import_cdrs", "bin/manage simulate", "No price is set"):
        assert command in text


def test_what_needs_attention_is_told(scene: Scene) -> None:
    Account.objects.filter(code="bolt").update(state=Account.State.ARREARS)
    scene.acme.rows["waiting"].__class__.objects.update(blocked_reason="parts_unknown")
    later = scene.now + timedelta(hours=5)
    texts = " ".join(one.text for one in attention.findings(Scope(None), completeness(), later))
    assert "2 usage lines wait uncharged" in texts
    assert "2 records are in quarantine" in texts
    assert "1 account is in arrears" in texts
    assert "switch1 has been silent" in texts


def test_a_customer_is_told_of_his_own_account_only(scene: Scene) -> None:
    texts = " ".join(one.text for one in attention.findings(Scope(scene.acme.account.pk), [], timezone.now()))
    assert "1 record is in quarantine" in texts
    assert "price" not in texts.replace("no price", "")


def test_the_dashboard_reads_no_call(scene: Scene, signed_in: Callable[..., Client]) -> None:
    answer = signed_in("finance").get(reverse("dashboard"))
    assert answer.status_code == 200
    assert [chart["id"] for chart in answer.context["charts"]] == [
        *("chart-calls-hour", "chart-calls-day", "chart-minutes-hour", "chart-minutes-day"),
        *("chart-charges-hour", "chart-charges-day"),
    ]


def test_support_sees_no_charges_on_the_dashboard(scene: Scene, signed_in: Callable[..., Client]) -> None:
    answer = signed_in("support").get(reverse("dashboard"))
    assert len(answer.context["charts"]) == 4
    assert "Charges today" not in answer.content.decode()


def test_times_are_in_the_zone_of_the_viewer(scene: Scene, signed_in: Callable[..., Client]) -> None:
    browser = signed_in("support")
    browser_user = scene.acme.account.staff.model.objects.get(user__username="support")
    at = scene.acme.failed.call_in_at
    assert (
        at.astimezone(ZoneInfo("Asia/Shanghai")).strftime("%H:%M:%S") in browser.get(reverse("calls")).content.decode()
    )
    browser_user.time_zone = "America/New_York"
    browser_user.save()
    text = browser.get(reverse("calls")).content.decode()
    assert at.astimezone(ZoneInfo("America/New_York")).strftime("%Y-%m-%d %H:%M:%S") in text
    assert "America/New_York" in text
